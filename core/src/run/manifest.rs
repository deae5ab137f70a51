//! `run.toml`: everything that decides a run.

use serde::{Deserialize, Serialize};

use crate::{
    judge::JudgePrompt,
    model::{BasePrecision, LoraConfig},
    prompt::Chat,
    sample::Sampling,
};

/// Where the prompts come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A world with a known truth.
    World(String),
    /// A file of the user's; there is no oracle.
    File {
        /// Its path.
        path: String,
        /// SHA-256 of its bytes.
        sha256: String,
    },
}

/// How a run is measured and written down, the same for every recipe.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Held-out prompts to measure on.
    pub held_out: usize,
    /// How held-out answers are sampled, by default as warm as those that are learned from; the
    /// greedy answers are measured beside them.
    pub sampling: Sampling,
    /// Whether the random-label and oracle-label lines are computed too.
    pub controls: bool,
    /// Optimiser steps between checkpoints within a phase.
    pub checkpoint_every: usize,
    /// Rows decoded together.
    pub decode_batch: usize,
    /// Tokens in one forward pass without gradients.
    pub token_budget: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            held_out: 200,
            sampling: Sampling { temperature: 0.9, ..Sampling::default() },
            controls: true,
            checkpoint_every: 50,
            decode_batch: 128,
            token_budget: 4096,
        }
    }
}

/// Everything that decides a run, by content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The program's version.
    pub version: String,
    /// The recipe's identifier.
    pub recipe: String,
    /// The seed of all random numbers.
    pub seed: u64,
    /// Where it was computed.
    pub device: String,
    /// The model's folder.
    pub model: String,
    /// SHA-256 of the model's weights.
    pub model_sha256: String,
    /// The folder of the implicit reward's base.
    pub base: String,
    /// SHA-256 of the base's weights.
    pub base_sha256: String,
    /// The adapters that learn in place of the model's weights, where there are some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lora: Option<LoraConfig>,
    /// How the frozen matrices of model and base are kept in memory while adapters learn.
    #[serde(default, skip_serializing_if = "BasePrecision::is_full")]
    pub base_precision: BasePrecision,
    /// Whether learning computes the blocks again on the way back instead of keeping what they need.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gradient_checkpointing: bool,
    /// Where the prompts come from.
    pub source: Source,
    /// How the model's chat template writes the prompts, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<Chat>,
    /// Measuring and writing.
    pub options: Options,
    /// The recipe's hyper-parameters, all of them.
    pub parameters: toml::Table,
    /// How the judges are asked.
    pub judges: Vec<JudgePrompt>,
}
