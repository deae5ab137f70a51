//! Aligning Large Language Models with Self-generated Preference Data (Selfie, released as SPA; arXiv
//! 2406.04412).
//!
//! A few labelled pairs first; then the policy labels pairs of its own answers by its implicit reward, and
//! doubts the least confident of those labels while it learns.
//!
//! Pitfalls of the method, and what becomes of them here:
//! - Labels come from the reward against `π_0` ([`Snapshot::Initial`]), the update is measured against
//!   `π_i` ([`Snapshot::Start`]). Labels against `π_i` would all be 0, which [`Lab::log_ratio`] refuses.
//! - Only pairs below the lowest tenth of recent margins are softened. The threshold comes from the means
//!   of the last fifty batches, never from one batch.
//! - Nothing is softened in the first fifth of an iteration's steps.
//! - Prompts are fresh in every iteration, and the seed pairs are used in the first one only.

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    learn::{
        LearnConfig, Objective,
        loss::{margin, soft_logistic},
    },
    measure::{annotator::Annotator, control::Budget},
    recipe::{Card, Loop, OracleUse, Recipe, tenth},
    run::{Lab, PairBatch, Phase, Snapshot},
    select::{Origin, best_worst, low_quantile, subset},
};

/// The batch means that the threshold is taken from.
const WINDOW: usize = 50;

/// The name of those means in the log.
const CONFIDENCE: &str = "margins/extrapolated";

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Spa {
    /// Labelled pairs to begin with (our choice: a twentieth of the pairs that follow; 2,000 of 60,000 in
    /// the released code).
    pub seed_pairs: usize,
    /// Passes over them (3 in the released code).
    pub seed_epochs: usize,
    /// Label smoothing α of doubted pairs (0.1 in the released code).
    pub smoothing: f64,
    /// Share of pairs to doubt (0.1 in the released code).
    pub doubted: f64,
    /// Share of an iteration's steps before any is doubted (0.2 in the released code).
    pub warmup: f64,
    /// λ' of the logits that confidence is read off (1 is off, as in the released code; the paper goes a
    /// little further).
    pub extrapolation: f64,
    /// The loop. Its first iteration learns from the labelled pairs.
    #[serde(rename = "loop")]
    pub shared: Loop,
}

impl Default for Spa {
    fn default() -> Self {
        Self {
            seed_pairs: 48,
            seed_epochs: 3,
            smoothing: 0.1,
            doubted: 0.1,
            warmup: 0.2,
            extrapolation: 1.25,
            shared: Loop { samples: 2, ..Loop::once() },
        }
    }
}

impl Recipe for Spa {
    const CARD: Card = Card {
        id: "selfie-spa",
        title: "Aligning Large Language Models with Self-generated Preference Data",
        paper: "arXiv 2406.04412",
        family: "self-rewarding",
        claim: "A few labelled preferences are enough: the model's own implicit reward labels the rest, if the least confident labels are softened.",
        fidelity: "Labels, threshold and warm-up as in the authors' code; how far logits are extrapolated is our choice. The annotators label the seed pairs and nothing else.",
        oracle: OracleUse::Annotator,
        base: false,
    };

    fn quick(self) -> Self {
        // Labels of its own begin in the second iteration.
        let shared = Loop { iterations: 2, ..self.shared.quick() };
        Self { seed_pairs: tenth(self.seed_pairs, 16), shared, ..self }
    }

    fn budget(&self) -> Option<Budget> {
        Some(Budget { first: Some((self.seed_pairs, self.seed_epochs)), ..self.shared.budget() })
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        let settings = &self.shared;
        for iteration in lab.iterations(settings.iterations) {
            lab.begin(iteration);
            if iteration == 1 {
                self.seed(lab).await?;
                continue;
            }
            let prompts = lab.prompts(settings.prompts)?;
            let answers = lab.sample(&prompts, settings.samples, &settings.sampling).await?;
            let rewards = lab.log_ratio("implicit of the start", &answers, Snapshot::Start, Snapshot::Initial).await?;
            let pairs = best_worst(&answers, &rewards, Origin::Implicit);
            let pairs = subset(pairs, settings.pairs, lab.seed(), iteration);
            lab.learn_pairs(&settings.learn, settings.replay(), &pairs, &[Snapshot::Start], |batch, phase| {
                self.objective(batch, phase)
            })
            .await?;
            lab.measure().await?;
        }
        Ok(())
    }
}

impl Spa {
    /// Plain DPO on the labelled pairs.
    async fn seed(&self, lab: &mut Lab) -> Result<()> {
        let settings = &self.shared;
        let pairs = lab.preferences(&Annotator::of::<Self>(), self.seed_pairs)?;
        let learn = LearnConfig { epochs: self.seed_epochs, ..settings.learn };
        lab.learn_labels(&learn, settings.replay(), settings.beta, &pairs).await?;
        lab.measure().await
    }

    /// The preference loss with softened labels where the extrapolated margin is low.
    fn objective(&self, batch: &PairBatch<'_>, phase: &Phase<'_>) -> Result<Objective> {
        let beta = self.shared.beta;
        let extrapolated = batch.extrapolated(Snapshot::Start, self.extrapolation)?;
        let confidence = margin(extrapolated, batch.reference(Snapshot::Start)?, beta);
        let trusted = match self.threshold(phase) {
            None => confidence.ones_like(),
            Some(threshold) => confidence.clone().greater_elem(threshold).float(),
        };
        let label = batch.labels() - (trusted.clone().neg() + 1.0) * self.smoothing;
        let mut objective = batch.preference(Snapshot::Start, beta, |margin| soft_logistic(margin, label))?;
        objective.metrics.push(("trusted", trusted.mean()));
        objective.metrics.push((CONFIDENCE, confidence.mean()));
        Ok(objective)
    }

    /// The margin below which a label is doubted; none during the warm-up.
    fn threshold(&self, phase: &Phase<'_>) -> Option<f32> {
        if phase.progress < self.warmup {
            return None;
        }
        let recent = phase.steps.iter().rev().take(WINDOW).filter_map(|step| step.metrics.get(CONFIDENCE).copied());
        low_quantile(&recent.collect::<Vec<_>>(), self.doubted)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::learn::StepReport;

    fn steps(margins: &[f32]) -> Vec<StepReport> {
        let step = |(step, margin): (usize, &f32)| StepReport {
            step,
            total: margins.len(),
            loss: 0.0,
            learning_rate: 0.0,
            grad_norm: 0.0,
            metrics: BTreeMap::from([(CONFIDENCE.to_owned(), *margin)]),
            items: Vec::new(),
            of_items: BTreeMap::new(),
            rows: None,
            tokens: None,
        };
        margins.iter().enumerate().map(step).collect()
    }

    #[test]
    fn the_first_fifth_trusts_every_label() {
        let steps = steps(&[0.1, 0.2, 0.3]);
        let at = |progress| Spa::default().threshold(&Phase { progress, steps: &steps });
        assert_eq!(at(0.19), None);
        assert_eq!(at(0.2), Some(0.1));
        assert_eq!(Spa::default().threshold(&Phase { progress: 0.5, steps: &[] }), None);
    }

    #[test]
    fn the_threshold_is_that_of_the_last_fifty_batches() {
        #[allow(clippy::cast_precision_loss)]
        let margins: Vec<f32> = (0..80).map(|step| step as f32).collect();
        // Of 30..=79 the lowest tenth is 30..=34.
        let threshold = Spa::default().threshold(&Phase { progress: 0.9, steps: &steps(&margins) });
        assert_eq!(threshold, Some(34.5));
    }
}
