//! A filter that keeps nothing, or keeps everything.

use toml::Value;

use super::{
    Diagnosis, Place, Severity, Verdict,
    case::Case,
    evidence::{Evidence, Lines, Trace},
    phase::FEWEST_STEPS,
    registry::Detector,
    text::{at, list, percent},
};
use crate::{
    format,
    view::words::{t, with},
};

pub(super) const DETECTOR: Detector = Detector::new("filter", "diagnosis.filter.looks", examine);

/// Below this share of pairs a phase learns from hardly anything: with a batch of 16, most steps
/// see no pair at all.
const NOTHING: f64 = 0.05;
/// Above it the filter filters nothing, and agreement costs without saying anything.
const EVERYTHING: f64 = 0.95;
/// Prompts below which a share of pairs says nothing.
const FEWEST: usize = 20;

fn examine(case: &Case<'_>) -> Verdict {
    let kept = kept(case);
    if let Some((iteration, last)) = kept.last() {
        // Without a filter everything is kept on purpose.
        let filters = case.parameter("filter").and_then(Value::as_bool) != Some(false);
        let severity = if *last < NOTHING {
            Severity::Serious
        } else if *last > EVERYTHING && filters {
            Severity::Warning
        } else {
            return Verdict::Clear;
        };
        let all = list(kept.iter().map(|(iteration, share)| at(&percent(*share), *iteration)));
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("share", &percent(*last)), ("iteration", iteration), ("list", &all)];
        let remedies: [(&str, &dyn std::fmt::Display); 2] =
            [("margin", &case.setting("margin")), ("consistency", &case.setting("consistency"))];
        let (sentence, remedy) = if *last < NOTHING {
            (with("diagnosis.filter.nothing", &values), with("diagnosis.filter.nothing_remedy", &remedies))
        } else {
            (with("diagnosis.filter.everything", &values), with("diagnosis.filter.everything_remedy", &remedies))
        };
        return Verdict::Found(Diagnosis {
            id: DETECTOR.id,
            severity,
            sentence,
            evidence: vec![lines(case, &kept)],
            remedy,
            place: Place::Answers,
        });
    }
    few_pairs(case)
}

/// The share of pairs that a filter kept, by phase.
#[allow(clippy::cast_precision_loss)] // step counts
fn kept(case: &Case<'_>) -> Vec<(u32, f64)> {
    case.phases()
        .iter()
        .map(|phase| (phase.iteration, phase.values("kept")))
        .filter(|(_, values)| values.len() >= FEWEST_STEPS)
        .map(|(iteration, values)| (iteration, values.iter().sum::<f64>() / values.len() as f64))
        .collect()
}

fn lines(case: &Case<'_>, kept: &[(u32, f64)]) -> Evidence {
    let points = kept.iter().map(|(iteration, share)| [f64::from(*iteration), *share]).collect();
    let right = |of: fn(&selfsame_core::measure::JudgeQuality) -> Option<selfsame_core::measure::Mean>| {
        case.line(|m| Some(of(m.on_policy.as_ref()?)?.mean))
    };
    let traces = [
        Trace::signal(t("diagnosis.series.kept_learning"), points),
        Trace::oracle(t("diagnosis.series.kept_right"), right(|quality| quality.kept_accuracy)),
        Trace::oracle(t("diagnosis.series.dropped_right"), right(|quality| quality.dropped_accuracy)),
    ];
    Evidence::Lines(Lines {
        title: t("diagnosis.filter.lines"),
        x: t("diagnosis.axis.iteration"),
        y: t("diagnosis.axis.share"),
        traces: traces.into_iter().filter(|trace| !trace.points.is_empty()).collect(),
    })
}

/// Recipes that make their pairs before learning show it in how few there are.
#[allow(clippy::cast_precision_loss)] // counts
fn few_pairs(case: &Case<'_>) -> Verdict {
    // Only a measured iteration is over: before, its pairs may still come.
    let looked: Vec<(u32, usize, usize)> = case
        .measured()
        .filter_map(|(iteration, measurement)| {
            let prompts = case.main.iterations.get(&iteration)?.answers.len();
            (iteration > 0 && prompts >= FEWEST).then_some((iteration, measurement.pairs, prompts))
        })
        .collect();
    let Some((iteration, pairs, prompts)) = looked.last() else {
        return Verdict::Unknown;
    };
    if *pairs as f64 >= NOTHING * *prompts as f64 {
        return Verdict::Clear;
    }
    let points = looked.iter().map(|(iteration, pairs, _)| [f64::from(*iteration), *pairs as f64]).collect();
    let values: [(&str, &dyn std::fmt::Display); 3] =
        [("iteration", iteration), ("pairs", &format::count(*pairs)), ("prompts", &format::count(*prompts))];
    Verdict::Found(Diagnosis {
        id: DETECTOR.id,
        severity: Severity::Serious,
        sentence: with("diagnosis.filter.few", &values),
        evidence: vec![Evidence::Lines(Lines {
            title: t("diagnosis.filter.pairs"),
            x: t("diagnosis.axis.iteration"),
            y: t("diagnosis.axis.pairs"),
            traces: vec![Trace::signal(t("diagnosis.series.pairs"), points)],
        })],
        remedy: with(
            "diagnosis.filter.few_remedy",
            &[("temperature", &case.setting("sampling.temperature")), ("samples", &case.setting("samples"))],
        ),
        place: Place::Answers,
    })
}
