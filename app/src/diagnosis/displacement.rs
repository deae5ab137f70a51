//! Likelihood displacement: the margin rises while both answers become less likely. The loss only
//! asks for a margin; nothing holds the chosen answer up.

use super::{
    Diagnosis, Place, Severity, Verdict,
    case::Case,
    evidence::{Evidence, Lines, Rows, Trace},
    phase::Phase,
    registry::Detector,
    text::tenth,
};
use crate::view::words::{t, with};

pub(super) const DETECTOR: Detector = Detector::new("displacement", "diagnosis.displacement.looks", examine);

/// Nats that the chosen answer lost for a note: it is then 2.7 times less likely than before.
const NOTE: f64 = 1.0;
/// For a warning: more than seven times less likely.
const WARNING: f64 = 2.0;
/// For a serious finding: 150 times less likely, so that other answers must have taken its place.
const SERIOUS: f64 = 5.0;

/// Standard errors by which a fall must stand out where the log-probabilities of different batches
/// are compared: long and short prompts change places from step to step, and every phase is looked
/// at again after every step.
const CERTAIN: f64 = 4.0;

/// How the two answers of a phase's pairs fared, in nats.
struct Fate {
    /// Whether both fell while the margin rose.
    displaced: bool,
    iteration: u32,
    chosen: f64,
    rejected: f64,
    margin: [f64; 2],
}

fn examine(case: &Case<'_>) -> Verdict {
    let phases = case.phases();
    let looked: Vec<(&Phase<'_>, Fate)> = phases.iter().filter_map(|phase| Some((phase, fate(case, phase)?))).collect();
    if looked.is_empty() {
        return Verdict::Unknown;
    }
    let fallen = || looked.iter().filter(|(_, fate)| fate.displaced);
    let Some((phase, worst)) = fallen().min_by(|a, b| a.1.chosen.total_cmp(&b.1.chosen)) else {
        return Verdict::Clear;
    };
    let Some(severity) = Severity::of(-worst.chosen, NOTE, WARNING, SERIOUS) else {
        return Verdict::Clear;
    };
    let values: [(&str, &dyn std::fmt::Display); 6] = [
        ("iteration", &worst.iteration),
        ("from", &tenth(worst.margin[0])),
        ("to", &tenth(worst.margin[1])),
        ("chosen", &tenth(worst.chosen)),
        ("rejected", &tenth(worst.rejected)),
        ("times", &tenth((-worst.chosen).exp().min(1e6))),
    ];
    let labelled = names(phase).is_none_or(|[first, _]| first != FIRST);
    let sentence = if labelled {
        with("diagnosis.displacement.sentence", &values)
    } else {
        with("diagnosis.displacement.unlabelled", &values)
    };
    let rows = fallen().map(|(_, fate)| {
        vec![fate.iteration.to_string(), tenth(fate.chosen), tenth(fate.rejected), tenth(fate.margin[1])]
    });
    let mut evidence = lines(phase);
    evidence.push(Evidence::Rows(Rows {
        title: t("diagnosis.displacement.rows"),
        columns: [
            t("diagnosis.axis.iteration"),
            t("diagnosis.displacement.chosen"),
            t("diagnosis.displacement.rejected"),
            t("diagnosis.displacement.margin"),
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: rows.collect(),
    }));
    Verdict::Found(Diagnosis {
        id: DETECTOR.id,
        severity,
        sentence,
        evidence,
        remedy: with(
            "diagnosis.displacement.remedy",
            &[("rate", &case.setting("learn.learning_rate")), ("beta", &case.setting("beta"))],
        ),
        place: Place::Iterations,
    })
}

const FIRST: &str = "logps/first";

/// The metrics of the two answers' log-probabilities.
fn names(phase: &Phase<'_>) -> Option<[&'static str; 2]> {
    let report = phase.reports().next()?;
    [["logps/chosen", "logps/rejected"], [FIRST, "logps/second"]]
        .into_iter()
        .find(|names| names.iter().all(|name| report.metrics.contains_key(*name)))
}

/// `None` where the phase does not tell.
fn fate(case: &Case<'_>, phase: &Phase<'_>) -> Option<Fate> {
    let margin = phase.trend("rewards/margins")?;
    let beta = case.number("beta").filter(|beta| *beta > 0.0)?;
    let (chosen, rejected, certain) = match (phase.trend("rewards/chosen"), phase.trend("rewards/rejected")) {
        // Rewards are log-ratios to the start of the phase times β: no batch is compared with another.
        (Some(chosen), Some(rejected)) => {
            (chosen.last / beta, rejected.last / beta, chosen.last.abs() > CERTAIN * chosen.error)
        }
        _ => {
            let [first, second] = names(phase)?;
            let labelled = first != FIRST;
            let (first, second) = (phase.trend(first)?, phase.trend(second)?);
            let certain = first.certainty() < -CERTAIN && second.certainty() < -CERTAIN;
            // Where either answer can be the chosen one, their mean fall and the margin tell how the
            // chosen ones fared.
            let (middle, half) = (f64::midpoint(first.change(), second.change()), margin.change() / beta / 2.0);
            if labelled { (first.change(), second.change(), certain) } else { (middle + half, middle - half, certain) }
        }
    };
    let displaced = chosen <= -NOTE && rejected <= -NOTE && margin.change() > 0.0 && margin.last > 0.0 && certain;
    let margin = [margin.first, margin.last];
    Some(Fate { displaced, iteration: phase.iteration, chosen, rejected, margin })
}

fn lines(phase: &Phase<'_>) -> Vec<Evidence> {
    let trace = |name: &str| Trace::signal(name, phase.points(|report| report.metrics.get(name).copied()));
    let logps: Vec<Trace> = names(phase).into_iter().flatten().map(trace).collect();
    let chart = |title, y, traces| Evidence::Lines(Lines { title, x: t("diagnosis.axis.step"), y, traces });
    let mut evidence = Vec::new();
    if !logps.is_empty() {
        evidence.push(chart(t("diagnosis.displacement.logps"), t("diagnosis.axis.nats"), logps));
    }
    evidence.push(chart(
        t("diagnosis.displacement.margins"),
        t("diagnosis.axis.margin"),
        vec![trace("rewards/margins")],
    ));
    evidence
}
