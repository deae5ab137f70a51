//! TR-DPO (arXiv 2404.09656): a reference that follows the policy, so that it can go further than β and a
//! fixed reference let it.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    model::{Decoder, Mapper, Visitor},
};

/// When and how far the reference follows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReferenceSync {
    /// α: the share of the policy in the new reference. 1 replaces it (the hard update), less is the soft
    /// update. The paper takes 0.5 to 0.6 for the soft one.
    pub mixup: f64,
    /// τ: optimiser steps between two updates.
    pub every: usize,
}

impl Default for ReferenceSync {
    fn default() -> Self {
        Self { mixup: 0.6, every: 512 }
    }
}

impl ReferenceSync {
    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the setting that is out of range.
    pub fn check(&self) -> Result<()> {
        if !(self.mixup > 0.0 && self.mixup <= 1.0) {
            return Err(Error::setting("mixup", format!("must be above 0 and at most 1; it is {}", self.mixup)));
        }
        if self.every == 0 {
            return Err(Error::setting("every", "must be at least 1 step"));
        }
        Ok(())
    }

    /// Whether the reference moves after so many optimiser steps.
    #[must_use]
    pub fn due(&self, steps: usize) -> bool {
        steps > 0 && steps.is_multiple_of(self.every)
    }

    /// The new reference, `α θ + (1 − α) θ_reference`, weight by weight, without gradients. The two models must
    /// have the same shape. Log-probabilities of the old reference that were kept are out of date with it.
    #[must_use]
    pub fn mix(&self, reference: &Decoder, policy: &Decoder) -> Decoder {
        struct Collect(Vec<Tensor<1>>);
        impl Visitor for Collect {
            fn visit<const D: usize>(&mut self, _: &str, weight: &Tensor<D>) {
                self.0.push(fixed(weight.clone()).flatten(0, D - 1));
            }
        }
        struct Mix(std::vec::IntoIter<Tensor<1>>, f64);
        impl Mapper for Mix {
            fn map<const D: usize>(&mut self, _: &str, weight: Tensor<D>) -> Tensor<D> {
                let weight = fixed(weight);
                let shape = weight.dims();
                match self.0.next() {
                    Some(policy) => weight * (1.0 - self.1) + policy.reshape(shape) * self.1,
                    None => weight,
                }
            }
        }
        let mut policy_weights = Collect(Vec::new());
        policy.weights().visit(&mut policy_weights);
        let mut mix = Mix(policy_weights.0.into_iter(), self.mixup);
        reference.with_weights(reference.weights().clone().map(&mut mix))
    }
}

fn fixed<const D: usize>(weight: Tensor<D>) -> Tensor<D> {
    if weight.is_autodiff() { weight.inner() } else { weight }
}
