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
            let pairs = subset(best_worst(&answers, &scores, origin), budget.pairs, lab.seed(), iteration);
            lab.learn_pairs(&budget.learn, budget.replay, &pairs, &[Snapshot::Start], |batch, _| {
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
