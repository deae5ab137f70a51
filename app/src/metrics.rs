//! `metrics.jsonl`: one line per optimiser step, under the names that TRL's trainers log.

use std::{collections::BTreeMap, path::Path};

use selfsame_core::run::{Arm, Event, Record};
use serde::Serialize;

use crate::{Result, folder, output};

#[derive(Serialize)]
struct Line<'a> {
    arm: Arm,
    iteration: u32,
    /// Counted from 1 within the iteration, as TRL counts.
    step: usize,
    loss: f32,
    grad_norm: f32,
    learning_rate: f64,
    #[serde(flatten)]
    metrics: &'a BTreeMap<String, f32>,
}

/// The lines of a log's steps.
///
/// # Errors
/// If a line cannot be written as JSON, which would be a mistake of ours.
pub fn lines(records: &[Record]) -> Result<String> {
    let mut text = String::new();
    for record in records {
        if let Event::Step { report } = &record.event {
            text += &output::to_json(&Line {
                arm: record.arm,
                iteration: record.iteration,
                step: report.step.saturating_add(1),
                loss: report.loss,
                grad_norm: report.grad_norm,
                learning_rate: report.learning_rate,
                metrics: &report.metrics,
            })?;
            text.push('\n');
        }
    }
    Ok(text)
}

/// Writes the file into a run's folder.
///
/// # Errors
/// If the log cannot be read or the file not written.
pub fn write(root: &Path) -> Result<()> {
    folder::replace(&root.join("metrics.jsonl"), &lines(&folder::records(root)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_a_flat_line() {
        let text = lines(&crate::fold::tests::synthetic()).unwrap();
        let rows: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[0]["arm"], "main");
        assert_eq!(rows[0]["iteration"], 1);
        assert_eq!(rows[1]["step"], 2);
        assert_eq!(rows[0]["rewards/margins"], 0.5);
        assert!(text.lines().next().unwrap().contains("\"loss\":0.7,"), "{text}");
        assert_eq!(rows[3]["arm"], "random_labels");
    }
}
