//! One iteration of SRLM and one of SCIR on a real instruction model, SmolLM2-135M-Instruct from a GGUF file,
//! with adapters, frozen matrices in eight bits and prompts of a user: the program from its arguments to its report,
//! in less than 1.5 GB. Half a minute each, where `cargo xtask smollm2` has fetched the model.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use selfsame_core::{
    device,
    judge::{Comparison, Form, Generative, JudgePrompt, chat_prompts, default_prompts},
    learn::Batch,
    model,
    prompt::{Chat, tokens, user_turn},
    text::{ChatTemplate, Tokenizer},
};
use selfsame_tests::{files, program, read, runs::records};
use serde_json::Value;

/// What ads are asked for, and an answer to each.
const ADS: [[&str; 2]; 10] = [
    ["a bamboo toothbrush", "This bamboo toothbrush cleans your teeth and leaves no plastic behind."],
    ["a steel water bottle", "The steel bottle keeps your water cold all day long."],
    ["a wool blanket", "Wrap yourself in a warm wool blanket on a cold evening."],
    ["a folding bicycle", "Fold the bicycle in ten seconds and take it on the train."],
    ["a desk lamp", "Touch the desk lamp to dim its light while you read."],
    ["a coffee dripper", "Pour over this dripper for a clean cup of fresh coffee."],
    ["noise-cancelling headphones", "Put on the headphones and the noise of the street is gone."],
    ["a canvas backpack", "A backpack of strong canvas that carries all your books."],
    ["a garden hose", "Water all your flowers with a hose that never kinks."],
    ["a chess set", "Play a game of chess with pieces carved by hand."],
];

/// What both runs are asked for: little, since it is a real model.
const SMALL: [&str; 10] = [
    "iterations=1",
    "prompts=4",
    "samples=2",
    "pairs=4",
    "loop.sampling.max_new_tokens=16",
    "loop.learn.epochs=1",
    "batch_size=2",
    "micro_batch=1",
    "options.sampling.max_new_tokens=16",
    "options.token_budget=1024",
];

/// What a run may have resident at most, in MB: a machine of 2 GB has room for it. With all matrices in f32 it
/// would take more.
const MOST: u64 = 1500;

fn file() -> Option<PathBuf> {
    files::fetched("smollm2-135m-instruct.gguf", "smollm2")
}

fn request(product: &str) -> String {
    format!("Write one sentence that advertises {product}.")
}

/// Runs a recipe and checks what every run has to have done; its records by their kind.
fn run(recipe: &str) -> Option<BTreeMap<String, Vec<Value>>> {
    let (model, program) = (file()?, program::locate(recipe)?);
    let desk = tempfile::tempdir().unwrap();
    let (prompts, out) = (desk.path().join("prompts.jsonl"), desk.path().join("run"));
    let lines: Vec<String> =
        ADS[..5].iter().map(|[product, _]| serde_json::json!({"prompt": request(product)}).to_string()).collect();
    fs::write(&prompts, lines.join("\n")).unwrap();
    let mut command = program::command(&program);
    command.args(["run", recipe, "--chat", "--lora", "8", "--device", "cpu", "--base", "same", "--model"]);
    command.arg(&model).arg("--data").arg(&prompts).arg("--out").arg(&out).args(["--base-precision", "q8"]);
    for setting in SMALL {
        command.args(["--set", setting]);
    }
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut most = None;
    while child.try_wait().unwrap().is_none() {
        most = program::memory(&child.id().to_string(), "VmHWM").or(most);
        std::thread::sleep(Duration::from_millis(100));
    }
    let output = child.wait_with_output().unwrap();
    let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{told}{said}\n{recipe}: {:.0?}, resident at most {most:?} MB", begun.elapsed());
    assert!(output.status.success(), "{told}");
    // Nothing is known of it where the system does not say it.
    assert!(most.is_none_or(|megabytes| megabytes < MOST), "{most:?} MB were resident, more than {MOST}");
    // What nobody knows is said to be unknown.
    assert!(said.contains("There is no oracle"), "{said}");
    program::assert_nothing_half_written(&out);

    let mut by_kind: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for record in records(&fs::read(out.join("events.jsonl")).unwrap()) {
        by_kind.entry(record["event"].as_str().unwrap().to_owned()).or_default().push(record);
    }
    let manifest = &by_kind["started"][0]["manifest"];
    for judge in manifest["judges"].as_array().unwrap() {
        let turn: Vec<&str> = judge["turn"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
        assert!(turn[0].ends_with("<|im_start|>user\n") && turn[1].ends_with("<|im_start|>assistant\n"), "{turn:?}");
    }
    let drawn = &by_kind["sampled"].iter().find(|record| record["purpose"] == "train").unwrap()["answers"];
    let answers: Vec<&str> = drawn
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|of| of.as_array().unwrap().iter().map(|answer| answer["text"].as_str().unwrap()))
        .collect();
    assert_eq!(answers.len(), 8);
    assert!(answers.iter().all(|text| !text.is_empty() && !text.contains("<|im_")), "{answers:?}");
    let pairs = by_kind["selected"][0]["pairs"].as_array().unwrap().len();
    let steps = &by_kind["step"];
    assert!((1..=4).contains(&pairs) && steps.len() == pairs.div_ceil(2), "{pairs} pairs, {} steps", steps.len());
    for step in steps {
        assert!(step["grad_norm"].as_f64().unwrap() > 0.0 && step["loss"].as_f64().unwrap().is_finite(), "{step}");
    }
    // Before and after the iteration; nobody knows a reward, and the policy has moved.
    let measured: Vec<&Value> = by_kind["measured"].iter().map(|record| &record["measurement"]).collect();
    assert_eq!(measured.len(), 2);
    assert!(measured.iter().all(|m| m["sampled"]["reward"].is_null() && m["greedy"]["reward"].is_null()));
    assert!(measured[0]["kl_to_start"].as_f64().unwrap().abs() < 1e-2, "{}", measured[0]["kl_to_start"]);
    assert!(by_kind.contains_key("finished"));

    // Another program's way to the adapters, which are beside the file that they belong to.
    let learned = out.join("checkpoints/001");
    let answer = |model: &Path| {
        let mut command = program::command(&program);
        command.args(["score", "--json", "--device", "cpu", "--model"]).arg(model).arg("--input");
        let lines = desk.path().join("lines.jsonl");
        let (prompt, completion) = (request(ADS[0][0]), ADS[0][1]);
        fs::write(&lines, serde_json::json!({"prompt": prompt, "completion": completion}).to_string()).unwrap();
        let output = command.arg(&lines).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_ne!(answer(&learned), answer(&model), "what was learned is in the checkpoint");
    Some(by_kind)
}

#[test]
fn srlm_runs_an_iteration() {
    let Some(records) = run("srlm") else { return };
    let judged = &records["judged"];
    assert_eq!(
        judged.iter().map(|record| record["judge"].as_str().unwrap()).collect::<Vec<_>>(),
        ["relevance", "clarity"]
    );
    let scores = |record: &Value| -> Vec<f64> {
        let rows = record["scores"].as_array().unwrap().iter();
        rows.flat_map(|row| row.as_array().unwrap().iter().map(|score| score.as_f64().unwrap())).collect()
    };
    let scores: Vec<Vec<f64>> = judged.iter().map(scores).collect();
    assert!(scores.iter().flatten().all(|score| (0.0..=5.0).contains(score)), "{scores:?}");
    assert!(scores.iter().all(|of| of.iter().any(|score| score != &of[0])), "a judge says always the same: {scores:?}");
    // Policy and reference are one model before the first step.
    let first = records["step"][0]["loss"].as_f64().unwrap();
    assert!((first - std::f64::consts::LN_2).abs() < 1e-3, "{first}");
}

#[test]
fn scir_runs_an_iteration() {
    let Some(records) = run("scir") else { return };
    let step = &records["step"][0];
    for judge in ["relevance", "clarity", "implicit"] {
        let opinions = step["of_items"][format!("opinion/{judge}")].as_array().unwrap();
        assert!(opinions.iter().all(|p| (0.0..=1.0).contains(&p.as_f64().unwrap())), "{step}");
    }
}

/// How much of what the judges would say is labels, and how often they prefer the answer to what was asked to one
/// for another product, when they are asked in turns of the model's template and in plain text.
#[test]
fn what_its_judges_want_to_say_is_a_label() {
    let Some(path) = file() else { return };
    let (model, tokenizer) = (model::load(&path, &device::cpu()).unwrap(), Tokenizer::load(&path).unwrap());
    let source = model::gguf::Gguf::read(&path).unwrap().chat_template().unwrap();
    let template = ChatTemplate::new(&source).unwrap();
    let chat = Chat::new(&template, true);
    let turn = chat.around(&template).unwrap().unwrap();
    let asked: Vec<(Vec<u32>, [Vec<u32>; 2])> = (0..ADS.len())
        .map(|index| {
            let turn = chat.written(&template, &user_turn(&request(ADS[index][0])).unwrap()).unwrap();
            let answer = |of: usize| tokenizer.encode_piece(ADS[of % ADS.len()][1]).unwrap();
            (tokens(&tokenizer, &turn, Some(&chat)).unwrap(), [answer(index), answer(index + 1)])
        })
        .collect();
    let pairs: Vec<Comparison<'_>> =
        asked.iter().map(|(prompt, answers)| Comparison { prompt, answers: [&answers[0], &answers[1]] }).collect();
    let mut masses = Vec::new();
    println!(
        "| asked | judge | form | labels, share | right of {} | verdict flips |\n|---|---|---|---|---|---|",
        ADS.len()
    );
    for (how, prompts) in [("plain", default_prompts()), ("turn", chat_prompts(&turn))] {
        for (prompt, form) in prompts.iter().flat_map(|prompt| [(prompt, Form::Pointwise), (prompt, Form::Pairwise)]) {
            let judge = Generative::new(prompt, form, &tokenizer).unwrap();
            let asked = pollster::block_on(judge.both_orders(&model, &pairs, 1024)).unwrap();
            let (right, flips) = (asked.preferred.iter().filter(|p| **p > 0.5).count(), asked.flips);
            let mass = label_mass(&judge, prompt, form, (&model, &tokenizer), &pairs);
            println!("| {how} | {} | {form:?} | {mass:.3} | {right} | {flips:.2} |", prompt.name);
            masses.push(mass);
        }
    }
    // Else an opinion is read off what the model hardly ever says.
    assert!(masses.iter().all(|mass| *mass > 0.5), "{masses:?}");
}

/// The mean probability that the model would say a label of the judge's.
fn label_mass(
    judge: &Generative,
    prompt: &JudgePrompt,
    form: Form,
    (model, tokenizer): (&model::Decoder, &Tokenizer),
    pairs: &[Comparison<'_>],
) -> f32 {
    let labels: Vec<&String> = match form {
        Form::Pointwise => prompt.scores.iter().collect(),
        Form::Pairwise => prompt.verdicts.iter().collect(),
    };
    let labels: Vec<u32> = labels.into_iter().map(|label| tokenizer.single(label).unwrap()).collect();
    let mut mass = 0.0;
    for pair in pairs {
        let [first, second] = pair.answers;
        let asked = match form {
            Form::Pointwise => judge.pointwise_sequence(pair.prompt, first, labels[0]),
            Form::Pairwise => judge.pairwise_sequence(pair.prompt, first, second, labels[0]),
        };
        let logits = Batch::new(&[&asked], &model.device()).logits(model);
        let shares = read(&burn::tensor::activation::softmax(logits, 1));
        mass += labels.iter().map(|label| shares[*label as usize]).sum::<f32>();
    }
    #[allow(clippy::cast_precision_loss)] // ten
    let count = pairs.len() as f32;
    mass / count
}
