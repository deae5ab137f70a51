//! Speed of what a run spends its time on, as tables. Not a gate.
//!
//! `cargo bench -p selfsame -p selfsame-core --bench speed`. With `SELFSAME_TRL_PYTHON` set to a Python that has TRL
//! (see `benches/trl/dpo_step.py`), TRL takes the same step on the same weights before and after ours,
//! with as many threads, and the ratio of the processors' time is printed. `RAYON_NUM_THREADS` sets the
//! threads of both. `-- sampling`, `-- step`, `-- sharing`, `-- parts` or `-- ads` prints one of the tables alone; those of a
//! graphics adapter, which take minutes where it is one in software, are printed for `-- adapter` only, the shares of
//! its peaks alone for `-- shares`, and for `-- peers` only what the same work takes TRL and transformers at four sizes, which is a quarter of an hour long.

#![allow(clippy::unwrap_used, clippy::panic, clippy::cast_precision_loss)] // a failure here is a failed bench

#[path = "speed/adapter.rs"]
mod adapter;
#[path = "speed/ads.rs"]
mod ads;
#[path = "speed/clock.rs"]
mod clock;
#[path = "speed/parts.rs"]
mod parts;
#[path = "speed/peers.rs"]
mod peers;
#[path = "speed/sharing.rs"]
mod sharing;

use std::{path::Path, process::Command};

use burn::tensor::Tensor;
use clock::{Cost, take_turns};
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
const STEPS: usize = 12;

fn main() {
    let mut arguments = std::env::args();
    if arguments.any(|argument| argument == "peers-child") {
        return peers::child(&arguments.collect::<Vec<_>>());
    }
    if std::env::args().any(|argument| argument == "peers") {
        return peers::table();
    }
    let wanted = |table: &str| {
        let asked = |table: &str| std::env::args().any(|argument| argument == table);
        let usual = ["sampling", "step", "sharing", "parts", "ads"];
        asked(table) || usual.contains(&table) && !usual.into_iter().chain(["adapter", "shares"]).any(asked)
    };
    if wanted("sampling") {
        sampling();
    }
    if wanted("step") {
        step();
    }
    if wanted("sharing") {
        sharing::table();
    }
    if wanted("parts") {
        parts::table();
    }
    if wanted("ads") {
        ads::table();
    }
    if wanted("adapter") {
        adapter::table();
    }
    if wanted("shares") {
        adapter::shares();
    }
}

/// A learning step of ours and TRL's.
fn step() {
    let folder = std::env::temp_dir().join("selfsame-bench-trl");
    let python = std::env::var("SELFSAME_TRL_PYTHON").ok();
    let before = python.as_deref().and_then(|python| trl_step(python, &folder));
    let ours = dpo_step(&folder);
    let after = python.as_deref().and_then(|python| trl_step(python, &folder));
    if let (Some(before), Some(after)) = (before, after) {
        println!("\n| the same step by TRL | wall ms | CPU ms | ours / TRL, wall | ours / TRL, CPU |");
        println!("|---|---|---|---|---|");
        for (index, name) in ["reference in the step", "reference computed once"].iter().enumerate() {
            let trl = Cost {
                wall: f64::midpoint(before[index].wall, after[index].wall),
                cpu: f64::midpoint(before[index].cpu, after[index].cpu),
            };
            println!(
                "| {name} | {:.1} | {:.1} | {:.2} | {:.2} |",
                trl.wall * 1e3,
                trl.cpu * 1e3,
                ours[index].wall / trl.wall,
                ours[index].cpu / trl.cpu
            );
        }
    }
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
    let draw = |samples| {
        let prompts = [(0, ids.clone())];
        let request = Request { prompts: &prompts, samples, sampling: &sampling, seed: 1, iteration: 0, batch: 8 };
        pollster::block_on(generate(&model, &tokenizer, &request)).unwrap();
    };
    let costs = take_turns(12, 10, &mut [&mut || draw(1), &mut || draw(8)]);
    println!("| 24 tokens each, starter size | wall ms | CPU ms |");
    println!("|---|---|---|");
    for (name, cost) in ["1 sample", "8 samples of the same prompt"].iter().zip(&costs) {
        println!("| {name} | {:.2} | {:.2} |", cost.wall * 1e3, cost.cpu * 1e3);
    }
    println!("| 8 samples / 1 sample | {:.2} | {:.2} |", costs[1].wall / costs[0].wall, costs[1].cpu / costs[0].cpu);
}

/// A DPO step on a Llama of 4.26 million weights, 4 pairs of 64 + 64 tokens: with the reference in the
/// step, with the reference computed once, and that with prompts that the two answers do not share.
fn dpo_step(folder: &Path) -> Vec<Cost> {
    let device = device::cpu();
    let model = model::load(folder, &device).unwrap_or_else(|_| {
        let mut config = Config::llama(256, 448, 4, 8, 4, 4096);
        config.tie_word_embeddings = false;
        Decoder::random(config, 1, &[], &device)
    });
    let pairs = read_pairs(folder);
    let completions = |other_prompt: bool| -> Vec<Sequence> {
        (0..2)
            .flat_map(|side| {
                pairs.iter().map(move |pair| {
                    let mut prompt = pair[0].clone();
                    prompt[0] = if other_prompt && side == 1 { prompt[0] ^ 1 } else { prompt[0] };
                    Sequence::completion(&prompt, &pair[1 + side])
                })
            })
            .collect()
    };
    let (shared, apart) = (completions(false), completions(true));
    let mut losses = Vec::new();
    let mut within = Stepper::new(&model, &shared);
    let mut once = Stepper::new(&model, &shared);
    let mut without_sharing = Stepper::new(&model, &apart);
    let costs = take_turns(
        STEPS,
        1,
        &mut [
            &mut || {
                within.reference = reference(&model, &shared);
                within.step();
            },
            &mut || losses.push(once.step()),
            &mut || {
                without_sharing.step();
            },
        ],
    );
    println!(
        "\n| DPO step, {} weights, 4 pairs x 128 tokens | tokens | wall ms | CPU ms |",
        model.config().parameters()
    );
    println!("|---|---|---|---|");
    let computed = |rows: &[Sequence]| Batch::new(&rows.iter().collect::<Vec<_>>(), &device).computed();
    let rows = [
        ("reference in the step", 2 * computed(&shared)),
        ("reference computed once", computed(&shared)),
        ("the same, prompts not shared", computed(&apart)),
    ];
    for ((name, tokens), cost) in rows.iter().zip(&costs) {
        println!("| {name} | {tokens} | {:.1} | {:.1} |", cost.wall * 1e3, cost.cpu * 1e3);
    }
    println!("\nfirst losses: {:?}", &losses[..3]);
    costs
}

fn reference(model: &Decoder, sequences: &[Sequence]) -> Vec<f32> {
    pollster::block_on(score(model, sequences, usize::MAX)).unwrap().iter().map(|row| row.iter().sum()).collect()
}

/// The loss on pairs: all first answers, then all second ones, with their log-probabilities under the reference.
fn dpo(tracked: &Decoder, sequences: &[&Sequence], reference: &[f32]) -> Objective {
    let (device, count) = (tracked.device(), sequences.len() / 2);
    let logps = Batch::new(sequences, &device).sequence_logprobs(tracked);
    let halves = |t: Tensor<1>| [t.clone().slice([0..count]), t.slice([count..2 * count])];
    let fixed = Tensor::<1>::from_floats(reference, &device);
    let delta = margin(halves(logps), halves(fixed), 0.1);
    let label = delta.ones_like();
    Objective { loss: soft_logistic(delta, label).mean(), metrics: Vec::new(), items: Vec::new() }
}

/// A policy that learns from the same pairs again and again.
struct Stepper<'a> {
    trainer: Trainer,
    policy: Decoder,
    sequences: &'a [Sequence],
    reference: Vec<f32>,
}

impl<'a> Stepper<'a> {
    fn new(model: &Decoder, sequences: &'a [Sequence]) -> Self {
        let learn =
            LearnConfig { learning_rate: 1e-5, warmup: 0.0, batch_size: sequences.len() / 2, ..LearnConfig::default() };
        Self {
            trainer: Trainer::new(learn, STEPS + 2),
            policy: model.clone(),
            sequences,
            reference: reference(model, sequences),
        }
    }

    fn step(&mut self) -> f32 {
        let (sequences, count) = (self.sequences, self.sequences.len() / 2);
        let reference = &self.reference;
        let objective =
            |tracked: &Decoder, _: &[usize]| Ok(dpo(tracked, &sequences.iter().collect::<Vec<_>>(), reference));
        let batch: Vec<usize> = (0..count).collect();
        let (updated, report) = pollster::block_on(self.trainer.step(&self.policy, &batch, 0, objective)).unwrap();
        self.policy = updated;
        report.loss
    }
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

/// How many threads both sides have.
fn threads() -> String {
    std::env::var("RAYON_NUM_THREADS")
        .unwrap_or_else(|_| std::thread::available_parallelism().map_or(1, usize::from).to_string())
}

/// TRL's medians per step: with the reference in the step, and computed before.
fn trl_step(python: &str, folder: &Path) -> Option<[Cost; 2]> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/trl/dpo_step.py");
    let output = Command::new(python)
        .arg(script)
        .args(["--threads", &threads(), "--steps", "12", "--json", "--save"])
        .arg(folder)
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let json: serde_json::Value = serde_json::from_str(&text[text.find('{')?..]).ok()?;
    let runs = json["runs"].as_array()?;
    let cost = |run: &serde_json::Value| Some(Cost { wall: run["wall_s"].as_f64()?, cpu: run["cpu_s"].as_f64()? });
    Some([cost(runs.first()?)?, cost(runs.get(1)?)?])
}
