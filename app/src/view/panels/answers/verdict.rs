//! What each judge says of two answers, and whether the judges agree.

use std::collections::BTreeMap;

use selfsame_core::measure::Ballot;

use super::group::{PairState, Place, TrainRow};
use crate::fold::{IterationView, LearnedPair};

/// Whether the judges agree; what is worse is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Agreement {
    /// Nobody was asked.
    #[default]
    Nobody,
    /// Only one judge was asked.
    Alone,
    /// All prefer the same answer.
    All,
    /// Nobody contradicts another, but somebody sees no difference.
    Undecided,
    /// Some prefer the one, some the other.
    Split,
}

impl Agreement {
    /// The agreement of judges who lean towards the first answer (above 0) or the second.
    pub fn of(leans: impl IntoIterator<Item = f32>) -> Self {
        let (mut firsts, mut seconds, mut ties) = (0, 0, 0);
        for lean in leans {
            match lean {
                l if l > 0.0 => firsts += 1,
                l if l < 0.0 => seconds += 1,
                _ => ties += 1,
            }
        }
        match (firsts, seconds, ties) {
            (0, 0, 0) => Self::Nobody,
            (1.., 1.., _) => Self::Split,
            (_, _, 1..) => Self::Undecided,
            (1, 0, 0) | (0, 1, 0) => Self::Alone,
            _ => Self::All,
        }
    }
}

/// What a judge based an opinion on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Opinion {
    /// The probability that the first answer is better.
    Probability(f32),
    /// A score of each answer.
    Scores(f32, f32),
}

/// One judge's opinion on two answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The judge.
    pub judge: String,
    /// The opinion.
    pub opinion: Opinion,
    /// Whether the preferred answer is the better one; `None` without truth, preference or
    /// difference.
    pub right: Option<bool>,
}

impl Verdict {
    fn new(judge: &str, opinion: Opinion, truth: Option<f64>) -> Self {
        let mut verdict = Self { judge: judge.to_owned(), opinion, right: None };
        let lean = verdict.lean();
        verdict.right = truth.filter(|truth| *truth != 0.0 && lean != 0.0).map(|truth| (truth > 0.0) == (lean > 0.0));
        verdict
    }

    /// Above 0 where the first answer is preferred, below 0 where the second is.
    #[must_use]
    pub fn lean(&self) -> f32 {
        match self.opinion {
            Opinion::Probability(p) => p - 0.5,
            Opinion::Scores(first, second) => first - second,
        }
    }

    /// The preferred answer: 0 or 1.
    #[must_use]
    pub fn side(&self) -> Option<usize> {
        match self.lean() {
            l if l > 0.0 => Some(0),
            l if l < 0.0 => Some(1),
            _ => None,
        }
    }

    /// The probability the judge gives to the answer it prefers.
    #[must_use]
    pub fn confidence(&self) -> Option<f32> {
        match self.opinion {
            Opinion::Probability(p) => Some(p.max(1.0 - p)),
            Opinion::Scores(..) => None,
        }
    }
}

/// The agreement of verdicts.
#[must_use]
pub fn agreement(verdicts: &[Verdict]) -> Agreement {
    Agreement::of(verdicts.iter().map(Verdict::lean))
}

/// The scores of an answer by every judge that was asked before learning.
pub fn scores(of: &IterationView, prompt: usize, answer: usize) -> impl Iterator<Item = (&str, f32)> {
    of.judged.iter().filter_map(move |(judge, all)| Some((judge.as_str(), *all.get(prompt)?.get(answer)?)))
}

/// How the judges lean on a pair: those who were asked while learning, else those before.
pub fn leans<'a>(of: &'a IterationView, row: &TrainRow, pair: &'a PairState) -> impl Iterator<Item = f32> + 'a {
    let opinions = pair.opinions.iter().filter(|p| !p.is_nan()).map(|p| p - 0.5);
    let asked = pair.opinions.iter().any(|p| !p.is_nan());
    let scored = match (row.place, pair.answers) {
        (Place::Prompt(prompt), [Some(first), Some(second)]) if !asked => Some((prompt, first, second)),
        _ => None,
    };
    opinions.chain(scored.into_iter().flat_map(|(prompt, first, second)| {
        of.judged.iter().filter_map(move |(_, all)| {
            let scores = all.get(prompt)?;
            Some(scores.get(first)? - scores.get(second)?)
        })
    }))
}

/// How the judges agree on a prompt that gave no pair: whether they have a favourite in common.
#[must_use]
pub fn favourites(of: &IterationView, prompt: usize) -> Agreement {
    let scores: Vec<&Vec<f32>> = of.judged.iter().filter_map(|(_, all)| all.get(prompt)).collect();
    let best: Vec<f32> = scores.iter().map(|scores| scores.iter().copied().fold(f32::NEG_INFINITY, f32::max)).collect();
    let answers = scores.iter().map(|scores| scores.len()).min().unwrap_or(0);
    let common = |answer: usize| scores.iter().zip(&best).all(|(scores, best)| scores.get(answer) == Some(best));
    match scores.len() {
        0 => Agreement::Nobody,
        1 => Agreement::Alone,
        _ if (0..answers).any(common) => Agreement::All,
        _ => Agreement::Split,
    }
}

/// The verdicts on a pair of training answers: those given while learning, else those before.
#[must_use]
pub fn of_pair(of: &IterationView, row: &TrainRow, state: &PairState, pair: &LearnedPair) -> Vec<Verdict> {
    if !pair.opinions.is_empty() {
        return pair.opinions.iter().map(|(j, p)| Verdict::new(j, Opinion::Probability(*p), pair.truth)).collect();
    }
    let (Place::Prompt(prompt), [Some(first), Some(second)]) = (row.place, state.answers) else {
        return Vec::new();
    };
    scores(of, prompt, first)
        .zip(scores(of, prompt, second))
        .map(|((judge, first), (_, second))| Verdict::new(judge, Opinion::Scores(first, second), pair.truth))
        .collect()
}

/// The verdicts on the two sampled answers to a held-out prompt, and how much better the first
/// truly is. `None` where the prompt is not on the ballot, because the answers are the same.
#[must_use]
pub fn of_ballot(ballot: &Ballot, prompt: usize) -> Option<(Vec<Verdict>, Option<f64>)> {
    let at = ballot.pairs.binary_search(&prompt).ok()?;
    let truth = ballot.truth.as_ref().and_then(|truth| truth.get(at).copied());
    let verdict =
        |(judge, votes): (&String, &Vec<f32>)| Some(Verdict::new(judge, Opinion::Probability(*votes.get(at)?), truth));
    Some((ballot.votes.iter().filter_map(verdict).collect(), truth))
}

/// How the judges agree on a held-out prompt, without making verdicts.
#[must_use]
pub fn on_ballot(ballot: Option<&Ballot>, prompt: usize) -> Agreement {
    let Some(ballot) = ballot else { return Agreement::Nobody };
    let Ok(at) = ballot.pairs.binary_search(&prompt) else { return Agreement::Nobody };
    Agreement::of(ballot.votes.values().filter_map(|votes| Some(votes.get(at)? - 0.5)))
}

/// The names of the judges by the side they take: first, second, none.
#[must_use]
pub fn sides(verdicts: &[Verdict]) -> [Vec<&str>; 3] {
    let mut sides: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for verdict in verdicts {
        sides.entry(verdict.side().unwrap_or(2)).or_default().push(&verdict.judge);
    }
    [0, 1, 2].map(|side| sides.remove(&side).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_of_every_kind() {
        let of = |leans: &[f32]| Agreement::of(leans.iter().copied());
        assert_eq!(of(&[]), Agreement::Nobody);
        assert_eq!(of(&[0.2]), Agreement::Alone);
        assert_eq!(of(&[0.2, 0.1]), Agreement::All);
        assert_eq!(of(&[-0.2, -0.1, -0.4]), Agreement::All);
        assert_eq!(of(&[0.2, 0.0]), Agreement::Undecided);
        assert_eq!(of(&[0.0]), Agreement::Undecided);
        assert_eq!(of(&[0.2, -0.1, 0.0]), Agreement::Split);
        assert!(Agreement::Split > Agreement::All, "the worst of a row's pairs is the greatest");
    }

    #[test]
    fn verdicts_know_their_side_and_whether_it_is_right() {
        let sure = Verdict::new("a", Opinion::Probability(0.8), Some(-0.5));
        assert_eq!((sure.side(), sure.right), (Some(0), Some(false)));
        assert!((sure.confidence().unwrap() - 0.8).abs() < 1e-6);
        let scored = Verdict::new("b", Opinion::Scores(1.5, 4.0), Some(-0.5));
        assert_eq!((scored.side(), scored.right, scored.confidence()), (Some(1), Some(true), None));
        let tie = Verdict::new("c", Opinion::Probability(0.5), Some(-0.5));
        assert_eq!((tie.side(), tie.right), (None, None));
        assert_eq!(Verdict::new("d", Opinion::Probability(0.9), Some(0.0)).right, None, "equal answers");
        assert_eq!(Verdict::new("d", Opinion::Probability(0.9), None).right, None, "no world");
        assert_eq!(sides(&[sure, scored, tie]), [vec!["a"], vec!["b"], vec!["c"]]);
    }

    #[test]
    fn favourites_are_compared_where_there_is_no_pair() {
        let judged = |rows: &[(&str, &[f32])]| IterationView {
            judged: rows.iter().map(|(judge, scores)| ((*judge).to_owned(), vec![scores.to_vec()])).collect(),
            ..IterationView::default()
        };
        assert_eq!(favourites(&judged(&[]), 0), Agreement::Nobody);
        assert_eq!(favourites(&judged(&[("a", &[1.0, 2.0])]), 0), Agreement::Alone);
        assert_eq!(favourites(&judged(&[("a", &[1.0, 2.0]), ("b", &[3.0, 3.0])]), 0), Agreement::All);
        assert_eq!(favourites(&judged(&[("a", &[1.0, 2.0]), ("b", &[3.0, 1.0])]), 0), Agreement::Split);
        assert_eq!(favourites(&judged(&[("a", &[1.0, 2.0])]), 7), Agreement::Nobody, "not judged yet");
    }

    #[test]
    fn a_ballot_is_found_by_its_prompt() {
        let ballot = Ballot {
            pairs: vec![1, 4],
            truth: Some(vec![0.5, -0.25]),
            votes: [("a".to_owned(), vec![0.9, 0.7]), ("b".to_owned(), vec![0.8, 0.2])].into(),
        };
        let (verdicts, truth) = of_ballot(&ballot, 4).unwrap();
        assert_eq!(truth, Some(-0.25));
        assert_eq!(verdicts.iter().map(|v| v.right).collect::<Vec<_>>(), [Some(false), Some(true)]);
        assert_eq!(of_ballot(&ballot, 2), None);
        assert_eq!(on_ballot(Some(&ballot), 4), Agreement::Split);
        assert_eq!(on_ballot(Some(&ballot), 1), Agreement::All);
        assert_eq!(on_ballot(None, 1), Agreement::Nobody);
    }
}
