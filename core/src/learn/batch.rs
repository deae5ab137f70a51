//! Token sequences with labels, and the log-probabilities a model gives to those labels.
//!
//! The head (the projection to the vocabulary) is computed only at labelled positions.

use burn::tensor::{Device, Int, Tensor, TensorData};
use selfsame_shaders::{Figure, selective_log_softmax};

use crate::{
    Result,
    device::{indices, read_floats},
    model::{Decoder, Forest, Layout},
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

/// Sequences on a device. What several of them begin with is computed once (see [`Layout`]).
#[derive(Debug, Clone)]
pub struct Batch {
    layout: Layout,
    /// The place of each label's hidden state, `[labels]`; `None` where that is its own number.
    places: Option<Tensor<1, Int>>,
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
        let wanted: Vec<(&[u32], Vec<usize>)> = sequences
            .iter()
            .map(|s| (s.tokens.as_slice(), s.labels.iter().map(|(position, _)| *position).collect()))
            .collect();
        let (layout, places) = Layout::new(&wanted, device);
        let targets: Vec<usize> = sequences.iter().flat_map(|s| s.labels.iter().map(|l| l.1 as usize)).collect();
        let labels = targets.len();
        let mut membership = vec![0.0_f32; batch * labels];
        let mut first = 0;
        for (index, sequence) in sequences.iter().enumerate() {
            let count = sequence.labels.len();
            membership[index * labels + first..][..count].fill(1.0);
            first += count;
        }
        Self {
            layout,
            places: places.map(|places| indices(places, device)),
            targets: indices(targets, device).reshape([labels, 1]),
            membership: Tensor::from_data(TensorData::new(membership, [batch, labels]), device),
        }
    }

    /// How many tokens the model computes for this batch, padding left out.
    #[must_use]
    pub fn computed(&self) -> usize {
        self.layout.computed()
    }

    /// The hidden state at every label, `[labels, hidden]`, in the order of the sequences.
    pub(crate) fn hidden(&self, model: &Decoder) -> Tensor<2> {
        let hidden = model.hidden(&self.layout);
        match &self.places {
            Some(places) => hidden.select(0, places.clone()),
            None => hidden,
        }
    }

    /// The logits at every label, `[labels, vocab]`, in the order of the sequences.
    #[must_use]
    pub fn logits(&self, model: &Decoder) -> Tensor<2> {
        model.logits(self.hidden(model))
    }

    /// The log-probability of every label, `[labels]`.
    #[must_use]
    pub fn token_logprobs(&self, model: &Decoder) -> Tensor<1> {
        self.token_logprobs_at(model, self.hidden(model))
    }

    /// The log-probability of every label, `[labels]`, after the hidden states that [`Batch::hidden`] gave,
    /// `[labels, hidden]`.
    pub(crate) fn token_logprobs_at(&self, model: &Decoder, hidden: Tensor<2>) -> Tensor<1> {
        Figure::Logprob.of(&self.figures_at(model, hidden))
    }

    /// The log-probability of every label, `[labels]`, under logits `[labels, vocab]`.
    #[must_use]
    pub fn token_logprobs_of(&self, logits: Tensor<2>) -> Tensor<1> {
        selective_log_softmax(logits, self.targets.clone()).squeeze_dim(1)
    }

    /// What each [`Figure`] says of every label, a column each, `[labels, Figure::COUNT]`.
    pub(super) fn figures(&self, model: &Decoder) -> Tensor<2> {
        self.figures_at(model, self.hidden(model))
    }

    fn figures_at(&self, model: &Decoder, hidden: Tensor<2>) -> Tensor<2> {
        model.label_figures(hidden, self.targets.clone())
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

    /// Repeats one number per sequence, `[batch]`, for each of its labels, `[labels]`.
    #[must_use]
    pub fn repeat_per_label(&self, values: Tensor<1>) -> Tensor<1> {
        values.unsqueeze::<2>().matmul(self.membership.clone()).squeeze_dim(0)
    }
}

/// Splits items, each of one or more sequences, into groups of at most `budget` tokens, those that
/// sequences share counted once, and returns their indices. At least one item per group; items that
/// begin alike stay together, and otherwise those of similar length.
#[must_use]
pub fn by_beginning(items: &[Vec<&[u32]>], budget: usize) -> Vec<Vec<usize>> {
    let first = |index: usize| items[index].first().copied().unwrap_or_default();
    let length = |index: usize| items[index].iter().map(|tokens| tokens.len()).max().unwrap_or(0);
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by(|a, b| first(*a).cmp(first(*b)));
    let alike = |a: &usize, b: &usize| {
        let (a, b) = (first(*a), first(*b));
        4 * a.iter().zip(b).take_while(|(x, y)| x == y).count() >= b.len()
    };
    let mut families: Vec<&[usize]> = order.chunk_by(alike).collect();
    families.sort_by_key(|family| family.iter().map(|index| length(*index)).max());
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut forest = Forest::default();
    for index in families.into_iter().flatten().copied() {
        let added: usize = items[index].iter().map(|tokens| tokens.len() - forest.shared(tokens)).sum();
        match groups.last_mut() {
            Some(group) if forest.len() + added <= budget => group.push(index),
            _ => {
                forest = Forest::default();
                groups.push(vec![index]);
            }
        }
        for tokens in &items[index] {
            forest.insert(tokens);
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
    let items: Vec<Vec<&[u32]>> = sequences.iter().map(|s| vec![s.tokens.as_slice()]).collect();
    let mut scores = vec![Vec::new(); sequences.len()];
    for group in by_beginning(&items, budget) {
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
        let texts: Vec<Vec<u32>> = [(1, 3), (2, 9), (3, 4), (2, 8), (4, 20), (5, 1), (2, 7)]
            .iter()
            .map(|(first, length)| (0..*length).map(|i| if i == 6 { 90 + length } else { first * 10 + i }).collect())
            .collect();
        let items: Vec<Vec<&[u32]>> = texts.iter().map(|text| vec![text.as_slice()]).collect();
        let groups = by_beginning(&items, 12);
        for group in &groups {
            let mut forest = Forest::default();
            for index in group {
                forest.insert(&texts[*index]);
            }
            assert!(group.len() == 1 || forest.len() <= 12, "{group:?}");
        }
        let mut all: Vec<usize> = groups.concat();
        all.sort_unstable();
        assert_eq!(all, (0..7).collect::<Vec<_>>());
        // Six tokens in common and six that differ.
        assert!(groups.iter().any(|group| group.iter().filter(|index| [1, 3, 6].contains(index)).count() == 3));
    }

    #[test]
    fn entropies_are_those_of_the_logits() {
        let model = Decoder::random(crate::model::Config::llama(16, 24, 2, 2, 1, 40), 2, &[], &crate::device::cpu());
        let rows = [Sequence::completion(&[1, 2, 3], &[4, 5]), Sequence::completion(&[1, 2, 3], &[6])];
        let batch = Batch::new(&rows.iter().collect::<Vec<_>>(), &model.device());
        let logprobs = burn::tensor::activation::log_softmax(batch.logits(&model), 1);
        let expected = (logprobs.clone().exp() * logprobs).sum_dim(1).neg().squeeze_dim::<1>(1);
        let entropies = batch.statistics(&model).entropy;
        let gap = (entropies - expected).abs().max().into_data().try_to_vec::<f32>().unwrap();
        assert!(gap[0] < 1e-5, "{gap:?}");
    }
}
