//! Charts over optimiser steps, all iterations behind each other, and within one its phases of learning.

use std::collections::{BTreeMap, BTreeSet};

use egui::{RichText, Ui};
use selfsame_core::{learn::StepReport, run::Arm};

use crate::{
    fold::{ArmView, Phase, RunView},
    format,
    view::{
        chart::{Chart, Dash, Series, smoothing_slider},
        theme,
        words::{self, t},
    },
};

/// Metrics that are shown before anybody chose, where the recipe has them.
const TELLING: [&str; 4] = ["loss", "grad_norm", "kept", "rewards/margins"];

/// A chart that can be chosen.
#[derive(Debug)]
pub struct StepChart {
    /// The metric, as the log names it.
    pub metric: String,
    /// Its chart.
    pub chart: Chart,
}

/// One chart a metric, for the run and its control lines. Other models that the run taught have lines of their own:
/// their numbers are of another objective.
pub fn charts(view: &RunView) -> Vec<StepChart> {
    let starts = starts(view);
    // Between the last step of the one and the first of the other.
    let marks: Vec<(f64, String)> = starts.iter().map(|(at, x)| (*x + 0.5, mark(view, *at))).collect();
    let mut names: Vec<&str> = vec!["loss", "grad_norm", "learning_rate"];
    let metrics: BTreeSet<&str> =
        view.arms.values().flat_map(|arm| &arm.steps).flat_map(|(_, r)| r.metrics.keys()).map(String::as_str).collect();
    names.extend(metrics);
    names
        .into_iter()
        .map(|metric| {
            let lines = [
                (Arm::Main, 0, Dash::Solid),
                (Arm::RandomLabels, 1, Dash::Dashed),
                (Arm::OracleLabels, 2, Dash::Dotted),
            ];
            let policies = lines.into_iter().map(|(arm, color, dash)| (arm, None, words::arm(arm), color, dash));
            let taught = view.arms.get(&Arm::Main).map(ArmView::taught).unwrap_or_default();
            let others = taught
                .into_iter()
                .enumerate()
                .map(|(place, model)| (Arm::Main, Some(model), model, lines.len() + place, Dash::Solid));
            let series = policies.chain(others).filter_map(|(arm, model, name, color, dash)| {
                let points = points(view, (arm, model), metric, &starts);
                let name = name.to_owned();
                (!points.is_empty()).then_some(Series { name, points, errors: Vec::new(), color, dash })
            });
            let chart = Chart {
                id: format!("steps-{metric}"),
                title: title(metric).to_owned(),
                x: t("iterations.step_axis").to_owned(),
                y: unit(metric).to_owned(),
                series: series.collect(),
                whole_x: true,
                steps: true,
                marks: marks.clone(),
                ..Chart::default()
            };
            StepChart { metric: metric.to_owned(), chart }
        })
        .collect()
}

/// Where each iteration begins: after the longest that any arm took for those before.
#[allow(clippy::cast_precision_loss)] // steps
fn starts(view: &RunView) -> BTreeMap<u32, f64> {
    let mut lengths: BTreeMap<u32, usize> = BTreeMap::new();
    for (phase, _, report) in view.arms.values().flat_map(placed) {
        let length = lengths.entry(phase.iteration).or_default();
        *length = (*length).max(place(phase, report).saturating_add(1));
    }
    let mut next = 0_usize;
    lengths
        .into_iter()
        .map(|(iteration, length)| {
            let start = next;
            next = next.saturating_add(length);
            (iteration, start as f64)
        })
        .collect()
}

/// The steps of an arm with the phases they belong to and the models that learned in them, if others than the policy.
fn placed(arm: &ArmView) -> impl Iterator<Item = (&Phase, Option<&str>, &StepReport)> {
    arm.phases
        .iter()
        .flat_map(|phase| arm.steps_of(phase).iter().map(move |(_, report)| (phase, phase.model.as_deref(), report)))
}

/// The place of a step within its iteration.
fn place(phase: &Phase, report: &StepReport) -> usize {
    phase.before.saturating_add(report.step)
}

#[allow(clippy::cast_precision_loss)] // steps
fn points(view: &RunView, (arm, of): (Arm, Option<&str>), metric: &str, starts: &BTreeMap<u32, f64>) -> Vec<[f64; 2]> {
    let steps = view.arms.get(&arm).into_iter().flat_map(placed);
    steps
        .filter(|(_, model, _)| *model == of)
        .filter_map(|(phase, _, report)| {
            let start = starts.get(&phase.iteration)?;
            Some([start + place(phase, report) as f64 + 1.0, value(report, metric)?])
        })
        .collect()
}

fn value(report: &StepReport, metric: &str) -> Option<f64> {
    match metric {
        "loss" => Some(f64::from(report.loss)),
        "grad_norm" => Some(f64::from(report.grad_norm)),
        "learning_rate" => Some(report.learning_rate),
        other => report.metrics.get(other).copied().map(f64::from),
    }
}

/// The name of a boundary, with what the oracle said there.
fn mark(view: &RunView, iteration: u32) -> String {
    let before = view.main().get(&iteration.saturating_sub(1)).and_then(|m| m.sampled.reward);
    match before {
        Some(reward) => words::with(
            "iterations.mark_oracle",
            &[("iteration", &iteration), ("reward", &format::number(reward.mean))],
        ),
        None => words::with("iterations.mark", &[("iteration", &iteration)]),
    }
}

/// What a metric is called; those of the recipes keep the names that they have in the log.
fn title(metric: &str) -> &str {
    match metric {
        "loss" => t("iterations.loss"),
        "grad_norm" => t("iterations.grad_norm"),
        "learning_rate" => t("iterations.learning_rate"),
        other => other,
    }
}

fn unit(metric: &str) -> &'static str {
    match metric.split_once('/').map_or(metric, |(group, _)| group) {
        "loss" | "logps" => t("iterations.nats"),
        "kept" => t("iterations.share"),
        _ => t("iterations.value"),
    }
}

/// Lets the person choose charts; returns the chosen ones.
pub fn choose<'a>(ui: &mut Ui, all: &'a [StepChart], chosen: &mut Option<BTreeSet<String>>) -> Vec<&'a Chart> {
    let telling = || -> BTreeSet<String> { TELLING.iter().map(|name| (*name).to_owned()).collect() };
    let mut shown = chosen.clone().unwrap_or_else(telling);
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(t("iterations.show")).color(theme::palette(ui).muted));
        for StepChart { metric, .. } in all {
            let mut on = shown.contains(metric);
            if ui.checkbox(&mut on, title(metric)).changed() {
                if on {
                    shown.insert(metric.clone());
                } else {
                    shown.remove(metric);
                }
                *chosen = Some(shown.clone());
            }
        }
    });
    smoothing_slider(ui);
    all.iter().filter(|step| shown.contains(&step.metric)).map(|step| &step.chart).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::tests::{ends, record, step, synthetic};

    #[test]
    fn iterations_stand_behind_each_other_with_their_boundaries() {
        let mut records = synthetic();
        // A second iteration with a step more in the control line.
        let again: Vec<_> = records
            .iter()
            .filter(|r| matches!(r.event, selfsame_core::run::Event::Step { .. }))
            .cloned()
            .map(|mut record| {
                record.iteration = 2;
                record
            })
            .collect();
        records.splice(records.len() - 1.., again);
        let charts = charts(&RunView::of(&records).unwrap());
        let names: Vec<&str> = charts.iter().map(|step| step.metric.as_str()).collect();
        assert_eq!(names, ["loss", "grad_norm", "learning_rate", "rewards/margins"]);
        let loss = &charts[0].chart;
        let xs: Vec<f64> = loss.series[0].points.iter().map(|point| point[0]).collect();
        assert_eq!(xs, [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(loss.marks.iter().map(|mark| mark.0).collect::<Vec<_>>(), [0.5, 2.5]);
        assert!(loss.marks[0].1.contains("0.500") && loss.marks[1].1.contains("0.600"), "{:?}", loss.marks);
        assert_eq!(loss.series.len(), 2);
        assert!((loss.series[0].points[1][1] - 0.6).abs() < 1e-6);
    }

    /// What is taught beside the policy stands before it in the iteration, and is no part of its line.
    #[test]
    fn another_model_has_a_line_of_its_own() {
        let mut records = synthetic();
        let at = records.iter().position(|r| matches!(r.event, selfsame_core::run::Event::Step { .. })).unwrap();
        let taught = [step(0, 3.0), step(1, 2.5), step(2, 2.0), ends("001-evaluator", 3)];
        records.splice(at..at, taught.map(|event| record(Arm::Main, 1, event)));
        let charts = charts(&RunView::of(&records).unwrap());
        let lines: Vec<(&str, Vec<f64>)> = (charts[0].chart.series.iter())
            .map(|series| (series.name.as_str(), series.points.iter().map(|point| point[0]).collect()))
            .collect();
        assert_eq!(
            lines,
            [
                (words::arm(Arm::Main), vec![4.0, 5.0]),
                (words::arm(Arm::RandomLabels), vec![1.0, 2.0]),
                ("evaluator", vec![1.0, 2.0, 3.0]),
            ]
        );
        assert!((charts[0].chart.series[2].points[2][1] - 2.0).abs() < 1e-6);
    }
}
