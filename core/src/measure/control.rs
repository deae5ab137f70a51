//! The lines beside every run: the same budget with labels from a coin and from the oracle.
//! Without them sharpening would pass for learning, and nobody would know what was possible.

use super::oracle::OracleKey;
use crate::{
    Result,
    learn::{
        LearnConfig, MARGIN, Objective,
        loss::{margin, soft_logistic},
    },
    rng::{Purpose, Stream},
    run::{Arm, Lab, Replay, Snapshot},
    sample::Sampling,
    select::{Candidates, Origin, best_worst, subset},
};

/// What a recipe spends, so that its controls spend the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// Iterations.
    pub iterations: u32,
    /// Prompts in each.
    pub prompts: usize,
    /// Answers per prompt.
    pub samples: usize,
    /// Pairs to learn from in each, at most.
    pub pairs: usize,
    /// How answers are drawn.
    pub sampling: Sampling,
    /// Scale of the implicit reward in the loss.
    pub beta: f64,
    /// The optimiser's settings.
    pub learn: LearnConfig,
    /// Replay of judgement data.
    pub replay: Replay,
    /// Pairs and passes of the first iteration, where they are others.
    pub first: Option<(usize, usize)>,
    /// Judgements that each pair of a step is learned from with, those that begin alike counted once.
    pub judgements: usize,
}

impl Budget {
    /// Pairs and passes of an iteration.
    fn of(&self, iteration: u32) -> (usize, usize) {
        self.first.filter(|_| iteration == 1).unwrap_or((self.pairs, self.learn.epochs))
    }

    /// Optimiser steps of an iteration.
    #[must_use]
    pub fn steps(&self, iteration: u32) -> usize {
        let (pairs, epochs) = self.of(iteration);
        LearnConfig { epochs, ..self.learn }.steps(pairs)
    }

    /// The pairs and the optimiser of an iteration for a method that makes at most one pair of a prompt: pairs that
    /// are missing are learned from again, so that it takes as many steps.
    #[must_use]
    pub fn one_pair_a_prompt(&self, iteration: u32) -> (usize, LearnConfig) {
        let (pairs, epochs) = self.of(iteration);
        let (pairs, epochs) = repeated(pairs, epochs, self.prompts);
        (pairs, LearnConfig { epochs, ..self.learn })
    }
}

/// So many pairs in so many passes, with at most one pair of a prompt.
#[must_use]
pub(crate) fn repeated(pairs: usize, epochs: usize, prompts: usize) -> (usize, usize) {
    let seen = pairs * epochs;
    match seen.checked_div(prompts) {
        Some(_) if pairs > prompts => {
            let passes = seen.div_ceil(prompts);
            ((seen + passes / 2) / passes, passes)
        }
        _ => (pairs, epochs),
    }
}

/// Runs both control lines.
///
/// # Errors
/// As the verbs of the lab.
pub(crate) async fn run(lab: &mut Lab, budget: &Budget) -> Result<()> {
    for arm in [Arm::RandomLabels, Arm::OracleLabels] {
        lab.restart(arm);
        for iteration in lab.iterations(budget.iterations) {
            lab.begin(iteration);
            let prompts = lab.prompts(budget.prompts)?;
            let answers = lab.sample(&prompts, budget.samples, &budget.sampling).await?;
            let (scores, origin) = match arm {
                Arm::OracleLabels => (oracle_scores(lab, &answers), Origin::Oracle),
                _ => (coin_scores(lab, &answers), Origin::Random),
            };
            let (count, learn) = budget.one_pair_a_prompt(iteration);
            let pairs = subset(best_worst(&answers, &scores, origin), count, lab.seed(), iteration);
            lab.learn_pairs(&learn, budget.replay, &pairs, &[Snapshot::Start], |batch, _| {
                let delta = margin(batch.policy.clone(), batch.reference(Snapshot::Start)?, budget.beta);
                let loss = soft_logistic(delta.clone(), batch.constant(|pair| pair.label)).mean();
                Ok(Objective { loss, metrics: Vec::new(), items: vec![(MARGIN.to_owned(), delta)] })
            })
            .await?;
            lab.measure().await?;
        }
    }
    Ok(())
}

#[allow(clippy::cast_possible_truncation)] // rewards
fn oracle_scores(lab: &Lab, candidates: &[Candidates]) -> Vec<Vec<f32>> {
    let key = OracleKey::new();
    candidates
        .iter()
        .map(|c| {
            c.answers
                .iter()
                .map(|a| lab.world().map_or(0.0, |world| world.grade(&key, &c.prompt.text, &a.text).reward as f32))
                .collect()
        })
        .collect()
}

#[allow(clippy::cast_possible_truncation)] // coin flips
fn coin_scores(lab: &Lab, candidates: &[Candidates]) -> Vec<Vec<f32>> {
    candidates
        .iter()
        .enumerate()
        .map(|(index, c)| {
            let mut stream = Stream::new(lab.seed(), Purpose::Select, lab.iteration(), 1 << 32 | index as u64);
            c.answers.iter().map(|_| stream.uniform() as f32).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe;

    #[test]
    fn missing_pairs_are_learned_from_again() {
        for (pairs, epochs, prompts, expected) in [
            (240, 2, 300, (240, 2)),
            (600, 1, 300, (300, 2)),
            (480, 1, 200, (160, 3)),
            (480, 1, 300, (240, 2)),
            (500, 2, 300, (250, 4)),
            (10, 3, 0, (10, 3)),
        ] {
            assert_eq!(repeated(pairs, epochs, prompts), expected);
        }
    }

    /// Steps by iteration: what recipes take at their defaults, counted by hand, and their control lines with them.
    #[test]
    fn controls_take_the_steps_of_their_recipe() {
        let by_hand: [(&str, &[usize]); 9] = [
            ("srlm", &[30, 30, 30]),
            ("scir", &[38, 38, 38]),
            ("osp", &[30, 30, 30]),
            ("dno", &[30, 30, 30]),
            // 720 pairs, each for two goals; 480 pairs of two answers each, 32 answers a step.
            ("reward-aug", &[90]),
            ("bco", &[90]),
            // 48 pairs three times before the others.
            ("selfie-spa", &[9, 30, 30]),
            ("upo", &[30, 30, 30]),
            ("flr", &[30]),
        ];
        for (id, steps) in by_hand {
            let entry = recipe::by_id(id).unwrap();
            let budget = entry.check(&entry.defaults().unwrap()).unwrap().unwrap();
            assert_eq!(budget.iterations as usize, steps.len(), "{id}");
            for (iteration, expected) in (1..).zip(steps) {
                let (pairs, learn) = budget.one_pair_a_prompt(iteration);
                assert!(pairs <= budget.prompts, "{id}");
                assert_eq!((budget.steps(iteration), learn.steps(pairs)), (*expected, *expected), "{id}");
            }
        }
    }
}
