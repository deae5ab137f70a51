//! A judge no better than a coin on the policy's own answers.

use selfsame_core::measure::Mean;

use super::{
    Diagnosis, Place, Severity, Verdict,
    case::{Case, SURE},
    evidence::{Evidence, Lines, Trace},
    registry::Detector,
    text::{at, list, quoted},
};
use crate::{
    format,
    view::words::{t, with},
};

pub(super) const DETECTOR: Detector = Detector::new("coin_judge", "diagnosis.coin_judge.looks", examine);

/// A judge that is right less often than this on the policy's own answers is hardly better than a
/// coin.
pub const TRUSTED_JUDGE: f64 = 0.55;

/// The interval of a weak accuracy must end below this, or there were too few pairs to say.
pub(super) const DOUBTLESS: f64 = 0.65;

/// Pairs below which an accuracy says nothing.
const FEWEST: usize = 30;

/// What a coin reaches.
pub(super) const COIN: f64 = 0.5;

/// Whether an accuracy is surely hardly better than a coin's.
#[allow(clippy::cast_precision_loss)] // pair counts
pub(super) fn weak(accuracy: &Mean) -> bool {
    // Of a few pairs all can be wrong by chance, and their standard error is then nought.
    let error = accuracy.error.max(COIN / (accuracy.count.max(1) as f64).sqrt());
    accuracy.count >= FEWEST && accuracy.mean < TRUSTED_JUDGE && accuracy.mean + SURE * error < DOUBTLESS
}

fn examine(case: &Case<'_>) -> Verdict {
    let judges: Vec<String> = case
        .view
        .judges()
        .into_iter()
        .filter(|judge| case.measured().any(|(iteration, _)| case.view.accuracy(judge, iteration, true).is_some()))
        .collect();
    if judges.is_empty() {
        return Verdict::Unknown;
    }
    let weak: Vec<(&String, Vec<String>)> = judges
        .iter()
        .map(|judge| {
            let of = case.measured().filter_map(|(iteration, _)| {
                let accuracy = case.view.accuracy(judge, iteration, true).filter(weak)?;
                Some(at(&format::number(accuracy.mean), iteration))
            });
            (judge, of.collect::<Vec<_>>())
        })
        .filter(|(_, iterations)| !iterations.is_empty())
        .collect();
    if weak.is_empty() {
        return Verdict::Clear;
    }
    let names = || weak.iter().map(|(judge, _)| judge.as_str());
    let mut traces: Vec<Trace> = names()
        .map(|judge| {
            let of = case
                .measured()
                .filter_map(|(iteration, _)| Some((f64::from(iteration), case.view.accuracy(judge, iteration, true)?)));
            let (points, errors) = of.map(|(x, mean)| ([x, mean.mean], mean.error)).unzip();
            Trace { errors, ..Trace::signal(judge, points) }
        })
        .collect();
    traces.push(Trace::level(t("diagnosis.series.coin"), COIN, &traces));
    let list = list(weak.iter().map(|(judge, iterations)| {
        let judge = quoted([judge.as_str()]);
        with("diagnosis.coin_judge.judge", &[("judge", &judge), ("list", &iterations.join(", "))])
    }));
    Verdict::Found(Diagnosis {
        id: DETECTOR.id,
        severity: case.weight(Severity::Warning, names()),
        sentence: with("diagnosis.coin_judge.sentence", &[("list", &list)]),
        evidence: vec![Evidence::Lines(Lines {
            title: t("diagnosis.coin_judge.lines"),
            x: t("diagnosis.axis.iteration"),
            y: t("diagnosis.axis.accuracy"),
            traces,
        })],
        remedy: with(
            "diagnosis.coin_judge.remedy",
            &[("replay", &case.setting("replay")), ("rate", &case.setting("learn.learning_rate"))],
        ),
        place: Place::Judges,
    })
}
