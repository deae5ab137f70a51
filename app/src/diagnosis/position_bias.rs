//! Position bias: verdicts that change when the two answers change places.

use super::{
    Diagnosis, Place, Severity, Verdict,
    case::{Case, judge_lines, last_with},
    evidence::{Evidence, Lines, Trace},
    registry::Detector,
    text::{list, percent, quoted},
};
use crate::view::words::{t, with};

pub(super) const DETECTOR: Detector = Detector::new("position_bias", "diagnosis.position_bias.looks", examine);

/// Every third verdict: large judges change one in eight.
const NOTE: f64 = 0.35;
/// A judge that flipped a coin for each order would change half of its verdicts; more comes from
/// the position itself.
const WARNING: f64 = 0.5;
/// Nine in ten: the position is the verdict.
const SERIOUS: f64 = 0.9;
/// Pairs below which a share says nothing.
const FEWEST: usize = 30;

fn examine(case: &Case<'_>) -> Verdict {
    let found = last_with(case, |m| {
        let pairs = m.on_policy.as_ref().or(m.fixed.as_ref()).map_or(0, |quality| quality.pairs);
        (!m.position_flips.is_empty() && pairs >= FEWEST).then(|| m.position_flips.clone())
    });
    let Some((iteration, flips)) = found else {
        return Verdict::Unknown;
    };
    let biased: Vec<(&str, f64)> =
        flips.iter().filter(|(_, share)| **share >= NOTE).map(|(judge, share)| (judge.as_str(), *share)).collect();
    let worst = biased.iter().map(|(_, share)| *share).fold(0.0, f64::max);
    let Some(severity) = Severity::of(worst, NOTE, WARNING, SERIOUS) else {
        return Verdict::Clear;
    };
    // Flips are counted for the pairwise form, under the judge's plain name.
    let pairwise: Vec<String> = biased.iter().map(|(judge, _)| format!("{judge} (pairwise)")).collect();
    let mut traces = judge_lines(case, biased.iter().map(|(judge, _)| *judge), |m| Some(&m.position_flips));
    traces.push(Trace::level(t("diagnosis.series.coin"), WARNING, &traces));
    let words = |(judge, share): &(&str, f64)| format!("{} {}", quoted([*judge]), percent(*share));
    Verdict::Found(Diagnosis {
        id: DETECTOR.id,
        severity: case.weight(severity, pairwise.iter().map(String::as_str)),
        sentence: with(
            "diagnosis.position_bias.sentence",
            &[("list", &list(biased.iter().map(words))), ("iteration", &iteration)],
        ),
        evidence: vec![Evidence::Lines(Lines {
            title: t("diagnosis.position_bias.lines"),
            x: t("diagnosis.axis.iteration"),
            y: t("diagnosis.axis.share"),
            traces,
        })],
        remedy: with("diagnosis.position_bias.remedy", &[("judge", &case.setting("judge"))]),
        place: Place::Judges,
    })
}
