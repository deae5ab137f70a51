//! Token sequences with labels, and the log-probabilities a model gives to those labels.
//!
//! The head (the projection to the vocabulary) is computed only at labelled positions.

use burn::tensor::{Device, Int, Tensor, TensorData};
use selfsame_shaders::selective_log_softmax;

use crate::{
    Result,
    device::{indices, read_floats},
    model::Decoder,
};

/// Tokens and what the model should say at some of their positions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sequence {
    /// What the model reads.
    pub tokens: Vec<u32>,
    /// `(position, token)`: after reading up to and including `position`, `token` is the label.
    pub labels: Vec<(usize, u32)>,
}

impl Sequence {
    /// A prompt and its completion; the labels are the completion's tokens and nothing else.
    #[must_use]
    pub fn completion(prompt: &[u32], completion: &[u32]) -> Self {
        let tokens: Vec<u32> = prompt.iter().chain(completion).copied().collect();
        let labels = completion.iter().enumerate().map(|(index, token)| (prompt.len() + index - 1, *token)).collect();
        Self { tokens, labels }
    }
}

/// Right-padded sequences on a device.
#[derive(Debug, Clone)]
pub struct Batch {
    /// `[batch, time]`
    pub tokens: Tensor<2, Int>,
    /// Rows of the flattened hidden states that have a label, `[labels]`.
    rows: Tensor<1, Int>,
    /// The labels, `[labels, 1]`.
    pub(super) targets: Tensor<2, Int>,
    /// `[batch, labels]`: 1 where the label belongs to the sequence.
    membership: Tensor<2>,
}

impl Batch {
    /// Lays out sequences; each needs at least one token, and the batch at least one label.
    #[must_use]
    pub fn new(sequences: &[&Sequence], device: &Device) -> Self {
        let batch = sequences.len();
        let time = sequences.iter().map(|s| s.tokens.len()).max().unwrap_or(0);
        let mut tokens = vec![0_i32; batch * time];
        let mut rows = Vec::new();
        let mut targets = Vec::new();
        let mut owners = Vec::new();
        for (index, sequence) in sequences.iter().enumerate() {
            for (slot, token) in tokens[index * time..].iter_mut().zip(&sequence.tokens) {
                *slot = token.cast_signed();
            }
            for (position, token) in &sequence.labels {
                rows.push(index * time + position);
                targets.push(*token as usize);
                owners.push(index);
            }
        }
        let labels = rows.len();
        let mut membership = vec![0.0_f32; batch * labels];
        for (label, owner) in owners.iter().enumerate() {
            membership[owner * labels + label] = 1.0;
        }
        Self {
            tokens: Tensor::from_data(TensorData::new(tokens, [batch, time]), device),
            rows: indices(rows, device),
            targets: indices(targets, device).reshape([labels, 1]),
            membership: Tensor::from_data(TensorData::new(membership, [batch, labels]), device),
        }
    }

    /// The logits at every label, `[labels, vocab]`, in the order of the sequences.
    #[must_use]
    pub fn logits(&self, model: &Decoder) -> Tensor<2> {
        model.logits(model.hidden(self.tokens.clone()).select(0, self.rows.clone()))
    }

    /// The log-probability of every label, `[labels]`.
    #[must_use]
    pub fn token_logprobs(&self, model: &Decoder) -> Tensor<1> {
        self.token_logprobs_of(self.logits(model))
    }

    /// The log-probability of every label, `[labels]`, under logits `[labels, vocab]`.
    #[must_use]
    pub fn token_logprobs_of(&self, logits: Tensor<2>) -> Tensor<1> {
        selective_log_softmax(logits, self.targets.clone()).squeeze_dim(1)
    }

    /// The log-probability of every label and, without a gradient, `log Σ_v p_v²` of the distribution that it
    /// was drawn from, each `[labels]`. The latter is the logarithm of the probability that two draws collide:
    /// 0 where the model is certain, `−log vocab` where it knows nothing.
    #[must_use]
    pub fn token_logprobs_and_collisions(&self, model: &Decoder) -> [Tensor<1>; 2] {
        let logits = self.logits(model);
        let fixed = logits.clone().detach();
        let shifted = fixed.clone() - fixed.max_dim(1);
        let normaliser = shifted.clone().exp().sum_dim(1).log();
        let collisions = (shifted * 2.0).exp().sum_dim(1).log() - normaliser * 2.0;
        [selective_log_softmax(logits, self.targets.clone()).squeeze_dim(1), collisions.squeeze_dim(1)]
    }

    /// The summed log-probability of each sequence's labels, `[batch]`.
    #[must_use]
    pub fn sequence_logprobs(&self, model: &Decoder) -> Tensor<1> {
        self.sum_per_sequence(self.token_logprobs(model))
    }

    /// Sums one number per label, `[labels]`, into one per sequence, `[batch]`.
    #[must_use]
    pub fn sum_per_sequence(&self, values: Tensor<1>) -> Tensor<1> {
        self.membership.clone().matmul(values.unsqueeze_dim(1)).squeeze_dim(1)
    }
}

/// Splits items into groups of at most `budget` tokens (padding included), shortest first, and
/// returns their indices. At least one item per group.
#[must_use]
pub fn by_length(lengths: &[usize], budget: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|index| lengths[*index]);
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for index in order {
        match groups.last_mut() {
            Some(group) if (group.len() + 1) * lengths[index] <= budget => group.push(index),
            _ => groups.push(vec![index]),
        }
    }
    groups
}

/// The log-probability of every label of every sequence, without gradients.
///
/// # Errors
/// If a token is unknown to the model, or the device fails.
pub async fn score(model: &Decoder, sequences: &[Sequence], budget: usize) -> Result<Vec<Vec<f32>>> {
    for sequence in sequences {
        model.check_tokens(sequence.tokens.iter().chain(sequence.labels.iter().map(|(_, token)| token)))?;
    }
    let device = model.device();
    let lengths: Vec<usize> = sequences.iter().map(|s| s.tokens.len()).collect();
    let mut scores = vec![Vec::new(); sequences.len()];
    for group in by_length(&lengths, budget) {
        let members: Vec<&Sequence> = group.iter().map(|index| &sequences[*index]).collect();
        if members.iter().all(|s| s.labels.is_empty()) {
            continue;
        }
        let values = read_floats(Batch::new(&members, &device).token_logprobs(model)).await?;
        let mut values = values.into_iter();
        for index in group {
            scores[index] = values.by_ref().take(sequences[index].labels.len()).collect();
        }
    }
    Ok(scores)
}

/// The mean over its tokens of the last hidden states of every text, `[hidden]` each, without gradients.
///
/// # Errors
/// If a token is unknown to the model, or the device fails.
#[allow(clippy::cast_precision_loss)] // token counts
pub async fn embeddings(model: &Decoder, texts: &[&[u32]], budget: usize) -> Result<Vec<Vec<f32>>> {
    let device = model.device();
    let lengths: Vec<usize> = texts.iter().map(|text| text.len()).collect();
    let width = model.config().hidden_size;
    let mut found = vec![Vec::new(); texts.len()];
    for group in by_length(&lengths, budget) {
        let rows: Vec<Sequence> =
            group.iter().map(|index| Sequence { tokens: texts[*index].to_vec(), labels: Vec::new() }).collect();
        for row in &rows {
            model.check_tokens(&row.tokens)?;
        }
        let time = group.iter().map(|index| lengths[*index]).max().unwrap_or(0);
        if time == 0 {
            continue;
        }
        let shares: Vec<f32> = group
            .iter()
            .flat_map(|index| {
                let length = lengths[*index];
                (0..time).map(move |t| if t < length { 1.0 / length as f32 } else { 0.0 })
            })
            .collect();
        let tokens = Batch::new(&rows.iter().collect::<Vec<_>>(), &device).tokens;
        let hidden = model.hidden(tokens).reshape([group.len(), time, width]);
        let shares = Tensor::<3>::from_data(TensorData::new(shares, [group.len(), 1, time]), &device);
        let values = read_floats(shares.matmul(hidden).reshape([group.len() * width])).await?;
        for (index, value) in group.iter().zip(values.chunks(width)) {
            found[*index] = value.to_vec();
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_the_completion_and_nothing_else() {
        let sequence = Sequence::completion(&[1, 5, 6], &[7, 2]);
        assert_eq!(sequence.tokens, [1, 5, 6, 7, 2]);
        assert_eq!(sequence.labels, [(2, 7), (3, 2)]);
    }

    #[test]
    fn groups_keep_to_the_budget_and_lose_nothing() {
        let lengths = [3, 9, 4, 4, 20, 1];
        let groups = by_length(&lengths, 12);
        for group in &groups {
            let longest = group.iter().map(|i| lengths[*i]).max().unwrap();
            assert!(group.len() == 1 || group.len() * longest <= 12, "{group:?}");
        }
        let mut all: Vec<usize> = groups.concat();
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3, 4, 5]);
    }
}
