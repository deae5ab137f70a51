//! What decides a fine-tuning run, with the defaults of TRL 1.16 and `transformers` 5.

use serde::{Deserialize, Serialize};

use super::{Order, SchedulerType};
use crate::{
    Error, Result,
    learn::{
        AdamWConfig, LearnConfig, Schedule,
        loss::{PairObjective, UnpairedObjective, single, tr_dpo::ReferenceSync},
    },
};

/// What is minimised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// An objective over pairs: what TRL's `DPOTrainer` does.
    Pairs(PairObjective),
    /// An objective over single answers, each called good or bad: what TRL's `KTOTrainer` does.
    Unpaired(UnpairedObjective),
    /// Cross-entropy on completions, the mean over the tokens of a step: what TRL's `SFTTrainer` does.
    Completions,
}

impl Task {
    /// Answers that are learned from in each row.
    pub(super) fn answers(&self) -> usize {
        match self {
            Self::Pairs(_) => 2,
            Self::Unpaired(_) | Self::Completions => 1,
        }
    }

    /// Whether anything is told by a reference.
    pub(super) fn reads_reference(&self) -> bool {
        match self {
            Self::Pairs(objective) => objective.reads_reference(),
            Self::Unpaired(_) => true,
            Self::Completions => false,
        }
    }

    /// Refuses a cache where there is no reference whose words it could keep.
    ///
    /// # Errors
    /// Says what has none.
    pub(super) fn check_cache(&self) -> Result<()> {
        let problem = match self {
            _ if self.reads_reference() => return Ok(()),
            Self::Pairs(objective) => format!("`{}` has no reference to keep; leave it out", objective.loss_type),
            Self::Unpaired(_) | Self::Completions => {
                "is not for completions, which have no reference; leave it out".to_owned()
            }
        };
        Err(Error::setting("reference-cache", problem))
    }
}

/// The settings of a fine-tuning run, by the names of `TrainingArguments`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TuneConfig {
    /// Peak learning rate.
    pub learning_rate: f64,
    /// How the learning rate changes over the run.
    pub lr_scheduler_type: SchedulerType,
    /// Steps of warm-up; below 1, the share of all steps.
    pub warmup_steps: f64,
    /// Optimiser steps; where it is given, `num_train_epochs` is not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<usize>,
    /// Passes over the rows.
    pub num_train_epochs: usize,
    /// Rows in one forward pass.
    pub per_device_train_batch_size: usize,
    /// Forward passes in an optimiser step.
    pub gradient_accumulation_steps: usize,
    /// Gradients are scaled down to this norm; 0 leaves them as they are.
    pub max_grad_norm: f64,
    /// Decoupled weight decay of everything but the weights of norms and biases.
    pub weight_decay: f64,
    /// AdamW's ε.
    pub adam_epsilon: f64,
    /// AdamW's decay of the mean of gradients.
    pub adam_beta1: f64,
    /// AdamW's decay of the mean of squared gradients.
    pub adam_beta2: f64,
    /// Tokens of a row, at most, to which KTO's mismatched rows are cut; the model's context where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// The order of the rows.
    pub order: Order,
    /// The seed of that order.
    pub seed: u64,
    /// How the reference follows the policy; it stays as it was where this is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_ref_model: Option<ReferenceSync>,
}

impl Default for TuneConfig {
    fn default() -> Self {
        Self {
            learning_rate: 1e-6,
            lr_scheduler_type: SchedulerType::Linear,
            warmup_steps: 0.0,
            max_steps: None,
            num_train_epochs: 3,
            per_device_train_batch_size: 8,
            gradient_accumulation_steps: 1,
            max_grad_norm: 1.0,
            weight_decay: 0.0,
            adam_epsilon: 1e-8,
            adam_beta1: 0.9,
            adam_beta2: 0.999,
            max_length: None,
            order: Order::Trl,
            seed: 42,
            sync_ref_model: None,
        }
    }
}

impl TuneConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the setting that is out of range, and what would work.
    pub fn check(&self) -> Result<()> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let rules = [
            (
                "lr",
                positive(self.learning_rate) && positive(f64::from(single(self.learning_rate))),
                "must be a positive number that single precision can hold, such as 1e-6",
            ),
            (
                "warmup",
                self.warmup_steps.is_finite() && self.warmup_steps >= 0.0,
                "must be 0, a number of steps, or a share below 1",
            ),
            (
                "warmup",
                self.lr_scheduler_type != SchedulerType::Constant || self.warmup_steps == 0.0,
                "is not looked at by `constant`; use `--schedule constant_with_warmup`, or leave the warm-up out",
            ),
            ("steps", self.max_steps != Some(0), "must be at least 1"),
            ("epochs", self.num_train_epochs > 0, "must be at least 1"),
            ("batch", self.per_device_train_batch_size > 0, "must be at least 1"),
            ("grad-accum", self.gradient_accumulation_steps > 0, "must be at least 1"),
            (
                "max-grad-norm",
                self.max_grad_norm.is_finite() && self.max_grad_norm >= 0.0,
                "must be positive, or 0 to leave gradients as they are",
            ),
            ("weight-decay", self.weight_decay.is_finite() && self.weight_decay >= 0.0, "must be 0 or positive"),
            ("adam-eps", positive(self.adam_epsilon), "must be a positive number, such as 1e-8"),
        ];
        match rules.into_iter().find(|(_, right, _)| !right) {
            Some((key, _, problem)) => Err(Error::setting(key, problem)),
            None => self.sync_ref_model.map_or(Ok(()), |sync| sync.check()),
        }
    }

    /// Optimiser steps in one pass over so many rows.
    #[must_use]
    pub fn steps_per_epoch(&self, rows: usize) -> usize {
        self.forwards(rows).div_ceil(self.gradient_accumulation_steps.max(1))
    }

    /// Forward passes in one pass over so many rows.
    #[must_use]
    pub fn forwards(&self, rows: usize) -> usize {
        rows.div_ceil(self.per_device_train_batch_size.max(1))
    }

    /// Optimiser steps of the run.
    #[must_use]
    pub fn steps(&self, rows: usize) -> usize {
        self.max_steps.unwrap_or_else(|| self.steps_per_epoch(rows) * self.num_train_epochs)
    }

    /// The schedule of a run of so many steps.
    #[must_use]
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // step counts
    pub fn schedule(&self, total: usize) -> Schedule {
        let warmup =
            if self.warmup_steps < 1.0 { (total as f64 * self.warmup_steps).ceil() } else { self.warmup_steps };
        self.lr_scheduler_type.schedule(warmup as usize, total)
    }

    /// What the trainer is told, its schedule apart.
    pub(super) fn trainer(&self) -> LearnConfig {
        LearnConfig {
            learning_rate: self.learning_rate,
            batch_size: self.per_device_train_batch_size * self.gradient_accumulation_steps,
            micro_batch: self.per_device_train_batch_size,
            epochs: 1,
            max_grad_norm: if self.max_grad_norm > 0.0 { self.max_grad_norm } else { f64::INFINITY },
            adamw: AdamWConfig {
                beta1: self.adam_beta1,
                beta2: self.adam_beta2,
                epsilon: self.adam_epsilon,
                weight_decay: self.weight_decay,
            },
            ..LearnConfig::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_that_single_precision_cannot_hold_are_refused() {
        let check = |learning_rate| TuneConfig { learning_rate, ..TuneConfig::default() }.check();
        for rate in [0.0, -1.0, f64::NAN, 1e300, 1e-60] {
            let said = check(rate).unwrap_err().to_string();
            assert!(said.contains("`lr`: must be a positive number"), "{rate}: {said}");
        }
        for rate in [1e-30, 1e-6, 1e30] {
            check(rate).unwrap();
        }
    }
}
