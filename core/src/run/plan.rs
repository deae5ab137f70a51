//! What a run will need, before it starts.

mod limits;
mod probe;

use selfsame_shaders::Chunks;
use serde::Serialize;

pub use limits::Limits;
pub use probe::{Speed, probe};

use super::Options;
use crate::{
    measure::control::Budget,
    model::{BasePrecision, Config, LoraConfig},
};

/// Memory and work of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Weights of the policy.
    pub parameters: usize,
    /// Bytes of one copy of the weights.
    pub weights_bytes: u64,
    /// Bytes of an optimiser step: weights, frozen models, gradients, moments, activations.
    pub training_bytes: u64,
    /// Bytes of decoding: weights, frozen models, key-value cache, logits.
    pub decode_bytes: u64,
    /// The larger of the two.
    pub total_bytes: u64,
    /// Bytes of all copies of weights in the larger of the two, which no setting makes smaller.
    pub fixed_bytes: u64,
    /// Bytes of the largest single tensor, which must fit one GPU binding.
    pub largest_tensor_bytes: u64,
    /// Bytes of the largest tensor among the weights, which no setting makes smaller.
    pub largest_weight_bytes: u64,
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

const F32: u128 = 4;

/// Copies of the weights in an optimiser step: themselves, gradients (where the updated ones are written), two
/// moments.
const LEARNING: u128 = 4;

/// Copies while answers are drawn: the policy, and once more as it is laid out for drawing.
const DRAWING: u128 = 2;

/// Frozen models beside the policy: base, start, previous and the initial one. Snapshots share
/// weights until the policy moves, so this is the worst case.
const FROZEN: u128 = 4;

/// Values of a packed matrix that are f32 at a time, at most: that many on an adapter, fewer on the CPU.
const UNPACKED: u128 = 1 << 24;

/// Guessed length of a prompt where no tokenised prompt is at hand.
const PROMPT_TOKENS: usize = 16;

/// What a block keeps of a token for the backward pass, in units of the widths: two residuals and what their norms
/// make of them; gate, up and their product. Queries, keys, values and what was attended to are counted by theirs.
const KEPT_HIDDEN: u128 = 4;
const KEPT_INTERMEDIATE: u128 = 3;

/// A model whose adapters learn, and how what they adapt is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adapted {
    /// The adapters.
    pub lora: LoraConfig,
    /// How the frozen matrices are kept.
    pub precision: BasePrecision,
    /// Whether the base of the implicit reward is another model, of the same size. All else that is frozen
    /// shares the model's weights.
    pub other_base: bool,
}

/// What learns, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Learning {
    /// The adapters that learn in place of the weights, if any.
    pub adapted: Option<Adapted>,
    /// Whether blocks are computed again on the way back.
    pub recomputes: bool,
}

/// Plans a run of a model. A recipe without a [`Budget`] is planned as one pass of 1,000 pairs.
#[must_use]
pub fn plan_with(config: &Config, learning: Learning, budget: Option<&Budget>, options: &Options) -> Plan {
    let Learning { adapted, recomputes } = learning;
    // In bytes, models of ordinary size are more than a browser's machine words can count.
    let wide = |count: usize| count as u128;
    let count = |tokens: u128| usize::try_from(tokens).unwrap_or(usize::MAX);
    let answer = budget.map_or(options.sampling.max_new_tokens, |b| b.sampling.max_new_tokens);
    let time = wide((PROMPT_TOKENS + answer).min(config.max_position_embeddings));
    let (answer, vocabulary, layers) = (wide(answer), wide(config.vocab_size), wide(config.num_hidden_layers));
    let weights = wide(config.parameters());
    let pairs = budget.map_or(16, |b| b.learn.micro_batch.min(b.learn.batch_size));
    let replay = budget.map_or(0, |b| b.replay.per_step);
    let judgements = budget.map_or(0, |b| b.judgements);
    let rows = wide(pairs * (2 + judgements)) + wide(replay);
    let (hidden, intermediate) = (wide(config.hidden_size), wide(config.intermediate_size));
    let heads = wide(config.num_attention_heads);
    let (queries, keys) = (heads * wide(config.head_width()), wide(config.kv_heads()) * wide(config.head_width()));
    // Adapters keep the shares of attention, too.
    let per_layer = KEPT_HIDDEN * hidden + KEPT_INTERMEDIATE * intermediate + 2 * (queries + keys) + heads * time;
    // Logits exist only at the answers' positions, a chunk at a time where they are many.
    let logits = rows * answer * vocabulary;
    let chunk = logits.min(wide(Chunks::ON_ADAPTERS));
    let kept = if logits <= wide(Chunks::KEPT) { logits } else { 0 };
    // Of one block the gradients are there, too.
    let of_token = if recomputes { layers * hidden + 2 * per_layer } else { (layers + 1) * per_layer };
    let activations = rows * time * of_token + kept + 2 * chunk;
    let largest_matrix = hidden * vocabulary.max(intermediate).max(queries);
    let precision = adapted.map_or(BasePrecision::F32, |adapted| adapted.precision);
    // What no setting makes smaller, in bytes: copies of all weights, and of those that learn.
    let (learning, drawing) = match adapted {
        None => (F32 * (LEARNING + FROZEN) * weights, F32 * (DRAWING + FROZEN) * weights),
        Some(Adapted { lora, precision, other_base }) => {
            let adapters = F32 * wide(lora.parameters(config));
            let models = if other_base { 2 } else { 1 } * precision.bytes(weights);
            // Drawing needs a copy that is laid out for it, or a part of a packed matrix in f32.
            let part = F32 * largest_matrix.min(UNPACKED);
            let (learn, draw) = if precision.is_full() { (0, F32 * weights) } else { (part, part) };
            (models + learn + (LEARNING + FROZEN) * adapters, models + draw + (1 + FROZEN) * adapters)
        }
    };
    let saturated = |bytes: u128| u64::try_from(bytes).unwrap_or(u64::MAX);
    let training_bytes = saturated(learning + F32 * activations);
    let cache = 2 * layers * keys;
    let decoded = wide(options.decode_batch);
    let decode_bytes = saturated(drawing + F32 * decoded * (time * cache * 2 + 2 * vocabulary));
    let held_out = 3 * wide(options.held_out);
    let (train_tokens, decode_tokens) = budget.map_or((2000 * time, held_out * answer), |b| {
        let controls = if options.controls { 2 } else { 0 };
        let iterations = u128::from(b.iterations) * (1 + controls);
        let steps: u128 = (1..=b.iterations).map(|iteration| wide(b.steps(iteration))).sum();
        let batch = |of_pair: usize| wide(b.learn.batch_size * of_pair + b.replay.per_step);
        let train = steps * (batch(2 + b.judgements) + controls * batch(2)) * time;
        (train, iterations * (wide(b.prompts) * wide(b.samples) + held_out) * answer)
    });
    let largest_weight = precision.bytes(largest_matrix);
    Plan {
        parameters: config.parameters(),
        weights_bytes: saturated(precision.bytes(weights)),
        training_bytes,
        decode_bytes,
        total_bytes: training_bytes.max(decode_bytes),
        fixed_bytes: saturated(if training_bytes >= decode_bytes { learning } else { drawing }),
        largest_tensor_bytes: saturated(
            largest_weight.max(F32 * (rows * time * intermediate).max(chunk).max(decoded * vocabulary)),
        ),
        largest_weight_bytes: saturated(largest_weight),
        train_tokens: count(train_tokens),
        decode_tokens: count(decode_tokens),
    }
}

#[cfg(test)]
mod tests;
