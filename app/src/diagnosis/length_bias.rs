//! Length bias: a judge prefers the longer (or the shorter) answer more often than it deserves.

use super::{
    Diagnosis, Place, Severity, Verdict,
    case::{Case, judge_lines},
    evidence::{Evidence, Lines, Trace},
    facts::Lengths,
    registry::Detector,
    text::{list, percent, quoted},
};
use crate::view::words::{t, with};

pub(super) const DETECTOR: Detector = Detector::new("length_bias", "diagnosis.length_bias.looks", examine);

/// How far the share of longer answers that a judge prefers may lie from the oracle's share (from
/// one half, where nobody knows): large judges are known to lie 0.18 off;
const NOTE: f64 = 0.15;
/// a quarter off,
const WARNING: f64 = 0.25;
/// and at four tenths length decides nine pairs in ten.
const SERIOUS: f64 = 0.4;
/// Standard errors by which it must stand out: five judges are looked at in every iteration.
const CERTAIN: f64 = 4.0;
/// Pairs of different length below which a share says nothing.
const FEWEST: usize = 30;

/// A judge, its share, and how far that is from what is deserved.
type Bias<'a> = (&'a str, f64, f64);

fn examine(case: &Case<'_>) -> Verdict {
    let known = case
        .facts()
        .rev()
        .find_map(|(iteration, facts)| Some((iteration, facts.lengths.clone().filter(|of| of.pairs >= FEWEST)?)));
    let Some((iteration, lengths)) = known.or_else(|| from_measurements(case)) else {
        return Verdict::Unknown;
    };
    let deserved = lengths.oracle.unwrap_or(0.5);
    #[allow(clippy::cast_precision_loss)] // pair counts
    let noise = CERTAIN * 0.5 / (lengths.pairs as f64).sqrt();
    let biased: Vec<Bias<'_>> = lengths
        .judges
        .iter()
        .map(|(judge, share)| (judge.as_str(), *share, share - deserved))
        .filter(|(_, _, bias)| bias.abs() >= NOTE.max(noise))
        .collect();
    // Judges that label count before judges that are only measured.
    let of = |(judge, _, bias): &Bias<'_>| {
        Severity::of(bias.abs(), NOTE, WARNING, SERIOUS).map(|severity| case.weight(severity, [*judge]))
    };
    let Some(severity) = biased.iter().filter_map(of).max() else {
        return Verdict::Clear;
    };
    let words = |(judge, share, bias): &Bias<'_>| {
        let values: [(&str, &dyn std::fmt::Display); 2] =
            [("judge", &quoted([*judge])), ("share", &percent(if *bias > 0.0 { *share } else { 1.0 - share }))];
        if *bias > 0.0 {
            with("diagnosis.length_bias.longer", &values)
        } else {
            with("diagnosis.length_bias.shorter", &values)
        }
    };
    let list = list(biased.iter().map(words));
    let sentence = match lengths.oracle {
        Some(oracle) => with(
            "diagnosis.length_bias.sentence",
            &[("list", &list), ("iteration", &iteration), ("oracle", &percent(oracle))],
        ),
        None => with("diagnosis.length_bias.unknown", &[("list", &list), ("iteration", &iteration)]),
    };
    let mut traces = judge_lines(case, biased.iter().map(|(judge, ..)| *judge), |m| Some(&m.prefers_longer));
    let oracle = |facts: &Lengths| facts.oracle.filter(|_| facts.pairs >= FEWEST);
    let truth: Vec<[f64; 2]> = case
        .facts()
        .filter_map(|(iteration, facts)| Some([f64::from(iteration), oracle(facts.lengths.as_ref()?)?]))
        .collect();
    if truth.is_empty() {
        traces.push(Trace::level(t("diagnosis.series.coin"), 0.5, &traces));
    } else {
        traces.push(Trace::oracle(t("diagnosis.series.oracle"), truth));
    }
    Verdict::Found(Diagnosis {
        id: DETECTOR.id,
        severity,
        sentence,
        evidence: vec![Evidence::Lines(Lines {
            title: t("diagnosis.length_bias.lines"),
            x: t("diagnosis.axis.iteration"),
            y: t("diagnosis.axis.share"),
            traces,
        })],
        remedy: with(
            "diagnosis.length_bias.remedy",
            &[("power", &case.setting("implicit.length_power")), ("tokens", &case.setting("sampling.max_new_tokens"))],
        ),
        place: Place::Judges,
    })
}

/// Logs without votes have shares all the same.
fn from_measurements(case: &Case<'_>) -> Option<(u32, Lengths)> {
    case.measured().rev().find_map(|(iteration, measurement)| {
        let pairs = measurement.on_policy.as_ref()?.pairs;
        let judges = measurement.prefers_longer.clone();
        (pairs >= FEWEST && !judges.is_empty()).then_some((iteration, Lengths { pairs, oracle: None, judges }))
    })
}
