//! A micro-batch of rated single answers on its way through an objective.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::{
    Snapshot,
    pair_batch::{constants, not_asked_for},
};
use crate::{Result, model::Decoder, select::Rated};

/// A micro-batch of rated answers. All tensors are `[answers]`.
pub struct RatedBatch<'a> {
    /// The policy with its gradients recorded.
    pub model: &'a Decoder,
    /// The answers.
    pub answers: Vec<&'a Rated>,
    /// Their summed log-probabilities under the policy, with gradients.
    pub policy: Tensor<1>,
    pub(super) references: BTreeMap<Snapshot, Tensor<1>>,
}

impl RatedBatch<'_> {
    /// Summed log-probabilities of the answers under a frozen model.
    ///
    /// # Errors
    /// If the recipe did not ask for this snapshot when it began to learn.
    pub fn reference(&self, which: Snapshot) -> Result<Tensor<1>> {
        self.references.get(&which).cloned().ok_or_else(|| not_asked_for(which))
    }

    /// One number per answer as a constant.
    #[must_use]
    pub fn constant(&self, value: impl Fn(&Rated) -> f64) -> Tensor<1> {
        constants(&self.answers, &self.model.device(), value)
    }
}
