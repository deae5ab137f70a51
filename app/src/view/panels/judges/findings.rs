//! What the log says about the judges after one iteration, computed once and drawn many times.

use selfsame_core::{
    measure::{Ballot, JudgeQuality, Mean, Measurement},
    run::Arm,
};

use super::calibration::{Axis, Calibration};
use crate::{fold::RunView, view::matrix::Square};

/// Which pairs are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Pairs {
    /// Of the policy's own answers of the iteration.
    #[default]
    OnPolicy,
    /// Of the start's answers, the same in every iteration.
    Fixed,
}

impl Pairs {
    /// What the judges were worth on these pairs.
    #[must_use]
    pub fn quality(self, measurement: &Measurement) -> Option<&JudgeQuality> {
        match self {
            Self::OnPolicy => measurement.on_policy.as_ref(),
            Self::Fixed => measurement.fixed.as_ref(),
        }
    }
}

/// One judge.
#[derive(Debug, Clone, PartialEq)]
pub struct Judge {
    /// Its name.
    pub name: String,
    /// How often it is right on the policy's own answers.
    pub on_policy: Option<Mean>,
    /// How often it is right on the start's answers.
    pub fixed: Option<Mean>,
    /// Share of verdicts that change with the order of the answers; only pairwise judges have an
    /// order.
    pub flips: Option<f64>,
    /// Share of pairs in which it prefers the longer answer.
    pub longer: Option<f64>,
    /// Whether it is as often right as it is sure, on the pairs that are looked at.
    pub calibration: Option<Calibration>,
}

/// Everything that is shown of an iteration's measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// The pairs that are looked at.
    pub pairs: Pairs,
    /// Whether anybody knows who is right.
    pub oracle: bool,
    /// Pairs that count.
    pub count: usize,
    /// The judges, by name.
    pub judges: Vec<Judge>,
    /// Share of pairs in which two judges prefer the same answer.
    pub agreement: Square,
    /// Kendall's τ-b of two judges' confidences.
    pub kendall: Square,
    /// Share of pairs in which all agree.
    pub kept: Option<f64>,
    /// How often they are right there.
    pub kept_right: Option<Mean>,
    /// How often the majority is right elsewhere.
    pub dropped_right: Option<Mean>,
    /// How often the longer of two answers of different length truly is the better one.
    pub longer_is_better: Option<Mean>,
    /// Whether the log holds votes, which calibration needs.
    pub votes: bool,
}

impl Findings {
    /// What is known after an iteration; `None` where it was not measured.
    #[must_use]
    pub fn of(view: &RunView, iteration: u32, pairs: Pairs, axis: Axis) -> Option<Self> {
        let measurement = view.main().get(&iteration)?;
        let quality = pairs.quality(measurement);
        let ballot = ballot(view, iteration, pairs);
        let names = view.judges();
        let judges = names
            .iter()
            .map(|name| {
                let truth = ballot.and_then(|ballot| ballot.truth.as_deref());
                let votes = ballot.and_then(|ballot| ballot.votes.get(name));
                Judge {
                    on_policy: view.accuracy(name, iteration, true),
                    fixed: view.accuracy(name, iteration, false),
                    flips: flips(measurement, &names, name),
                    longer: measurement.prefers_longer.get(name).copied(),
                    calibration: votes.zip(truth).and_then(|(votes, truth)| Calibration::of(axis, votes, truth)),
                    name: name.clone(),
                }
            })
            .collect();
        let of_quality = |name: &str, other: &str| quality?.agreement.get(name)?.get(other).copied();
        Some(Self {
            pairs,
            oracle: view.has_oracle(),
            count: quality.map_or(0, |quality| quality.pairs),
            judges,
            agreement: Square::of(&names, of_quality),
            kendall: Square::of(&names, |name, other| measurement.kendall.get(name)?.get(other).copied()),
            kept: quality.map(|quality| quality.kept),
            kept_right: quality.and_then(|quality| quality.kept_accuracy),
            dropped_right: quality.and_then(|quality| quality.dropped_accuracy),
            longer_is_better: longer_is_better(view, iteration),
            votes: ballot.is_some_and(|ballot| !ballot.votes.is_empty()),
        })
    }
}

/// What the names of judges that see both answers at once end in.
const PAIRWISE: &str = " (pairwise)";

/// Share of verdicts of a judge that change with the order of the answers. The log has them by the
/// judge's plain name; they belong to its pairwise form, where it voted in that.
#[must_use]
pub fn flips(measurement: &Measurement, names: &[String], name: &str) -> Option<f64> {
    let plain = match name.strip_suffix(PAIRWISE) {
        Some(plain) => plain,
        None if names.iter().any(|other| other.strip_suffix(PAIRWISE) == Some(name)) => return None,
        None => name,
    };
    measurement.position_flips.get(plain).copied()
}

/// The votes on the pairs that are looked at. At the start both kinds of pairs are the same and
/// the log holds them once.
fn ballot(view: &RunView, iteration: u32, pairs: Pairs) -> Option<&Ballot> {
    let ballots = &view.arms.get(&Arm::Main)?.iterations.get(&iteration)?.ballots;
    match pairs {
        Pairs::OnPolicy => ballots.on_policy.as_ref(),
        Pairs::Fixed => ballots.fixed.as_ref().or(if iteration == 0 { ballots.on_policy.as_ref() } else { None }),
    }
}

/// How often the longer answer truly is the better one, on the policy's own pairs: only beside it
/// does a judge's taste for length say something.
fn longer_is_better(view: &RunView, iteration: u32) -> Option<Mean> {
    let of = view.arms.get(&Arm::Main)?.iterations.get(&iteration)?;
    let ballot = of.ballots.on_policy.as_ref()?;
    let truth = ballot.truth.as_ref()?;
    let outcomes = ballot.pairs.iter().zip(truth).filter_map(|(prompt, truth)| {
        let [first, second, ..] = of.held_out.get(*prompt)?.as_slice() else { return None };
        let (first, second) = (first.ids.len(), second.ids.len());
        (first != second && *truth != 0.0).then(|| f64::from(u8::from((first > second) == (*truth > 0.0))))
    });
    let mean = Mean::of(outcomes);
    (mean.count > 0).then_some(mean)
}

/// Pairs that an iteration learned from, and how often their labels were right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tally {
    /// Pairs.
    pub pairs: usize,
    /// How often their labels were right, where that is known.
    pub right: Option<Mean>,
}

impl Tally {
    fn of(pairs: &[(bool, Option<bool>)], wanted: impl Fn(bool) -> bool) -> Self {
        let chosen = pairs.iter().filter(|(kept, _)| wanted(*kept));
        let right = Mean::of(chosen.clone().filter_map(|(_, right)| right.map(|right| f64::from(u8::from(right)))));
        Self { pairs: chosen.count(), right: (right.count > 0).then_some(right) }
    }
}

/// What the optimiser really learned from in an iteration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Learned {
    /// All pairs that a step has seen, and where no step decides, all.
    pub all: Tally,
    /// Those that were kept and those that were dropped; `None` where the recipe learns from all.
    pub split: Option<(Tally, Tally)>,
}

impl Learned {
    /// The tallies of the run itself; `None` where the iteration learned from nothing.
    #[must_use]
    pub fn of(view: &RunView, iteration: u32) -> Option<Self> {
        let pairs = view.learned(Arm::Main, iteration);
        let decided = pairs.iter().any(|pair| pair.kept.is_some());
        let seen: Vec<(bool, Option<bool>)> = pairs
            .iter()
            .filter(|pair| !decided || pair.kept.is_some())
            .map(|pair| (pair.kept.unwrap_or(true), pair.right()))
            .collect();
        (!seen.is_empty()).then(|| Self {
            all: Tally::of(&seen, |_| true),
            split: decided.then(|| (Tally::of(&seen, |kept| kept), Tally::of(&seen, |kept| !kept))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fold::tests::without_oracle,
        view::panels::judges::tests::{rich, rich_view},
    };

    #[test]
    fn findings_of_a_hand_made_measurement() {
        let view = rich_view();
        let findings = Findings::of(&view, 1, Pairs::OnPolicy, Axis::Confidence).unwrap();
        let names: Vec<&str> = findings.judges.iter().map(|judge| judge.name.as_str()).collect();
        assert_eq!(names, ["content", "content (pairwise)", "implicit"]);
        let [content, pairwise, implicit] = findings.judges.as_slice() else { unreachable!() };
        // Flips belong to the judge that sees both answers.
        assert_eq!((content.flips, pairwise.flips, implicit.flips), (None, Some(0.85), None));
        assert_eq!(content.longer, Some(0.75));
        assert_eq!(findings.agreement.pairs().count(), 3);
        assert!(findings.agreement.values[0][0].is_some_and(|same| (same - 1.0).abs() < 1e-12));
        assert!(findings.votes && findings.oracle);
        // Four of the six pairs differ in length and in truth; in three the longer is better.
        let longer = findings.longer_is_better.unwrap();
        assert_eq!(longer.count, 4);
        assert!((longer.mean - 0.75).abs() < 1e-12);
        let calibration = content.calibration.as_ref().unwrap();
        assert_eq!(calibration.whole.pairs, 5);
        assert_eq!(Findings::of(&view, 7, Pairs::OnPolicy, Axis::Confidence), None);
    }

    #[test]
    fn at_the_start_both_kinds_of_pairs_are_the_same() {
        let view = rich_view();
        let own = Findings::of(&view, 0, Pairs::OnPolicy, Axis::First).unwrap();
        let fixed = Findings::of(&view, 0, Pairs::Fixed, Axis::First).unwrap();
        assert!(own.votes && fixed.votes);
        assert_eq!(own.judges[0].calibration, fixed.judges[0].calibration);
        // Later the log of this run holds no votes on the fixed pairs.
        assert!(!Findings::of(&view, 1, Pairs::Fixed, Axis::First).unwrap().votes);
    }

    #[test]
    fn kept_and_dropped_pairs_are_told_apart() {
        let learned = Learned::of(&rich_view(), 1).unwrap();
        let (kept, dropped) = learned.split.unwrap();
        assert_eq!((learned.all.pairs, kept.pairs, dropped.pairs), (3, 2, 1));
        assert!((kept.right.unwrap().mean - 1.0).abs() < 1e-12);
        assert!(dropped.right.unwrap().mean.abs() < 1e-12);
        assert_eq!(Learned::of(&rich_view(), 0), None);
    }

    #[test]
    fn a_recipe_that_learns_from_all_has_no_split() {
        let learned = Learned::of(&RunView::of(&crate::fold::tests::synthetic()).unwrap(), 1).unwrap();
        assert_eq!((learned.all.pairs, learned.split), (1, None));
    }

    #[test]
    fn without_a_world_nobody_is_right() {
        let view = RunView::of(&without_oracle()).unwrap();
        let findings = Findings::of(&view, 0, Pairs::OnPolicy, Axis::Confidence).unwrap();
        assert!(!findings.oracle && !findings.votes);
        assert!(findings.judges.iter().all(|judge| judge.on_policy.is_none() && judge.calibration.is_none()));
        assert_eq!(findings.longer_is_better, None);
        assert_eq!(findings.kept, Some(0.6));
        let begun = RunView::of(&rich()[..1]).unwrap();
        assert_eq!(Findings::of(&begun, 0, Pairs::OnPolicy, Axis::Confidence), None);
    }
}
