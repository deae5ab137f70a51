//! Collapse of diversity: the policy says the same to everything, or the same again and again.

use super::{
    Diagnosis, Place, Severity, Verdict,
    case::Case,
    evidence::{Evidence, Lines, Trace},
    registry::Detector,
    text::percent,
};
use crate::{
    format,
    view::words::{t, with},
};

pub(super) const DETECTOR: Detector = Detector::new("diversity", "diagnosis.diversity.looks", examine);

/// The share of the start's distinct word pairs that is lost: answers that get better lose some of
/// their noise, and longer ones repeat more;
const LOST_NOTE: f64 = 0.35;
/// half of them,
const LOST_WARNING: f64 = 0.5;
/// and four in five.
const LOST_SERIOUS: f64 = 0.8;
/// The share of answers that repeat another one to the same prompt: a quarter of the sampling is
/// then wasted,
const REPEATED_NOTE: f64 = 0.25;
/// half of it,
const REPEATED_WARNING: f64 = 0.5;
/// or nearly all: with four answers a prompt, three of four can be repeats.
const REPEATED_SERIOUS: f64 = 0.7;
/// Answers below which a share says nothing.
const FEWEST: usize = 40;

fn examine(case: &Case<'_>) -> Verdict {
    let lost = case
        .ends()
        .filter(|(start, ..)| start.sampled.distinct2 > 0.0)
        .map(|(start, iteration, last)| (iteration, start.sampled.distinct2, last.sampled.distinct2));
    #[allow(clippy::cast_precision_loss)] // counts
    let repeated = case
        .facts()
        .rev()
        .find(|(_, facts)| facts.answers >= FEWEST)
        .map(|(iteration, facts)| (iteration, facts.repeated as f64 / facts.answers as f64, facts));
    if lost.is_none() && repeated.is_none() {
        return Verdict::Unknown;
    }
    let of_lost = lost.and_then(|(_, from, to)| Severity::of(1.0 - to / from, LOST_NOTE, LOST_WARNING, LOST_SERIOUS));
    let of_repeated =
        repeated.and_then(|(_, share, _)| Severity::of(share, REPEATED_NOTE, REPEATED_WARNING, REPEATED_SERIOUS));
    let Some(severity) = of_lost.max(of_repeated) else {
        return Verdict::Clear;
    };
    let mut parts = Vec::new();
    if let Some((iteration, from, to)) = lost.filter(|_| of_lost.is_some()) {
        parts.push(with(
            "diagnosis.diversity.lost",
            &[("from", &format::number(from)), ("to", &format::number(to)), ("iteration", &iteration)],
        ));
    }
    if let Some((iteration, share, _)) = repeated.filter(|_| of_repeated.is_some()) {
        parts.push(with("diagnosis.diversity.repeated", &[("share", &percent(share)), ("iteration", &iteration)]));
    }
    #[allow(clippy::cast_precision_loss)] // counts
    let repeats: Vec<[f64; 2]> = case
        .facts()
        .filter(|(_, facts)| facts.answers >= FEWEST)
        .map(|(iteration, facts)| [f64::from(iteration), facts.repeated as f64 / facts.answers as f64])
        .collect();
    let mut evidence = vec![Evidence::Lines(Lines {
        title: t("diagnosis.diversity.lines"),
        x: t("diagnosis.axis.iteration"),
        y: t("diagnosis.axis.share"),
        traces: [
            Trace::signal(t("diagnosis.series.distinct_sampled"), case.line(|m| Some(m.sampled.distinct2))),
            Trace::signal(t("diagnosis.series.distinct_greedy"), case.line(|m| Some(m.greedy.distinct2))),
            Trace::signal(t("diagnosis.series.repeats"), repeats),
        ]
        .into_iter()
        .filter(|trace| !trace.points.is_empty())
        .chain(case.oracle_lines())
        .collect(),
    })];
    if let Some((_, _, facts)) = repeated.filter(|(_, _, facts)| !facts.repeated_rows.is_empty()) {
        evidence.push(Evidence::answers(t("diagnosis.diversity.rows"), facts.repeated_rows.clone()));
    }
    Verdict::Found(Diagnosis {
        id: DETECTOR.id,
        severity,
        sentence: parts.join(" "),
        evidence,
        remedy: with(
            "diagnosis.diversity.remedy",
            &[
                ("temperature", &case.setting("sampling.temperature")),
                ("rate", &case.setting("learn.learning_rate")),
                ("beta", &case.setting("beta")),
            ],
        ),
        place: Place::Answers,
    })
}
