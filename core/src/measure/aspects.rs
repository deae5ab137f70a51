//! How right a judge of several aspects is, and how its numbers go with the truth.

use super::{oracle::OracleKey, stats::pearson};
use crate::{
    select::{Candidates, every_two},
    world::World,
};

/// For each aspect the share of pairs of a prompt's answers, of those that differ in it, in which the one with the
/// larger number has it; last, how often the sum of the numbers orders them as the oracle's reward does. A tie
/// counts half; -1 where no pair differs.
#[must_use]
pub fn pair_accuracies(world: &dyn World, candidates: &[Candidates], numbers: &[Vec<Vec<f32>>]) -> Vec<f32> {
    let key = OracleKey::new();
    let aspects = numbers.iter().flatten().map(Vec::len).max().unwrap_or(0);
    let (mut right, mut all) = (vec![0.0_f32; aspects + 1], vec![0.0_f32; aspects + 1]);
    for (group, numbers) in candidates.iter().zip(numbers) {
        let text = &group.prompt.text;
        let truths: Vec<_> = group.answers.iter().map(|a| world.aspects(&key, text, &a.text)).collect();
        let rewards: Vec<f64> = group.answers.iter().map(|a| world.grade(&key, text, &a.text).reward).collect();
        for (first, second) in every_two(group.answers.len().min(numbers.len())) {
            let mut count = |place: usize, better: f32, worse: f32| {
                all[place] += 1.0;
                right[place] += if better > worse { 1.0 } else { f32::from(u8::from(better >= worse)) / 2.0 };
            };
            for aspect in 0..aspects {
                let bit = |answer: usize| truths[answer].get(aspect).copied().flatten();
                let number = |answer: usize| numbers[answer].get(aspect).copied().unwrap_or_default();
                match (bit(first), bit(second)) {
                    (Some(true), Some(false)) => count(aspect, number(first), number(second)),
                    (Some(false), Some(true)) => count(aspect, number(second), number(first)),
                    _ => {}
                }
            }
            let sum = |answer: usize| numbers[answer].iter().sum::<f32>();
            if rewards[first] > rewards[second] {
                count(aspects, sum(first), sum(second));
            } else if rewards[first] < rewards[second] {
                count(aspects, sum(second), sum(first));
            }
        }
    }
    right.iter().zip(all).map(|(right, all)| if all > 0.0 { right / all } else { -1.0 }).collect()
}

/// What a correlation is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// All answers to all prompts.
    Answers,
    /// The answers to each prompt, compared with their prompt's mean.
    Prompts,
}

/// Pearson's correlation of numbers for every answer with the oracle's reward; 0 where one of the two never varies.
#[must_use]
#[allow(clippy::cast_possible_truncation)] // the log keeps single precision
pub fn correlation(world: &dyn World, candidates: &[Candidates], numbers: &[Vec<f32>], over: Over) -> f32 {
    let key = OracleKey::new();
    let centred = |values: Vec<f64>| -> Vec<f64> {
        #[allow(clippy::cast_precision_loss)] // a handful of answers
        let mean = match over {
            Over::Answers => 0.0,
            Over::Prompts => values.iter().sum::<f64>() / values.len().max(1) as f64,
        };
        values.into_iter().map(|value| value - mean).collect()
    };
    let reward = |c: &Candidates| {
        c.answers.iter().map(|a| world.grade(&key, &c.prompt.text, &a.text).reward).collect::<Vec<_>>()
    };
    let truths: Vec<f64> = candidates.iter().flat_map(|c| centred(reward(c))).collect();
    let wide = |of: &Vec<f32>| of.iter().map(|n| f64::from(*n)).collect::<Vec<_>>();
    let numbers: Vec<f64> = numbers.iter().flat_map(|of| centred(wide(of))).collect();
    pearson(&numbers, &truths).unwrap_or(0.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{select::named, world::dialog::Dialog};

    fn group() -> Vec<Candidates> {
        let mut group = named("p", &[3, 4, 5]);
        group.prompt.text = "must:fox last:owl <resp>".to_owned();
        // Relevant and follows; relevant alone; neither. Two asked words: informative with one of them.
        for (answer, text) in group.answers.iter_mut().zip(["fox owl", "fox so", "so the"]) {
            answer.text = text.to_owned();
        }
        vec![group]
    }

    #[test]
    fn shares_are_counted_by_aspect() {
        let numbers = |rows: [[f32; 4]; 3]| vec![rows.map(|row| row.to_vec()).to_vec()];
        let right = numbers([[1.0, 0.0, 1.0, 1.0], [1.0, 0.0, 1.0, 0.0], [0.0; 4]]);
        assert_eq!(pair_accuracies(&Dialog, &group(), &right), [1.0, -1.0, 1.0, 1.0, 1.0]);
        // The second answer gets too little for what it has and too much for what it lacks; with the first it ties.
        let wrong = numbers([[1.0, 0.0, 0.5, 0.0], [-1.0, 0.0, 0.0, 2.5], [0.0; 4]]);
        assert_eq!(pair_accuracies(&Dialog, &group(), &wrong), [0.5, -1.0, 0.75, 0.25, 2.5 / 3.0]);
    }

    #[test]
    fn correlations_are_those_of_the_rewards() {
        // Rewards 1, 2/3 and 0.
        let of = |numbers: [f32; 3]| correlation(&Dialog, &group(), &[numbers.to_vec()], Over::Answers);
        assert!((of([3.0, 2.0, 0.0]) - 1.0).abs() < 1e-6);
        assert!((of([0.0, 1.0, 3.0]) + 1.0).abs() < 1e-6);
        assert_eq!(of([1.0; 3]), 0.0);
        // Two prompts whose numbers differ as a whole: within each they follow the truth.
        let two = [group(), group()].concat();
        let numbers = [vec![3.0, 2.0, 0.0], vec![-97.0, -98.0, -100.0]];
        assert!((correlation(&Dialog, &two, &numbers, Over::Prompts) - 1.0).abs() < 1e-6);
        assert!(correlation(&Dialog, &two, &numbers, Over::Answers) < 0.1);
    }
}
