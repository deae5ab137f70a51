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

/// What a judge thinks of pairs, asked with their answers in both orders.
#[derive(Debug, Clone, PartialEq)]
pub struct BothOrders {
    /// The probability that the first answer is better, for each pair, as [`Generative::prefer`] gives it.
    pub preferred: Vec<f32>,
    /// How often the verdict changes when the answers change places, as a share of the pairs; 0 without pairs, and
    /// for a pointwise judge, whose score of an answer does not know the other.
    pub flips: f64,
}

/// Keeps logits of probabilities finite in f32.
pub(crate) const SMALLEST_PROBABILITY: f64 = 1e-6;

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
                mean_logit(straight, swapped)
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
        let [scores] = grouped(&read, budget, |group| {
            self.expected_scores(model, &group.iter().map(|index| items[*index]).collect::<Vec<_>>())
        })
        .await?;
        Ok(scores)
    }

    /// The probability that the first answer is better, without gradients, in groups of at most
    /// `budget` tokens.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn prefer(&self, model: &Decoder, pairs: &[Comparison<'_>], budget: usize) -> Result<Vec<f32>> {
        let [preferred] = grouped(&self.read(pairs), budget, |group| {
            sigmoid(self.preference_logits(model, &group.iter().map(|index| pairs[*index]).collect::<Vec<_>>()))
        })
        .await?;
        Ok(preferred)
    }

    /// The same together with how often the verdict depends on the order, which is read off the same forward passes.
    ///
    /// # Errors
    /// If the device fails.
    #[allow(clippy::cast_precision_loss)] // pair counts
    pub async fn both_orders(&self, model: &Decoder, pairs: &[Comparison<'_>], budget: usize) -> Result<BothOrders> {
        if self.form == Form::Pointwise {
            return Ok(BothOrders { preferred: self.prefer(model, pairs, budget).await?, flips: 0.0 });
        }
        let [preferred, products] = grouped(&self.read(pairs), budget, |group| {
            let logits = self.first_logits(model, &group.iter().map(|index| pairs[*index]).collect::<Vec<_>>());
            let [straight, swapped] = halves(logits, group.len());
            let preferred = sigmoid(mean_logit(straight.clone(), swapped.clone()));
            Tensor::cat(vec![preferred, straight * swapped], 0)
        })
        .await?;
        // Consistent verdicts have opposite signs in the two orders.
        let flipped = products.iter().filter(|product| **product > 0.0).count();
        Ok(BothOrders { preferred, flips: flipped as f64 / pairs.len().max(1) as f64 })
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

/// The logit of `½ [σ(straight) + σ(−swapped)]`.
fn mean_logit(straight: Tensor<1>, swapped: Tensor<1>) -> Tensor<1> {
    let p = (sigmoid(straight) + sigmoid(swapped.neg())) * 0.5;
    let p = p.clamp(SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY);
    p.clone().log() - (p.neg() + 1.0).log()
}

/// Computes `N` numbers per item, `[N · items]` of a group at a time, in groups that begin alike.
async fn grouped<const N: usize>(
    read: &[Vec<Sequence>],
    budget: usize,
    compute: impl Fn(&[usize]) -> Tensor<1>,
) -> Result<[Vec<f32>; N]> {
    let items: Vec<Vec<&[u32]>> =
        read.iter().map(|sequences| sequences.iter().map(|s| s.tokens.as_slice()).collect()).collect();
    let mut values: [Vec<f32>; N] = std::array::from_fn(|_| vec![0.0; items.len()]);
    for group in by_beginning(&items, budget) {
        let computed = read_floats(compute(&group)).await?;
        for (values, computed) in values.iter_mut().zip(computed.chunks(group.len())) {
            for (index, value) in group.iter().zip(computed) {
                values[*index] = *value;
            }
        }
    }
    Ok(values)
}
