//! Soft-preference cross-entropy of Online Self-Preferring Language Models (arXiv 2405.14103): the label is
//! the judge's own probability, so that near ties are kept near.

use burn::tensor::Tensor;

use super::soft_label::soft_logistic;

/// `−p log σ(Δ) − (1 − p) log σ(−Δ)`, `[pairs]`, with the judge's probability `p`, without a gradient, that the
/// first answer is better. Its minimum is at `σ(Δ) = p`: margins become calibrated.
#[must_use]
pub fn spce(margin: Tensor<1>, strength: Tensor<1>) -> Tensor<1> {
    soft_logistic(margin, strength.detach())
}
