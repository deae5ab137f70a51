//! Silent truncation: answers that the length limit cut off are judged and learned from as if they
//! were whole, and a model that never sees an end does not learn to stop.

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

pub(super) const DETECTOR: Detector = Detector::new("truncation", "diagnosis.truncation.looks", examine);

/// Shares of answers that were cut off: one in twenty moves a mean,
const NOTE: f64 = 0.05;
/// one in five moves what is learned,
const WARNING: f64 = 0.2;
/// and with half of them it is the limit that is measured.
const SERIOUS: f64 = 0.5;
/// Cut answers below which chance may have cut them.
const FEWEST: f64 = 15.0;

fn examine(case: &Case<'_>) -> Verdict {
    // What was drawn to learn from last, and what was measured last.
    let drawn = case.facts().rev().find(|(_, facts)| facts.answers > 0);
    let measured = case.measured().next_back();
    if drawn.is_none() && measured.is_none() {
        return Verdict::Unknown;
    }
    #[allow(clippy::cast_precision_loss)] // counts
    let shares = [
        drawn.map(|(iteration, facts)| {
            (iteration, facts.cut as f64 / facts.answers as f64, facts.answers, "diagnosis.truncation.drawn")
        }),
        measured.map(|(iteration, measurement)| {
            let answers =
                measurement.sampled.reward.map_or(2 * case.view.held_out_prompts.len(), |reward| reward.count);
            (iteration, measurement.sampled.truncated, answers, "diagnosis.truncation.measured")
        }),
    ];
    #[allow(clippy::cast_precision_loss)] // counts
    let enough = |share: f64, answers: usize| share * answers as f64 >= FEWEST;
    let worst = shares
        .into_iter()
        .flatten()
        .filter(|(_, share, answers, _)| enough(*share, *answers))
        .max_by(|a, b| a.1.total_cmp(&b.1));
    let Some((iteration, share, answers, key)) = worst else {
        return Verdict::Clear;
    };
    let Some(severity) = Severity::of(share, NOTE, WARNING, SERIOUS) else {
        return Verdict::Clear;
    };
    let of_facts: Vec<[f64; 2]> = case
        .facts()
        .filter(|(_, facts)| facts.answers > 0)
        .map(|(iteration, facts)| {
            #[allow(clippy::cast_precision_loss)] // counts
            let share = facts.cut as f64 / facts.answers as f64;
            [f64::from(iteration), share]
        })
        .collect();
    let mut evidence = vec![Evidence::Lines(Lines {
        title: t("diagnosis.truncation.lines"),
        x: t("diagnosis.axis.iteration"),
        y: t("diagnosis.axis.share"),
        traces: [
            Trace::signal(t("diagnosis.series.drawn"), of_facts),
            Trace::signal(t("diagnosis.series.held_out"), case.line(|m| Some(m.sampled.truncated))),
            Trace::signal(t("diagnosis.series.held_out_greedy"), case.line(|m| Some(m.greedy.truncated))),
        ]
        .into_iter()
        .filter(|trace| !trace.points.is_empty())
        .collect(),
    })];
    if let Some((_, facts)) = drawn.filter(|(_, facts)| !facts.cut_rows.is_empty()) {
        evidence.push(Evidence::answers(t("diagnosis.truncation.rows"), facts.cut_rows.clone()));
    }
    let limit = format!("{}", case.options().sampling.max_new_tokens);
    Verdict::Found(Diagnosis {
        id: DETECTOR.id,
        severity,
        sentence: with(
            key,
            &[("share", &percent(share)), ("answers", &format::count(answers)), ("iteration", &iteration)],
        ),
        evidence,
        remedy: with(
            "diagnosis.truncation.remedy",
            &[("tokens", &case.setting("sampling.max_new_tokens")), ("measured", &limit)],
        ),
        place: Place::Answers,
    })
}
