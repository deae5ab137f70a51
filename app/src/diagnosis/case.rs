//! What detectors look at: the fold, the counted facts, and the run's settings.

use std::collections::{BTreeMap, BTreeSet};

use selfsame_core::{
    learn::OPINION,
    measure::Measurement,
    run::{Arm, Options},
};
use toml::{Table, Value};

use super::{
    Severity,
    evidence::Trace,
    facts::{Facts, FactsOf},
    phase::{Phase, phases},
};
use crate::{
    fold::{ArmView, RunView},
    view::words::{t, with},
};

/// The interval around a mean that holds the truth nineteen times in twenty, in standard errors.
pub(super) const SURE: f64 = crate::format::INTERVAL;

/// A judge whose opinions the run does not use matters less.
const UNUSED: Severity = Severity::Note;

/// A run under examination.
pub struct Case<'a> {
    /// The fold.
    pub(super) view: &'a RunView,
    /// The recipe's own arm.
    pub(super) main: &'a ArmView,
    facts: &'a FactsOf,
}

impl<'a> Case<'a> {
    /// The case of a run; `None` where the log has no line of the recipe's own.
    pub(super) fn new(view: &'a RunView, facts: &'a FactsOf) -> Option<Self> {
        Some(Self { view, main: view.arms.get(&Arm::Main)?, facts })
    }

    /// What was counted, by iteration.
    pub(super) fn facts(&self) -> impl DoubleEndedIterator<Item = (u32, &'a Facts)> {
        self.facts.iter()
    }

    /// The measurements, by iteration.
    pub(super) fn measured(&self) -> impl DoubleEndedIterator<Item = (u32, &'a Measurement)> {
        self.main.measured.iter().map(|(iteration, measurement)| (*iteration, measurement))
    }

    /// The measurement of the start and the last one after it.
    pub(super) fn ends(&self) -> Option<(&'a Measurement, u32, &'a Measurement)> {
        let start = self.main.measured.get(&0)?;
        let (iteration, last) = self.measured().next_back().filter(|(iteration, _)| *iteration > 0)?;
        Some((start, iteration, last))
    }

    /// The phases in which the policy learned, in order.
    pub(super) fn phases(&self) -> Vec<Phase<'a>> {
        phases(self.main)
    }

    /// Points of a number of the measurements.
    pub(super) fn line(&self, of: impl Fn(&Measurement) -> Option<f64>) -> Vec<[f64; 2]> {
        self.measured()
            .filter_map(|(iteration, measurement)| Some([f64::from(iteration), of(measurement)?]))
            .filter(|point| point[1].is_finite())
            .collect()
    }

    /// The oracle's rewards as lines to stand beside an internal signal; none without a world.
    pub(super) fn oracle_lines(&self) -> Vec<Trace> {
        [
            (t("diagnosis.series.reward_sampled"), self.line(|m| Some(m.sampled.reward?.mean))),
            (t("diagnosis.series.reward_greedy"), self.line(|m| Some(m.greedy.reward?.mean))),
        ]
        .into_iter()
        .filter(|(_, points)| !points.is_empty())
        .map(|(name, points)| Trace::oracle(name, points))
        .collect()
    }

    /// The judges whose opinions the run labels or filters with, by the names they are measured
    /// under.
    pub(super) fn used_judges(&self) -> BTreeSet<String> {
        let pairwise = self.parameter("judge").and_then(Value::as_str) == Some("pairwise");
        let measured =
            |name: &str| if pairwise && name != "implicit" { format!("{name} (pairwise)") } else { name.to_owned() };
        let asked = self.main.iterations.values().flat_map(|of| of.judged.iter().map(|(judge, _)| judge.as_str()));
        // Every step of a phase has the same names.
        let phases = self.phases();
        let opinions = phases
            .iter()
            .filter_map(|phase| phase.steps.first())
            .flat_map(|(_, step)| step.of_items.keys().filter_map(|name| name.strip_prefix(OPINION)));
        asked.chain(opinions).map(measured).collect()
    }

    /// The weight of a finding about some judges: it is only a note where the run uses none of
    /// them.
    pub(super) fn weight<'n>(&self, severity: Severity, judges: impl IntoIterator<Item = &'n str>) -> Severity {
        let used = self.used_judges();
        if judges.into_iter().any(|judge| used.contains(judge)) { severity } else { severity.min(UNUSED) }
    }

    /// A hyper-parameter by its name or by its name within the loop.
    pub(super) fn parameter(&self, name: &str) -> Option<&'a Value> {
        let parameters = &self.view.manifest.parameters;
        let within = parameters.get("loop").and_then(Value::as_table);
        within.and_then(|table| leaf(table, name)).or_else(|| leaf(parameters, name))
    }

    /// A hyper-parameter that is a number.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        match self.parameter(name)? {
            Value::Float(value) => Some(*value),
            #[allow(clippy::cast_precision_loss)] // settings are small
            Value::Integer(value) => Some(*value as f64),
            _ => None,
        }
    }

    /// How a remedy names a setting: in full, with its value in this run.
    pub(super) fn setting(&self, name: &str) -> String {
        let parameters = &self.view.manifest.parameters;
        let within = parameters.get("loop").and_then(Value::as_table).is_some_and(|table| leaf(table, name).is_some());
        let full = if within { format!("loop.{name}") } else { name.to_owned() };
        match self.parameter(name) {
            Some(value) => with("diagnosis.setting", &[("name", &full), ("value", &shown(value))]),
            None => format!("`{full}`"),
        }
    }

    /// How the run is measured.
    pub(super) fn options(&self) -> &'a Options {
        &self.view.manifest.options
    }
}

/// A setting as a person would write it: recipes hold single-precision numbers, and `0.9` must not
/// become `0.8999999761581421`.
fn shown(value: &Value) -> String {
    match value {
        #[allow(clippy::cast_possible_truncation)] // on purpose
        Value::Float(value) => (*value as f32).to_string(),
        other => other.to_string(),
    }
}

fn leaf<'t>(table: &'t Table, name: &str) -> Option<&'t Value> {
    match name.split_once('.') {
        None => table.get(name),
        Some((group, rest)) => leaf(table.get(group)?.as_table()?, rest),
    }
}

/// The last measured number of each judge, with the iteration, where all of `of` are there.
pub(super) fn last_with<T>(case: &Case<'_>, of: impl Fn(&Measurement) -> Option<T>) -> Option<(u32, T)> {
    case.measured().rev().find_map(|(iteration, measurement)| Some((iteration, of(measurement)?)))
}

/// Lines over iterations of a number per judge.
pub(super) fn judge_lines<'n>(
    case: &Case<'_>,
    judges: impl IntoIterator<Item = &'n str>,
    of: impl Fn(&Measurement) -> Option<&BTreeMap<String, f64>>,
) -> Vec<Trace> {
    judges
        .into_iter()
        .map(|judge| Trace::signal(judge, case.line(|m| of(m)?.get(judge).copied())))
        .filter(|trace| !trace.points.is_empty())
        .collect()
}
