//! Memory and time of a DPO step with adapters on a model of the shape of SmolLM2-135M, as a table:
//! `cargo test --release --workspace --test run adapters::measure -- --ignored --nocapture`. Memory is what
//! Linux says of this process.

use std::time::Instant;

use burn::tensor::Tensor;
use selfsame_core::{
    device,
    learn::{
        Batch, LearnConfig, Objective, Sequence, Trainer,
        batch::score,
        loss::{margin, soft_logistic},
    },
    model::{Config, Decoder, LoraConfig},
};
use selfsame_tests::program::memory;

const PAIRS: usize = 2;
const PROMPT: usize = 64;
const ANSWER: usize = 64;

#[test]
#[ignore = "takes a gigabyte and a minute, and says more as a table"]
fn a_step_at_the_size_of_smollm2_135m() {
    println!("| what | resident now, MB | at most, MB | seconds |\n|---|---|---|---|");
    let mut config = Config::llama(576, 1536, 30, 9, 3, 49_152);
    config.max_position_embeddings = 2048;
    let start = Instant::now();
    let base = Decoder::random(config, 1, &[], &device::cpu());
    say(&format!("{} weights drawn", base.config().parameters()), start);
    let start = Instant::now();
    let lora = LoraConfig { rank: 8, alpha: 16.0 };
    let mut policy = base.with_adapters(lora, 1).unwrap();
    say(&format!("{} weights of adapters", lora.parameters(base.config())), start);
    let sequences: Vec<Sequence> = (0..2 * PAIRS)
        .map(|row| {
            let token = |at: usize| u32::try_from((row * 7919 + at * 104_729) % 49_152).unwrap();
            let ids: Vec<u32> = (0..PROMPT + ANSWER).map(token).collect();
            Sequence::completion(&ids[..PROMPT], &ids[PROMPT..])
        })
        .collect();
    let start = Instant::now();
    let reference: Vec<f32> = pollster::block_on(score(&policy.without_adapters(), &sequences, 512))
        .unwrap()
        .iter()
        .map(|row| row.iter().sum())
        .collect();
    say("log-probabilities of the reference", start);
    for micro_batch in [1, PAIRS] {
        let learn = LearnConfig { warmup: 0.0, batch_size: PAIRS, micro_batch, ..LearnConfig::default() };
        let mut trainer = Trainer::new(learn, 2);
        for step in 0..2 {
            let start = Instant::now();
            let objective = |tracked: &Decoder, chosen: &[usize]| {
                let side = |answer: usize| chosen.iter().map(move |pair| answer * PAIRS + pair);
                let rows: Vec<usize> = side(0).chain(side(1)).collect();
                let sequences: Vec<&Sequence> = rows.iter().map(|row| &sequences[*row]).collect();
                let fixed: Vec<f32> = rows.iter().map(|row| reference[*row]).collect();
                let device = tracked.device();
                let count = chosen.len();
                let halves = |t: Tensor<1>| [t.clone().narrow(0, 0, count), t.narrow(0, count, count)];
                let policy = Batch::new(&sequences, &device).sequence_logprobs(tracked);
                let delta = margin(halves(policy), halves(Tensor::from_floats(fixed.as_slice(), &device)), 0.1);
                let label = delta.ones_like();
                Ok(Objective { loss: soft_logistic(delta, label).mean(), metrics: Vec::new(), items: Vec::new() })
            };
            let batch: Vec<usize> = (0..PAIRS).collect();
            let (updated, report) = pollster::block_on(trainer.step(&policy, &batch, 0, objective)).unwrap();
            policy = updated;
            say(&format!("step {step}, {micro_batch} pairs at a time, loss {:.5}", report.loss), start);
        }
    }
}

/// One line, and a new beginning for the highest mark.
fn say(what: &str, start: Instant) {
    let [now, most] =
        ["VmRSS", "VmHWM"].map(|field| memory("self", field).map_or("?".to_owned(), |megabytes| megabytes.to_string()));
    println!("| {what} | {now} | {most} | {:.2} |", start.elapsed().as_secs_f64());
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
