//! Single answers with a reward.

use super::Candidates;
use crate::sample::Answer;

/// An answer of the policy's and what it was worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Rewarded {
    /// The prompt's identifier.
    pub prompt: String,
    /// The prompt's tokens.
    pub ids: Vec<u32>,
    /// The answer, with its log-probabilities when it was drawn.
    pub answer: Answer,
    /// The reward, or an advantage made of rewards.
    pub reward: f64,
}

/// Every answer with its reward, in the order of the prompts.
#[must_use]
pub fn rewarded(candidates: &[Candidates], rewards: &[Vec<f32>]) -> Vec<Rewarded> {
    let one = |group: &Candidates, (answer, reward): (&Answer, &f32)| Rewarded {
        prompt: group.prompt.id.clone(),
        ids: group.ids.clone(),
        answer: answer.clone(),
        reward: f64::from(*reward),
    };
    let of = |(group, rewards): (&Candidates, &Vec<f32>)| {
        group.answers.iter().zip(rewards).map(|pair| one(group, pair)).collect::<Vec<_>>()
    };
    candidates.iter().zip(rewards).flat_map(of).collect()
}

/// Each reward less the mean of the prompt's other answers (REINFORCE leave-one-out: Kool et al. 2019), all divided
/// by their standard deviation. A lone answer is compared with the mean of all; where all rewards are as expected,
/// nothing is divided.
#[must_use]
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // counts; the log keeps single precision
pub fn advantages(rewards: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let all: Vec<f64> = rewards.iter().flatten().map(|r| f64::from(*r)).collect();
    let mean = all.iter().sum::<f64>() / all.len().max(1) as f64;
    let left: Vec<Vec<f64>> = rewards
        .iter()
        .map(|of| {
            let sum: f64 = of.iter().map(|r| f64::from(*r)).sum();
            let others = of.len().saturating_sub(1);
            let baseline = |own: f64| if others == 0 { mean } else { (sum - own) / others as f64 };
            of.iter().map(|r| f64::from(*r) - baseline(f64::from(*r))).collect()
        })
        .collect();
    let squares: f64 = left.iter().flatten().map(|a| a * a).sum::<f64>() / all.len().max(1) as f64;
    let scale = if squares > 0.0 { squares.sqrt() } else { 1.0 };
    left.into_iter().map(|of| of.into_iter().map(|a| (a / scale) as f32).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advantages_compare_with_the_prompts_other_answers() {
        // Less the others' mean: ±2 and ∓2 of the first prompt, 0 of the second; √(8/4) divides.
        let found = advantages(&[vec![3.0, 1.0], vec![5.0, 5.0]]);
        let root = 2.0_f32.sqrt();
        assert_eq!(found, [vec![root, -root], vec![0.0, 0.0]]);
        // Lone answers against the mean of all.
        assert_eq!(advantages(&[vec![1.0], vec![3.0]]), [vec![-1.0], vec![1.0]]);
        assert_eq!(advantages(&[vec![2.0, 2.0]]), [vec![0.0, 0.0]]);
    }
}
