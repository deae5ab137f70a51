//! Binary Classifier Optimization for Large Language Model Alignment (BCO, arXiv 2404.04656).
//!
//! Thumbs up and down instead of pairs: a classifier whose logit is the implicit reward, shifted by its
//! running mean, learns to tell them apart.
//!
//! Pitfalls of the method, and what becomes of them here:
//! - The shift δ is the mean of all rewards so far, this micro-batch included; it carries no gradient. It is
//!   read off the log's steps, so that a resumed run has the same.
//! - Only thumbs down are weighted by how much their prompt belongs to the prompts of thumbs up, and the
//!   embeddings are those of prompts, never of answers.
//! - A batch of one class moves δ like any other.
//! - δ takes in both classes: with δ = 0 every reward of a thumb up would have to be positive, not only
//!   larger.

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    learn::{LearnConfig, Objective, loss::bco},
    measure::{annotator::Annotator, control::Budget},
    recipe::{Card, Loop, OracleUse, Recipe},
    run::{Lab, Phase, RatedBatch, Snapshot},
    select::{Candidates, Origin, Rated, best_worst, density_ratios, subset},
};

/// The name of a step's mean reward in the log.
const REWARD: &str = "rewards/mean";

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bco {
    /// The least score, of 5, that gets a thumb up (our choice).
    pub approval: usize,
    /// Whether thumbs down are weighted by their prompts (as in the paper).
    pub match_prompts: bool,
    /// The least such weight (0.5 in TRL).
    pub least_weight: f64,
    /// The largest (10 in TRL).
    pub most_weight: f64,
    /// Ablation: the same answers are learned in pairs, by DPO.
    pub as_pairs: bool,
    /// The loop. The paper learns once from given thumbs; a pair of the budget is two rated answers.
    #[serde(rename = "loop")]
    pub shared: Loop,
}

impl Default for Bco {
    fn default() -> Self {
        let learn = LearnConfig { batch_size: 32, micro_batch: 32, ..Loop::default().learn };
        let shared = Loop { iterations: 1, prompts: 900, samples: 2, pairs: 720, learn, ..Loop::default() };
        Self { approval: 3, match_prompts: true, least_weight: 0.5, most_weight: 10.0, as_pairs: false, shared }
    }
}

impl Recipe for Bco {
    const CARD: Card = Card {
        id: "bco",
        title: "Binary Classifier Optimization for Large Language Model Alignment",
        paper: "arXiv 2404.04656",
        family: "preference",
        claim: "Thumbs up and down are enough: telling them apart by the implicit reward bounds the DPO loss, and a shift and prompt weights close the gap.",
        fidelity: "Loss, running shift and clamped prompt weights as in TRL. Prompts are embedded by the policy itself (mean hidden state); thumbs come from the world's annotators, who rate each sampled answer and err at a known rate.",
        oracle: OracleUse::Annotator,
        base: false,
    };

    fn quick(self) -> Self {
        Self { shared: self.shared.quick(), ..self }
    }

    fn budget(&self) -> Option<Budget> {
        Some(Budget { learn: self.of_pairs(), ..self.shared.budget() })
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        let settings = &self.shared;
        for iteration in lab.iterations(settings.iterations) {
            lab.begin(iteration);
            let prompts = lab.prompts(settings.prompts)?;
            let answers = lab.sample(&prompts, settings.samples, &settings.sampling).await?;
            let scores = lab.annotate(&Annotator::of::<Self>(), &answers, Annotator::SCALE)?;
            if self.as_pairs {
                let pairs = best_worst(&answers, &scores, Origin::Annotated);
                let pairs = subset(pairs, settings.pairs, lab.seed(), iteration);
                lab.learn_labels(&self.of_pairs(), settings.replay(), settings.beta, &pairs).await?;
                lab.measure().await?;
                continue;
            }
            let rated = subset(self.thumbs(&answers, &scores), 2 * settings.pairs, lab.seed(), iteration);
            let rated = if self.match_prompts { self.weighted(lab, rated).await? } else { rated };
            lab.learn_rated(&settings.learn, settings.replay(), &rated, &[Snapshot::Start], |batch, phase| {
                objective(settings.beta, batch, phase)
            })
            .await?;
            lab.measure().await?;
        }
        Ok(())
    }
}

impl Bco {
    /// The optimiser where it learns from pairs: two answers make one, so that a step has half as many of them.
    fn of_pairs(&self) -> LearnConfig {
        let half = |count: usize| count.div_ceil(2).max(1);
        let of_answers = self.shared.learn;
        LearnConfig { batch_size: half(of_answers.batch_size), micro_batch: half(of_answers.micro_batch), ..of_answers }
    }

    /// A thumb for every answer by its own score: nothing compares it with another.
    #[allow(clippy::cast_precision_loss)] // a score of a short scale
    fn thumbs(&self, answers: &[Candidates], scores: &[Vec<f32>]) -> Vec<Rated> {
        let thumb = |group: &Candidates, (answer, score): (&crate::sample::Answer, &f32)| Rated {
            prompt: group.prompt.id.clone(),
            text: group.prompt.text.clone(),
            ids: group.ids.clone(),
            answer: answer.clone(),
            up: *score >= self.approval as f32,
            weight: 1.0,
        };
        let of = |(group, scores): (&Candidates, &Vec<f32>)| {
            group.answers.iter().zip(scores).map(|one| thumb(group, one)).collect::<Vec<_>>()
        };
        answers.iter().zip(scores).flat_map(of).collect()
    }

    /// Weights the thumbs down by how much their prompts are like those of thumbs up.
    async fn weighted(&self, lab: &mut Lab, rated: Vec<Rated>) -> Result<Vec<Rated>> {
        let prompts: Vec<&[u32]> = rated.iter().map(|one| one.ids.as_slice()).collect();
        let embeddings = lab.embed(&prompts, Snapshot::Start).await?;
        let up: Vec<bool> = rated.iter().map(|one| one.up).collect();
        let ratios = density_ratios(&embeddings, &up);
        let least = self.least_weight.min(self.most_weight);
        let weight = |one: &Rated, ratio: f64| if one.up { 1.0 } else { ratio.clamp(least, self.most_weight) };
        Ok(rated.into_iter().zip(ratios).map(|(one, ratio)| Rated { weight: weight(&one, ratio), ..one }).collect())
    }
}

/// `−log σ(r − δ)` for thumbs up and `−w log σ(−(r − δ))` for thumbs down, on the mean.
fn objective(beta: f64, batch: &RatedBatch<'_>, phase: &Phase<'_>) -> Result<Objective> {
    let rewards = (batch.policy.clone() - batch.reference(Snapshot::Start)?) * beta;
    let earlier = phase
        .steps
        .iter()
        .map(|step| (step.metrics.get(REWARD).map_or(0.0, |mean| f64::from(*mean)), step.items.len()));
    let delta = bco::shift(earlier, rewards.clone());
    let up = batch.constant(|one| f64::from(u8::from(one.up)));
    let losses = bco::bco(rewards.clone(), up.clone(), delta.clone(), batch.constant(|one| one.weight));
    // Right where the shifted reward has the sign of the thumb; 0 is a tie and not right.
    let signed = up * 2.0 - 1.0;
    let right = ((rewards.clone() - delta.clone()) * signed.clone()).greater_elem(0.0).float();
    Ok(Objective {
        loss: losses.mean(),
        metrics: vec![
            (REWARD, rewards.clone().mean()),
            ("delta", delta),
            ("rewards/accuracies", right.mean()),
            ("rewards/spread", (rewards.clone() * signed).mean()),
            ("logps/mean", batch.policy.clone().mean()),
        ],
        items: vec![("reward".to_owned(), rewards)],
    })
}
