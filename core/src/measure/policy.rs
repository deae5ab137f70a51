//! How good the policy's answers are, by the oracle and by plain counts.

use std::collections::BTreeSet;

use super::{oracle::OracleKey, stats::Mean};
use crate::{sample::Answer, world::World};
use serde::{Deserialize, Serialize};

/// The worth of a set of answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnswerQuality {
    /// Oracle reward; `None` without a world.
    pub reward: Option<Mean>,
    /// Share of answers that meet every requirement.
    #[serde(default, with = "crate::number")]
    pub all_met: Option<f64>,
    /// Tokens per answer, the stop token included.
    #[serde(with = "crate::number")]
    pub length: f64,
    /// Distinct single tokens over all tokens.
    #[serde(with = "crate::number")]
    pub distinct1: f64,
    /// Distinct adjacent pairs over all adjacent pairs.
    #[serde(with = "crate::number")]
    pub distinct2: f64,
    /// Share of answers cut off by the length limit.
    #[serde(with = "crate::number")]
    pub truncated: f64,
}

/// Grades answers, given as `(prompt text, answer)`.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts
pub fn answer_quality(world: Option<&dyn World>, answers: &[(&str, &Answer)]) -> AnswerQuality {
    let grades: Option<Vec<_>> = world.map(|world| {
        let key = OracleKey::new();
        answers.iter().map(|(prompt, answer)| world.grade(&key, prompt, &answer.text)).collect()
    });
    let count = answers.len().max(1) as f64;
    AnswerQuality {
        reward: grades.as_ref().map(|g| Mean::of(g.iter().map(|grade| grade.reward))),
        all_met: grades.as_ref().map(|g| g.iter().filter(|grade| grade.all_met).count() as f64 / count),
        length: answers.iter().map(|(_, a)| a.ids.len()).sum::<usize>() as f64 / count,
        distinct1: distinct(answers, 1),
        distinct2: distinct(answers, 2),
        truncated: answers.iter().filter(|(_, a)| a.finish == crate::sample::FinishReason::Length).count() as f64
            / count,
    }
}

/// The oracle's reward of so many of the demonstrations that a world gives: what imitation can reach.
#[must_use]
pub fn demonstrated(world: &dyn World, seed: u64, count: usize) -> Mean {
    let key = OracleKey::new();
    let rows = world.demonstrations(seed, count);
    Mean::of(rows.iter().map(|row| world.grade(&key, &row.prompt, &row.answer).reward))
}

/// Distinct n-grams over all n-grams of a set of answers (Li et al., arXiv 1510.03055).
#[allow(clippy::cast_precision_loss)] // counts
fn distinct(answers: &[(&str, &Answer)], n: usize) -> f64 {
    let mut seen = BTreeSet::new();
    let mut total = 0_usize;
    for (_, answer) in answers {
        for gram in answer.content().windows(n) {
            seen.insert(gram);
            total += 1;
        }
    }
    if total == 0 { 0.0 } else { seen.len() as f64 / total as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::rules::Rules;

    #[test]
    fn demonstrations_of_rules_are_of_mixed_quality() {
        let reward = demonstrated(&Rules, 3, 400);
        assert_eq!(reward.count, 400);
        assert!((0.4..0.8).contains(&reward.mean), "{reward:?}");
        assert_eq!(demonstrated(&Rules, 3, 400), reward);
    }
}
