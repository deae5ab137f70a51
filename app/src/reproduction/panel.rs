//! What a recipe's own judges said of the pairs that they were asked about while it learned, and how often they are right
//! of the start's answers: the figures that a measurement, which asks every judge of the model, does not know.

use std::collections::BTreeSet;

use selfsame_core::measure::{Figure, JudgeQuality, Mean};

use super::numbers::Figures;
use crate::fold::LearnedPair;

/// The figures of pairs of which the recipe said whether it learned from them; none where it learned from all. Judges
/// count as they last stood when a step saw the pair.
pub fn figures(pairs: &[LearnedPair]) -> Figures {
    let asked: Vec<&LearnedPair> = pairs.iter().filter(|pair| pair.kept.is_some()).collect();
    let right = |counts: &dyn Fn(&LearnedPair) -> bool| {
        share(asked.iter().filter(|pair| counts(pair)).filter_map(|pair| pair.right()).map(number))
    };
    let judges = judges(pairs);
    let of_judges: Vec<f64> = judges.iter().filter_map(|judge| accuracy(judge, &asked)).collect();
    let found = [
        (Figure::Used, share(asked.iter().filter_map(|pair| pair.kept).map(number))),
        (Figure::Labels, right(&|pair| pair.kept == Some(true))),
        (Figure::LabelsDropped, right(&|pair| pair.kept == Some(false))),
        (Figure::LabelsAsked, right(&|_| true)),
        (Figure::PanelAgreement, share(asked.iter().filter_map(|pair| unanimous(pair)).map(number))),
        (Figure::WorstJudge, of_judges.iter().copied().reduce(f64::min)),
        (Figure::BestJudge, of_judges.iter().copied().reduce(f64::max)),
    ];
    found.into_iter().filter_map(|(figure, value)| Some((figure, value?))).collect()
}

/// Those who said something of pairs of which the recipe said whether it learned from them.
pub fn judges(pairs: &[LearnedPair]) -> BTreeSet<&str> {
    let asked = pairs.iter().filter(|pair| pair.kept.is_some());
    asked.flat_map(|pair| pair.opinions.keys()).map(String::as_str).collect()
}

/// The figures of these judges on the start's answers.
pub fn on_start(judges: &BTreeSet<&str>, quality: &JudgeQuality) -> Figures {
    let right = || {
        let of = quality.accuracy.iter().filter(|(judge, mean)| judges.contains(judge.as_str()) && mean.count > 0);
        of.map(|(_, mean)| mean.mean)
    };
    let found = [(Figure::WorstOnStart, right().reduce(f64::min)), (Figure::BestOnStart, right().reduce(f64::max))];
    found.into_iter().filter_map(|(figure, value)| Some((figure, value?))).collect()
}

fn number(yes: bool) -> f64 {
    f64::from(u8::from(yes))
}

/// The mean; `None` of nothing.
fn share(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mean = Mean::of(values);
    (mean.count > 0).then_some(mean.mean)
}

/// Whether all judges prefer the same answer; one that is at one half prefers none. `None` if nobody was asked.
fn unanimous(pair: &LearnedPair) -> Option<bool> {
    let all = |side: fn(f32) -> bool| pair.opinions.values().all(|p| side(*p));
    (!pair.opinions.is_empty()).then(|| all(|p| p > 0.5) || all(|p| p < 0.5))
}

/// How often a judge is right where there is a difference; a tie counts half.
fn accuracy(judge: &str, pairs: &[&LearnedPair]) -> Option<f64> {
    share(pairs.iter().filter_map(|pair| {
        let truth = pair.truth.filter(|truth| *truth != 0.0)?;
        let p = *pair.opinions.get(judge)?;
        Some(if p == 0.5 { 0.5 } else { number((p > 0.5) == (truth > 0.0)) })
    }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use selfsame_core::select::{Origin, PairRecord};

    use super::*;

    fn pair(opinions: [f32; 3], kept: Option<bool>, truth: Option<f64>) -> LearnedPair {
        let names = ["content", "form", "implicit"].map(str::to_owned);
        LearnedPair {
            record: PairRecord {
                prompt: "p".to_owned(),
                text: String::new(),
                answers: ["a".to_owned(), "b".to_owned()],
                label: 0.5,
                weight: 1.0,
                origin: Origin::Unlabelled,
            },
            prompt: String::new(),
            opinions: names.into_iter().zip(opinions).collect(),
            kept,
            margin: None,
            truth,
        }
    }

    /// Counted by hand: `content` is right on 4 of the 5 pairs with a difference, `form` on 3, `implicit` on 1 and, at
    /// one half, on half of another.
    fn asked() -> Vec<LearnedPair> {
        vec![
            pair([0.9, 0.8, 0.7], Some(true), Some(0.5)),
            pair([0.1, 0.4, 0.2], Some(true), Some(0.25)),
            // The mean opinion is 0.6, on the wrong side.
            pair([0.4, 0.45, 0.95], Some(false), Some(-0.5)),
            pair([0.9, 0.3, 0.5], Some(false), Some(0.5)),
            pair([0.2, 0.1, 0.9], Some(false), Some(-0.1)),
            // Nobody is right about answers that are equally good.
            pair([0.6, 0.7, 0.8], Some(true), Some(0.0)),
            // No step has seen this one.
            pair([0.0, 0.0, 0.0], None, Some(0.5)),
        ]
    }

    #[test]
    fn the_panel_is_counted_on_the_pairs_it_was_asked_about() {
        let found = figures(&asked());
        let expected = [
            (Figure::Used, 3.0 / 6.0),
            (Figure::Labels, 1.0 / 2.0),
            (Figure::LabelsDropped, 2.0 / 3.0),
            (Figure::LabelsAsked, 3.0 / 5.0),
            (Figure::PanelAgreement, 3.0 / 6.0),
            (Figure::WorstJudge, 1.5 / 5.0),
            (Figure::BestJudge, 4.0 / 5.0),
        ];
        assert_eq!(found.len(), expected.len());
        for (figure, value) in expected {
            assert!((found[&figure] - value).abs() < 1e-12, "{figure:?}: {found:?}");
        }
    }

    #[test]
    fn of_all_judges_the_panels_own_are_taken_on_the_starts_answers() {
        let pairs = asked();
        let judges = judges(&pairs);
        assert_eq!(judges, BTreeSet::from(["content", "form", "implicit"]));
        let right = [("content", 0.7), ("form", 0.8), ("implicit", 0.6), ("form (pairwise)", 0.9)];
        let accuracy = right.map(|(name, mean)| (name.to_owned(), Mean { mean, error: 0.0, count: 9 }));
        let mut quality = JudgeQuality {
            pairs: 9,
            accuracy: BTreeMap::from(accuracy),
            agreement: BTreeMap::new(),
            kept: 0.5,
            kept_accuracy: None,
            dropped_accuracy: None,
        };
        let expected = BTreeMap::from([(Figure::WorstOnStart, 0.6), (Figure::BestOnStart, 0.8)]);
        assert_eq!(on_start(&judges, &quality), expected, "the fourth is not asked");
        quality.accuracy.clear();
        assert!(on_start(&judges, &quality).is_empty(), "without a truth nobody is right");
    }

    #[test]
    fn judges_agree_whether_or_not_their_pair_was_kept() {
        // All count without a filter, and a margin drops what all agree about.
        let two = [pair([0.9, 0.2, 0.7], Some(true), None), pair([0.51, 0.52, 0.53], Some(false), None)];
        let found = figures(&two);
        assert_eq!(found, BTreeMap::from([(Figure::Used, 0.5), (Figure::PanelAgreement, 0.5)]), "no truth, no more");
    }

    #[test]
    fn a_recipe_that_learns_from_all_pairs_has_no_panel() {
        assert!(figures(&[pair([0.9, 0.8, 0.7], None, Some(0.5))]).is_empty());
        assert!(figures(&[]).is_empty());
    }
}
