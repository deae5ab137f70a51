//! The implicit reward `β [log π(y|x) − log π_base(y|x)]` (DPO, arXiv 2305.18290, eq. 5): the
//! reward for which the policy would be optimal, had it been trained from the base.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// How log-ratios become rewards. The base is not the update's reference: with the policy of the
/// iteration's start as base every reward would be zero at the first step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Implicit {
    /// Scale `β_r` of the reward; decides how sure the judge is, not which answer it prefers.
    pub beta: f64,
    /// Exponent `a` of the length in `ratio / |y|^a`: 0 is the plain sum, 1 the mean per token.
    pub length_power: f64,
}

/// Makes the mean log-ratio per token of the starter's answers as decided as its other judges.
const BETA: f64 = 10.0;

impl Default for Implicit {
    fn default() -> Self {
        Self { beta: BETA, length_power: 1.0 }
    }
}

impl Implicit {
    /// The reward of one answer of `length` tokens.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // token counts
    pub fn reward(&self, policy: f64, base: f64, length: usize) -> f64 {
        self.beta * (policy - base) / (length.max(1) as f64).powf(self.length_power)
    }

    /// The logit of "the first answer is better", `[pairs]`: the difference of the rewards, each
    /// tensor `[pairs]`. Differentiable in `policy`.
    #[must_use]
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // token counts
    pub fn preference_logits(&self, policy: [Tensor<1>; 2], base: [Tensor<1>; 2], lengths: [&[usize]; 2]) -> Tensor<1> {
        let [first, second] = policy;
        let [base_first, base_second] = base;
        let scale = |lengths: &[usize], like: &Tensor<1>| {
            let scales: Vec<f32> =
                lengths.iter().map(|l| (self.beta / (*l.max(&1) as f64).powf(self.length_power)) as f32).collect();
            Tensor::<1>::from_floats(scales.as_slice(), &like.device())
        };
        let scales = [scale(lengths[0], &first), scale(lengths[1], &second)];
        let [scale_first, scale_second] = scales;
        (first - base_first) * scale_first - (second - base_second) * scale_second
    }
}
