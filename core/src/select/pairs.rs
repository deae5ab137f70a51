//! Pairs of answers to one prompt.

use serde::{Deserialize, Serialize};

use crate::{
    prompt::Prompt,
    rng::{Purpose, Stream},
    sample::Answer,
};

/// A prompt and its sampled answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidates {
    /// The prompt.
    pub prompt: Prompt,
    /// The prompt's tokens.
    pub ids: Vec<u32>,
    /// The answers.
    pub answers: Vec<Answer>,
}

/// Which rule made a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The best against the worst of a prompt's answers, by a judge.
    BestWorst,
    /// The best against the worst of a prompt's answers, by the implicit reward.
    Implicit,
    /// Two of a prompt's answers in the order of a ranking, labelled with how sure the judge is.
    Ranked,
    /// A demonstration against the policy's own answer.
    SelfPlay,
    /// Two answers by the scores of annotators.
    Annotated,
    /// Two answers in the order of a reward model, confirmed by an estimator.
    Estimated,
    /// Two answers by the ratio of their probabilities under a better and a less aligned model.
    Ratio,
    /// Two of a prompt's answers, the one first that a frozen model finds likelier.
    Likelihood,
    /// Two answers to a prompt that asks for the score of the first.
    Goal,
    /// Two of a prompt's answers, not labelled: the label comes while learning.
    Unlabelled,
    /// A preference that came with the data.
    Data,
    /// Labelled by a coin, as a control.
    Random,
    /// Labelled by the oracle, as a control.
    Oracle,
}

impl Origin {
    /// Whether a label says which answer is better. A demonstration is chosen whatever it is worth, and
    /// a goal can ask for the worse answer.
    #[must_use]
    pub fn says_better(self) -> bool {
        !matches!(self, Self::Unlabelled | Self::SelfPlay | Self::Goal)
    }
}

/// Two answers to one prompt, the label that the first is better, and how much the pair counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The prompt's identifier.
    pub prompt: String,
    /// The prompt's text.
    pub text: String,
    /// The prompt's tokens.
    pub ids: Vec<u32>,
    /// The answers; for a labelled pair chosen and rejected.
    pub answers: [Answer; 2],
    /// The probability that the first answer is better, as far as the selector knows.
    pub label: f64,
    /// How much the pair counts in the loss.
    pub weight: f64,
    /// The rule that made it.
    pub origin: Origin,
    /// One more answer to the prompt, where an objective looks at it beside the two.
    pub third: Option<Answer>,
}

/// A pair as the log keeps it: the answers by their positions among the prompt's candidates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairRecord {
    /// The prompt's identifier.
    pub prompt: String,
    /// The prompt's text where the pair came with the data or the text asks for a score; others are
    /// among the iteration's prompts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// The texts of the two answers.
    pub answers: [String; 2],
    /// The probability that the first answer is better.
    #[serde(with = "crate::number")]
    pub label: f64,
    /// How much the pair counts.
    #[serde(with = "crate::number")]
    pub weight: f64,
    /// The rule that made it.
    pub origin: Origin,
}

impl Pair {
    /// Two of a prompt's answers, by their positions among its candidates.
    #[must_use]
    pub fn new(candidates: &Candidates, first: usize, second: usize, label: f64, origin: Origin) -> Self {
        Self {
            prompt: candidates.prompt.id.clone(),
            text: candidates.prompt.text.clone(),
            ids: candidates.ids.clone(),
            answers: [candidates.answers[first].clone(), candidates.answers[second].clone()],
            label,
            weight: 1.0,
            origin,
            third: None,
        }
    }

    /// What the log keeps.
    #[must_use]
    pub fn record(&self) -> PairRecord {
        PairRecord {
            prompt: self.prompt.clone(),
            text: match self.origin {
                Origin::Data | Origin::Goal => self.text.clone(),
                _ => String::new(),
            },
            answers: [self.answers[0].text.clone(), self.answers[1].text.clone()],
            label: self.label,
            weight: self.weight,
            origin: self.origin,
        }
    }
}

/// For each prompt the answer with the highest score against the one with the lowest. A prompt
/// whose scores tie, or whose best and worst answers are the same tokens, gives no pair
/// (Self-Rewarding Language Models, arXiv 2401.10020).
#[must_use]
pub fn best_worst(candidates: &[Candidates], scores: &[Vec<f32>], origin: Origin) -> Vec<Pair> {
    candidates
        .iter()
        .zip(scores)
        .filter_map(|(group, scores)| {
            let by_score = |a: &usize, b: &usize| scores[*a].total_cmp(&scores[*b]);
            // `max_by` takes the last of equals and `min_by` the first; reversing makes both the first.
            let best = (0..group.answers.len()).rev().max_by(by_score)?;
            let worst = (0..group.answers.len()).min_by(by_score)?;
            let differ = scores[best] > scores[worst] && group.answers[best].ids != group.answers[worst].ids;
            differ.then(|| Pair::new(group, best, worst, 1.0, origin))
        })
        .collect()
}

/// For each prompt the answer with the highest score against one of its other answers, drawn evenly (CDR, arXiv
/// 2411.02481). A prompt whose scores are all equal gives no pair, nor do answers of the same tokens; among answers
/// that are the best one once more nothing is drawn.
#[must_use]
pub fn best_random(
    candidates: &[Candidates],
    scores: &[Vec<f32>],
    origin: Origin,
    (seed, iteration): (u64, u32),
) -> Vec<Pair> {
    let pair = |(index, (group, scores)): (usize, (&Candidates, &Vec<f32>))| {
        let by_score = |a: &usize, b: &usize| scores[*a].total_cmp(&scores[*b]);
        let best = (0..group.answers.len()).rev().max_by(by_score)?;
        if scores.iter().all(|score| *score == scores[best]) {
            return None;
        }
        let others: Vec<usize> =
            (0..group.answers.len()).filter(|other| group.answers[*other].ids != group.answers[best].ids).collect();
        let mut stream = Stream::new(seed, Purpose::Select, iteration, 2 << 32 | index as u64);
        stream.pick(&others).map(|other| Pair::new(group, best, *other, 1.0, origin))
    };
    candidates.iter().zip(scores).enumerate().filter_map(pair).collect()
}

/// Every two of so many things: (0, 1), (0, 2), ..., (1, 2), ...
pub(crate) fn every_two(count: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count).flat_map(move |first| (first + 1..count).map(move |second| (first, second)))
}

/// Every two answers to a prompt, prompt by prompt, not labelled.
#[must_use]
pub fn round_robin(candidates: &[Candidates]) -> Vec<Pair> {
    let of = |group: &Candidates| -> Vec<Pair> {
        let pair = |(first, second)| Pair::new(group, first, second, 0.5, Origin::Unlabelled);
        every_two(group.answers.len()).map(pair).collect()
    };
    candidates.iter().flat_map(of).collect()
}

/// All pairs of different answers to each prompt, not labelled.
#[must_use]
pub fn all_pairs(candidates: &[Candidates]) -> Vec<Pair> {
    let mut pairs = round_robin(candidates);
    pairs.retain(|pair| pair.answers[0].ids != pair.answers[1].ids);
    pairs
}

/// The first pair of every prompt.
#[must_use]
pub fn one_per_prompt(pairs: Vec<Pair>) -> Vec<Pair> {
    let mut seen = std::collections::BTreeSet::new();
    pairs.into_iter().filter(|pair| seen.insert(pair.prompt.clone())).collect()
}

/// At most `count` of the items, drawn evenly, in their old order. Methods that drop pairs are
/// compared at equal numbers of pairs.
#[must_use]
pub fn subset<T>(items: Vec<T>, count: usize, seed: u64, iteration: u32) -> Vec<T> {
    if count >= items.len() {
        return items;
    }
    let mut order: Vec<usize> = (0..items.len()).collect();
    Stream::new(seed, Purpose::Select, iteration, 0).shuffle(&mut order);
    let chosen: std::collections::BTreeSet<usize> = order.into_iter().take(count).collect();
    items.into_iter().enumerate().filter(|(index, _)| chosen.contains(index)).map(|(_, item)| item).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::sample::FinishReason;

    /// A named prompt whose answers are a token and the stop token each.
    pub(crate) fn named(id: &str, answers: &[u32]) -> Candidates {
        let answers: Vec<[u32; 2]> = answers.iter().map(|token| [*token, 2]).collect();
        let prompt = Prompt { id: id.to_owned(), text: id.to_owned() };
        Candidates { prompt, ..group(&answers.iter().map(<[u32; 2]>::as_slice).collect::<Vec<_>>()) }
    }

    pub(in crate::select) fn group(answers: &[&[u32]]) -> Candidates {
        let answer = |ids: &&[u32]| Answer {
            ids: ids.to_vec(),
            text: format!("{ids:?}"),
            logprobs: vec![-1.0; ids.len()],
            sampling_logprob: -1.0,
            finish: FinishReason::Stop,
        };
        Candidates {
            prompt: Prompt { id: "p".to_owned(), text: "p".to_owned() },
            ids: vec![1],
            answers: answers.iter().map(answer).collect(),
        }
    }

    #[test]
    fn best_against_worst_and_no_pair_for_ties() {
        let groups = [group(&[&[3], &[4], &[5]]), group(&[&[3], &[4]]), group(&[&[3], &[3]])];
        let scores = [vec![0.5, 2.0, -1.0], vec![1.0, 1.0], vec![1.0, 2.0]];
        let pairs = best_worst(&groups, &scores, Origin::BestWorst);
        assert_eq!(pairs.len(), 1, "ties and equal answers are dropped");
        assert_eq!((pairs[0].answers[0].ids[0], pairs[0].answers[1].ids[0]), (4, 5));
    }

    #[test]
    fn the_best_meets_any_other_but_neither_ties_nor_itself() {
        let groups = [group(&[&[3], &[4], &[5], &[4]]), group(&[&[3], &[4]]), group(&[&[3], &[3]])];
        let scores = [vec![0.5, 2.0, -1.0, 1.9], vec![1.0, 1.0], vec![1.0, 2.0]];
        let mut rejected = std::collections::BTreeSet::new();
        for seed in 0..20 {
            let pairs = best_random(&groups, &scores, Origin::Ratio, (seed, 1));
            assert_eq!(pairs.len(), 1);
            assert_eq!(pairs[0].answers[0].ids[0], 4);
            rejected.insert(pairs[0].answers[1].ids[0]);
            assert_eq!(pairs, best_random(&groups, &scores, Origin::Ratio, (seed, 1)));
        }
        assert_eq!(rejected.into_iter().collect::<Vec<_>>(), [3, 5], "not only the worst");
    }

    #[test]
    fn all_pairs_of_different_answers() {
        assert_eq!(all_pairs(&[group(&[&[3], &[4], &[3], &[5]])]).len(), 5);
    }

    #[test]
    fn subsets_keep_the_order_and_the_count() {
        let chosen = subset((0..100).collect::<Vec<_>>(), 30, 1, 1);
        assert_eq!(chosen.len(), 30);
        assert!(chosen.is_sorted());
        assert_ne!(chosen, subset((0..100).collect::<Vec<_>>(), 30, 1, 2));
        assert_eq!(subset(vec![1, 2], 30, 1, 1), [1, 2]);
    }
}
