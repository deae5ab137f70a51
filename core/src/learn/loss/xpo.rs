//! Exploratory Preference Optimization (arXiv 2405.21046), algorithm 1: online DPO with a bonus for moving
//! away from what the reference samples.

use burn::tensor::Tensor;

use super::sigmoid::sigmoid;

/// `−log σ(Δ) + α lp(ỹ)`, `[pairs]`, with the policy's log-probability of the answer `ỹ` that the reference
/// drew.
#[must_use]
pub fn xpo(margin: Tensor<1>, reference_sample: Tensor<1>, alpha: f64) -> Tensor<1> {
    sigmoid(margin) + bonus(reference_sample, alpha)
}

/// The optimism alone, `α lp(ỹ)`, `[answers]`, to be added to another loss, such as
/// [`super::sharpening::sharpening`].
#[must_use]
pub fn bonus(reference_sample: Tensor<1>, alpha: f64) -> Tensor<1> {
    reference_sample * alpha
}
