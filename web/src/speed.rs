//! How fast the engine is: tokens that it draws in a second, milliseconds that a step of learning takes.
//!
//! `benches/web` calls it in a browser and has other libraries do the same work beside it. The work is
//! therefore fixed, and simple enough to be written again for each of them: greedy answers of one length
//! to prompts made of a formula, and plain cross-entropy on sequences made of the same formula. The
//! tokens and losses that come out show whether they did the same.

#[cfg(not(target_arch = "wasm32"))]
use std::time::Instant;

use burn::tensor::Device;
use selfsame_core::{
    Error, Result,
    learn::{AdamWConfig, Batch, LearnConfig, Objective, Sequence, Trainer},
    model::{self, Config, Decoder},
    sample::{Request, Sampling, generate},
    text::Tokenizer,
};
use serde::{Deserialize, Serialize};
#[cfg(target_arch = "wasm32")]
use web_time::Instant;

use crate::proof::ModelFiles;

/// How much is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Amount {
    /// Answers that are drawn together, once for each number here.
    pub rows: Vec<usize>,
    /// Tokens of a prompt.
    pub prompt: usize,
    /// Tokens of an answer.
    pub answer: usize,
    /// Times that the answers are drawn and measured, after once without.
    pub repetitions: usize,
    /// Sequences of a step of learning.
    pub sequences: usize,
    /// Tokens of each that the model reads; as many are labels.
    pub time: usize,
    /// Steps that are taken without being measured.
    pub warm_up: usize,
    /// Steps that are measured after them.
    pub steps: usize,
}

impl Default for Amount {
    /// What fits into the starter's context, and into minutes on a graphics device in software.
    fn default() -> Self {
        Self { rows: vec![1, 8], prompt: 16, answer: 64, repetitions: 3, sequences: 8, time: 64, warm_up: 3, steps: 5 }
    }
}

/// Answers drawn together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decoding {
    /// How many.
    pub rows: usize,
    /// Milliseconds that all of them took, the reading of the prompts included; one number a repetition.
    pub ms: Vec<f64>,
    /// Their tokens.
    pub ids: Vec<Vec<u32>>,
}

/// Steps of learning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Learning {
    /// Milliseconds of each step that was measured.
    pub ms: Vec<f64>,
    /// The loss before each step, those without measurement included.
    pub losses: Vec<f32>,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// How much was done.
    pub amount: Amount,
    /// Drawing answers, for each number of rows.
    pub decoding: Vec<Decoding>,
    /// Learning.
    pub learning: Learning,
}

/// Measures drawing and learning on a device.
///
/// # Errors
/// If the files are not a model's, `amount` does not fit into its context, or the device fails.
pub async fn speed(files: &ModelFiles<'_>, device: &Device, amount: &Amount) -> Result<Speed> {
    let path = std::path::Path::new("(speed)");
    let tokenizer = Tokenizer::parse(files.tokenizer)?;
    let mut config = Config::parse(files.config, path)?;
    // No answer ends early.
    config.eos_token_id = None;
    let model = model::from_bytes(config, files.weights, path, device)?;
    let mut decoding = Vec::new();
    for rows in &amount.rows {
        decoding.push(draw(&model, &tokenizer, *rows, amount).await?);
    }
    let learning = learn(model, amount).await?;
    Ok(Speed { amount: amount.clone(), decoding, learning })
}

/// The first tokens of a sequence of the benchmark. The three lowest ids are left out: they are special.
fn sequence(row: usize, length: usize, vocabulary: usize) -> Vec<u32> {
    #[allow(clippy::cast_possible_truncation)] // token ids
    (0..length).map(|at| (3 + (31 * row + 17 * at * at + 7 * at) % (vocabulary - 3)) as u32).collect()
}

/// Milliseconds since a moment.
fn since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}

/// Draws `rows` answers to as many prompts, all in one batch.
async fn draw(model: &Decoder, tokenizer: &Tokenizer, rows: usize, amount: &Amount) -> Result<Decoding> {
    let vocabulary = model.config().vocab_size;
    let prompts: Vec<(u64, Vec<u32>)> =
        (0..rows).map(|row| (row as u64, sequence(row, amount.prompt, vocabulary))).collect();
    let sampling = Sampling::greedy(amount.answer);
    let request = Request { prompts: &prompts, samples: 1, sampling: &sampling, seed: 0, iteration: 0, batch: rows };
    let mut decoding = Decoding { rows, ms: Vec::new(), ids: Vec::new() };
    for repetition in 0..=amount.repetitions {
        let start = Instant::now();
        let answers = generate(model, tokenizer, &request).await?;
        if repetition > 0 {
            decoding.ms.push(since(start));
        }
        decoding.ids = answers.into_iter().flatten().map(|answer| answer.ids).collect();
    }
    if decoding.ids.iter().any(|ids| ids.len() != amount.answer) {
        return Err(Error::setting("answer", "with the prompt it must fit into the model's context"));
    }
    Ok(decoding)
}

/// Learns the same sequences by heart, step after step.
async fn learn(mut model: Decoder, amount: &Amount) -> Result<Learning> {
    let vocabulary = model.config().vocab_size;
    let sequences: Vec<Sequence> = (0..amount.sequences)
        .map(|row| {
            let ids = sequence(row, amount.time + 1, vocabulary);
            let labels = ids[1..].iter().copied().enumerate().collect();
            Sequence { tokens: ids[..amount.time].to_vec(), labels }
        })
        .collect();
    let objective = |model: &Decoder, items: &[usize]| -> Result<Objective> {
        let items: Vec<&Sequence> = items.iter().map(|item| &sequences[*item]).collect();
        let loss = Batch::new(&items, &model.device()).token_logprobs(model).mean().neg();
        Ok(Objective { loss, metrics: Vec::new(), items: Vec::new() })
    };
    let config = LearnConfig {
        learning_rate: 1e-4,
        warmup: 0.0,
        batch_size: amount.sequences,
        micro_batch: amount.sequences,
        // Other libraries have Adam without it.
        adamw: AdamWConfig { weight_decay: 0.0, ..AdamWConfig::default() },
        ..LearnConfig::default()
    };
    let items: Vec<usize> = (0..amount.sequences).collect();
    let mut trainer = Trainer::new(config, amount.warm_up + amount.steps);
    let mut learning = Learning { ms: Vec::new(), losses: Vec::new() };
    for step in 0..amount.warm_up + amount.steps {
        let start = Instant::now();
        let (updated, report) = trainer.step(&model, &items, 0, objective).await?;
        if step >= amount.warm_up {
            learning.ms.push(since(start));
        }
        learning.losses.push(report.loss);
        model = updated;
    }
    Ok(learning)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a failure here is a failed test
mod tests {
    use super::*;

    const CONFIG: &str = include_str!("../../assets/starter/config.json");
    const TOKENIZER: &str = include_str!("../../assets/starter/tokenizer.json");
    const WEIGHTS: &[u8] = include_bytes!("../../assets/starter/model.safetensors");

    fn measured(amount: &Amount) -> Result<Speed> {
        let files = ModelFiles { config: CONFIG, tokenizer: TOKENIZER, weights: WEIGHTS };
        pollster::block_on(speed(&files, &selfsame_core::device::cpu(), amount))
    }

    #[test]
    fn everything_that_was_asked_for_is_measured_and_was_really_done() {
        let amount = Amount { answer: 12, repetitions: 2, sequences: 2, time: 9, warm_up: 1, ..Amount::default() };
        let speed = measured(&amount).unwrap();
        assert_eq!(speed.decoding.iter().map(|d| d.rows).collect::<Vec<_>>(), amount.rows);
        for decoding in &speed.decoding {
            assert_eq!(decoding.ms.len(), 2);
            assert!(decoding.ms.iter().all(|ms| *ms > 0.0));
            assert_eq!(decoding.ids.len(), decoding.rows);
            assert!(decoding.ids.iter().all(|ids| ids.len() == 12));
        }
        assert_eq!(speed.decoding[0].ids[0], speed.decoding[1].ids[0], "company changes no answer");
        assert_eq!((speed.learning.ms.len(), speed.learning.losses.len()), (5, 6));
        assert!(speed.learning.losses.is_sorted_by(|a, b| a > b), "{:?}", speed.learning.losses);
    }

    #[test]
    fn what_does_not_fit_into_the_context_is_refused() {
        let amount = Amount { rows: vec![1], answer: 200, repetitions: 1, ..Amount::default() };
        assert!(measured(&amount).unwrap_err().to_string().contains("context"));
    }

    #[test]
    fn the_formula_is_the_one_that_the_page_has() {
        assert_eq!(sequence(0, 5, 328), [3, 27, 85, 177, 303]);
        assert_eq!(sequence(1, 3, 328), [34, 58, 116]);
        // Its sequences differ from each other, and none has a special token or an unknown one.
        let all: Vec<Vec<u32>> = (0..8).map(|row| sequence(row, 65, 328)).collect();
        assert!(all.iter().flatten().all(|id| (3..328).contains(id)));
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
