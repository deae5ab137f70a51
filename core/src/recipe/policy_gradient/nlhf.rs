//! Nash Learning from Human Feedback (arXiv 2312.00886): Nash-MD-PG.
//!
//! The policy plays against a mixture of itself and its reference. A preference model says who is preferred, and the
//! policy follows the gradient of being preferred. What it comes to is a policy that no other is preferred to, which
//! exists even where preferences go round in a circle and no reward fits them. The same game over a handful of
//! actions, exactly, is [`learn::game`](crate::learn::game).
//!
//! Pitfalls of the method, and what becomes of them here:
//! - The opponent is the mixture of the distributions of every *token*, not of whole answers: the paper's own
//!   approximation ([`Lab::sample_mixture`]). It is neither a second answer of the policy (that is κ = 0) nor an
//!   average of past weights (Nash-EMA, which is not here).
//! - Opponents' answers have no gradient; they are never in the batch.
//! - A Bradley-Terry model could not say that preferences go round. The preference model reads both answers at once,
//!   and both orders are averaged, so that it is antisymmetric. The other one is there to compare with.
//! - The reward lies within ½: the learning rate is no other paper's.
//! - κ = 0.5, as in TRL, lies outside the range that the paper found best; the default lies in it.
//! - The divergence is from the policy of the run's start, [`Snapshot::Initial`], in all iterations.

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    judge::{Form, Generative},
    learn::{LearnConfig, Objective, loss::nash_md::nash_md},
    measure::{annotator::Annotator, control::Budget},
    model::Decoder,
    recipe::{Card, OracleUse, Recipe, ranking, tenth},
    run::{Lab, Replay, RewardBatch, Snapshot},
    sample::Sampling,
    select::{duels, rewarded, wins},
};

/// Who says which of two answers is preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Preference {
    /// A model of its own, taught by annotators' pairs.
    #[default]
    Model,
    /// The same, but that it scores every answer alone: a Bradley-Terry model, which makes a reward of preferences
    /// (the baseline).
    BradleyTerry,
    /// The annotators themselves, all of them about every pair.
    Annotators,
}

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Nlhf {
    /// Who says which answer is preferred (a learned model in the paper).
    pub preference: Preference,
    /// Annotators' pairs that the preference model learns from (our choice).
    pub labelled: usize,
    /// How often it learns from each of them (our choice).
    pub labelled_epochs: usize,
    /// The reference's part of the opponent, κ (0.125 to 0.375 were best in the paper).
    pub kappa: f64,
    /// Weight of the divergence from the reference, τ (0.008 in the paper).
    pub tau: f64,
    /// Iterations; the policy learns from answers that it drew at the start of each (our choice).
    pub iterations: u32,
    /// Fresh prompts in each (our choice).
    pub prompts: usize,
    /// Answers to each prompt, and as many of the opponent (our choice; one in the paper).
    pub samples: usize,
    /// How answers are drawn (our choice: as the policy gives them, since the gradient is that of the policy).
    pub sampling: Sampling,
    /// The optimiser (our choice).
    pub learn: LearnConfig,
    /// Judgements mixed into each optimiser step (our choice).
    pub replay: usize,
    /// Weight of their loss (our choice).
    pub replay_weight: f64,
}

impl Default for Nlhf {
    fn default() -> Self {
        Self {
            preference: Preference::Model,
            labelled: 480,
            labelled_epochs: 2,
            kappa: 0.25,
            tau: 0.008,
            iterations: 8,
            prompts: 192,
            samples: 2,
            sampling: Sampling::default(),
            learn: LearnConfig { batch_size: 64, learning_rate: 3e-4, ..LearnConfig::default() },
            replay: 16,
            replay_weight: 1.0,
        }
    }
}

impl Recipe for Nlhf {
    const CARD: Card = Card {
        id: "nlhf",
        title: "Nash Learning from Human Feedback",
        paper: "arXiv 2312.00886",
        family: "policy gradient",
        claim: "Playing against a mixture of oneself and the reference learns from preferences without a reward, and more than playing against oneself alone.",
        fidelity: "Nash-MD-PG with the paper's control variate, mixture and best range of κ. Each iteration draws once for several steps, opponents are compared with all answers to their prompt, and Nash-EMA is left out; the preference model is read at the judge channel of a copy of the model.",
        oracle: OracleUse::Annotator,
        base: false,
    };

    fn quick(self) -> Self {
        Self {
            labelled: tenth(self.labelled, 16),
            iterations: 2,
            prompts: tenth(self.prompts, 16),
            learn: LearnConfig { batch_size: 16, ..self.learn },
            ..self
        }
    }

    /// Coins and rewards have no place in a game of preferences.
    fn budget(&self) -> Option<Budget> {
        None
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        let judges = self.judges(lab)?;
        let replay = Replay { per_step: self.replay, weight: self.replay_weight };
        let mut model = None;
        for iteration in lab.iterations(self.iterations) {
            lab.begin(iteration);
            if self.preference != Preference::Annotators && model.is_none() {
                model = Some(self.preference_model(lab, &judges).await?);
            }
            let prompts = lab.prompts(self.prompts)?;
            let answers = lab.sample(&prompts, self.samples, &self.sampling).await?;
            let mixture = (Snapshot::Initial, self.kappa);
            let opponents = lab.sample_mixture(&prompts, self.samples, &self.sampling, mixture).await?;
            let pairs = duels(&answers, &opponents);
            let preferred = match &model {
                Some(model) => lab.prefer_by("preference model", model, &judges, &pairs).await?,
                None => lab.annotate_pairs(&Annotator::of::<Self>(), &pairs)?,
            };
            lab.measure_opinions("accuracy of the preferences", &pairs, &preferred)?;
            let wins = lab.scored("preferred to the opponent", wins(&answers, &opponents, &preferred))?;
            let rewarded = rewarded(&answers, &wins);
            lab.learn_rewarded(&self.learn, replay, &rewarded, &[Snapshot::Initial], |batch, _| self.objective(batch))
                .await?;
            lab.measure().await?;
            lab.measure_game()?;
        }
        Ok(())
    }
}

impl Nlhf {
    /// Who reads the preference model: of those who score answers one alone, since several rewards can go round.
    fn judges(&self, lab: &Lab) -> Result<Vec<Generative>> {
        Ok(match self.preference {
            Preference::Model | Preference::Annotators => lab.judges(Form::Pairwise)?,
            Preference::BradleyTerry => lab.judges(Form::Pointwise)?.into_iter().take(1).collect(),
        })
    }

    /// A model of its own, taught to prefer what annotators prefer, in both orders.
    async fn preference_model(&self, lab: &mut Lab, judges: &[Generative]) -> Result<Decoder> {
        let labelled = lab.preferences(&Annotator::of::<Self>(), self.labelled)?;
        let config = LearnConfig { epochs: self.labelled_epochs, batch_size: 16, ..self.learn };
        ranking::model(lab, "preference-model", &config, judges, &labelled).await
    }

    /// The policy gradient of `P(y ≻ y') − ½ − τ log(π/μ)(y)`.
    fn objective(&self, batch: &RewardBatch<'_>) -> Result<Objective> {
        let reference = batch.reference(Snapshot::Initial)?;
        let preferred = batch.rewards();
        let ratio = batch.policy.clone().detach() - reference.clone();
        Ok(Objective {
            loss: nash_md(batch.policy.clone(), reference, preferred.clone(), self.tau).mean(),
            metrics: vec![("preferred", preferred.mean()), ("log ratio", ratio.mean())],
            items: Vec::new(),
        })
    }
}
