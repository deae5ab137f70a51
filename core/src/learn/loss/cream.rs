//! CREAM (arXiv 2410.12735): self-rewarding in which a pair counts as far as two iterations' rankings agree.

use burn::tensor::Tensor;

use super::soft_label::soft_logistic;

/// `−C log σ(Δ) − (1 − C) log σ(−Δ)`, `[pairs]`, with the consistency `C` in [0, 1] of the prompt's rankings by
/// this and by the last iteration's implicit reward (Kendall's τ, moved to that range), or its mean over all
/// prompts. Below ½ it turns the pair around, as the paper means it to.
#[must_use]
pub fn cream(margin: Tensor<1>, consistency: Tensor<1>) -> Tensor<1> {
    soft_logistic(margin, consistency.detach())
}
