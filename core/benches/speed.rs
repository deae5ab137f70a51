//! Speed of the two things a run spends its time on, as a table. Not a gate.
//!
//! `cargo bench -p selfsame -p selfsame-core --bench speed`. With `SELFSAME_TRL_PYTHON` set to a Python that has TRL
//! (see `benches/trl/dpo_step.py`), TRL takes the same step on the same weights in the same run,
//! and the ratio is printed.

#![allow(clippy::unwrap_used, clippy::cast_precision_loss)] // a failure here is a failed bench

use std::{path::Path, process::Command, time::Instant};

use burn::tensor::Tensor;
use selfsame_core::{
    device,
    learn::{
        Batch, LearnConfig, Objective, Sequence, Trainer,
        batch::score,
        loss::{margin, soft_logistic},
    },
    model::{self, Config, Decoder},
    sample::{Request, Sampling, generate},
    text::Tokenizer,
    world::rules,
};

/// Steps timed; the median is printed.
const STEPS: usize = 10;

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    println!("| what | seconds |");
    println!("|---|---|");
    sampling();
    let folder = std::env::temp_dir().join("selfsame-bench-trl");
    let trl = std::env::var("SELFSAME_TRL_PYTHON").ok().and_then(|python| trl_step(&python, &folder));
    dpo_step(&folder, trl);
}

/// Eight samples of a prompt against one, 24 tokens each.
fn sampling() {
    let tokenizer = Tokenizer::parse(&rules::tokenizer_json()).unwrap();
    let mut config = Config::llama(160, 448, 4, 4, 2, tokenizer.size());
    // No stop token: every answer has its full length.
    config.eos_token_id = None;
    let model = Decoder::random(config, 1, &[], &device::cpu());
    let ids = tokenizer
        .encode("must:fox never:any first:owl last:any early:any late:any count:any length:long <resp>")
        .unwrap();
    let sampling = Sampling { max_new_tokens: 24, ..Sampling::default() };
    let time = |samples| {
        let prompts = [(0, ids.clone())];
        let request = Request { prompts: &prompts, samples, sampling: &sampling, seed: 1, iteration: 0, batch: 8 };
        median(
            (0..STEPS)
                .map(|_| {
                    let start = Instant::now();
                    pollster::block_on(generate(&model, &tokenizer, &request)).unwrap();
                    start.elapsed().as_secs_f64()
                })
                .collect(),
        )
    };
    let (one, eight) = (time(1), time(8));
    println!("| 1 sample of 24 tokens, starter size | {one:.4} |");
    println!("| 8 samples of the same prompt | {eight:.4} ({:.2}x) |", eight / one);
}

/// A DPO step on a Llama of 4.26 million weights: 4 pairs of 64 + 64 tokens.
fn dpo_step(folder: &Path, trl: Option<[f64; 2]>) {
    let device = device::cpu();
    let model = model::load(folder, &device).unwrap_or_else(|_| {
        let mut config = Config::llama(256, 448, 4, 8, 4, 4096);
        config.tie_word_embeddings = false;
        Decoder::random(config, 1, &[], &device)
    });
    let pairs = read_pairs(folder);
    let sequences: Vec<Sequence> =
        (0..2).flat_map(|side| pairs.iter().map(move |pair| Sequence::completion(&pair[0], &pair[1 + side]))).collect();
    let count = pairs.len();
    let learn = LearnConfig { learning_rate: 1e-5, warmup: 0.0, batch_size: count, ..LearnConfig::default() };
    let mut medians = [0.0; 2];
    let mut losses = Vec::new();
    for (cached, median_seconds) in medians.iter_mut().enumerate() {
        let mut trainer = Trainer::new(learn, STEPS + 2);
        let mut policy = model.clone();
        let reference = || -> Vec<f32> {
            pollster::block_on(score(&model, &sequences, usize::MAX))
                .unwrap()
                .iter()
                .map(|row| row.iter().sum())
                .collect()
        };
        let fixed = reference();
        let mut seconds = Vec::new();
        losses.clear();
        for _ in 0..STEPS + 2 {
            let start = Instant::now();
            let reference = if cached == 1 { fixed.clone() } else { reference() };
            let objective = |tracked: &Decoder, _: &[usize]| {
                let device = tracked.device();
                let logps = Batch::new(&sequences.iter().collect::<Vec<_>>(), &device).sequence_logprobs(tracked);
                let halves = |t: Tensor<1>| [t.clone().slice([0..count]), t.slice([count..2 * count])];
                let fixed = Tensor::<1>::from_floats(reference.as_slice(), &device);
                let delta = margin(halves(logps), halves(fixed), 0.1);
                let label = delta.ones_like();
                Ok(Objective { loss: soft_logistic(delta, label).mean(), metrics: Vec::new(), items: Vec::new() })
            };
            let batch: Vec<usize> = (0..count).collect();
            let (updated, report) = pollster::block_on(trainer.step(&policy, &batch, 0, objective)).unwrap();
            policy = updated;
            losses.push(report.loss);
            seconds.push(start.elapsed().as_secs_f64());
        }
        *median_seconds = median(seconds.split_off(2));
    }
    let names = ["reference in the step", "reference computed once"];
    for (index, name) in names.iter().enumerate() {
        println!(
            "| DPO step, {} weights, 4 pairs x 128 tokens, {name} | {:.3} |",
            model.config().parameters(),
            medians[index]
        );
        if let Some(trl) = trl {
            println!("| the same step by TRL | {:.3} (ours / TRL = {:.2}) |", trl[index], medians[index] / trl[index]);
        }
    }
    println!("\nfirst losses: {:?}", &losses[..3]);
}

/// Prompt, chosen and rejected tokens of TRL's pairs, or of pairs of the same shape.
fn read_pairs(folder: &Path) -> Vec<[Vec<u32>; 3]> {
    let parsed = std::fs::read_to_string(folder.join("pairs.json"))
        .ok()
        .and_then(|text| serde_json::from_str::<Vec<std::collections::BTreeMap<String, Vec<u32>>>>(&text).ok());
    match parsed {
        Some(rows) => {
            rows.iter().map(|row| ["prompt_ids", "chosen_ids", "rejected_ids"].map(|key| row[key].clone())).collect()
        }
        None => (0..4_u32)
            .map(|p| [0, 1, 2].map(|part| (0..64).map(|t| (p * 977 + part * 131 + t * 31) % 4096).collect()))
            .collect(),
    }
}

/// TRL's median seconds per step: with the reference in the step, and computed before.
fn trl_step(python: &str, folder: &Path) -> Option<[f64; 2]> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/trl/dpo_step.py");
    let threads = std::thread::available_parallelism().map_or(1, usize::from).to_string();
    let output = Command::new(python)
        .arg(script)
        .args(["--threads", &threads, "--steps", "12", "--json", "--save"])
        .arg(folder)
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let json: serde_json::Value = serde_json::from_str(&text[text.find('{')?..]).ok()?;
    let runs = json["runs"].as_array()?;
    Some([runs.first()?["wall_s"].as_f64()?, runs.get(1)?["wall_s"].as_f64()?])
}
