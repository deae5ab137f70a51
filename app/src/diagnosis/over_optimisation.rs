//! Over-optimisation: the policy moves away from the start and its own signals rise, while the
//! oracle's reward falls.

use selfsame_core::measure::Mean;

use super::{
    Diagnosis, Place, Severity, Verdict,
    case::Case,
    evidence::{Evidence, Lines, Trace},
    registry::Detector,
    text::{list, tenth},
};
use crate::{
    format,
    view::words::{t, with},
};

pub(super) const DETECTOR: Detector = Detector::new("over_optimisation", "diagnosis.over_optimisation.looks", examine);

/// Standard errors by which the reward must have fallen. It is compared with the best of several
/// iterations, and the best of several is always a little lucky.
const CERTAIN: f64 = 3.5;
/// Where only the sampled or only the greedy reward fell, it must stand out more: two are looked at.
const CERTAIN_ALONE: f64 = 4.5;
/// Standard errors by which the other reward must have fallen to bear the fall out.
const BORNE_OUT: f64 = 1.0;
/// A fall too small to care about, in oracle reward.
const SMALLEST_FALL: f64 = 0.03;
/// Nats an answer by which the policy must have moved meanwhile.
const MOVED: f64 = 0.5;

/// A fall of the reward.
struct Fall {
    greedy: bool,
    peak: (u32, Mean, f64),
    last: (u32, Mean, f64),
}

fn examine(case: &Case<'_>) -> Verdict {
    let rewarded = case.measured().filter(|(_, m)| m.sampled.reward.is_some()).count();
    if rewarded < 2 {
        return Verdict::Unknown;
    }
    let falls = [fall(case, false), fall(case, true)];
    let size = |fall: &Fall| fall.peak.1.mean - fall.last.1.mean;
    let Some(fall) = falls.into_iter().flatten().max_by(|a, b| size(a).total_cmp(&size(b))) else {
        return Verdict::Clear;
    };
    let (signals, rising) = internal(case, fall.peak.0);
    let values: [(&str, &dyn std::fmt::Display); 7] = [
        ("peak", &format::number(fall.peak.1.mean)),
        ("last", &format::number(fall.last.1.mean)),
        ("peak_iteration", &fall.peak.0),
        ("iteration", &fall.last.0),
        ("kl_from", &tenth(fall.peak.2)),
        ("kl_to", &tenth(fall.last.2)),
        ("signals", &list(rising.iter().cloned())),
    ];
    let sentence = match (fall.greedy, rising.is_empty()) {
        (false, false) => with("diagnosis.over_optimisation.sentence", &values),
        (true, false) => with("diagnosis.over_optimisation.greedy", &values),
        (false, true) => with("diagnosis.over_optimisation.quiet", &values),
        (true, true) => with("diagnosis.over_optimisation.quiet_greedy", &values),
    };
    let chart = |title, y, traces| Evidence::Lines(Lines { title, x: t("diagnosis.axis.iteration"), y, traces });
    let kl = Trace::signal(t("diagnosis.series.kl"), case.line(|m| Some(m.kl_to_start)));
    let mut evidence = vec![
        chart(t("diagnosis.over_optimisation.rewards"), t("diagnosis.axis.reward"), case.oracle_lines()),
        chart(t("diagnosis.over_optimisation.kl"), t("diagnosis.axis.nats"), vec![kl]),
    ];
    if !signals.is_empty() {
        evidence.push(chart(t("diagnosis.over_optimisation.signals"), t("diagnosis.axis.value"), signals));
    }
    Verdict::Found(Diagnosis {
        id: DETECTOR.id,
        severity: if rising.is_empty() { Severity::Warning } else { Severity::Serious },
        sentence,
        evidence,
        remedy: with(
            "diagnosis.over_optimisation.remedy",
            &[
                ("iterations", &case.setting("iterations")),
                ("rate", &case.setting("learn.learning_rate")),
                ("beta", &case.setting("beta")),
                ("best", &fall.peak.0),
            ],
        ),
        place: Place::Iterations,
    })
}

/// The fall of the greedy or of the sampled reward since its best.
fn fall(case: &Case<'_>, greedy: bool) -> Option<Fall> {
    // The reward itself, then the other one.
    let rewards: Vec<(u32, [Mean; 2], f64)> = case
        .measured()
        .filter_map(|(iteration, m)| {
            let (sampled, best) = (m.sampled.reward?, m.greedy.reward?);
            Some((iteration, if greedy { [best, sampled] } else { [sampled, best] }, m.kl_to_start))
        })
        .filter(|(_, rewards, _)| rewards.iter().all(|reward| reward.count > 0))
        .collect();
    let (last, before) = rewards.split_last()?;
    let peak = before.iter().max_by(|a, b| a.1[0].mean.total_cmp(&b.1[0].mean))?;
    let [fell, other] = [0, 1].map(|which| fallen(&peak.1[which], &last.1[which]));
    let certain = fell >= CERTAIN_ALONE || (fell >= CERTAIN && other >= BORNE_OUT);
    let large = peak.1[0].mean - last.1[0].mean >= SMALLEST_FALL;
    let moved = last.2 - peak.2 >= MOVED;
    let of = |(iteration, [reward, _], kl): &(u32, [Mean; 2], f64)| (*iteration, *reward, *kl);
    (certain && large && moved).then(|| Fall { greedy, peak: of(peak), last: of(last) })
}

/// How far a mean fell, in standard errors; endless where there is no noise.
fn fallen(from: &Mean, to: &Mean) -> f64 {
    let fell = from.mean - to.mean;
    if fell == 0.0 { 0.0 } else { fell / from.error.hypot(to.error) }
}

/// The signals the run itself goes by, and words for those that rose since an iteration.
fn internal(case: &Case<'_>, since: u32) -> (Vec<Trace>, Vec<String>) {
    let mut signals: Vec<Trace> = Vec::new();
    let judges: std::collections::BTreeSet<&String> = case.facts().flat_map(|(_, facts)| facts.scores.keys()).collect();
    for judge in judges {
        let points = case
            .facts()
            .filter_map(|(iteration, facts)| Some([f64::from(iteration), facts.scores.get(judge.as_str())?.mean]));
        signals.push(Trace::signal(with("diagnosis.series.score", &[("judge", judge)]), points.collect()));
    }
    let margins = case
        .phases()
        .iter()
        .filter_map(|phase| Some([f64::from(phase.iteration), phase.trend("rewards/margins")?.last]))
        .collect();
    signals.push(Trace::signal(t("diagnosis.series.margin_end"), margins));
    signals.push(Trace::signal(t("diagnosis.series.kept"), case.line(|m| Some(m.on_policy.as_ref()?.kept))));
    signals.retain(|signal| signal.points.len() >= 2);
    let rising = signals
        .iter()
        .filter_map(|signal| {
            // What was learned from after the best iteration belongs to the fall.
            let from =
                signal.points.iter().rev().find(|point| point[0] <= f64::from(since)).or(signal.points.first())?;
            let to = signal.points.last()?;
            (to[0] > from[0] && to[1] > from[1]).then(|| {
                let values: [(&str, &dyn std::fmt::Display); 3] =
                    [("signal", &signal.name), ("from", &format::number(from[1])), ("to", &format::number(to[1]))];
                with("diagnosis.over_optimisation.rise", &values)
            })
        })
        .collect();
    (signals, rising)
}
