//! One task of ours, in a process of its own: what it takes as one line of JSON.

use std::collections::BTreeMap;

use selfsame_core::{
    device,
    judge::{Form, Generative, JudgePrompt},
    learn::{LearnConfig, Sequence, Trainer},
    model::{Config, Decoder, LoraConfig},
    sample::{Answer, Request, Sampling, generate},
    text::Tokenizer,
};

use crate::{
    Stepper,
    clock::{Cost, median_cost, since, start},
    dpo, reference,
};

/// As in `peers.py`.
const PROMPT: usize = 64;
const ANSWER: usize = 64;
const SAMPLES: usize = 8;
const PAIRS: usize = 4;
const ASKED: [usize; 3] = [4, 4, 24];
const ANSWERS: usize = 4;
const RANK: usize = 8;
/// Tokens that the judge reads at once: about sixteen answers, as there.
const BUDGET: usize = 2560;

/// Does the task that the arguments behind `peers-child` name, and prints what it took.
pub fn run(arguments: &[String]) {
    let [size, task, _, _, _, rounds] = arguments else { panic!("{arguments:?}") };
    let rounds: u32 = rounds.parse().unwrap();
    let shape = shape(size);
    let mut parts: BTreeMap<&str, Vec<Cost>> = BTreeMap::new();
    let costs = match task.as_str() {
        "sampling" => {
            let (model, tokenizer) = (model(shape), words(shape.5));
            let prompts = [(0, tokens(0, PROMPT, shape.5))];
            let sampling = sampled();
            let first = Sampling { max_new_tokens: 1, ..sampling };
            let greedy = Sampling { temperature: 0.0, ..sampling };
            turns(rounds, || {
                // What comes before the second token, and what is left without probabilities to draw by.
                for (name, other) in [("first token", &first), ("greedy", &greedy)] {
                    let begun = start();
                    draw(&model, &tokenizer, &prompts, SAMPLES, other);
                    parts.entry(name).or_default().push(since(begun));
                }
            });
            turns(rounds, || {
                draw(&model, &tokenizer, &prompts, SAMPLES, &sampling);
            })
        }
        "step" => {
            let (model, sequences) = (model(shape), pairs(shape.5));
            let mut stepper = Stepper::new(&model, &sequences);
            turns(rounds, || {
                stepper.reference = reference(&model, &sequences);
                stepper.step();
            })
        }
        "step-once" | "step-again" | "step-lora" => {
            let (mut model, sequences) = (model(shape), pairs(shape.5));
            if task == "step-lora" {
                model = model.with_adapters(LoraConfig { rank: RANK, alpha: 2.0 * 8.0 }, 1).unwrap();
            }
            model = model.recomputing(task == "step-again");
            let mut stepper = Stepper::new(&model, &sequences);
            drop(model);
            turns(rounds, || {
                stepper.step();
            })
        }
        "iteration" => {
            let (model, tokenizer) = (model(shape), words(shape.5));
            let prompts = if size == "135M" { 4 } else { 8 };
            turns(rounds, || iteration(&model, &tokenizer, prompts, &mut parts))
        }
        other => panic!("there is no task {other}"),
    };
    let cost = median_cost(&costs);
    let parts: BTreeMap<&str, [f64; 2]> = parts
        .into_iter()
        .map(|(name, costs)| (name, median_cost(&costs[1..])))
        .map(|(name, cost)| (name, [cost.wall, cost.cpu]))
        .collect();
    let said = serde_json::json!({"wall": cost.wall, "cpu": cost.cpu, "parts": parts, "resident": resident()});
    println!("{said}");
}

/// Hidden, intermediate, layers, heads, key-value heads, vocabulary, tied.
type Shape = (usize, usize, usize, usize, usize, usize, bool);

fn shape(size: &str) -> Shape {
    match size {
        "0.16M" => (64, 160, 3, 4, 2, 256, false),
        "4.3M" => (256, 448, 4, 8, 4, 4096, false),
        "30M" => (512, 1376, 9, 8, 4, 8192, true),
        // SmolLM2-135M.
        "135M" => (576, 1536, 30, 9, 3, 49152, true),
        other => panic!("there is no size {other}"),
    }
}

fn model((hidden, intermediate, layers, heads, kv_heads, vocabulary, tied): Shape) -> Decoder {
    let mut config = Config::llama(hidden, intermediate, layers, heads, kv_heads, vocabulary);
    config.tie_word_embeddings = tied;
    // No stop token: every answer has its full length.
    config.eos_token_id = None;
    Decoder::random(config, 1, &[], &device::cpu())
}

/// The rounds that count; one more comes before them.
fn turns(rounds: u32, mut work: impl FnMut()) -> Vec<Cost> {
    let costs = (0..=rounds).map(|_| {
        let begun = start();
        work();
        since(begun)
    });
    costs.skip(1).collect()
}

/// Some tokens, different ones for each `item`.
fn tokens(item: usize, count: usize, vocabulary: usize) -> Vec<u32> {
    let free = vocabulary - 9;
    (0..count).map(|at| u32::try_from(9 + (item * 977 + at * 31 + item * at) % free).unwrap()).collect()
}

/// Prompts with the first answers of all pairs, then with the second.
fn pairs(vocabulary: usize) -> Vec<Sequence> {
    (0..2 * PAIRS)
        .map(|row| {
            let prompt = tokens(row % PAIRS, PROMPT, vocabulary);
            Sequence::completion(&prompt, &tokens(100 + row, ANSWER, vocabulary))
        })
        .collect()
}

/// A word for each token.
fn words(vocabulary: usize) -> Tokenizer {
    let words: BTreeMap<String, usize> = (0..vocabulary).map(|id| (format!("w{id}"), id)).collect();
    let json = serde_json::json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
        "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": null, "decoder": null,
        "model": {"type": "WordLevel", "vocab": words, "unk_token": "w0"},
    });
    Tokenizer::parse(&json.to_string()).unwrap()
}

fn sampled() -> Sampling {
    Sampling { temperature: 0.9, max_new_tokens: ANSWER, ..Sampling::default() }
}

fn draw(
    model: &Decoder,
    tokenizer: &Tokenizer,
    prompts: &[(u64, Vec<u32>)],
    samples: usize,
    sampling: &Sampling,
) -> Vec<Vec<Answer>> {
    let request = Request { prompts, samples, sampling, seed: 1, iteration: 0, batch: 128 };
    let drawn = pollster::block_on(generate(model, tokenizer, &request)).unwrap();
    assert!(drawn.iter().flatten().all(|answer| answer.ids.len() == sampling.max_new_tokens));
    drawn
}

/// Samples, judges, chooses the best and the worst answer to each prompt, and learns from them once. As in a run,
/// the reference's log-probabilities are those that came with the answers.
fn iteration(model: &Decoder, tokenizer: &Tokenizer, count: usize, parts: &mut BTreeMap<&'static str, Vec<Cost>>) {
    let vocabulary = model.config().vocab_size;
    let mut begun = start();
    let mut done = |name: &'static str| {
        parts.entry(name).or_default().push(since(begun));
        begun = start();
    };
    let prompts: Vec<(u64, Vec<u32>)> =
        (0..count).map(|item| (item as u64, tokens(item, PROMPT, vocabulary))).collect();
    let answers = draw(model, tokenizer, &prompts, ANSWERS, &sampled());
    done("sampling");

    let asked = ASKED.map(|count| tokenizer.decode(&tokens(50 + count, count, vocabulary)).unwrap());
    let prompt = JudgePrompt {
        name: "any".to_owned(),
        pointwise: format!("{} {{prompt}} {} {{response}} {}", asked[0], asked[1], asked[2]),
        pairwise: "{prompt} {response} {other}".to_owned(),
        scores: (3..9).map(|id| format!("w{id}")).collect(),
        verdicts: ["w3".to_owned(), "w4".to_owned()],
        turn: None,
    };
    let judge = Generative::new(&prompt, Form::Pointwise, tokenizer).unwrap();
    let items: Vec<(&[u32], &[u32])> = prompts
        .iter()
        .zip(&answers)
        .flat_map(|((_, prompt), answers)| answers.iter().map(move |answer| (prompt.as_slice(), answer.ids.as_slice())))
        .collect();
    let scores = pollster::block_on(judge.score(model, &items, BUDGET)).unwrap();
    done("judging");

    let chosen = |best: bool| {
        prompts.iter().zip(&answers).zip(scores.chunks(ANSWERS)).map(move |(((_, prompt), answers), scores)| {
            let by_score = |a: &usize, b: &usize| scores[*a].total_cmp(&scores[*b]);
            let of = 0..ANSWERS;
            let place = if best { of.max_by(by_score) } else { of.min_by(by_score) };
            let answer = &answers[place.unwrap()];
            (Sequence::completion(prompt, &answer.ids), answer.logprob())
        })
    };
    let (sequences, fixed): (Vec<Sequence>, Vec<f32>) = chosen(true).chain(chosen(false)).unzip();
    let learn = LearnConfig { learning_rate: 1e-5, warmup: 0.0, batch_size: PAIRS, ..LearnConfig::default() };
    let mut trainer = Trainer::new(learn, count / PAIRS);
    let mut policy = model.clone();
    for batch in learn.batches(count, 1, 1) {
        let objective = |tracked: &Decoder, pairs: &[usize]| {
            let rows = || (0..2).flat_map(|side| pairs.iter().map(move |pair| side * count + pair));
            let read: Vec<&Sequence> = rows().map(|row| &sequences[row]).collect();
            Ok(dpo(tracked, &read, &rows().map(|row| fixed[row]).collect::<Vec<_>>()))
        };
        policy = pollster::block_on(trainer.step(&policy, &batch, 0, objective)).unwrap().0;
    }
    done("learning");
}

/// The most bytes of memory that this process has had, where the system says it; else 0.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kibibytes| kibibytes * 1024)
}
