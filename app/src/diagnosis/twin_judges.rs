//! Hidden twins: two judges that nearly always say the same, for another reason than being right.
//! Their agreement is then no evidence.

use selfsame_core::measure::{JudgeQuality, Measurement};

use super::{
    Diagnosis, Place, Severity, Verdict,
    case::{Case, last_with},
    evidence::{Evidence, Lines, Trace},
    registry::Detector,
    text::{list, percent, quoted},
};
use crate::view::words::{t, with};

pub(super) const DETECTOR: Detector = Detector::new("twin_judges", "diagnosis.twin_judges.looks", examine);

/// Two judges that agree this often are one.
const TWINS: f64 = 0.95;
/// Judges that are right most of the time agree because of it. By how much the agreement must
/// exceed what two independent judges of their accuracies would reach.
const EXCESS: f64 = 0.1;
/// Pairs below which a share says nothing.
const FEWEST: usize = 30;

/// Two judges and how often they agree.
type Twins<'a> = (&'a str, &'a str, f64);

fn examine(case: &Case<'_>) -> Verdict {
    let of = |measurement: &Measurement| {
        let quality = measurement.on_policy.as_ref().or(measurement.fixed.as_ref())?;
        (quality.pairs >= FEWEST && quality.agreement.len() >= 2).then(|| quality.clone())
    };
    let Some((iteration, quality)) = last_with(case, of) else {
        return Verdict::Unknown;
    };
    let twins = twins(&quality);
    if twins.is_empty() {
        return Verdict::Clear;
    }
    let words = |(first, second, agreement): &Twins<'_>| {
        with("diagnosis.twin_judges.pair", &[("judges", &quoted([*first, *second])), ("share", &percent(*agreement))])
    };
    let mut traces: Vec<Trace> = twins
        .iter()
        .map(|(first, second, _)| {
            let points = case.line(|m| {
                let quality = m.on_policy.as_ref().or(m.fixed.as_ref())?;
                quality.agreement.get(*first)?.get(*second).copied()
            });
            Trace::signal(quoted([*first, *second]), points)
        })
        .collect();
    // The truth beside it: how often each of them is right.
    for judge in twins.iter().flat_map(|(first, second, _)| [*first, *second]) {
        let points = case.line(|m| Some(m.on_policy.as_ref()?.accuracy.get(judge)?.mean));
        let name = with("diagnosis.series.right", &[("judge", &judge)]);
        if !points.is_empty() && traces.iter().all(|trace| trace.name != name) {
            traces.push(Trace::oracle(name, points));
        }
    }
    // One twin that labels is not yet a problem; two of them are.
    let used = case.used_judges();
    let both = twins.iter().any(|(first, second, _)| used.contains(*first) && used.contains(*second));
    Verdict::Found(Diagnosis {
        id: DETECTOR.id,
        severity: if both { Severity::Warning } else { Severity::Note },
        sentence: with(
            "diagnosis.twin_judges.sentence",
            &[("list", &list(twins.iter().map(words))), ("iteration", &iteration)],
        ),
        evidence: vec![Evidence::Lines(Lines {
            title: t("diagnosis.twin_judges.lines"),
            x: t("diagnosis.axis.iteration"),
            y: t("diagnosis.axis.share"),
            traces,
        })],
        remedy: t("diagnosis.twin_judges.remedy").to_owned(),
        place: Place::Judges,
    })
}

fn twins(quality: &JudgeQuality) -> Vec<Twins<'_>> {
    let accuracy = |judge: &str| quality.accuracy.get(judge).map(|mean| mean.mean);
    let chance = |first: &str, second: &str| {
        let (a, b) = (accuracy(first)?, accuracy(second)?);
        Some(a * b + (1.0 - a) * (1.0 - b))
    };
    quality
        .agreement
        .iter()
        .flat_map(|(first, row)| {
            row.iter().map(move |(second, agreement)| (first.as_str(), second.as_str(), *agreement))
        })
        .filter(|(first, second, agreement)| first < second && *agreement >= TWINS)
        .filter(|(first, second, agreement)| chance(first, second).is_none_or(|chance| agreement - chance >= EXCESS))
        .collect()
}
