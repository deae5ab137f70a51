//! How fast drawing and learning are here, measured.

use serde::Serialize;

use super::PROMPT_TOKENS;
use crate::{
    Result,
    learn::{Batch, LearnConfig, Objective, Sequence, Trainer},
    model::Decoder,
    sample::{Request, Sampling, generate},
    text::Tokenizer,
};

/// What a short probe on the real model and device measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Speed {
    /// Tokens drawn per second.
    pub decode_tokens_per_second: f64,
    /// Tokens learned from per second.
    pub train_tokens_per_second: f64,
}

/// Measures drawing and learning on the real model and device: thirty-two rows of sixteen tokens, twice,
/// the second time counting.
///
/// # Errors
/// If the device fails.
#[allow(clippy::cast_precision_loss)] // token counts
pub async fn probe(model: &Decoder, tokenizer: &Tokenizer) -> Result<Speed> {
    const ROWS: usize = 32;
    let tokens = PROMPT_TOKENS.min(model.config().max_position_embeddings / 2).max(1);
    let prompt: Vec<u32> = vec![0; tokens];
    let sampling = Sampling { max_new_tokens: tokens, ..Sampling::default() };
    let request = Request {
        prompts: &[(0, prompt.clone())],
        samples: ROWS,
        sampling: &sampling,
        seed: 0,
        iteration: 0,
        batch: ROWS,
    };
    // Rows that begin alike would be computed once.
    let vocabulary = model.config().vocab_size;
    let text =
        |row: usize| -> Vec<u32> { (0..tokens).filter_map(|i| u32::try_from((row + i) % vocabulary).ok()).collect() };
    let rows: Vec<Sequence> = (0..ROWS).map(|row| Sequence::completion(&text(row), &text(row))).collect();
    let rows: Vec<&Sequence> = rows.iter().collect();
    let mut trainer = Trainer::new(LearnConfig::default(), 2);
    let mut speed = Speed { decode_tokens_per_second: 0.0, train_tokens_per_second: 0.0 };
    for _ in 0..2 {
        let began = web_time::Instant::now();
        let drawn: usize = generate(model, tokenizer, &request).await?.iter().flatten().map(|a| a.ids.len()).sum();
        speed.decode_tokens_per_second = drawn as f64 / began.elapsed().as_secs_f64();
        let began = web_time::Instant::now();
        trainer
            .step(model, &[0], 0, |tracked, _| {
                let loss = Batch::new(&rows, &tracked.device()).token_logprobs(tracked).mean().neg();
                Ok(Objective { loss, metrics: Vec::new(), items: Vec::new() })
            })
            .await?;
        speed.train_tokens_per_second = (2 * ROWS * tokens) as f64 / began.elapsed().as_secs_f64();
    }
    Ok(speed)
}
