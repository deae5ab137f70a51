//! Supervised fine-tuning: cross-entropy on the completions of demonstrations.

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    learn::{LearnConfig, Sequence},
    measure::control::Budget,
    recipe::{Card, OracleUse, Recipe, tenth},
    run::{Lab, Replay},
};

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sft {
    /// Rounds, each on fresh demonstrations and measured after it (our choice).
    pub rounds: u32,
    /// Demonstrations in each round (our choice).
    pub demonstrations: usize,
    /// Whether every round has the same demonstrations, as `spin` has (our choice).
    pub lasting: bool,
    /// Judgements mixed into each optimiser step (our choice).
    pub replay: usize,
    /// Weight of their loss (our choice).
    pub replay_weight: f64,
    /// The optimiser (our choice).
    pub learn: LearnConfig,
}

impl Default for Sft {
    fn default() -> Self {
        Self {
            rounds: 3,
            demonstrations: 1000,
            lasting: false,
            replay: 16,
            replay_weight: 1.0,
            learn: LearnConfig { batch_size: 32, micro_batch: 32, ..LearnConfig::default() },
        }
    }
}

impl Recipe for Sft {
    const CARD: Card = Card {
        id: "sft",
        title: "Supervised fine-tuning",
        paper: "the common baseline",
        family: "supervised",
        claim: "Imitating demonstrations brings the policy to their quality and not beyond.",
        fidelity: "Cross-entropy over completion tokens, stop token included, prompt masked.",
        oracle: OracleUse::None,
        base: false,
    };

    fn quick(self) -> Self {
        Self { rounds: 1, demonstrations: tenth(self.demonstrations, 32), ..self }
    }

    fn budget(&self) -> Option<Budget> {
        None
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        for round in lab.iterations(self.rounds) {
            lab.begin(round);
            let rows: Vec<Sequence> = lab.demonstrations(self.demonstrations, self.lasting)?;
            let replay = Replay { per_step: self.replay, weight: self.replay_weight };
            lab.learn_completions(&self.learn, replay, &rows).await?;
            lab.measure().await?;
        }
        Ok(())
    }
}
