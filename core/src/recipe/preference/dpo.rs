//! Direct Preference Optimization (Rafailov et al. 2023, arXiv 2305.18290).
//!
//! Pitfalls of the method, and what becomes of them here:
//! - Log-probabilities are summed over an answer's tokens. Their mean is another loss, and has a name of its own in
//!   `objective`.
//! - The labels are the answer's tokens, the stop token included; the prompt and what a chat template puts around it are
//!   read and never learned.
//! - Nothing is dropped out, in the policy as little as in the reference, whose log-probabilities are computed once.
//! - Both answers can become less likely while the margin rises: the log has the two log-probabilities apart, and `sft`
//!   in the mix of `objective` holds the chosen one up.
//! - Sums are of f32, on every device and where frozen matrices are packed.
//! - What was learned is measured on held-out prompts; how far a world keeps these apart from the pairs' is said under
//!   *Split* in its description.

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    learn::{
        LearnConfig,
        loss::{Mix, PairLoss, PairObjective},
    },
    measure::{annotator::Annotator, control::Budget},
    recipe::{Card, OracleUse, Recipe, tenth},
    run::{Lab, Replay, Snapshot},
};

/// The hyper-parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dpo {
    /// What is minimised: a loss, or a mix of losses (`sigmoid`, equation 7, in the paper).
    pub objective: Mix,
    /// Scale of the implicit reward (β = 0.1 in the paper).
    pub beta: f64,
    /// Share ε of the labels that is taken to be wrong (0 in the paper).
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
            objective: Mix::default(),
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
        fidelity: "Equation 7 with summed log-probabilities over completion tokens, stop token included; the pairs carry the known noise of the world's annotators. `objective` takes later losses in its place.",
        oracle: OracleUse::Annotator,
        base: false,
    };

    fn quick(self) -> Self {
        Self { pairs: tenth(self.pairs, 16), ..self }
    }

    fn budget(&self) -> Option<Budget> {
        None
    }

    fn check(&self) -> Result<()> {
        self.objective().check()
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        lab.begin(1);
        let pairs = lab.preferences(&Annotator::of::<Self>(), self.pairs)?;
        let replay = Replay { per_step: self.replay, weight: self.replay_weight };
        let objective = self.objective();
        let references = references(&objective);
        lab.learn_pairs(&self.learn, replay, &pairs, references, |batch, _| {
            let inputs = match references.first() {
                Some(start) => batch.inputs(*start)?,
                None => batch.inputs_without_reference(),
            };
            batch.objective(&objective, &inputs)
        })
        .await?;
        lab.measure().await
    }
}

impl Dpo {
    /// The objective with its settings. `sigmoid` with smoothed labels is conservative DPO: settings and logs from
    /// before there was a choice mean that.
    fn objective(&self) -> PairObjective {
        let smoothed = self.label_smoothing > 0.0 && self.objective == Mix::default();
        PairObjective {
            loss_type: if smoothed { PairLoss::Cdpo.into() } else { self.objective.clone() },
            beta: self.beta,
            label_smoothing: self.label_smoothing,
            ..PairObjective::default()
        }
    }
}

/// The model that the objective compares the policy with, where it does: nothing is scored that nobody reads.
fn references(objective: &PairObjective) -> &'static [Snapshot] {
    if objective.reads_reference() { &[Snapshot::Start] } else { &[] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::by_id;

    #[test]
    fn settings_from_before_the_choice_mean_what_they_meant() {
        let old = "beta = 0.2\nlabel_smoothing = 0.1\npairs = 720\nreplay = 16\nreplay_weight = 1.0\n";
        let recipe: Dpo = toml::from_str(old).unwrap();
        assert_eq!(recipe.objective, Mix::default());
        assert_eq!(recipe.objective().loss_type, PairLoss::Cdpo.into());
        assert_eq!(Dpo::default().objective().loss_type, PairLoss::Sigmoid.into());
    }

    #[test]
    fn objectives_without_a_reference_ask_for_none() {
        let of =
            |mix: &str| references(&Dpo { objective: mix.parse().unwrap(), ..Dpo::default() }.objective()).to_vec();
        for mix in ["simpo", "cpo", "orpo", "simpo+sft"] {
            assert!(of(mix).is_empty(), "{mix}");
        }
        // The rewards of `sft` are told by the reference.
        for mix in ["sigmoid", "sft", "sigmoid+simpo"] {
            assert_eq!(of(mix), [Snapshot::Start], "{mix}");
        }
    }

    #[test]
    fn settings_that_do_not_go_together_are_refused_before_anything_runs() {
        let dpo = by_id("dpo").unwrap();
        let check = |text: &str| dpo.check(&text.parse().unwrap()).map(|_| ()).map_err(|e| e.to_string());
        for fine in [
            "objective = \"ipo\"",
            "objective = \"sigmoid:0.8+bco_pair:0.2+sft\"",
            "objective = \"exo_pair\"\nlabel_smoothing = 0.001",
        ] {
            check(fine).unwrap();
        }
        for (text, said) in [
            ("objective = \"exo_pair\"", "label_smoothing`: must be above 0 for `exo_pair`"),
            ("objective = \"hinge\"\nlabel_smoothing = 0.1", "label_smoothing`: changes nothing in `hinge`"),
            ("objective = \"dpo\"", "objective`: must be"),
            ("objective = \"sigmoid:-1\"", "objective`: must be"),
        ] {
            let error = check(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
