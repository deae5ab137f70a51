//! Self-Play Fine-Tuning Converts Weak Language Models to Strong Language Models (SPIN, arXiv 2401.01335).
//!
//! The opponent, the policy of the iteration's start, answers the prompts of the demonstrations; the
//! policy learns to tell the demonstrations from the answers, until there is nothing left to tell.
//!
//! Pitfalls of the method, and what becomes of them here:
//! - The demonstration is chosen even where it is worse than the answer; the log does not count such a
//!   label as a judgement of quality.
//! - The reference is the opponent that wrote the answers, [`Snapshot::Start`], and moves with it.
//! - An answer that was cut off has no stop token, and length would tell it from a demonstration: it is
//!   left out.
//! - Answers are drawn, never greedy: the temperature must be above 0.
//! - The log-probabilities of chosen and rejected are logged apart, since the game can be won by making
//!   both less likely.

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    learn::{LearnConfig, loss::spin::spin},
    measure::control::Budget,
    recipe::{Card, OracleUse, Recipe, tenth},
    run::{Lab, Replay, Snapshot},
    sample::Sampling,
    select::{Pair, games},
};

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Spin {
    /// Iterations of the game (four in the paper).
    pub iterations: u32,
    /// Demonstrations, the same in every iteration (our choice; 50,000 in the paper).
    pub demonstrations: usize,
    /// Whether the answers of the iteration before are learned from again (as in the paper).
    pub previous: bool,
    /// Scale of the reward in the loss, λ in the paper (0.1 there).
    pub beta: f64,
    /// The same in the last iteration (our choice to leave it; 5.0 in the released scripts).
    pub last_beta: f64,
    /// Factor on the learning rate in the second half of the iterations (our choice to leave it; a fifth
    /// in the released scripts).
    pub late_learning_rate: f64,
    /// How the opponent answers (the plain distribution, as in the paper's theory).
    pub sampling: Sampling,
    /// The optimiser (our choice).
    pub learn: LearnConfig,
    /// Judgements mixed into each optimiser step (our choice).
    pub replay: usize,
    /// Weight of their loss (our choice).
    pub replay_weight: f64,
}

impl Default for Spin {
    fn default() -> Self {
        Self {
            iterations: 4,
            demonstrations: 240,
            previous: true,
            beta: 0.1,
            last_beta: 0.1,
            late_learning_rate: 1.0,
            sampling: Sampling::default(),
            learn: LearnConfig { learning_rate: 2e-4, ..LearnConfig::default() },
            replay: 16,
            replay_weight: 1.0,
        }
    }
}

impl Recipe for Spin {
    const CARD: Card = Card {
        id: "spin",
        title: "Self-Play Fine-Tuning Converts Weak Language Models to Strong Language Models",
        paper: "arXiv 2401.01335",
        family: "self-play",
        claim: "Playing against its own last version, a model gets more out of the same demonstrations than further supervised fine-tuning does.",
        fidelity: "The logistic game of the released code, learned from the answers of this and the last iteration. Constant scale and learning rate instead of the scripts' last-iteration values, which are settings.",
        oracle: OracleUse::None,
        base: false,
    };

    fn quick(self) -> Self {
        Self { iterations: 1, demonstrations: tenth(self.demonstrations, 16), ..self }
    }

    /// The data decides every label: a coin or the oracle in its place would be another method.
    fn budget(&self) -> Option<Budget> {
        None
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        let demonstrations = lab.lasting_demonstrations(self.demonstrations)?;
        let mut before: Vec<Pair> = Vec::new();
        for iteration in lab.iterations(self.iterations) {
            lab.begin(iteration);
            let prompts = lab.pose(demonstrations.iter().map(|of| of.prompt.clone()).collect())?;
            let answers = lab.sample(&prompts, 1, &self.sampling).await?;
            let now = games(&demonstrations, &answers);
            let pairs = if self.previous { [before, now.clone()].concat() } else { now.clone() };
            before = now;
            let replay = Replay { per_step: self.replay, weight: self.replay_weight };
            let beta = self.beta_of(iteration);
            lab.learn_pairs(&self.learn_of(iteration), replay, &pairs, &[Snapshot::Start], |batch, _| {
                let opponent = batch.reference(Snapshot::Start)?;
                batch.preference(Snapshot::Start, beta, |_| spin(batch.policy.clone(), opponent, beta))
            })
            .await?;
            lab.measure().await?;
        }
        Ok(())
    }
}

impl Spin {
    fn beta_of(&self, iteration: u32) -> f64 {
        if iteration == self.iterations { self.last_beta } else { self.beta }
    }

    fn learn_of(&self, iteration: u32) -> LearnConfig {
        let late = 2 * iteration > self.iterations + 1;
        let factor = if late { self.late_learning_rate } else { 1.0 };
        LearnConfig { learning_rate: self.learn.learning_rate * factor, ..self.learn }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedules_of_the_released_scripts_are_settings() {
        let spin = Spin { last_beta: 5.0, late_learning_rate: 0.2, ..Spin::default() };
        let betas: Vec<f64> = (1..=4).map(|iteration| spin.beta_of(iteration)).collect();
        assert_eq!(betas, [0.1, 0.1, 0.1, 5.0]);
        let rates: Vec<f64> = (1..=4).map(|t| spin.learn_of(t).learning_rate / spin.learn.learning_rate).collect();
        assert_eq!(rates, [1.0, 1.0, 0.2, 0.2]);
    }
}
