//! A loss or gradient that explodes, or is not a number.

use selfsame_core::{learn::StepReport, measure::Measurement, run::Arm};

use super::{
    Diagnosis, Place, Severity, Verdict,
    case::Case,
    evidence::{Evidence, Lines, Trace},
    phase::{FEWEST_STEPS, Phase, Trend, phase_at, phases},
    registry::Detector,
    text::tenth,
};
use crate::view::words::{t, with};

pub(super) const DETECTOR: Detector = Detector::new("explosion", "diagnosis.explosion.looks", examine);

/// A gradient this many times the phase's median is no ordinary batch: healthy runs stay below ten.
const SPIKE: f64 = 50.0;
/// A typical gradient that grows this many times within a phase.
const GROWTH: f64 = 10.0;
/// A loss that ends at twice what it began with, and at least this much above.
const LOSS_RATIO: f64 = 2.0;
/// See [`LOSS_RATIO`].
const LOSS_RISE: f64 = 0.5;

fn examine(case: &Case<'_>) -> Verdict {
    let arms = || case.view.arms.iter();
    if arms().all(|(_, view)| view.steps.is_empty() && view.measured.is_empty()) {
        return Verdict::Unknown;
    }
    for (arm, view) in arms() {
        let mut steps = view.steps.iter().enumerate();
        let wild = steps.find_map(|(place, (iteration, report))| Some((place, iteration, report, not_finite(report)?)));
        if let Some((place, iteration, report, what)) = wild {
            let values: [(&str, &dyn std::fmt::Display); 4] = [
                ("what", &what),
                ("step", &report.step.saturating_add(1)),
                ("iteration", iteration),
                ("arm", &arm.name()),
            ];
            let sentence = with("diagnosis.explosion.not_finite", &values);
            return found(case, Severity::Serious, sentence, phase_at(view, place).as_ref());
        }
        if let Some((iteration, _)) = view.measured.iter().find(|(_, measurement)| !measured(measurement)) {
            let values: [(&str, &dyn std::fmt::Display); 2] = [("iteration", iteration), ("arm", &arm.name())];
            return found(case, Severity::Serious, with("diagnosis.explosion.not_measured", &values), None);
        }
    }
    let worst = arms()
        .flat_map(|(arm, view)| phases(view).into_iter().map(move |phase| (*arm, phase)))
        .filter_map(|(arm, phase)| exploded(arm, &phase).map(|(severity, sentence)| (severity, sentence, phase)))
        .max_by_key(|(severity, ..)| *severity);
    match worst {
        Some((severity, sentence, phase)) => found(case, severity, sentence, Some(&phase)),
        None => Verdict::Clear,
    }
}

/// The name of a number that is none.
fn not_finite(report: &StepReport) -> Option<&str> {
    let metrics = report.metrics.iter().map(|(name, value)| (name.as_str(), *value));
    let mut all = [("loss", report.loss), ("grad_norm", report.grad_norm)].into_iter().chain(metrics);
    all.find(|(_, value)| !value.is_finite()).map(|(name, _)| name)
}

fn measured(measurement: &Measurement) -> bool {
    let rewards = [measurement.sampled.reward, measurement.greedy.reward];
    measurement.kl_to_start.is_finite() && rewards.iter().flatten().all(|reward| reward.mean.is_finite())
}

fn exploded(arm: Arm, phase: &Phase<'_>) -> Option<(Severity, String)> {
    if phase.steps.len() < FEWEST_STEPS {
        return None;
    }
    let gradients: Vec<f64> = phase.reports().map(|report| f64::from(report.grad_norm)).collect();
    let quarter = gradients.len() / 4;
    let typical = median(&gradients);
    let (first, last) = (median(gradients.get(..quarter)?), median(gradients.get(gradients.len() - quarter..)?));
    let says = |key, from: f64, to: f64, step: usize| {
        let values: [(&str, &dyn std::fmt::Display); 5] = [
            ("iteration", &phase.iteration),
            ("arm", &arm.name()),
            ("from", &tenth(from)),
            ("to", &tenth(to)),
            ("step", &step),
        ];
        with(key, &values)
    };
    if first > 0.0 && last >= GROWTH * first {
        return Some((Severity::Serious, says("diagnosis.explosion.gradient", first, last, 0)));
    }
    let losses: Vec<f64> = phase.reports().map(|report| f64::from(report.loss)).collect();
    if let Some(loss) = Trend::of(&losses)
        && loss.last >= LOSS_RATIO * loss.first
        && loss.change() >= LOSS_RISE
    {
        return Some((Severity::Serious, says("diagnosis.explosion.loss", loss.first, loss.last, 0)));
    }
    let spike = phase.reports().max_by(|a, b| a.grad_norm.total_cmp(&b.grad_norm))?;
    let highest = f64::from(spike.grad_norm);
    (typical > 0.0 && highest >= SPIKE * typical)
        .then(|| (Severity::Warning, says("diagnosis.explosion.spike", typical, highest, spike.step.saturating_add(1))))
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

fn found(case: &Case<'_>, severity: Severity, sentence: String, phase: Option<&Phase<'_>>) -> Verdict {
    let lines = phase.map(|phase| {
        let traces = vec![
            Trace::signal(t("diagnosis.series.loss"), phase.points(|report| Some(report.loss))),
            Trace::signal(t("diagnosis.series.gradient"), phase.points(|report| Some(report.grad_norm))),
        ];
        Evidence::Lines(Lines {
            title: t("diagnosis.explosion.lines"),
            x: t("diagnosis.axis.step"),
            y: t("diagnosis.axis.value"),
            traces,
        })
    });
    Verdict::Found(Diagnosis {
        id: DETECTOR.id,
        severity,
        sentence,
        evidence: lines.into_iter().collect(),
        remedy: with(
            "diagnosis.explosion.remedy",
            &[
                ("rate", &case.setting("learn.learning_rate")),
                ("clip", &case.setting("learn.max_grad_norm")),
                ("warmup", &case.setting("learn.warmup")),
            ],
        ),
        place: Place::Iterations,
    })
}
