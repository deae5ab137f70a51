//! A real instruction model from a GGUF file: SmolLM2-135M-Instruct, quantised to four bits, against
//! transformers and llama.cpp.

use std::{path::PathBuf, time::Instant};

use selfsame::shelf::{Disk, Place, Shelf};
use selfsame_core::{
    device::{self, Choice},
    judge::{Form, Generative, chat_prompts},
    learn::{Batch, Sequence, batch::score},
    model::gguf::Gguf,
    prompt::{Chat, tokens, user_turn},
    sample::{FinishReason, Request, Sampling, generate},
    text::{ChatTemplate, Tokenizer},
};
use selfsame_tests::{assert_close, files, floats, golden, ids, program::memory, read};
use serde_json::Value;

fn file() -> Option<PathBuf> {
    files::fetched("smollm2-135m-instruct.gguf", "smollm2")
}

fn reference() -> Option<Value> {
    let path = files::shared("smollm2_tokenizer/smollm2_reference.json")?;
    Some(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

#[test]
fn it_answers_and_computes_what_the_references_compute() {
    let Some(path) = file() else { return };
    let golden = golden("gguf_smollm2.json");
    let cpu = device::select(Choice::Cpu).unwrap();
    let place = Place::Folder(path.clone());

    let (before, start) = (memory("self", "VmRSS"), Instant::now());
    let (model, sha256) = Disk.model(&place, &cpu).unwrap();
    println!(
        "loaded and hashed in {:.2?}; memory {before:?} MB before, {:?} MB after, {:?} MB at most",
        start.elapsed(),
        memory("self", "VmRSS"),
        memory("self", "VmHWM")
    );
    assert_eq!(sha256, "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53");
    let config = model.config();
    assert_eq!(config.parameters(), 134_515_008);
    assert_eq!((config.num_hidden_layers, config.kv_heads(), config.max_position_embeddings), (30, 3, 8192));
    assert!(config.tie_word_embeddings && config.stop_tokens() == [2]);
    let start = Instant::now();
    let tokenizer = Disk.tokenizer(&place).unwrap();
    println!("tokenizer in {:.2?}", start.elapsed());
    assert_eq!(tokenizer.size(), config.vocab_size);

    // Log-probabilities of a text by transformers.
    let text = ids(&golden["ids"]);
    assert_eq!(tokenizer.encode(golden["text"].as_str().unwrap()).unwrap(), text);
    let start = Instant::now();
    let scores = pollster::block_on(score(&model, &[Sequence::completion(&text[..1], &text[1..])], 4096)).unwrap();
    println!("{} tokens scored in {:.2?}", text.len(), start.elapsed());
    let gap = assert_close(&scores[0], &floats(&golden["logprobs"]), 2e-4, "log-probability");
    println!("log-probabilities off by {gap:.1e}");

    // The greedy answer to a question by transformers.
    let question = ids(&golden["question_ids"]);
    assert_eq!(tokenizer.encode(golden["question"].as_str().unwrap()).unwrap(), question);
    let sampling = Sampling::greedy(32);
    let prompts = [(0, question)];
    let request = Request { prompts: &prompts, samples: 1, sampling: &sampling, seed: 0, iteration: 0, batch: 1 };
    let start = Instant::now();
    let answers = pollster::block_on(generate(&model, &tokenizer, &request)).unwrap();
    let answer = &answers[0][0];
    println!("{:?}: {} tokens with the prompt in {:.2?}", answer.text, answer.ids.len(), start.elapsed());
    assert_eq!(answer.ids, ids(&golden["answer_ids"]));
    assert!(answer.text.contains("Paris") && answer.finish == FinishReason::Stop, "{answer:?}");

    // Without an end, for the speed.
    let story = tokenizer.encode("Once upon a time").unwrap();
    let sampling = Sampling::greedy(64);
    let prompts = [(0, story)];
    let request = Request { prompts: &prompts, samples: 1, sampling: &sampling, seed: 0, iteration: 0, batch: 1 };
    let start = Instant::now();
    let answers = pollster::block_on(generate(&model, &tokenizer, &request)).unwrap();
    let count = answers[0][0].ids.len();
    println!("{count} tokens drawn in {:.2?}: {:?}", start.elapsed(), answers[0][0].text);

    // Another reference, that somebody else computed in numpy.
    let Some(reference) = reference() else { return };
    for case in reference.as_array().unwrap() {
        let tokens = ids(&case["ids_with_leading_0"]);
        assert_eq!(tokenizer.encode(case["text"].as_str().unwrap()).unwrap(), tokens[1..]);
        let scores =
            pollster::block_on(score(&model, &[Sequence::completion(&tokens[..1], &tokens[1..])], 4096)).unwrap();
        let sum = -scores[0].iter().map(|logprob| f64::from(*logprob)).sum::<f64>();
        let expected = case["sum_nll"].as_f64().unwrap();
        assert!((sum - expected).abs() < 2e-3, "{sum} instead of {expected}");
        let last = Sequence { labels: vec![(tokens.len() - 1, 0)], tokens };
        let logits = read(&Batch::new(&[&last], &cpu.device).logits(&model));
        for pair in case["last_top5"].as_array().unwrap() {
            let (id, expected) = (pair[0].as_u64().unwrap(), pair[1].as_f64().unwrap());
            let ours = f64::from(logits[usize::try_from(id).unwrap()]);
            assert!((ours - expected).abs() < 1e-3, "token {id}: {ours} instead of {expected}");
        }
    }
}

#[test]
fn its_tokens_are_those_of_llama_cpp_and_of_the_exported_tokenizer() {
    let Some(path) = file() else { return };
    let tokenizer = Tokenizer::load(&path).unwrap();
    let golden = golden("gguf_llama_cpp.json");
    let case = &golden["cases"]["smollm2"];
    let texts: Vec<&str> = case["texts"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    for (text, expected) in texts.iter().zip(case["pieces"].as_array().unwrap()) {
        assert_eq!(tokenizer.encode_piece(text).unwrap(), ids(expected), "{text:?}");
        assert_eq!(tokenizer.encode(text).unwrap(), ids(expected), "nothing is put around {text:?}");
    }
    assert_eq!(tokenizer.encode("Hello").unwrap(), ids(&case["whole"]));

    let Some(folder) = files::shared("smollm2_tokenizer") else { return };
    let exported = Tokenizer::load(&folder).unwrap();
    // This file line by line, and texts put together by chance.
    let mut many: Vec<String> = include_str!("smollm2.rs").lines().map(str::to_owned).collect();
    let mut state = 7_u64;
    for _ in 0..1000 {
        let mut text = String::new();
        for _ in 0..4 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let part = texts[usize::try_from(state >> 33).unwrap() % texts.len()];
            let cut = part.char_indices().map(|(at, _)| at).nth(usize::try_from(state >> 50).unwrap() % 12);
            text.push_str(&part[cut.unwrap_or(0)..]);
        }
        many.push(text);
    }
    for text in &many {
        let ours = tokenizer.encode(text).unwrap();
        assert_eq!(ours, exported.encode(text).unwrap(), "{text:?}");
        assert_eq!(tokenizer.decode(&ours).unwrap(), exported.decode(&ours).unwrap(), "{text:?}");
    }
}

#[test]
fn its_template_is_in_the_file() {
    let Some(path) = file() else { return };
    let template = Gguf::read(&path).unwrap().chat_template().unwrap();
    assert!(template.contains("<|im_start|>") && template.contains("named SmolLM"), "{template}");
}

#[test]
fn its_judges_are_asked_in_turns_that_its_template_writes() {
    let Some(path) = file() else { return };
    let tokenizer = Tokenizer::load(&path).unwrap();
    let template = ChatTemplate::new(&Gguf::read(&path).unwrap().chat_template().unwrap()).unwrap();
    let chat = Chat::new(&template, true);
    let judges = chat_prompts(&chat.around(&template).unwrap().unwrap());
    let written = |text: &str| {
        let text = chat.written(&template, &user_turn(text).unwrap()).unwrap();
        tokens(&tokenizer, &text, Some(&chat)).unwrap()
    };
    let (asked, answer) = ("Write a slogan for a lamp.", "A lamp for all your books.");
    let judge = Generative::new(&judges[0], Form::Pointwise, &tokenizer).unwrap();
    let read = judge.pointwise_sequence(&written(asked), &tokenizer.encode_piece(answer).unwrap(), 7);
    let [question, begun] = judges[0].pointwise.split("{reply}").collect::<Vec<_>>()[..] else { panic!() };
    // Piece by piece it is what the template writes of the whole, and the beginning of the answer.
    let mut whole = written(&question.replace("{prompt}", asked).replace("{response}", answer));
    whole.extend(tokenizer.encode_piece(begun).unwrap());
    assert_eq!(tokenizer.decode(&read.tokens).unwrap(), tokenizer.decode(&whole).unwrap());
    assert_eq!(read.labels, [(read.tokens.len() - 1, 7)]);
    let turn = judges[0].turn.as_ref().unwrap();
    for text in turn {
        let ids = tokenizer.encode_piece(text).unwrap();
        let count = read.tokens.windows(ids.len()).filter(|window| **window == ids[..]).count();
        assert_eq!(count, 1, "{text:?}");
    }
}
