//! What is logged of a step, by TRL's names.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::learn::StepReport;

/// One line of `metrics.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// The step, counted from 1.
    pub step: usize,
    /// Passes over the rows so far.
    pub epoch: f64,
    /// The loss, the mean of the step's forward passes.
    pub loss: f32,
    /// The norm of the gradients before they were scaled down.
    pub grad_norm: f32,
    /// The learning rate of the step.
    pub learning_rate: f64,
    /// Tokens read so far, those of prompts included.
    pub num_tokens: u64,
    /// The others.
    #[serde(flatten)]
    pub metrics: BTreeMap<String, f32>,
}

impl Line {
    pub(super) fn new(report: StepReport, epoch: f64, num_tokens: u64) -> Self {
        Self {
            step: report.step + 1,
            epoch,
            loss: report.loss,
            grad_norm: report.grad_norm,
            learning_rate: report.learning_rate,
            num_tokens,
            metrics: report.metrics,
        }
    }
}
