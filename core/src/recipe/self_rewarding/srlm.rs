//! Self-Rewarding Language Models (Yuan et al. 2024, arXiv 2401.10020).
//!
//! Pitfalls of the method, and what becomes of them here:
//! - The judge decays while the policy learns: judgement data is replayed in every step (`replay`).
//! - Longer answers look better to a judge: the measurement has length and reward side by side, and judges are asked
//!   for their taste for length.
//! - What rises may be sharpening and no learning: control lines with random and with true labels stand beside it.
//! - Equal scores say nothing: such a prompt gives no pair.
//! - One score that is decoded greedily and read as a whole number tells a small model's answers hardly apart: here a
//!   score is the expected one, over the probabilities of all scores.
//! - Prompts that come again are learned by heart: a world draws fresh ones in every iteration, and of a file the next
//!   ones are taken, so that they come again only where it has too few.

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    judge::Form,
    measure::control::Budget,
    recipe::{Card, Loop, OracleUse, Recipe},
    run::Lab,
    select::{Candidates, Origin, best_worst, subset},
};

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Srlm {
    /// Asks for a score of each answer (as the paper does), or for the better of two.
    pub judge: Form,
    /// The loop.
    #[serde(rename = "loop")]
    pub shared: Loop,
}

impl Recipe for Srlm {
    const CARD: Card = Card {
        id: "srlm",
        title: "Self-Rewarding Language Models",
        paper: "arXiv 2401.10020",
        family: "self-rewarding",
        claim: "A model that judges its own answers and learns from them by DPO gets better at both, iteration by iteration.",
        fidelity: "The paper parses three sampled judgements of an additive rubric; here each judge prompt gives its expected score, and the prompts' scores are averaged. Prompts come from the world or a file instead of being written by the model.",
        oracle: OracleUse::None,
        base: false,
    };

    fn quick(self) -> Self {
        Self { shared: self.shared.quick(), ..self }
    }

    fn budget(&self) -> Option<Budget> {
        Some(self.shared.budget())
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        let settings = &self.shared;
        for iteration in lab.iterations(settings.iterations) {
            lab.begin(iteration);
            let prompts = lab.prompts(settings.prompts)?;
            let answers = lab.sample(&prompts, settings.samples, &settings.sampling).await?;
            let scores = mean_scores(lab, self.judge, &answers).await?;
            let pairs = best_worst(&answers, &scores, Origin::BestWorst);
            let pairs = subset(pairs, settings.pairs, lab.seed(), iteration);
            lab.learn_labels(&settings.learn, settings.replay(), settings.beta, &pairs).await?;
            lab.measure().await?;
        }
        Ok(())
    }
}

/// The mean of all judge prompts' scores of every answer.
async fn mean_scores(lab: &mut Lab, form: Form, answers: &[Candidates]) -> Result<Vec<Vec<f32>>> {
    let judges = lab.judges(form)?;
    let mut sums: Vec<Vec<f32>> = answers.iter().map(|c| vec![0.0; c.answers.len()]).collect();
    for judge in &judges {
        let scores = lab.judge(judge, answers).await?;
        for (sum, score) in sums.iter_mut().flatten().zip(scores.into_iter().flatten()) {
            *sum += score;
        }
    }
    #[allow(clippy::cast_precision_loss)] // a handful of judges
    let count = judges.len().max(1) as f32;
    for sum in sums.iter_mut().flatten() {
        *sum /= count;
    }
    Ok(sums)
}
