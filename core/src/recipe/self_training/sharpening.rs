//! Self-Improvement in Language Models: The Sharpening Mechanism (arXiv 2412.01951).
//!
//! A model is its own verifier: the reward of an answer is how likely the model finds it, `log π_base(y|x)`. Learning
//! moves the probability mass onto the model's own likeliest answers `y*(x)`, so that one draw, or greedy decoding,
//! gives what choosing among many gave before. Two ways: imitate the best of N (SFT-sharpening), or regress the
//! policy's log-ratios on differences of the reward (RLHF-sharpening), whose optimum is `∝ π_base^(1 + 1/β)`.
//!
//! Pitfalls of the method, and what becomes of them here:
//! - The reward is that of the *frozen* base, [`Snapshot::Initial`], never of the policy that moves.
//! - The sum over the tokens prefers short answers. Their mean is a setting, and has another `y*`.
//! - Greedy decoding is what has to be beaten, not one draw: every measurement has both, and the log compares the
//!   chosen answers with both on the same prompts.
//! - An answer that was chosen twice for the same prompt is learned once.
//! - The target of the regression is a difference of log-likelihoods and not its sign.
//! - Nothing new can be learned: the base's likeliest answer is the ceiling. The log has the correlation of likelihood
//!   and truth within prompts, which says whether sharpening can help at all; where answers can be counted, as in
//!   the world `grammar`, it has the mass on `y*`, the entropy, the coverage and how often `y*` is right, exactly.
//! - Likelihoods are those of temperature 1; the answers are drawn so by default.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    learn::{
        LearnConfig, Objective, ScheduleKind,
        loss::{sharpening::regression, xpo::bonus},
    },
    measure::{aspects::Over, control::Budget},
    prompt::Prompt,
    recipe::{Card, Loop, OracleUse, Recipe, tenth},
    run::{Lab, PairBatch, RatedBatch, Snapshot},
    sample::Sampling,
    select::{Candidates, Pair, best_of, chosen, explored_pairs, likelier_first, subset, votes},
};

/// How the policy is sharpened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// Imitate the best of N (the paper's SFT-sharpening).
    #[default]
    Imitate,
    /// Regress log-ratios on differences of the reward (the paper's RLHF-sharpening).
    Regress,
}

/// What an answer is worth to the model itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum SelfReward {
    /// The log-probability of the whole answer.
    #[default]
    Logprob,
    /// Its mean over the tokens.
    Normalised,
    /// The share of the prompt's answers that are the same; among equals the likelihood.
    Majority,
}

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sharpening {
    /// How the policy is sharpened (both in the paper).
    pub algorithm: Algorithm,
    /// What an answer is worth to the model itself (all three in the paper).
    pub reward: SelfReward,
    /// Weight α of the exploration in the regression: the loss rises with what the base would say anyway; 0 leaves
    /// it out (the paper analyses both).
    pub exploration: f64,
    /// Demonstrations that the base learns from first in a world that the model was not taught, such as `grammar`;
    /// elsewhere none (our choice).
    pub demonstrations: usize,
    /// The optimiser of that phase (our choice).
    pub teaching: LearnConfig,
    /// The loop (one pass in the paper, N up to 50, temperature 1).
    #[serde(rename = "loop")]
    pub shared: Loop,
}

impl Default for Sharpening {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Imitate,
            reward: SelfReward::Logprob,
            exploration: 0.0,
            demonstrations: 4800,
            teaching: LearnConfig {
                learning_rate: 1e-3,
                schedule: ScheduleKind::Cosine,
                batch_size: 32,
                micro_batch: 32,
                ..LearnConfig::default()
            },
            shared: Loop { iterations: 1, samples: 8, beta: 1.0, sampling: Sampling::default(), ..Loop::once() },
        }
    }
}

impl Recipe for Sharpening {
    const CARD: Card = Card {
        id: "sharpening",
        title: "Self-Improvement in Language Models: The Sharpening Mechanism",
        paper: "arXiv 2412.01951",
        family: "self-training",
        claim: "Learning from what it finds likeliest itself moves a model's mass onto its own best answers: best-of-N is paid for once instead of at every question.",
        fidelity: "Both algorithms with the paper's rewards and a frozen base; the regression's target is the difference of log-likelihoods. Exploration takes fresh pairs in each iteration instead of all so far, and N is the same for every prompt. In the world grammar the base is first taught its sentences.",
        oracle: OracleUse::None,
        base: false,
    };

    fn quick(self) -> Self {
        Self { demonstrations: tenth(self.demonstrations, 32), shared: self.shared.quick(), ..self }
    }

    fn budget(&self) -> Option<Budget> {
        Some(self.shared.budget())
    }

    fn check(&self) -> Result<()> {
        if self.algorithm == Algorithm::Imitate && self.exploration > 0.0 {
            return Err(Error::setting("exploration", "is for the algorithm `regress`; 0 leaves it out"));
        }
        if self.algorithm == Algorithm::Regress && self.reward == SelfReward::Majority {
            return Err(Error::setting("reward", "`majority` counts votes and is for the algorithm `imitate`"));
        }
        Ok(())
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        let settings = &self.shared;
        let taught = u32::from(!lab.familiar() && self.demonstrations > 0);
        if taught == 1 {
            self.teach(lab).await?;
        }
        for iteration in lab.iterations(settings.iterations) {
            lab.begin(iteration + taught);
            let prompts = lab.prompts(settings.prompts)?;
            let answers = lab.sample(&prompts, settings.samples, &settings.sampling).await?;
            let rewards = self.rewards(lab, &answers).await?;
            let queries = narrow(prompts.len() * settings.samples);
            lab.note("samples drawn and scored", vec![queries])?;
            lab.measure_correlations("correlation within prompts", &answers, &rewards, Over::Prompts)?;
            let [own, likelihood] = &rewards;
            let places = best_of(own, likelihood);
            lab.measure_choice(&prompts, &answers, &places, settings.sampling.max_new_tokens).await?;
            match self.algorithm {
                Algorithm::Imitate => {
                    let rows = subset(chosen(&answers, &places), settings.pairs, lab.seed(), iteration);
                    lab.learn_rated(&settings.learn, settings.replay(), &rows, &[], |batch, _| Ok(imitation(batch)))
                        .await?;
                }
                Algorithm::Regress => {
                    let pairs = self.pairs(lab, &prompts, &answers, likelihood).await?;
                    let pairs = subset(pairs, settings.pairs, lab.seed(), iteration);
                    lab.learn_pairs(&settings.learn, settings.replay(), &pairs, &[Snapshot::Initial], |batch, _| {
                        self.objective(batch)
                    })
                    .await?;
                }
            }
            lab.measure().await?;
            lab.measure_standing().await?;
        }
        Ok(())
    }
}

impl Sharpening {
    /// Makes a base of a model that was not taught the world: the run starts from it.
    async fn teach(&self, lab: &mut Lab) -> Result<()> {
        lab.begin(1);
        let rows = lab.demonstrations(self.demonstrations, true)?;
        lab.learn_completions(&self.teaching, self.shared.replay(), &rows).await?;
        lab.settle();
        lab.measure().await?;
        lab.measure_standing().await
    }

    /// What every answer is worth to the frozen base, and how likely it finds it.
    async fn rewards(&self, lab: &mut Lab, answers: &[Candidates]) -> Result<[Vec<Vec<f32>>; 2]> {
        let likelihood = lab.sum_logprob("likelihood", answers, Snapshot::Initial).await?;
        let own = match self.reward {
            SelfReward::Logprob => likelihood.clone(),
            SelfReward::Normalised => lab.mean_logprob("likelihood per token", answers, Snapshot::Initial).await?,
            SelfReward::Majority => {
                let votes = votes(answers);
                lab.rank("votes", &votes)?;
                votes
            }
        };
        Ok([own, likelihood])
    }

    /// Every two different answers of a prompt; with exploration each of the policy's against one that the base
    /// draws, which is the third as well.
    async fn pairs(
        &self,
        lab: &mut Lab,
        prompts: &[Prompt],
        answers: &[Candidates],
        likelihood: &[Vec<f32>],
    ) -> Result<Vec<Pair>> {
        if self.exploration == 0.0 {
            return Ok(likelier_first(answers, likelihood));
        }
        let drawn = lab.sample_from(Snapshot::Initial, prompts, 1, &self.shared.sampling).await?;
        Ok(explored_pairs(answers, likelihood, &drawn))
    }

    /// The regression of the policy's log-ratios on the rewards' differences, with optimism where answers of the base
    /// are there.
    fn objective(&self, batch: &PairBatch<'_>) -> Result<Objective> {
        let base = batch.reference(Snapshot::Initial)?;
        let rewards = match self.reward {
            SelfReward::Normalised => [0, 1].map(|side| base[side].clone() / lengths(batch, side)),
            SelfReward::Logprob | SelfReward::Majority => base,
        };
        let explored = (self.exploration > 0.0).then(|| batch.third(Snapshot::Initial)).transpose()?;
        let loss = |margin: Tensor<1>| {
            let loss = regression(margin, rewards);
            match &explored {
                Some([policy, _]) => loss + bonus(policy.clone(), self.exploration),
                None => loss,
            }
        };
        let mut objective = batch.preference(Snapshot::Initial, self.shared.beta, loss)?;
        if let Some([policy, base]) = explored {
            objective.metrics.push(("logps/explored", (policy - base).mean()));
        }
        Ok(objective)
    }
}

/// How long an answer of each pair is, `[pairs]`.
fn lengths(batch: &PairBatch<'_>, side: usize) -> Tensor<1> {
    #[allow(clippy::cast_precision_loss)] // token counts
    batch.constant(|pair| pair.answers[side].ids.len().max(1) as f64)
}

/// `−log π(y|x)` of whole answers, on the mean.
fn imitation(batch: &RatedBatch<'_>) -> Objective {
    let mean = batch.policy.clone().mean();
    Objective { loss: mean.clone().neg(), metrics: vec![("logps/chosen", mean)], items: Vec::new() }
}

#[allow(clippy::cast_precision_loss)] // the log keeps single precision
fn narrow(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_go_together_is_refused() {
        let refused = |recipe: Sharpening| recipe.check().unwrap_err().to_string();
        assert!(refused(Sharpening { exploration: 0.1, ..Sharpening::default() }).contains("exploration"));
        let majority =
            Sharpening { algorithm: Algorithm::Regress, reward: SelfReward::Majority, ..Sharpening::default() };
        assert!(refused(majority).contains("reward"));
    }
}
