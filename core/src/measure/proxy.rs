//! How a reward that stands for the truth stands to it ("reverse reward engineering" of arXiv 2402.03469).

use super::{oracle::OracleKey, stats::spearman};
use crate::{select::Candidates, world::World};

/// Fewest iterations whose means are ranked.
const FEWEST: usize = 3;

/// A reward beside the truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Comparison {
    /// The means of the reward and of the oracle's.
    pub means: [f64; 2],
    /// Spearman's ρ over all answers; `None` where one of the two is the same for all.
    pub spearman: Option<f64>,
}

/// Compares rewards of answers with the oracle's.
#[allow(clippy::cast_precision_loss)] // answer counts
pub(crate) fn compare(world: &dyn World, candidates: &[Candidates], rewards: &[Vec<f32>]) -> Comparison {
    let key = OracleKey::new();
    let truth: Vec<f64> = candidates
        .iter()
        .flat_map(|c| c.answers.iter().map(|answer| world.grade(&key, &c.prompt.text, &answer.text).reward))
        .collect();
    let proxy: Vec<f64> = rewards.iter().flatten().map(|reward| f64::from(*reward)).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    Comparison { means: [mean(&proxy), mean(&truth)], spearman: spearman(&proxy, &truth) }
}

/// Spearman's ρ over the means of iterations; `None` as long as there are too few.
pub(crate) fn over_iterations(means: &[[f64; 2]]) -> Option<f64> {
    let side = |side: usize| means.iter().map(|pair| pair[side]).collect::<Vec<f64>>();
    (means.len() >= FEWEST).then(|| spearman(&side(0), &side(1))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        prompt::Prompt,
        sample::{Answer, FinishReason},
        world::rules::Rules,
    };

    #[test]
    fn a_reward_for_length_goes_against_the_truth_of_a_short_answer() {
        let answer = |text: &str| Answer {
            ids: vec![2],
            text: text.to_owned(),
            logprobs: Vec::new(),
            sampling_logprob: 0.0,
            finish: FinishReason::Stop,
        };
        let prompt = Prompt { id: "p".to_owned(), text: "must:fox last:owl <resp>".to_owned() };
        let answers = vec![answer("fox owl"), answer("the fox so"), answer("the sun so bee")];
        let group = Candidates { prompt, ids: vec![1], answers };
        let found = compare(&Rules, std::slice::from_ref(&group), &[vec![2.0, 3.0, 4.0]]);
        // The truth is 1, ½ and 0.
        assert!((found.means[0] - 3.0).abs() < 1e-12 && (found.means[1] - 0.5).abs() < 1e-12);
        assert!((found.spearman.unwrap() + 1.0).abs() < 1e-12, "{found:?}");
        assert_eq!(compare(&Rules, &[group], &[vec![1.0; 3]]).spearman, None, "a constant ranks nothing");
    }

    #[test]
    fn iterations_are_ranked_from_the_third_on() {
        let means = [[1.0, 0.2], [2.0, 0.4], [3.0, 0.3]];
        assert_eq!(over_iterations(&means[..2]), None);
        assert!((over_iterations(&means).unwrap() - 0.5).abs() < 1e-12);
    }
}
