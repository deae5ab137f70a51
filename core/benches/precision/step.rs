//! A learning step of adapters in a process of its own.

use std::{path::Path, time::Instant};

use burn::tensor::Tensor;
use selfsame_core::{
    device,
    learn::{
        Batch, LearnConfig, Objective, Sequence, Trainer,
        batch::score,
        loss::{margin, soft_logistic},
    },
    measure::control::Budget,
    model::{self, BasePrecision, Config, Decoder, LoraConfig},
    run::{
        Options, Replay,
        plan::{Adapted, Learning, plan_with},
    },
    sample::Sampling,
};

/// The first argument of such a process.
pub const CHILD: &str = "step-of";

const LORA: LoraConfig = LoraConfig { rank: 8, alpha: 16.0 };
const PAIRS: usize = 2;
const PROMPT: usize = 64;
const ANSWER: usize = 64;
const STEPS: usize = 2;

/// Loads the model, takes steps, and prints the cells of a row.
pub fn run(folder: &Path, precision: BasePrecision) {
    let base = model::load_in(folder, &device::cpu(), precision).unwrap();
    let weights = precision.bytes(base.config().parameters() as u128) >> 20;
    let loading = highest();
    let planned = planned(base.config(), precision) >> 20;
    let mut policy = base.with_adapters(LORA, 1).unwrap();
    let vocabulary = base.config().vocab_size;
    drop(base);
    // No two rows begin alike: nothing is shared.
    let sequences: Vec<Sequence> = (0..2 * PAIRS)
        .map(|row| {
            let token = |at: usize| u32::try_from((row * 7919 + at * 104_729) % vocabulary).unwrap();
            let ids: Vec<u32> = (0..PROMPT + ANSWER).map(token).collect();
            Sequence::completion(&ids[..PROMPT], &ids[PROMPT..])
        })
        .collect();
    let reference: Vec<f32> = pollster::block_on(score(&policy.without_adapters(), &sequences, 512))
        .unwrap()
        .iter()
        .map(|row| row.iter().sum())
        .collect();
    let learn = LearnConfig { warmup: 0.0, batch_size: PAIRS, micro_batch: PAIRS, ..LearnConfig::default() };
    let mut trainer = Trainer::new(learn, STEPS);
    let mut seconds = f64::INFINITY;
    for _ in 0..STEPS {
        let start = Instant::now();
        let objective = |tracked: &Decoder, _: &[usize]| {
            let device = tracked.device();
            let halves = |t: Tensor<1>| [t.clone().narrow(0, 0, PAIRS), t.narrow(0, PAIRS, PAIRS)];
            let policy = Batch::new(&sequences.iter().collect::<Vec<_>>(), &device).sequence_logprobs(tracked);
            let delta = margin(halves(policy), halves(Tensor::from_floats(reference.as_slice(), &device)), 0.1);
            let label = delta.ones_like();
            Ok(Objective { loss: soft_logistic(delta, label).mean(), metrics: Vec::new(), items: Vec::new() })
        };
        let (updated, _) = pollster::block_on(trainer.step(&policy, &[0, 1], 0, objective)).unwrap();
        policy = updated;
        seconds = seconds.min(start.elapsed().as_secs_f64());
    }
    println!("{weights} | {loading} | {} | {planned} | {seconds:.1}", highest());
}

/// Bytes of such a step by `selfsame plan`.
fn planned(config: &Config, precision: BasePrecision) -> u64 {
    let budget = Budget {
        first: None,
        judgements: 0,
        iterations: 1,
        prompts: PAIRS,
        samples: 2,
        pairs: PAIRS,
        // The plan takes prompts to be shorter, and has a head at every other token.
        sampling: Sampling { max_new_tokens: PROMPT + ANSWER - 16, ..Sampling::default() },
        beta: 0.1,
        learn: LearnConfig { batch_size: PAIRS, micro_batch: PAIRS, ..LearnConfig::default() },
        replay: Replay::NONE,
    };
    let adapted = Adapted { lora: LORA, precision, other_base: false };
    let learning = Learning { adapted: Some(adapted), recomputes: false };
    plan_with(config, learning, Some(&budget), &Options::default()).training_bytes
}

/// The most MiB of this process that were resident since this was last asked.
fn highest() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    kilobytes.map_or("?".to_owned(), |kilobytes| (kilobytes / 1024).to_string())
}
