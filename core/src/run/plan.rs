//! What a run will need, before it starts.

use serde::Serialize;

use super::Options;
use crate::{
    Result,
    learn::{Batch, LearnConfig, Objective, Sequence, Trainer},
    measure::control::Budget,
    model::{Config, Llama},
    sample::{Request, Sampling, generate},
    text::Tokenizer,
};

/// Memory and work of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Weights of the policy.
    pub parameters: usize,
    /// Bytes of one copy of the weights.
    pub weights_bytes: usize,
    /// Bytes of an optimiser step: weights, frozen models, gradients, moments, activations.
    pub training_bytes: usize,
    /// Bytes of decoding: weights, frozen models, key-value cache, logits.
    pub decode_bytes: usize,
    /// The larger of the two.
    pub total_bytes: usize,
    /// Bytes of the largest single tensor, which must fit one GPU binding.
    pub largest_tensor_bytes: usize,
    /// Tokens that optimiser steps see.
    pub train_tokens: usize,
    /// Tokens that are drawn.
    pub decode_tokens: usize,
}

impl Plan {
    /// About how many seconds the work takes at a speed.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // an estimate
    pub fn seconds(&self, speed: &Speed) -> f64 {
        self.train_tokens as f64 / speed.train_tokens_per_second
            + self.decode_tokens as f64 / speed.decode_tokens_per_second
    }
}

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
pub async fn probe(model: &Llama, tokenizer: &Tokenizer) -> Result<Speed> {
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
    let rows: Vec<Sequence> = (0..ROWS).map(|_| Sequence::completion(&prompt, &prompt)).collect();
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

const F32: usize = 4;

/// Frozen models beside the policy: base, start, previous and the initial one. Snapshots share
/// weights until the policy moves, so this is the worst case.
const FROZEN: usize = 4;

/// Guessed length of a prompt where no tokenised prompt is at hand.
const PROMPT_TOKENS: usize = 16;

/// Tokens kept per layer for the backward pass, in units of the widths: norms, projections,
/// rotations, residuals and the feed-forward's intermediate results.
const KEPT_HIDDEN: usize = 14;
const KEPT_INTERMEDIATE: usize = 5;

/// Plans a run of a model. A recipe without a [`Budget`] is planned as one pass of 1,000 pairs.
#[must_use]
pub fn plan(config: &Config, budget: Option<&Budget>, options: &Options) -> Plan {
    let answer = budget.map_or(options.sampling.max_new_tokens, |b| b.sampling.max_new_tokens);
    let time = (PROMPT_TOKENS + answer).min(config.max_position_embeddings);
    let weights_bytes = config.parameters() * F32;
    let pairs = budget.map_or(16, |b| b.learn.micro_batch.min(b.learn.batch_size));
    let replay = budget.map_or(0, |b| b.replay.per_step);
    let rows = 2 * pairs + replay;
    let tokens = rows * time;
    let per_layer = KEPT_HIDDEN * config.hidden_size
        + KEPT_INTERMEDIATE * config.intermediate_size
        + 3 * config.num_attention_heads * time;
    // Logits, their softmax and its gradient exist only at the answers' positions.
    let head = 3 * rows * answer * config.vocab_size;
    let activations = (tokens * config.num_hidden_layers * per_layer + head) * F32;
    // Weights, gradients, two moments, and the updated copy.
    let training_bytes = (5 + FROZEN) * weights_bytes + activations;
    let cache = 2 * config.num_hidden_layers * config.kv_heads() * config.head_width();
    let decode = options.decode_batch * (time * cache * 2 + 2 * config.vocab_size);
    // The policy once more, laid out for drawing.
    let decode_bytes = (2 + FROZEN) * weights_bytes + decode * F32;
    let (train_tokens, decode_tokens) = budget.map_or((2000 * time, 3 * options.held_out * answer), |b| {
        let iterations = b.iterations as usize * if options.controls { 3 } else { 1 };
        let train = iterations * b.learn.steps(b.pairs) * (2 * b.learn.batch_size + b.replay.per_step) * time;
        (train, iterations * (b.prompts * b.samples + 3 * options.held_out) * answer)
    });
    Plan {
        parameters: config.parameters(),
        weights_bytes,
        training_bytes,
        decode_bytes,
        total_bytes: training_bytes.max(decode_bytes),
        largest_tensor_bytes: F32
            * (config.vocab_size * config.hidden_size)
                .max(rows * answer * config.vocab_size)
                .max(options.decode_batch * config.vocab_size),
        train_tokens,
        decode_tokens,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_model_needs_more_and_controls_triple_the_work() {
        let small = Config::llama(128, 384, 6, 4, 2, 400);
        let large = Config::llama(576, 1536, 30, 9, 3, 49152);
        let options = Options::default();
        let (a, b) = (plan(&small, None, &options), plan(&large, None, &options));
        assert!(b.total_bytes > 20 * a.total_bytes);
        // Five live copies and four frozen ones of the weights are the floor.
        assert!(b.training_bytes > 9 * b.weights_bytes);
        let budget = crate::recipe::by_id("srlm").unwrap();
        let budget = budget.check(&budget.defaults().unwrap()).unwrap();
        let with = plan(&small, budget.as_ref(), &options);
        let without = plan(&small, budget.as_ref(), &Options { controls: false, ..options });
        assert_eq!(with.train_tokens, 3 * without.train_tokens);
    }
}
