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
    recipe::{Card, OracleUse, Recipe, ranking::ranking, tenth},
    run::{Lab, Replay, RewardBatch, Snapshot},
    sample::Sampling,
    select::{Candidates, Origin, Pair, rewarded},
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
    /// How answers are drawn: as the policy gives them, since the gradient is that of the policy.
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
        let none = Replay { per_step: 0, weight: 0.0 };
        lab.learn_aside(("preference-model", Snapshot::Initial), &config, none, &labelled, &[], |batch, _| {
            Ok(ranking(judges, batch))
        })
        .await
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

/// Every answer against every opponent's answer to its prompt.
fn duels(answers: &[Candidates], opponents: &[Candidates]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (group, others) in answers.iter().zip(opponents) {
        let both = Candidates { answers: [group.answers.clone(), others.answers.clone()].concat(), ..group.clone() };
        for own in 0..group.answers.len() {
            let against = group.answers.len()..both.answers.len();
            pairs.extend(against.map(|other| Pair::new(&both, own, other, 0.5, Origin::Unlabelled)));
        }
    }
    pairs
}

/// The mean probability of each answer to be preferred to the opponent's.
#[allow(clippy::cast_precision_loss)] // a handful of answers
fn wins(answers: &[Candidates], opponents: &[Candidates], preferred: &[f32]) -> Vec<Vec<f32>> {
    let mut rest = preferred.iter();
    let mut of = |(group, others): (&Candidates, &Candidates)| {
        let count = others.answers.len();
        let mean = |_| rest.by_ref().take(count).sum::<f32>() / count.max(1) as f32;
        group.answers.iter().map(mean).collect::<Vec<f32>>()
    };
    answers.iter().zip(opponents).map(&mut of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::select::named;

    #[test]
    fn every_answer_meets_every_opponent_and_its_wins_are_their_mean() {
        let answers = [named("a", &[10, 11]), named("b", &[12, 13])];
        let opponents = [named("a", &[20, 21]), named("b", &[22, 23])];
        let pairs = duels(&answers, &opponents);
        let met: Vec<(u32, u32)> = pairs.iter().map(|p| (p.answers[0].ids[0], p.answers[1].ids[0])).collect();
        assert_eq!(met, [(10, 20), (10, 21), (11, 20), (11, 21), (12, 22), (12, 23), (13, 22), (13, 23)]);
        let preferred = [1.0, 0.5, 0.0, 0.0, 0.25, 0.75, 1.0, 1.0];
        assert_eq!(wins(&answers, &opponents, &preferred), [vec![0.75, 0.0], vec![0.5, 1.0]]);
    }
}
