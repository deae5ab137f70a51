//! The dynamic reward scaling of MM-RLHF (arXiv 2502.10391): DPO whose β grows with how sure the reward model
//! is of the pair.

use burn::tensor::Tensor;

use super::{exp_bounded, sigmoid::sigmoid};

/// `β(δ) = β₀ [1 + w (1 − exp(−k δ))]`, `[pairs]`, without a gradient, of the reward model's margin `δ ≥ 0`: β₀ at
/// a tie, `β₀ (1 + w)` at most.
#[must_use]
pub fn scaled_beta(reward_margin: Tensor<1>, beta: f64, w: f64, k: f64) -> Tensor<1> {
    let decided = exp_bounded(reward_margin.detach() * -k).neg() + 1.0;
    (decided * w + 1.0) * beta
}

/// `−log σ(β(δ) (h_w − h_l))`, `[pairs]`, of the log-ratios of the chosen and the rejected answer.
#[must_use]
pub fn mm_rlhf(log_ratios: [Tensor<1>; 2], scaled_beta: Tensor<1>) -> Tensor<1> {
    let [chosen, rejected] = log_ratios;
    sigmoid((chosen - rejected) * scaled_beta)
}
