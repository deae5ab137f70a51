//! Margin saturation: most pairs are told apart so surely that they have no gradient left.

use selfsame_core::learn::{KEPT, MARGIN, OPINION, StepReport};

use super::{
    Diagnosis, Place, Severity, Verdict,
    case::Case,
    evidence::{Evidence, Lines, Trace},
    phase::{FEWEST_STEPS, Phase},
    registry::Detector,
    text::{percent, tenth},
};
use crate::view::words::{t, with};

pub(super) const DETECTOR: Detector = Detector::new("saturation", "diagnosis.saturation.looks", examine);

/// A margin at which σ is 0.99: the pair's gradient is then a hundredth of what it could be.
const SATURATED: f64 = 4.6;
/// Shares of saturated pairs at the end of a phase: a quarter of the budget is spent on nothing,
const NOTE: f64 = 0.25;
/// half of it,
const WARNING: f64 = 0.5;
/// or nearly all.
const SERIOUS: f64 = 0.9;
/// Pairs below which a share says nothing.
const FEWEST: usize = 20;

fn examine(case: &Case<'_>) -> Verdict {
    let phases = case.phases();
    let looked: Vec<(&Phase<'_>, f64, f64)> =
        phases.iter().filter_map(|phase| share(phase).map(|(share, mean)| (phase, share, mean))).collect();
    let Some((phase, share, mean)) = looked.iter().max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return Verdict::Unknown;
    };
    let Some(severity) = Severity::of(*share, NOTE, WARNING, SERIOUS) else {
        return Verdict::Clear;
    };
    let traces = vec![Trace::signal(
        t("diagnosis.series.margin"),
        phase.points(|report| {
            let of = margins(report);
            #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // a batch
            let mean = (of.iter().sum::<f64>() / of.len() as f64) as f32;
            if of.is_empty() { report.metrics.get("rewards/margins").copied() } else { Some(mean) }
        }),
    )];
    let level = Trace::level(t("diagnosis.series.saturated"), SATURATED, &traces);
    let loss = phase.reports().next_back().map_or(f64::NAN, |report| f64::from(report.loss));
    Verdict::Found(Diagnosis {
        id: DETECTOR.id,
        severity,
        sentence: with(
            "diagnosis.saturation.sentence",
            &[
                ("iteration", &phase.iteration),
                ("share", &percent(*share)),
                ("bound", &tenth(SATURATED)),
                ("mean", &tenth(*mean)),
                ("loss", &crate::format::number(loss)),
            ],
        ),
        evidence: vec![Evidence::Lines(Lines {
            title: t("diagnosis.saturation.lines"),
            x: t("diagnosis.axis.step"),
            y: t("diagnosis.axis.margin"),
            traces: traces.into_iter().chain([level]).collect(),
        })],
        remedy: with(
            "diagnosis.saturation.remedy",
            &[
                ("beta", &case.setting("beta")),
                ("rate", &case.setting("learn.learning_rate")),
                ("epochs", &case.setting("learn.epochs")),
            ],
        ),
        place: Place::Iterations,
    })
}

/// The share of saturated pairs in the last quarter of a phase and the mean margin there.
#[allow(clippy::cast_precision_loss)] // counts
fn share(phase: &Phase<'_>) -> Option<(f64, f64)> {
    if phase.steps.len() < FEWEST_STEPS {
        return None;
    }
    let of_items: Vec<f64> = phase.last_quarter().flat_map(margins).collect();
    if of_items.len() >= FEWEST {
        let saturated = of_items.iter().filter(|margin| **margin >= SATURATED).count();
        return Some((saturated as f64 / of_items.len() as f64, of_items.iter().sum::<f64>() / of_items.len() as f64));
    }
    // Without numbers of pairs the mean of a step stands for its pairs.
    let means: Vec<f64> = phase
        .last_quarter()
        .filter_map(|report| report.metrics.get("rewards/margins"))
        .map(|m| f64::from(*m))
        .collect();
    let saturated = means.iter().filter(|margin| **margin >= SATURATED).count();
    (!means.is_empty()).then(|| (saturated as f64 / means.len() as f64, means.iter().sum::<f64>() / means.len() as f64))
}

/// The margins of a step's pairs that were learned from, towards the answer that was learned.
fn margins(report: &StepReport) -> Vec<f64> {
    let Some(margins) = report.of_items.get(MARGIN) else {
        return Vec::new();
    };
    let kept = report.of_items.get(KEPT);
    let opinions: Vec<&Vec<f32>> =
        report.of_items.iter().filter(|(name, _)| name.starts_with(OPINION)).map(|(_, values)| values).collect();
    margins
        .iter()
        .enumerate()
        .filter(|(item, _)| kept.is_none_or(|kept| kept.get(*item).is_some_and(|kept| *kept > 0.5)))
        .map(|(item, margin)| {
            // Where judges label while learning, the majority says which way is towards.
            let balance: f32 = opinions.iter().filter_map(|values| values.get(item)).map(|p| p - 0.5).sum();
            f64::from(if balance < 0.0 { -*margin } else { *margin })
        })
        .collect()
}
