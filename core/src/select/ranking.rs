//! Many pairs of one ranking, each with how sure the judge is (OSP, arXiv 2405.14103).

use super::{Candidates, Origin, Pair};

/// The probabilities that one of two answers to a prompt is better, for every two of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Preferences {
    answers: usize,
    probabilities: Vec<f64>,
}

impl Preferences {
    /// The preferences among so many answers: the probability that the first is better of the answers
    /// (0, 1), (0, 2), ..., (1, 2), ... Missing ones are one half.
    #[must_use]
    pub fn new(answers: usize, mut probabilities: Vec<f64>) -> Self {
        probabilities.resize(answers * answers.saturating_sub(1) / 2, 0.5);
        Self { answers, probabilities }
    }

    /// The mean opinion of several judges about the same prompts.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // a handful of judges
    pub fn means(judges: &[Vec<Self>]) -> Vec<Self> {
        let Some(first) = judges.first() else {
            return Vec::new();
        };
        let mean = |prompt: usize, place: usize| {
            let of = |judge: &Vec<Self>| judge.get(prompt).and_then(|p| p.probabilities.get(place)).copied();
            judges.iter().map(|judge| of(judge).unwrap_or(0.5)).sum::<f64>() / judges.len() as f64
        };
        first
            .iter()
            .enumerate()
            .map(|(prompt, of)| {
                let places = 0..of.probabilities.len();
                Self { answers: of.answers, probabilities: places.map(|place| mean(prompt, place)).collect() }
            })
            .collect()
    }

    /// The probability that answer `i` is better than answer `j`; one half against itself.
    #[must_use]
    pub fn of(&self, i: usize, j: usize) -> f64 {
        let (low, high) = (i.min(j), i.max(j));
        if low == high || high >= self.answers {
            return 0.5;
        }
        let p = self.probabilities[low * self.answers - low * (low + 1) / 2 + high - low - 1];
        if i < j { p } else { 1.0 - p }
    }

    /// The answers from best to worst by their mean probability of winning; the earlier of equals first.
    #[must_use]
    pub fn ranking(&self) -> Vec<usize> {
        let wins = |i: usize| (0..self.answers).map(|j| self.of(i, j)).sum::<f64>();
        let mut order: Vec<usize> = (0..self.answers).collect();
        order.sort_by(|a, b| wins(*b).total_cmp(&wins(*a)));
        order
    }
}

/// All pairs of different answers to each prompt, the higher ranked first, labelled with the
/// probability that it is better. Every two answers make one pair: where a judge prefers in circles,
/// the label of a pair is below one half instead of the pair being there twice.
#[must_use]
pub fn ranked_pairs(candidates: &[Candidates], preferences: &[Preferences]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (group, preferences) in candidates.iter().zip(preferences) {
        let ranking = preferences.ranking();
        for (place, first) in ranking.iter().enumerate() {
            for second in &ranking[place + 1..] {
                if group.answers[*first].ids != group.answers[*second].ids {
                    pairs.push(Pair::new(group, *first, *second, preferences.of(*first, *second), Origin::Ranked));
                }
            }
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::{super::pairs::tests::group, *};

    #[test]
    fn places_in_the_triangle() {
        // 01 02 03 12 13 23
        let preferences = Preferences::new(4, vec![0.1, 0.2, 0.3, 0.4, 0.6, 0.7]);
        for (i, j, p) in [(0, 3, 0.3), (1, 2, 0.4), (2, 3, 0.7), (3, 1, 0.4), (2, 2, 0.5)] {
            assert!((preferences.of(i, j) - p).abs() < 1e-12, "{i} {j}");
        }
        assert_eq!(preferences.ranking(), [2, 1, 3, 0]);
    }

    #[test]
    fn judges_are_averaged() {
        let judges = [[0.9, 0.2, 0.6], [0.5, 0.4, 0.8]].map(|p| vec![Preferences::new(3, p.to_vec())]);
        let mean = &Preferences::means(&judges)[0];
        for (i, j, p) in [(0, 1, 0.7), (0, 2, 0.3), (1, 2, 0.7)] {
            assert!((mean.of(i, j) - p).abs() < 1e-12);
        }
        assert!(Preferences::means(&[]).is_empty());
    }

    #[test]
    fn every_two_answers_once_even_in_circles() {
        // 0 beats 1, 1 beats 2, 2 beats 0.
        let circle = Preferences::new(3, vec![0.9, 0.2, 0.6]);
        let pairs = ranked_pairs(&[group(&[&[3], &[4], &[5]])], &[circle]);
        let firsts: Vec<(u32, u32)> = pairs.iter().map(|p| (p.answers[0].ids[0], p.answers[1].ids[0])).collect();
        // Mean wins: 0 has 1.1, 1 has 0.7, 2 has 1.2.
        assert_eq!(firsts, [(5, 3), (5, 4), (3, 4)]);
        assert!((pairs[1].label - 0.4).abs() < 1e-12, "against the ranking: {}", pairs[1].label);
    }

    #[test]
    fn near_ties_stay_and_equal_answers_go() {
        let level = Preferences::new(3, vec![0.5, 0.5, 0.5]);
        let pairs = ranked_pairs(&[group(&[&[3], &[3], &[5]])], &[level]);
        assert_eq!(pairs.iter().map(|pair| pair.label).collect::<Vec<_>>(), [0.5, 0.5]);
    }
}
