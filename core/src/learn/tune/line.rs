//! What is logged of a step, by TRL's names, and what is said of one that fails.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Task;
use crate::{Error, learn::StepReport};

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

/// What went wrong in a step in words that fit here: there is no iteration, no checkpoint, and rows have numbers.
pub(super) fn said(error: Error, task: &Task, rows: &[usize]) -> Error {
    let Error::NonFinite { what, step, .. } = error else { return error };
    let plural = if rows.len() == 1 { "" } else { "s" };
    let rows: Vec<String> = rows.iter().map(|row| (row + 1).to_string()).collect();
    let advice = match task {
        Task::Completions => "Lower --lr",
        Task::Pairs(_) | Task::Unpaired(_) => "Lower --lr, or --beta where that is large",
    };
    Error::Recipe(format!(
        "the {what} is not finite in step {} (row{plural} {}), and nothing of this step was kept. {advice}",
        step + 1,
        rows.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::loss::PairObjective;

    #[test]
    fn a_step_that_diverges_is_told_in_the_words_of_the_command() {
        let error = || Error::NonFinite { what: "loss", iteration: 1, step: 4, batch: "items [0, 6]".to_owned() };
        let told = said(error(), &Task::Pairs(PairObjective::default()), &[0, 6]).to_string();
        assert!(told.contains("the loss is not finite in step 5 (rows 1, 7)") && told.contains("--beta"), "{told}");
        assert!(!told.contains("iteration") && !told.contains("checkpoint"), "{told}");
        let told = said(error(), &Task::Completions, &[2]).to_string();
        assert!(told.contains("(row 3)") && told.contains("Lower --lr") && !told.contains("--beta"), "{told}");
    }
}
