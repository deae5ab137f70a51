//! Answers that grow longer (or shorter) and longer without getting better.

use super::{
    Diagnosis, Place, Severity, Verdict,
    case::{Case, SURE},
    evidence::{Evidence, Lines, Trace},
    registry::Detector,
    text::{percent, tenth},
};
use crate::view::words::{t, with};

pub(super) const DETECTOR: Detector = Detector::new("length_growth", "diagnosis.length_growth.looks", examine);

/// Answers half as long again as at the start,
const NOTE: f64 = 1.5;
/// or twice as long. The same holds for how much shorter they may get.
const WARNING: f64 = 2.0;
/// Tokens by which they must differ: very short answers double easily.
const FEWEST_TOKENS: f64 = 3.0;

fn examine(case: &Case<'_>) -> Verdict {
    let Some((start, iteration, last)) = case.ends() else {
        return Verdict::Unknown;
    };
    let (from, to) = (start.sampled.length, last.sampled.length);
    if from <= 0.0 {
        return Verdict::Unknown;
    }
    let ratio = if to > from { to / from } else { from / to.max(1e-3) };
    let moved = (to - from).abs() >= FEWEST_TOKENS;
    let Some(severity) = Severity::of(ratio, NOTE, WARNING, f64::INFINITY).filter(|_| moved) else {
        return Verdict::Clear;
    };
    // Answers that got better may have had to become longer.
    let better = start
        .sampled
        .reward
        .zip(last.sampled.reward)
        .map(|(before, after)| after.mean - before.mean > SURE * before.error.hypot(after.error));
    let severity = if better == Some(true) { Severity::Note } else { severity };
    let values: [(&str, &dyn std::fmt::Display); 4] = [
        ("from", &tenth(from)),
        ("to", &tenth(to)),
        ("iteration", &iteration),
        ("change", &percent((to / from - 1.0).abs())),
    ];
    let sentence = match (to > from, better) {
        (true, None) => with("diagnosis.length_growth.longer_unknown", &values),
        (true, Some(true)) => with("diagnosis.length_growth.longer_better", &values),
        (true, Some(false)) => with("diagnosis.length_growth.longer", &values),
        (false, None) => with("diagnosis.length_growth.shorter_unknown", &values),
        (false, Some(true)) => with("diagnosis.length_growth.shorter_better", &values),
        (false, Some(false)) => with("diagnosis.length_growth.shorter", &values),
    };
    let lengths = vec![
        Trace::signal(t("diagnosis.series.length_sampled"), case.line(|m| Some(m.sampled.length))),
        Trace::signal(t("diagnosis.series.length_greedy"), case.line(|m| Some(m.greedy.length))),
    ];
    let mut evidence = vec![Evidence::Lines(Lines {
        title: t("diagnosis.length_growth.lines"),
        x: t("diagnosis.axis.iteration"),
        y: t("diagnosis.axis.tokens"),
        traces: lengths,
    })];
    evidence.extend(super::sharpening::rewards(case));
    Verdict::Found(Diagnosis {
        id: DETECTOR.id,
        severity,
        sentence,
        evidence,
        remedy: with(
            "diagnosis.length_growth.remedy",
            &[
                ("tokens", &case.setting("sampling.max_new_tokens")),
                ("rate", &case.setting("learn.learning_rate")),
                ("beta", &case.setting("beta")),
            ],
        ),
        place: Place::Iterations,
    })
}
