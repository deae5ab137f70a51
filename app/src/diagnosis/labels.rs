//! Labels no better than chance: the run learns from a coin.

use selfsame_core::measure::Mean;

use super::{
    Diagnosis, Place, Severity, Verdict,
    case::Case,
    coin_judge::{COIN, weak},
    evidence::{Evidence, Lines, Trace},
    registry::Detector,
    text::{at, list},
};
use crate::{
    format,
    view::words::{t, with},
};

pub(super) const DETECTOR: Detector = Detector::new("labels", "diagnosis.labels.looks", examine);

fn examine(case: &Case<'_>) -> Verdict {
    let accuracies = accuracies(case);
    let Some((_, last)) = accuracies.last() else {
        return Verdict::Unknown;
    };
    let chance: Vec<String> = accuracies
        .iter()
        .filter(|(_, accuracy)| weak(accuracy))
        .map(|(iteration, accuracy)| at(&format::number(accuracy.mean), *iteration))
        .collect();
    if chance.is_empty() {
        return Verdict::Clear;
    }
    let (points, errors) =
        accuracies.iter().map(|(iteration, mean)| ([f64::from(*iteration), mean.mean], mean.error)).unzip();
    let mut traces = vec![Trace { errors, ..Trace::oracle(t("diagnosis.series.labels"), points) }];
    traces.push(Trace::level(t("diagnosis.series.coin"), COIN, &traces));
    Verdict::Found(Diagnosis {
        id: DETECTOR.id,
        severity: if weak(last) { Severity::Serious } else { Severity::Warning },
        sentence: with("diagnosis.labels.sentence", &[("list", &list(chance))]),
        evidence: vec![Evidence::Lines(Lines {
            title: t("diagnosis.labels.lines"),
            x: t("diagnosis.axis.iteration"),
            y: t("diagnosis.axis.accuracy"),
            traces,
        })],
        remedy: with(
            "diagnosis.labels.remedy",
            &[("replay", &case.setting("replay")), ("margin", &case.setting("margin"))],
        ),
        place: Place::Answers,
    })
}

/// How often the labels of an iteration were right: as measured, or as counted where they were made
/// while learning.
fn accuracies(case: &Case<'_>) -> Vec<(u32, Mean)> {
    let mut all: Vec<(u32, Mean)> =
        case.measured().filter_map(|(iteration, m)| Some((iteration, m.label_accuracy?))).collect();
    for (iteration, facts) in case.facts() {
        if let Some(labels) = facts.labels.filter(|_| all.iter().all(|(known, _)| *known != iteration)) {
            all.push((iteration, labels));
        }
    }
    all.retain(|(_, mean)| mean.count > 0);
    all.sort_by_key(|(iteration, _)| *iteration);
    all
}
