//! TR-DPO (arXiv 2404.09656): a reference that follows the policy, so that it can go further than β and a
//! fixed reference let it.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    model::{Decoder, Mapper, Visitor, fixed},
};

/// When and how far the reference follows, by TRL's names and with its defaults.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReferenceSync {
    /// α: the share of the policy in the new reference. 1 replaces it (the hard update), less is the soft
    /// update. The paper takes 0.5 to 0.6 for the soft one.
    pub ref_model_mixup_alpha: f64,
    /// τ: optimiser steps between two updates.
    pub ref_model_sync_steps: usize,
}

impl Default for ReferenceSync {
    fn default() -> Self {
        Self { ref_model_mixup_alpha: 0.6, ref_model_sync_steps: 512 }
    }
}

impl ReferenceSync {
    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the setting that is out of range.
    pub fn check(&self) -> Result<()> {
        let alpha = self.ref_model_mixup_alpha;
        if !(alpha > 0.0 && alpha <= 1.0) {
            return Err(Error::setting(
                "ref-model-mixup-alpha",
                format!("must be above 0 and at most 1; it is {alpha}"),
            ));
        }
        if self.ref_model_sync_steps == 0 {
            return Err(Error::setting("ref-model-sync-steps", "must be at least 1 step"));
        }
        Ok(())
    }

    /// Whether the reference moves after so many optimiser steps.
    #[must_use]
    pub fn due(&self, steps: usize) -> bool {
        steps > 0 && steps.is_multiple_of(self.ref_model_sync_steps)
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
        let mut mix = Mix(policy_weights.0.into_iter(), self.ref_model_mixup_alpha);
        reference.with_weights(reference.weights().clone().map(&mut mix))
    }
}
