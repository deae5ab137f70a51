//! What recipes that sample, label and learn in iterations share.

use serde::{Deserialize, Serialize};

use super::tenth;
use crate::{learn::LearnConfig, measure::control::Budget, run::Replay, sample::Sampling};

/// A loop that samples, labels and learns.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Loop {
    /// Iterations (3 in Self-Rewarding Language Models).
    pub iterations: u32,
    /// Fresh prompts in each (our choice; about 4,000 in the paper).
    pub prompts: usize,
    /// Answers per prompt (N = 4 in Self-Rewarding Language Models).
    pub samples: usize,
    /// Pairs to learn from in each iteration, at most, so that methods compare at equal budgets
    /// (our choice).
    pub pairs: usize,
    /// Scale of the implicit reward in the loss (β = 0.1 in DPO).
    pub beta: f64,
    /// How answers are drawn (temperature 0.7 and top-p 0.9 in the paper; ours is warmer because a
    /// small model's answers are otherwise too much alike).
    pub sampling: Sampling,
    /// The optimiser (our choice).
    pub learn: LearnConfig,
    /// Judgements mixed into each optimiser step (our choice; without them the judge decays).
    pub replay: usize,
    /// Weight of their loss (our choice).
    pub replay_weight: f64,
}

impl Default for Loop {
    fn default() -> Self {
        Self {
            iterations: 3,
            prompts: 300,
            samples: 4,
            pairs: 240,
            beta: 0.1,
            sampling: Sampling { temperature: 0.9, ..Sampling::default() },
            learn: LearnConfig { epochs: 2, learning_rate: 2e-4, ..LearnConfig::default() },
            replay: 16,
            replay_weight: 1.0,
        }
    }
}

impl Loop {
    /// The same number of pairs in the optimiser's hands, each seen once: as many steps as two passes over half of
    /// them.
    pub(super) fn once() -> Self {
        let shared = Self::default();
        let learn = LearnConfig { epochs: 1, ..shared.learn };
        Self { prompts: 480, pairs: 2 * shared.pairs, learn, ..shared }
    }

    pub(super) fn quick(self) -> Self {
        Self { iterations: 1, prompts: tenth(self.prompts, 8), pairs: tenth(self.pairs, 8), ..self }
    }

    pub(super) fn replay(&self) -> Replay {
        Replay { per_step: self.replay, weight: self.replay_weight }
    }

    pub(super) fn budget(&self) -> Budget {
        Budget {
            iterations: self.iterations,
            prompts: self.prompts,
            samples: self.samples,
            pairs: self.pairs,
            sampling: self.sampling,
            beta: self.beta,
            learn: self.learn,
            replay: self.replay(),
            first: None,
            judgements: 0,
        }
    }
}
