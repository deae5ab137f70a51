//! The generative judge: the model reads a prompt with one answer (pointwise) or two (pairwise)
//! and the answer is read off its next-token distribution, restricted to the labels of the scale.
//! Nothing is sampled and nothing is parsed, so that the judgement has a gradient.

use burn::tensor::{
    Tensor,
    activation::{sigmoid, softmax},
};
use serde::{Deserialize, Serialize};

use super::{JudgePrompt, prompt::Compiled};
use crate::{
    Result,
    device::{indices, read_floats},
    learn::{Batch, Sequence, batch::by_beginning},
    model::Decoder,
    text::Tokenizer,
};

/// How the judge is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A score for each answer: the expected value over the score tokens.
    #[default]
    Pointwise,
    /// Both answers in one prompt, in both orders.
    Pairwise,
}

/// One variant of the generative judge.
#[derive(Debug, Clone)]
pub struct Generative {
    prompt: Compiled,
    form: Form,
}

/// A prompt and two answers (without stop tokens) to compare.
#[derive(Debug, Clone, Copy)]
pub struct Comparison<'a> {
    /// The prompt's tokens.
    pub prompt: &'a [u32],
    /// The two answers' tokens.
    pub answers: [&'a [u32]; 2],
}

/// Keeps logits of probabilities finite in f32.
const SMALLEST_PROBABILITY: f64 = 1e-6;

impl Generative {
    /// A judge that asks with `prompt` in the given form.
    ///
    /// # Errors
    /// If the template or a label does not fit the tokenizer.
    pub fn new(prompt: &JudgePrompt, form: Form, tokenizer: &Tokenizer) -> Result<Self> {
        Ok(Self { prompt: Compiled::new(prompt, tokenizer)?, form })
    }

    /// The variant's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.prompt.name
    }

    /// How the judge is asked.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// What the pointwise judge reads, with a label (a score token) to learn.
    #[must_use]
    pub fn pointwise_sequence(&self, prompt: &[u32], answer: &[u32], label: u32) -> Sequence {
        self.prompt.sequence(prompt, answer, None, label)
    }

    /// What the pairwise judge reads, with a label (a verdict token) to learn.
    #[must_use]
    pub fn pairwise_sequence(&self, prompt: &[u32], first: &[u32], second: &[u32], label: u32) -> Sequence {
        self.prompt.sequence(prompt, first, Some(second), label)
    }

    /// The expected score `Σ k · softmax_k` over the score tokens, `[items]`, from 0 to the number
    /// of scores minus one. Differentiable where `model` is tracked.
    #[must_use]
    pub fn expected_scores(&self, model: &Decoder, items: &[(&[u32], &[u32])]) -> Tensor<1> {
        let device = model.device();
        let sequences: Vec<Sequence> = items
            .iter()
            .map(|(prompt, answer)| self.pointwise_sequence(prompt, answer, self.prompt.scores[0]))
            .collect();
        let logits = Batch::new(&sequences.iter().collect::<Vec<_>>(), &device).logits(model);
        let scores = indices(self.prompt.scores.iter().map(|id| *id as usize), &device);
        let probabilities = softmax(logits.select(1, scores), 1);
        #[allow(clippy::cast_precision_loss)] // a handful of scores
        let values: Vec<f32> = (0..self.prompt.scores.len()).map(|k| k as f32).collect();
        let values = Tensor::<1>::from_floats(values.as_slice(), &device);
        (probabilities * values.unsqueeze::<2>()).sum_dim(1).squeeze_dim(1)
    }

    /// The logit of "the first answer is better", `[pairs]`. Differentiable where `model` is
    /// tracked.
    ///
    /// Pointwise: the difference of the expected scores (Bradley-Terry on the score). Pairwise:
    /// the logit of `½ [P(A | y₁, y₂) + P(B | y₂, y₁)]`, so that a preference for a position
    /// cancels.
    #[must_use]
    pub fn preference_logits(&self, model: &Decoder, pairs: &[Comparison<'_>]) -> Tensor<1> {
        let count = pairs.len();
        match self.form {
            Form::Pointwise => {
                let items: Vec<_> =
                    (0..2).flat_map(|side| pairs.iter().map(move |p| (p.prompt, p.answers[side]))).collect();
                let scores = self.expected_scores(model, &items);
                let [first, second] = halves(scores, count);
                first - second
            }
            Form::Pairwise => {
                let [straight, swapped] = halves(self.first_logits(model, pairs), count);
                let p = (sigmoid(straight) + sigmoid(swapped.neg())) * 0.5;
                let p = p.clamp(SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY);
                p.clone().log() - (p.neg() + 1.0).log()
            }
        }
    }

    /// The logit of the first label over the second for each pair as it is, then for each pair
    /// with its answers swapped, `[2 · pairs]`.
    fn first_logits(&self, model: &Decoder, pairs: &[Comparison<'_>]) -> Tensor<1> {
        let device = model.device();
        let [a, b] = self.prompt.verdicts;
        let sequences: Vec<Sequence> = [[0, 1], [1, 0]]
            .iter()
            .flat_map(|[x, y]| pairs.iter().map(|p| self.pairwise_sequence(p.prompt, p.answers[*x], p.answers[*y], a)))
            .collect();
        let logits = Batch::new(&sequences.iter().collect::<Vec<_>>(), &device).logits(model);
        let labels = logits.select(1, indices([a as usize, b as usize], &device));
        let [rows, _] = labels.dims();
        (labels.clone().slice([0..rows, 0..1]) - labels.slice([0..rows, 1..2])).squeeze_dim(1)
    }

    /// Expected scores without gradients, in groups of at most `budget` tokens.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn score(&self, model: &Decoder, items: &[(&[u32], &[u32])], budget: usize) -> Result<Vec<f32>> {
        let read: Vec<Vec<Sequence>> =
            items.iter().map(|(prompt, answer)| vec![self.pointwise_sequence(prompt, answer, 0)]).collect();
        grouped(&read, budget, |group| {
            self.expected_scores(model, &group.iter().map(|index| items[*index]).collect::<Vec<_>>())
        })
        .await
    }

    /// The probability that the first answer is better, without gradients, in groups of at most
    /// `budget` tokens.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn prefer(&self, model: &Decoder, pairs: &[Comparison<'_>], budget: usize) -> Result<Vec<f32>> {
        grouped(&self.read(pairs), budget, |group| {
            sigmoid(self.preference_logits(model, &group.iter().map(|index| pairs[*index]).collect::<Vec<_>>()))
        })
        .await
    }

    /// How often the verdict changes when the answers change places, as a share of `pairs`.
    ///
    /// # Errors
    /// If the device fails.
    #[allow(clippy::cast_precision_loss)] // pair counts
    pub async fn position_flips(&self, model: &Decoder, pairs: &[Comparison<'_>], budget: usize) -> Result<f64> {
        if pairs.is_empty() || self.form == Form::Pointwise {
            return Ok(0.0);
        }
        let flipped = grouped(&self.read(pairs), budget, |group| {
            let count = group.len();
            let logits = self.first_logits(model, &group.iter().map(|index| pairs[*index]).collect::<Vec<_>>());
            let [straight, swapped] = halves(logits, count);
            straight * swapped
        })
        .await?;
        // Consistent verdicts have opposite signs in the two orders.
        Ok(flipped.iter().filter(|product| **product > 0.0).count() as f64 / pairs.len() as f64)
    }

    /// What the judge reads for each pair.
    fn read(&self, pairs: &[Comparison<'_>]) -> Vec<Vec<Sequence>> {
        pairs
            .iter()
            .map(|Comparison { prompt, answers: [first, second] }| match self.form {
                Form::Pointwise => [first, second].map(|answer| self.pointwise_sequence(prompt, answer, 0)).into(),
                Form::Pairwise => [(first, second), (second, first)]
                    .map(|(first, second)| self.pairwise_sequence(prompt, first, second, 0))
                    .into(),
            })
            .collect()
    }

    /// How many tokens the judge reads.
    pub(crate) fn length(&self, prompt: &[u32], answers: &[&[u32]]) -> usize {
        let other = (answers.len() == 2).then(|| answers[1]);
        let other = if self.form == Form::Pairwise { other } else { None };
        self.prompt.sequence(prompt, answers[0], other, 0).tokens.len()
    }
}

fn halves(values: Tensor<1>, count: usize) -> [Tensor<1>; 2] {
    [values.clone().slice([0..count]), values.slice([count..2 * count])]
}

/// Computes one number per item in groups that begin alike.
async fn grouped(read: &[Vec<Sequence>], budget: usize, compute: impl Fn(&[usize]) -> Tensor<1>) -> Result<Vec<f32>> {
    let items: Vec<Vec<&[u32]>> =
        read.iter().map(|sequences| sequences.iter().map(|s| s.tokens.as_slice()).collect()).collect();
    let mut values = vec![0.0; items.len()];
    for group in by_beginning(&items, budget) {
        for (index, value) in group.iter().zip(read_floats(compute(&group)).await?) {
            values[*index] = value;
        }
    }
    Ok(values)
}
