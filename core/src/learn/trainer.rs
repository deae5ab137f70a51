//! Optimiser steps: gradients of an objective over micro-batches, clipping, the finite check.

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::{
    AdamW, AdamWConfig, Schedule, ScheduleKind,
    adamw::{self, squared_norm},
};
use crate::{
    Error, Result,
    device::read_floats,
    model::Decoder,
    rng::{Purpose, Stream},
};

/// Settings of one phase of learning.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LearnConfig {
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Shape of the learning rate after the warm-up.
    pub schedule: ScheduleKind,
    /// Share of the steps that warm up.
    pub warmup: f64,
    /// Items per optimiser step.
    pub batch_size: usize,
    /// Items per forward pass; gradients accumulate up to `batch_size`.
    pub micro_batch: usize,
    /// Passes over the items.
    pub epochs: usize,
    /// Gradients are scaled down to this norm.
    pub max_grad_norm: f64,
    /// The optimiser.
    pub adamw: AdamWConfig,
}

impl Default for LearnConfig {
    fn default() -> Self {
        Self {
            learning_rate: 3e-4,
            schedule: ScheduleKind::Constant,
            warmup: 0.1,
            batch_size: 16,
            micro_batch: 16,
            epochs: 1,
            max_grad_norm: 1.0,
            adamw: AdamWConfig::default(),
        }
    }
}

impl LearnConfig {
    /// Optimiser steps for a number of items.
    #[must_use]
    pub fn steps(&self, items: usize) -> usize {
        items.div_ceil(self.batch_size.max(1)) * self.epochs
    }

    /// The schedule for a number of steps.
    #[must_use]
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub fn schedule(&self, total: usize) -> Schedule {
        Schedule { kind: self.schedule, warmup: (total as f64 * self.warmup).ceil() as usize, total }
    }

    /// The items of each step, by their indices. The order is drawn for (seed, iteration, epoch).
    #[must_use]
    pub fn batches(&self, items: usize, seed: u64, iteration: u32) -> Vec<Vec<usize>> {
        (0..self.epochs)
            .flat_map(|epoch| {
                let mut order: Vec<usize> = (0..items).collect();
                Stream::new(seed, Purpose::Shuffle, iteration, epoch as u64).shuffle(&mut order);
                order.chunks(self.batch_size.max(1)).map(<[usize]>::to_vec).collect::<Vec<_>>()
            })
            .collect()
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the setting that is out of range.
    pub fn check(&self) -> Result<()> {
        let wrong = |key: &str, problem: &str| Err(Error::setting(format!("learn.{key}"), problem));
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return wrong("learning_rate", "must be a positive number, such as 3e-4");
        }
        if !(0.0..=1.0).contains(&self.warmup) {
            return wrong("warmup", "is a share of the steps and must lie in [0, 1]");
        }
        if self.batch_size == 0 || self.micro_batch == 0 || self.epochs == 0 {
            return wrong("batch_size", "batch_size, micro_batch and epochs must be at least 1");
        }
        if self.max_grad_norm.is_nan() || self.max_grad_norm <= 0.0 {
            return wrong("max_grad_norm", "must be positive");
        }
        Ok(())
    }
}

/// The name of a pair's margin among an objective's numbers of items: how much more the policy has
/// raised the first answer than the second since the reference, times β.
pub const MARGIN: &str = "margin";

/// What precedes a judge's name there: the probability it gives to the first answer.
pub const OPINION: &str = "opinion/";

/// Whether the objective learned from the pair: 1 or 0.
pub const KEPT: &str = "kept";

/// What an objective computes on one micro-batch.
#[derive(Debug, Clone)]
pub struct Objective {
    /// The mean loss, `[1]`.
    pub loss: Tensor<1>,
    /// Named means to log beside it, each `[1]`.
    pub metrics: Vec<(&'static str, Tensor<1>)>,
    /// Named numbers of every item of the micro-batch to log beside it, each `[items]`.
    pub items: Vec<(String, Tensor<1>)>,
}

/// What one optimiser step did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// The step within its phase, counted from 0.
    pub step: usize,
    /// All steps of the phase.
    pub total: usize,
    /// The mean loss.
    #[serde(with = "crate::number")]
    pub loss: f32,
    /// The learning rate of this step.
    #[serde(with = "crate::number")]
    pub learning_rate: f64,
    /// The norm of the gradients before clipping.
    #[serde(with = "crate::number")]
    pub grad_norm: f32,
    /// Named means of the objective.
    #[serde(with = "crate::number")]
    pub metrics: BTreeMap<String, f32>,
    /// The items of the step, by their positions in the phase, where the objective has numbers for
    /// each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<usize>,
    /// Those numbers by name, in the order of `items`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "crate::number")]
    pub of_items: BTreeMap<String, Vec<f32>>,
    /// How many items the step learned from: pairs, single answers or demonstrations, whatever the phase has.
    /// Logs of earlier versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<usize>,
    /// How many tokens the sequences of the step have, prompts and replayed judgements included; a prompt counts once
    /// for each answer. Absent where whoever drives the trainer does not count them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<usize>,
}

impl StepReport {
    /// How many items the step learned from; `None` where the log does not say.
    #[must_use]
    pub fn learned_from(&self) -> Option<usize> {
        self.rows.or((!self.items.is_empty()).then_some(self.items.len()))
    }
}

/// The state of one phase of learning.
#[derive(Debug, Clone)]
pub struct Trainer {
    /// The optimiser.
    pub optimiser: AdamW,
    config: LearnConfig,
    schedule: Schedule,
}

impl Trainer {
    /// A trainer for a phase of `total` steps.
    #[must_use]
    pub fn new(config: LearnConfig, total: usize) -> Self {
        Self { optimiser: AdamW::new(config.adamw), schedule: config.schedule(total), config }
    }

    /// A trainer whose learning rate follows `schedule`, whatever the settings say about it.
    #[must_use]
    pub fn with_schedule(config: LearnConfig, schedule: Schedule) -> Self {
        Self { optimiser: AdamW::new(config.adamw), schedule, config }
    }

    /// Steps taken so far.
    #[must_use]
    pub fn step_count(&self) -> usize {
        self.optimiser.step
    }

    /// One optimiser step on the items of `batch`, which `objective` knows by their indices.
    ///
    /// # Errors
    /// If the loss or a gradient is not finite (the weights are then unchanged), if `objective`
    /// fails, or if the device does.
    #[allow(clippy::cast_precision_loss)] // item counts
    pub async fn step(
        &mut self,
        model: &Decoder,
        batch: &[usize],
        iteration: u32,
        mut objective: impl FnMut(&Decoder, &[usize]) -> Result<Objective>,
    ) -> Result<(Decoder, StepReport)> {
        let step = self.optimiser.step;
        let mut gradients: Vec<Tensor<1>> = Vec::new();
        let mut names = Vec::new();
        let mut numbers: Vec<Tensor<1>> = Vec::new();
        let mut of_items: Vec<(String, Vec<Tensor<1>>)> = Vec::new();
        for micro in batch.chunks(self.config.micro_batch) {
            let tracked = model.tracked();
            let share = micro.len() as f64 / batch.len() as f64;
            let Objective { loss, metrics, items } = objective(&tracked, micro)?;
            let loss = loss * share;
            let of_micro = adamw::gradients(&tracked, &loss);
            gradients = if gradients.is_empty() {
                of_micro
            } else {
                gradients.into_iter().zip(of_micro).map(|(sum, g)| sum + g).collect()
            };
            names = metrics.iter().map(|(name, _)| *name).collect();
            let row = std::iter::once(loss.inner()).chain(metrics.into_iter().map(|(_, m)| m.inner() * share));
            let row = Tensor::cat(row.collect(), 0);
            numbers.push(row);
            if of_items.is_empty() {
                of_items = items.into_iter().map(|(name, values)| (name, vec![values.inner()])).collect();
            } else {
                of_items.iter_mut().zip(items).for_each(|((_, all), (_, values))| all.push(values.inner()));
            }
        }
        let means = numbers.into_iter().reduce(|sum, row| sum + row);
        let Some(means) = means else {
            return Err(Error::Recipe("an optimiser step was given no items".to_owned()));
        };
        let (item_names, item_values): (Vec<String>, Vec<Vec<Tensor<1>>>) = of_items.into_iter().unzip();
        let parts = [means, squared_norm(&gradients)].into_iter().chain(item_values.into_iter().flatten());
        // One read a step: each waits for the device.
        let read = read_floats(Tensor::cat(parts.collect(), 0)).await?;
        let (means, rest) = read.split_at(read.len().min(1 + names.len()));
        let (Some(loss), Some((squared, of_items))) = (means.first(), rest.split_first()) else {
            return Err(Error::Device("the step's loss could not be read".to_owned()));
        };
        let grad_norm = squared.sqrt();
        for (value, what) in [(*loss, "loss"), (grad_norm, "gradient")] {
            if !value.is_finite() {
                return Err(Error::NonFinite { what, iteration, step, batch: format!("items {batch:?} of the phase") });
            }
        }
        // The same rule as torch.nn.utils.clip_grad_norm_.
        let scale = (self.config.max_grad_norm / (f64::from(grad_norm) + 1e-6)).min(1.0);
        let learning_rate = self.config.learning_rate * self.schedule.factor(step);
        let updated = self.optimiser.update(model, gradients, scale, learning_rate);
        let report = StepReport {
            step,
            total: self.schedule.total,
            loss: *loss,
            learning_rate,
            grad_norm,
            metrics: names.into_iter().map(str::to_owned).zip(means[1..].iter().copied()).collect(),
            items: if item_names.is_empty() { Vec::new() } else { batch.to_vec() },
            of_items: item_names.into_iter().zip(of_items.chunks(batch.len()).map(<[f32]>::to_vec)).collect(),
            rows: Some(batch.len()),
            tokens: None,
        };
        Ok((updated, report))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::{
        device::{self, readings},
        learn::{Batch, Sequence},
        model::Config,
    };

    fn assert_one_wait_a_step(device: &Device) {
        let sequences: Vec<Sequence> = (0..5).map(|row| Sequence::completion(&[1, 2], &[3 + row, 4, 5])).collect();
        let mut model = Decoder::random(Config::llama(16, 32, 1, 2, 1, 40), 1, &[], device);
        for micro_batch in [1, 2, 5] {
            let mut trainer = Trainer::new(LearnConfig { micro_batch, ..LearnConfig::default() }, 2);
            for step in 0..2 {
                let before = readings();
                let objective = |tracked: &Decoder, chosen: &[usize]| {
                    let rows: Vec<&Sequence> = chosen.iter().map(|row| &sequences[*row]).collect();
                    let logprobs = Batch::new(&rows, &tracked.device()).sequence_logprobs(tracked);
                    let loss = logprobs.clone().mean().neg();
                    let metrics = vec![("first", loss.clone()), ("second", loss.clone())];
                    Ok(Objective { loss, metrics, items: vec![(MARGIN.to_owned(), logprobs)] })
                };
                let taken = pollster::block_on(trainer.step(&model, &[0, 1, 2, 3, 4], 0, objective)).unwrap();
                assert_eq!(readings() - before, 1, "step {step}, {micro_batch} items at a time");
                let report;
                (model, report) = taken;
                assert_eq!((report.metrics.len(), report.of_items[MARGIN].len()), (2, 5));
                assert_eq!((report.rows, report.learned_from()), (Some(5), Some(5)));
            }
        }
    }

    /// As earlier versions wrote a step: how many items it saw is known only where each has numbers.
    #[test]
    fn a_step_without_rows_is_read_and_says_what_it_can() {
        let plain = r#"{"step":0,"total":2,"loss":0.5,"learning_rate":0.001,"grad_norm":1.0,"metrics":{}"#;
        let read = |rest: &str| serde_json::from_str::<StepReport>(&format!("{plain}{rest}}}")).unwrap();
        let bare = read("");
        assert_eq!((bare.rows, bare.tokens, bare.learned_from()), (None, None, None));
        assert_eq!(serde_json::to_string(&bare).unwrap(), format!("{plain}}}"), "it is written as it was");
        assert_eq!(read(r#","items":[4,0,2],"of_items":{"margin":[0.1,0.2,0.3]}"#).learned_from(), Some(3));
        let told = read(r#","rows":32,"tokens":640"#);
        assert_eq!((told.learned_from(), told.tokens), (Some(32), Some(640)));
    }

    #[test]
    fn a_step_waits_for_the_device_once() {
        assert_one_wait_a_step(&device::cpu());
    }

    #[test]
    fn a_step_waits_for_an_adapter_once() {
        let Some(gpu) = device::of_tests() else { return };
        assert_one_wait_a_step(&gpu);
    }
}
