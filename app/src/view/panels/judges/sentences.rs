//! What the numbers mean, in plain words.

use selfsame_core::measure::Mean;

use super::{
    calibration::{Axis, Calibration},
    findings::{Findings, Judge, Learned, Pairs},
};
use crate::{
    comparison::Difference,
    format::{self, INTERVAL, number},
    view::{
        matrix::Square,
        words::{t, with},
    },
};

/// Two judges that agree at least so often are hardly two.
const ONE_JUDGE: f64 = 0.95;

/// A verdict that flips at least so often says more about the place than about the answer.
const PLACE: f64 = 0.5;

/// A distance between what was said and what was so that is worth a word.
const NOTICEABLE: f64 = 0.05;

/// How sure one can be that a judge is better than a coin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// The whole 95 % interval is above one half.
    Better,
    /// The interval has one half in it.
    Coin,
    /// The whole interval is below one half.
    Worse,
}

impl Worth {
    /// The worth of an accuracy.
    #[must_use]
    pub fn of(accuracy: Mean) -> Self {
        let half = INTERVAL * accuracy.error;
        if accuracy.mean - half > 0.5 {
            Self::Better
        } else if accuracy.mean + half < 0.5 {
            Self::Worse
        } else {
            Self::Coin
        }
    }

    /// One or two words for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Better => t("judges.worth_better"),
            Self::Coin => t("judges.worth_coin"),
            Self::Worse => t("judges.worth_worse"),
        }
    }
}

fn joined(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn extremes(square: &Square) -> Option<[(&str, &str, f64); 2]> {
    let by = |a: &(&str, &str, f64), b: &(&str, &str, f64)| a.2.total_cmp(&b.2);
    Some([square.pairs().max_by(by)?, square.pairs().min_by(by)?])
}

/// Which judges agree most, and which least.
#[must_use]
pub fn agreement(findings: &Findings) -> String {
    let Some([most, least]) = extremes(&findings.agreement) else {
        return t("judges.agreement_alone").to_owned();
    };
    let two = |(a, b, value): (&str, &str, f64)| {
        with("judges.two", &[("first", &a), ("second", &b), ("value", &number(value))])
    };
    let most_words = with("judges.agreement_most", &[("two", &two(most))]);
    let least_words = with("judges.agreement_least", &[("two", &two(least))]);
    joined([
        most_words,
        if findings.agreement.names.len() > 2 { least_words } else { String::new() },
        if most.2 >= ONE_JUDGE {
            with("judges.agreement_one", &[("first", &most.0), ("second", &most.1)])
        } else {
            t("judges.agreement_coin").to_owned()
        },
    ])
}

/// Which judges put the pairs into the same order.
#[must_use]
pub fn kendall(findings: &Findings) -> String {
    let Some([most, least]) = extremes(&findings.kendall) else {
        return t("judges.kendall_none").to_owned();
    };
    let values = |(a, b, value): (&str, &str, f64)| {
        with("judges.two", &[("first", &a), ("second", &b), ("value", &number(value))])
    };
    joined([
        with("judges.kendall_most", &[("two", &values(most))]),
        if least.2 < 0.0 { with("judges.kendall_against", &[("two", &values(least))]) } else { String::new() },
    ])
}

/// Who is right most often, and who is no better than a coin.
#[must_use]
pub fn accuracy(findings: &Findings) -> String {
    if !findings.oracle {
        return t("judges.nobody_knows").to_owned();
    }
    let of = |judge: &Judge| match findings.pairs {
        Pairs::OnPolicy => judge.on_policy,
        Pairs::Fixed => judge.fixed,
    };
    let known: Vec<(&str, Mean)> =
        findings.judges.iter().filter_map(|judge| Some((judge.name.as_str(), of(judge)?))).collect();
    let Some((best, mean)) = known.iter().max_by(|a, b| a.1.mean.total_cmp(&b.1.mean)) else {
        return t("judges.accuracy_none").to_owned();
    };
    let those = |worth: Worth| {
        let names: Vec<&str> =
            known.iter().filter(|(_, mean)| Worth::of(*mean) == worth).map(|(name, _)| *name).collect();
        names.join(", ")
    };
    let (coin, worse) = (those(Worth::Coin), those(Worth::Worse));
    joined([
        with("judges.accuracy_best", &[("judge", best), ("value", &format::mean(Some(*mean)))]),
        if coin.is_empty() { String::new() } else { with("judges.accuracy_coin", &[("judges", &coin)]) },
        if worse.is_empty() { String::new() } else { with("judges.accuracy_worse", &[("judges", &worse)]) },
    ])
}

/// Whether a judge is as often right as it is sure.
#[must_use]
pub fn calibration(judge: &str, calibration: &Calibration) -> String {
    let (said, so) = (calibration.whole.said(), calibration.whole.share());
    let gap = said - so;
    let values: [(&str, &dyn std::fmt::Display); 4] =
        [("judge", &judge), ("said", &number(said)), ("so", &number(so)), ("gap", &number(gap.abs()))];
    let whole = match calibration.axis {
        Axis::First => with("judges.calibration_first", &values),
        Axis::Confidence if gap > NOTICEABLE => with("judges.calibration_over", &values),
        Axis::Confidence if gap < -NOTICEABLE => with("judges.calibration_under", &values),
        Axis::Confidence => with("judges.calibration_fits", &values),
    };
    let error: [(&str, &dyn std::fmt::Display); 3] = [
        ("error", &number(calibration.error)),
        ("chance", &number(calibration.chance)),
        ("pairs", &format::count(calibration.whole.pairs)),
    ];
    joined([whole, with("judges.calibration_error", &error)])
}

/// What became of verdicts when the answers swapped places.
#[must_use]
pub fn swaps(findings: &Findings) -> String {
    let flips = findings.judges.iter().filter_map(|judge| Some((judge, judge.flips?)));
    let Some((judge, share)) = flips.max_by(|a, b| a.1.total_cmp(&b.1)) else {
        return t("judges.swap_none").to_owned();
    };
    let values: [(&str, &dyn std::fmt::Display); 2] = [("judge", &judge.name), ("value", &number(share))];
    joined([
        with("judges.swap_most", &values),
        if share >= PLACE { t("judges.swap_place").to_owned() } else { t("judges.swap_both").to_owned() },
    ])
}

/// Who likes long answers.
#[must_use]
pub fn length(findings: &Findings) -> String {
    // Whose share is farthest from one half, or from the truth where it is known.
    let middle = findings.longer_is_better.map_or(0.5, |mean| mean.mean);
    let shares = findings.judges.iter().filter_map(|judge| Some((judge, judge.longer?)));
    let Some((judge, share)) = shares.max_by(|a, b| (a.1 - middle).abs().total_cmp(&(b.1 - middle).abs())) else {
        return t("judges.length_none").to_owned();
    };
    let most = with("judges.length_most", &[("judge", &judge.name), ("value", &number(share))]);
    let truth = match findings.longer_is_better {
        Some(mean) => with("judges.length_truth", &[("value", &format::mean(Some(mean)))]),
        None => t("judges.length_unknown").to_owned(),
    };
    joined([most, truth])
}

/// What agreement is worth.
#[must_use]
pub fn kept(findings: &Findings) -> String {
    let Some(kept) = findings.kept else {
        return t("judges.kept_none").to_owned();
    };
    let share = with("judges.kept_share", &[("value", &number(kept))]);
    if !findings.oracle {
        return joined([share, t("judges.nobody_knows").to_owned()]);
    }
    joined([share, apart(findings.kept_right, findings.dropped_right, t("judges.kept_truth"), t("judges.kept_all"))])
}

/// What the optimiser's choice was worth.
#[must_use]
pub fn learned(findings: &Findings, learned: Option<&Learned>) -> String {
    let Some(learned) = learned else {
        return t("judges.learned_none").to_owned();
    };
    let count = |pairs: usize| format::count(pairs);
    let head = match &learned.split {
        None => with("judges.learned_all", &[("pairs", &count(learned.all.pairs))]),
        Some((kept, dropped)) => {
            with("judges.learned_split", &[("kept", &count(kept.pairs)), ("dropped", &count(dropped.pairs))])
        }
    };
    if !findings.oracle {
        return joined([head, t("judges.learned_unknown").to_owned()]);
    }
    let worth = match learned.split {
        None => learned
            .all
            .right
            .map_or_else(String::new, |right| with("judges.learned_right", &[("value", &format::mean(Some(right)))])),
        Some((kept, dropped)) => apart(kept.right, dropped.right, t("judges.learned_truth"), t("judges.learned_only")),
    };
    joined([head, worth])
}

/// How often is right what was kept, beside what was not, and whether that is a difference.
fn apart(kept: Option<Mean>, dropped: Option<Mean>, both: &str, only: &str) -> String {
    let Some(kept) = kept else { return String::new() };
    let fill = |text: &str, name: &str, mean: Mean| text.replace(name, &format::mean(Some(mean)));
    let Some((dropped, difference)) = dropped.and_then(|dropped| Some((dropped, Difference::of(kept, dropped)?)))
    else {
        return fill(only, "{kept}", kept);
    };
    let verdict = match (difference.is_clear(), difference.value < 0.0) {
        (false, _) => t("judges.apart_chance"),
        (true, true) => t("judges.apart_helps"),
        (true, false) => t("judges.apart_harms"),
    };
    joined([fill(&fill(both, "{kept}", kept), "{dropped}", dropped), verdict.to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fold::{RunView, tests::without_oracle},
        view::panels::judges::tests::rich_view,
    };

    fn findings() -> Findings {
        Findings::of(&rich_view(), 1, Pairs::OnPolicy, Axis::Confidence).unwrap()
    }

    fn mean(mean: f64, error: f64) -> Mean {
        Mean { mean, error, count: 100 }
    }

    #[test]
    fn a_coin_is_a_coin_unless_the_interval_says_otherwise() {
        assert_eq!(Worth::of(mean(0.6, 0.04)), Worth::Better);
        assert_eq!(Worth::of(mean(0.6, 0.06)), Worth::Coin);
        assert_eq!(Worth::of(mean(0.4, 0.04)), Worth::Worse);
        assert_eq!(Worth::of(mean(0.45, 0.04)), Worth::Coin);
    }

    #[test]
    fn the_words_name_the_right_judges() {
        let findings = findings();
        let text = agreement(&findings);
        assert!(text.contains("content and content (pairwise) (0.960)"), "{text}");
        assert!(text.contains("content (pairwise) and implicit (0.400)") && text.contains("one judge"), "{text}");
        let text = kendall(&findings);
        assert!(text.contains("(0.700)") && text.contains("(-0.200)"), "{text}");
        let text = accuracy(&findings);
        assert!(text.contains("content (pairwise)") && text.contains("0.740 ± 0.020"), "{text}");
        assert!(text.contains("implicit") && text.contains("less often right than a coin"), "{text}");
        let text = swaps(&findings);
        assert!(text.contains("content (pairwise)") && text.contains("0.850") && text.contains("place"), "{text}");
        let text = length(&findings);
        assert!(text.contains("implicit") && text.contains("0.100") && text.contains("0.750 ±"), "{text}");
    }

    #[test]
    fn agreement_is_not_truth_in_numbers() {
        let mut findings = findings();
        findings.kept_right = Some(mean(0.82, 0.03));
        findings.dropped_right = Some(mean(0.57, 0.04));
        let text = kept(&findings);
        assert!(text.contains("Agreement is not truth"), "{text}");
        assert!(text.contains("0.820 ± 0.030") && text.contains("0.570 ± 0.040"), "{text}");
        assert!(text.contains(t("judges.apart_helps")), "{text}");
        findings.dropped_right = Some(mean(0.80, 0.04));
        assert!(kept(&findings).contains(t("judges.apart_chance")));
        findings.dropped_right = Some(mean(0.95, 0.02));
        assert!(kept(&findings).contains(t("judges.apart_harms")));
        findings.dropped_right = None;
        assert!(!kept(&findings).contains('{'), "{}", kept(&findings));
    }

    #[test]
    fn over_and_under_confidence() {
        let of = |p: f32, right: usize| {
            let truth: Vec<f64> = (0..10).map(|pair| if pair < right { 1.0 } else { -1.0 }).collect();
            calibration("x", &Calibration::of(Axis::Confidence, &[p; 10], &truth).unwrap())
        };
        assert!(of(0.9, 6).contains("overconfident by 0.300"), "{}", of(0.9, 6));
        assert!(of(0.6, 9).contains("underconfident by 0.300"), "{}", of(0.6, 9));
        assert!(of(0.8, 8).contains("fits") && of(0.8, 8).contains("10 pairs"), "{}", of(0.8, 8));
    }

    #[test]
    fn what_was_learned_in_words() {
        let (findings, view) = (findings(), rich_view());
        let text = learned(&findings, Learned::of(&view, 1).as_ref());
        assert!(text.contains("kept 2") && text.contains("dropped 1"), "{text}");
        assert_eq!(learned(&findings, None), t("judges.learned_none"));
    }

    #[test]
    fn without_a_world_it_says_that_nobody_knows() {
        let view = RunView::of(&without_oracle()).unwrap();
        let findings = Findings::of(&view, 0, Pairs::OnPolicy, Axis::Confidence).unwrap();
        assert_eq!(accuracy(&findings), t("judges.nobody_knows"));
        assert!(kept(&findings).contains(t("judges.nobody_knows")));
        assert!(length(&findings).contains(t("judges.length_unknown")));
        assert_eq!(kendall(&findings), t("judges.kendall_none"));
    }
}
