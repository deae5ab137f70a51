//! Online Self-Preferring Language Models (arXiv 2405.14103).
//!
//! The policy compares its own answers, both orders, and learns all pairs of the ranking with the
//! probability that the judge gave as their label: near ties pull the margin back instead of apart.
//!
//! Pitfalls of the method, and what becomes of them here:
//! - A judge that is too sure would make this plain DPO: its temperature is fitted to the seed
//!   judgements in every iteration and logged.
//! - Pairs near one half are kept; they stop the drift.
//! - Every two answers make one pair. Where the judge prefers in circles a label lies below one half.

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    judge::Form,
    learn::loss::spce::spce,
    measure::control::Budget,
    recipe::{Card, Loop, OracleUse, Recipe},
    run::{Lab, Snapshot},
    select::{Candidates, Preferences, ranked_pairs, subset},
};

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Osp {
    /// Whether the judge's temperature is fitted (our choice; the paper's calibration is not known).
    pub calibrate: bool,
    /// Ablation: every label becomes 0 or 1.
    pub hard_labels: bool,
    /// The loop (K and β could not be read; 200 prompts are enough by the paper).
    #[serde(rename = "loop")]
    pub shared: Loop,
}

impl Default for Osp {
    fn default() -> Self {
        Self { calibrate: true, hard_labels: false, shared: Loop { prompts: 200, ..Loop::once() } }
    }
}

impl Recipe for Osp {
    const CARD: Card = Card {
        id: "osp",
        title: "Online Self-Preferring Language Models",
        paper: "arXiv 2405.14103",
        family: "self-rewarding",
        claim: "Learning how much better an answer is, from the model's own comparisons, beats learning only which is better, with few prompts.",
        fidelity: "The soft-preference cross-entropy is the paper's; the pairing rule (all pairs of the ranking by mean win probability), the reference (the policy at the iteration's start) and the temperature are our reconstruction.",
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
            let preferences = self.preferences(lab, &answers).await?;
            let pairs = subset(ranked_pairs(&answers, &preferences), settings.pairs, lab.seed(), iteration);
            lab.learn_pairs(&settings.learn, settings.replay(), &pairs, &[Snapshot::Start], |batch, _| {
                let label = batch.labels();
                let label = if self.hard_labels { label.greater_elem(0.5).float() } else { label };
                batch.preference(Snapshot::Start, settings.beta, |margin| spce(margin, label))
            })
            .await?;
            lab.measure().await?;
        }
        Ok(())
    }
}

impl Osp {
    /// What the judges think of every two answers, on the mean.
    async fn preferences(&self, lab: &mut Lab, answers: &[Candidates]) -> Result<Vec<Preferences>> {
        let mut opinions = Vec::new();
        for judge in lab.judges(Form::Pairwise)? {
            let temperature = if self.calibrate { lab.temperature(&judge).await? } else { 1.0 };
            opinions.push(lab.compare(&judge, temperature, answers).await?);
        }
        Ok(Preferences::means(&opinions))
    }
}
