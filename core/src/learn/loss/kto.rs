//! Kahneman-Tversky Optimization (arXiv 2402.01306), eq. 7: answers that were called good or bad one by one.
//! What they are worth is felt against a reference point, saturates, and weighs losses and gains on their own.

use burn::tensor::{Tensor, activation::sigmoid};

use super::unpaired::signed;

/// `1 − σ(r − z)` for good answers and `1 − σ(z − r)` for bad ones, `[answers]`, with rewards `r = β h` and the
/// reference point `z = β KL`, `[1]` and without a gradient. `desirable` is 1 or 0.
#[must_use]
pub fn kto(rewards: Tensor<1>, desirable: Tensor<1>, reference_point: Tensor<1>) -> Tensor<1> {
    sigmoid((reference_point.detach() - rewards) * signed(desirable))
}

/// The estimate of the divergence from the reference, `[1]`, without a gradient: the mean log-ratio, at least
/// 0, of answers put to *other* prompts of the batch, each `[answers]`.
#[must_use]
pub fn kl(policy: Tensor<1>, reference: Tensor<1>) -> Tensor<1> {
    (policy - reference).mean().detach().clamp_min(0.0)
}
