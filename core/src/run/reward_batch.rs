//! A micro-batch of the policy's own rewarded answers on its way through an objective.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::{
    Snapshot,
    pair_batch::{constants, not_asked_for},
};
use crate::{Result, learn::Batch, model::Decoder, select::Rewarded};

/// A micro-batch of rewarded answers. Tensors are `[answers]` or, one number for every token of theirs, `[tokens]`.
pub struct RewardBatch<'a> {
    /// The policy with its gradients recorded.
    pub model: &'a Decoder,
    /// The answers.
    pub answers: Vec<&'a Rewarded>,
    /// The log-probability of every token under the policy, with gradients, `[tokens]`.
    pub tokens: Tensor<1>,
    /// Their sums, `[answers]`.
    pub policy: Tensor<1>,
    pub(super) layout: Batch,
    pub(super) references: BTreeMap<Snapshot, Tensor<1>>,
}

impl RewardBatch<'_> {
    /// Summed log-probabilities of the answers under a frozen model, `[answers]`.
    ///
    /// # Errors
    /// If the recipe did not ask for this snapshot when it began to learn.
    pub fn reference(&self, which: Snapshot) -> Result<Tensor<1>> {
        self.references.get(&which).cloned().ok_or_else(|| not_asked_for(which))
    }

    /// The log-probability of every token when it was drawn, `[tokens]`.
    #[must_use]
    pub fn drawn(&self) -> Tensor<1> {
        let values: Vec<f32> = self.answers.iter().flat_map(|one| one.answer.logprobs.iter().copied()).collect();
        Tensor::from_floats(values.as_slice(), &self.model.device())
    }

    /// Sums one number for every token, `[tokens]`, into one for every answer, `[answers]`.
    #[must_use]
    pub fn sum(&self, values: Tensor<1>) -> Tensor<1> {
        self.layout.sum_per_sequence(values)
    }

    /// One number per answer as a constant, `[answers]`.
    #[must_use]
    pub fn constant(&self, value: impl Fn(&Rewarded) -> f64) -> Tensor<1> {
        constants(&self.answers, &self.model.device(), value)
    }

    /// The rewards, `[answers]`.
    #[must_use]
    pub fn rewards(&self) -> Tensor<1> {
        self.constant(|one| one.reward)
    }

    /// A number of every answer, `[answers]`, repeated for each of its tokens, `[tokens]`.
    #[must_use]
    pub fn for_tokens(&self, values: Tensor<1>) -> Tensor<1> {
        self.layout.repeat_per_label(values)
    }
}
