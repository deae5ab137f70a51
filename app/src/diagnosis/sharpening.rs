//! Sharpening taken for learning: sampled answers get better because the policy draws what it
//! already preferred; its best answers stay as they were.

use super::{
    Diagnosis, Place, Severity, Verdict,
    case::{Case, SURE},
    evidence::{Evidence, Lines},
    registry::Detector,
};
use crate::{
    format,
    view::words::{t, with},
};

pub(super) const DETECTOR: Detector = Detector::new("sharpening", "diagnosis.sharpening.looks", examine);

/// Standard errors by which the sampled reward must have risen, and how much at least.
const CERTAIN: f64 = 2.5;
/// See [`CERTAIN`].
const SMALLEST_RISE: f64 = 0.03;
/// The share of the sampled rise that greedy answers make along where something was learned. Below
/// it the rise is sharpening.
const SHARED: f64 = 0.25;

fn examine(case: &Case<'_>) -> Verdict {
    let ends = case.ends().and_then(|(start, iteration, last)| {
        Some((iteration, [start.sampled.reward?, last.sampled.reward?], [start.greedy.reward?, last.greedy.reward?]))
    });
    let Some((iteration, sampled, greedy)) = ends else {
        return Verdict::Unknown;
    };
    let rise = |[from, to]: [selfsame_core::measure::Mean; 2]| (to.mean - from.mean, to.error.hypot(from.error));
    let ((of_sampled, sampled_error), (of_greedy, greedy_error)) = (rise(sampled), rise(greedy));
    let rose = of_sampled >= SMALLEST_RISE.max(CERTAIN * sampled_error);
    // Greedy answers are fewer: that they lag must not be their noise.
    let lags = of_greedy <= SHARED * of_sampled && of_sampled - of_greedy >= SURE * sampled_error.hypot(greedy_error);
    if !(rose && lags) {
        return Verdict::Clear;
    }
    let [from, to] = sampled.map(|mean| format::number(mean.mean));
    let [greedy_from, greedy_to] = greedy.map(|mean| format::number(mean.mean));
    Verdict::Found(Diagnosis {
        id: DETECTOR.id,
        severity: Severity::Warning,
        sentence: with(
            "diagnosis.sharpening.sentence",
            &[
                ("from", &from),
                ("to", &to),
                ("iteration", &iteration),
                ("greedy_from", &greedy_from),
                ("greedy_to", &greedy_to),
            ],
        ),
        evidence: rewards(case).into_iter().collect(),
        remedy: with(
            "diagnosis.sharpening.remedy",
            &[("temperature", &case.setting("sampling.temperature")), ("prompts", &case.setting("prompts"))],
        ),
        place: Place::Iterations,
    })
}

/// The oracle's rewards as a chart; none without a world.
pub(super) fn rewards(case: &Case<'_>) -> Option<Evidence> {
    let traces = case.oracle_lines();
    (!traces.is_empty()).then(|| {
        Evidence::Lines(Lines {
            title: t("diagnosis.series.rewards"),
            x: t("diagnosis.axis.iteration"),
            y: t("diagnosis.axis.reward"),
            traces,
        })
    })
}
