//! Direct Preference Optimization (Rafailov et al. 2023, arXiv 2305.18290).

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    learn::{
        LearnConfig, MARGIN, Objective,
        loss::{margin, soft_logistic},
    },
    measure::{annotator::Annotator, control::Budget},
    recipe::{Card, OracleUse, Recipe, tenth},
    run::{Lab, Replay, Snapshot},
};

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dpo {
    /// Scale of the implicit reward (β = 0.1 in the paper).
    pub beta: f64,
    /// Conservative label smoothing ε: the label becomes `1 − ε` (0 in the paper).
    pub label_smoothing: f64,
    /// Preference pairs to learn from (our choice).
    pub pairs: usize,
    /// Judgements mixed into each optimiser step (our choice).
    pub replay: usize,
    /// Weight of their loss (our choice).
    pub replay_weight: f64,
    /// The optimiser (learning rate 1e-6 with RMSprop and batch 64 in the paper; ours suits models
    /// a thousand times smaller).
    pub learn: LearnConfig,
}

impl Default for Dpo {
    fn default() -> Self {
        Self {
            beta: 0.1,
            label_smoothing: 0.0,
            pairs: 720,
            replay: 16,
            replay_weight: 1.0,
            learn: LearnConfig { epochs: 2, ..LearnConfig::default() },
        }
    }
}

impl Recipe for Dpo {
    const CARD: Card = Card {
        id: "dpo",
        title: "Direct Preference Optimization: Your Language Model is Secretly a Reward Model",
        paper: "arXiv 2305.18290",
        family: "preference",
        claim: "Preferences can be learned by one classification loss on pairs, without a reward model and without sampling.",
        fidelity: "Equation 7 with summed log-probabilities over completion tokens, stop token included; the pairs carry the known noise of the world's annotators.",
        oracle: OracleUse::Annotator,
        base: false,
    };

    fn quick(self) -> Self {
        Self { pairs: tenth(self.pairs, 16), ..self }
    }

    fn budget(&self) -> Option<Budget> {
        None
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        lab.begin(1);
        let pairs = lab.preferences(&Annotator::of::<Self>(), self.pairs)?;
        let replay = Replay { per_step: self.replay, weight: self.replay_weight };
        lab.learn_pairs(&self.learn, replay, &pairs, &[Snapshot::Start], |batch, _| {
            let delta = margin(batch.policy.clone(), batch.reference(Snapshot::Start)?, self.beta);
            let label = batch.constant(|pair| pair.label * (1.0 - 2.0 * self.label_smoothing) + self.label_smoothing);
            Ok(Objective {
                items: vec![(MARGIN.to_owned(), delta.clone())],
                loss: soft_logistic(delta.clone(), label).mean(),
                metrics: vec![
                    ("rewards/accuracies", delta.clone().greater_elem(0.0).float().mean()),
                    ("rewards/margins", delta.mean()),
                    ("logps/chosen", batch.policy[0].clone().mean()),
                    ("logps/rejected", batch.policy[1].clone().mean()),
                ],
            })
        })
        .await?;
        lab.measure().await
    }
}
