//! CDR: Customizable Density Ratios of Strong-over-weak LLMs for Preference Annotation (arXiv 2411.02481).
//!
//! How much more likely a better aligned model finds an answer than a less aligned one is a reward, without training
//! a reward model. It annotates the answers of the policy, which is the weak one when it begins.
//!
//! Pitfalls of the method, and what becomes of them here:
//! - The strong model is the better aligned one, not a bigger one: DPO from the weak one's own weights.
//! - Both models read the same context, the customised one too.
//! - With two tokenizers an answer would begin at another place for each model. Here both have the run's, read the same
//!   tokens, and the labels are the answer's own.
//! - The released table of domains gives reasoning the system prompt of safety, which looks like a slip. There is no
//!   table here that could be wired wrongly: a prompt's context is the labelled pair nearest to it.
//! - Sums over tokens grow with length: the means are in the log beside them, and can be ranked by.
//! - Stop tokens can outweigh the rest: the log has the ratio of every single token.
//! - Equal ratios give no pair, equal answers neither; the rejected answer is any other, not the worst.
//! - β scales a ratio and changes no ranking: labels are hard, and there is none.

use serde::{Deserialize, Serialize};

use crate::{
    Result,
    learn::{
        LearnConfig,
        loss::{PairLoss, PairObjective, soft_logistic},
    },
    measure::{annotator::Annotator, control::Budget},
    model::Decoder,
    recipe::{Card, Loop, OracleUse, Recipe, tenth},
    rng::{Purpose, Stream},
    run::{Lab, Replay, Snapshot},
    select::{Candidates, Chain, Hindsight, Origin, Pair, best_random, best_worst, subset},
};

/// What introduces a good and a bad answer in a customised context.
const WORDS: [&str; 2] = ["yes", "no"];

/// The less aligned model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Weak {
    /// The policy before the first iteration, from which the strong model comes.
    #[default]
    Initial,
    /// The base, before instruction fine-tuning.
    Base,
}

/// Which answer is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Rejected {
    /// Any but the best.
    #[default]
    Random,
    /// The worst.
    Worst,
}

/// What answers are ranked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Ranked {
    /// The sum over tokens.
    #[default]
    Sum,
    /// The mean over tokens.
    Mean,
}

/// The hyper-parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cdr {
    /// Labelled pairs that make the strong model (our choice; the paper takes models that others trained).
    pub labelled: usize,
    /// How it learns from them, by DPO (our choice).
    pub strong: LearnConfig,
    /// The weak model (the SFT model under a DPO model in the paper).
    pub weak: Weak,
    /// Whether both models read a labelled pair before the prompt (by the prompt's domain in the paper).
    pub customised: bool,
    /// What answers are ranked by (the sum in the released code).
    pub ranked: Ranked,
    /// Which answer is rejected (a random one in the released code).
    pub rejected: Rejected,
    /// Scale of SimPO's reward (SimPO: 2 to 10).
    pub simpo_beta: f64,
    /// The margin that the chosen answer has to win by (SimPO: 0.3 to 1.6 times its scale).
    pub simpo_gamma: f64,
    /// The loop (eight answers in the released code, at temperature 0.7, top-k 50 and top-p 0.85). Its `beta` is that
    /// of the strong model and of the control lines.
    #[serde(rename = "loop")]
    pub shared: Loop,
}

impl Default for Cdr {
    fn default() -> Self {
        let shared = Loop::default();
        Self {
            labelled: 720,
            strong: LearnConfig { epochs: 2, ..LearnConfig::default() },
            weak: Weak::default(),
            customised: false,
            ranked: Ranked::default(),
            rejected: Rejected::default(),
            simpo_beta: 2.0,
            simpo_gamma: 1.0,
            shared: Loop {
                iterations: 1,
                prompts: 600,
                samples: 8,
                pairs: 480,
                learn: LearnConfig { epochs: 1, ..shared.learn },
                ..shared
            },
        }
    }
}

impl Recipe for Cdr {
    const CARD: Card = Card {
        id: "cdr",
        title: "CDR: Customizable Density Ratios of Strong-over-weak LLMs for Preference Annotation",
        paper: "arXiv 2411.02481",
        family: "preference",
        claim: "The log-density ratio of a better over a less aligned model is a reward for free, the better the wider their gap, and customising the context of both sharpens it.",
        fidelity: "Ratio, pairs and SimPO as in the paper and its code. The strong model is a DPO checkpoint on pairs of the world's annotators, who err at a known rate, from the very start that is the weak one. Domains are neighbourhoods: the customised context of a prompt is the labelled pair whose prompt is nearest in the policy's hidden states, without a system prompt or an explanation.",
        oracle: OracleUse::Annotator,
        base: false,
    };

    fn quick(self) -> Self {
        Self { labelled: tenth(self.labelled, 16), shared: self.shared.quick(), ..self }
    }

    fn budget(&self) -> Option<Budget> {
        Some(self.shared.budget())
    }

    async fn run(&self, lab: &mut Lab) -> Result<()> {
        let settings = &self.shared;
        let labelled = lab.preferences(&Annotator::of::<Self>(), self.labelled)?;
        lab.begin(1);
        let strong = self.strong(lab, &labelled).await?;
        for iteration in lab.iterations(settings.iterations) {
            if iteration > 1 {
                lab.begin(iteration);
            }
            let prompts = lab.prompts(settings.prompts)?;
            let answers = lab.sample(&prompts, settings.samples, &settings.sampling).await?;
            let contexts = self.contexts(lab, &answers, &labelled).await?;
            let ratios = lab.density_ratios(&answers, &contexts, &strong, self.weak.snapshot()).await?;
            let rewards = match self.ranked {
                Ranked::Sum => &ratios.sum,
                Ranked::Mean => &ratios.mean,
            };
            let pairs = match self.rejected {
                Rejected::Random => best_random(&answers, rewards, Origin::Ratio, (lab.seed(), iteration)),
                Rejected::Worst => best_worst(&answers, rewards, Origin::Ratio),
            };
            let pairs = subset(pairs, settings.pairs, lab.seed(), iteration);
            let simpo = self.simpo();
            lab.learn_pairs(&settings.learn, settings.replay(), &pairs, &[], |batch, _| {
                batch.objective(&simpo, &batch.inputs_without_reference())
            })
            .await?;
            lab.measure().await?;
        }
        Ok(())
    }
}

impl Weak {
    fn snapshot(self) -> Snapshot {
        match self {
            Self::Initial => Snapshot::Initial,
            Self::Base => Snapshot::Base,
        }
    }
}

impl Cdr {
    /// The better aligned model: DPO from the start on what annotators prefer.
    async fn strong(&self, lab: &mut Lab, labelled: &[Pair]) -> Result<Decoder> {
        let (start, beta) = (Snapshot::Initial, self.shared.beta);
        lab.learn_aside(("strong", start), &self.strong, Replay::NONE, labelled, &[start], |batch, _| {
            batch.preference(start, beta, |margin| soft_logistic(margin, batch.labels()))
        })
        .await
    }

    /// What both models read before the answers to each prompt: the prompt, or the labelled pair that is nearest to
    /// it, the prompt, and the word for a good answer.
    async fn contexts(&self, lab: &mut Lab, answers: &[Candidates], labelled: &[Pair]) -> Result<Vec<Vec<u32>>> {
        if !self.customised {
            return Ok(answers.iter().map(|group| group.ids.clone()).collect());
        }
        let prompts: Vec<&[u32]> =
            labelled.iter().map(|pair| pair.ids.as_slice()).chain(answers.iter().map(|c| c.ids.as_slice())).collect();
        let embeddings = lab.embed(&prompts, Snapshot::Initial).await?;
        let (examples, asked) = embeddings.split_at(labelled.len());
        let tokenizer = lab.tokenizer();
        let (opening, good) = (tokenizer.encode("")?, tokenizer.encode_piece(WORDS[0])?);
        let told = Hindsight { words: WORDS, hidden: 0.0, blank: 0 };
        let mut contexts = Vec::with_capacity(answers.len());
        for (group, embedding) in answers.iter().zip(asked) {
            let mut context = match nearest(examples, embedding).and_then(|place| labelled.get(place)) {
                // Nothing is hidden, so that the numbers of the stream decide nothing.
                Some(pair) => {
                    let mut stream = Stream::new(lab.seed(), Purpose::Select, lab.iteration(), 0);
                    told.tell(pair, Chain::BadGood, tokenizer, &mut stream)?.tokens
                }
                None => opening.clone(),
            };
            context.extend_from_slice(group.ids.strip_prefix(opening.as_slice()).unwrap_or(&group.ids));
            context.extend_from_slice(&good);
            contexts.push(context);
        }
        Ok(contexts)
    }

    /// SimPO, whose reward is the mean log-probability per token, without a reference.
    fn simpo(&self) -> PairObjective {
        PairObjective { beta: self.simpo_beta, simpo_gamma: self.simpo_gamma, ..PairObjective::new(PairLoss::Simpo) }
    }
}

/// The place of the vector that has the largest cosine with another; the first of equals.
fn nearest(vectors: &[Vec<f32>], to: &[f32]) -> Option<usize> {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let cosine = |vector: &Vec<f32>| dot(vector, to) / dot(vector, vector).sqrt().max(f32::MIN_POSITIVE);
    (0..vectors.len()).rev().max_by(|a, b| cosine(&vectors[*a]).total_cmp(&cosine(&vectors[*b])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_points_the_same_way_whatever_its_length() {
        let vectors = [vec![9.0, 9.0], vec![0.1, 0.0], vec![0.0, 3.0], vec![0.2, 0.0]];
        assert_eq!(nearest(&vectors, &[2.0, 0.1]), Some(1));
        assert_eq!(nearest(&vectors, &[0.0, 0.1]), Some(2));
        assert_eq!(nearest(&[], &[1.0]), None);
    }
}
