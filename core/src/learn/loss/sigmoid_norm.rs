//! Length-normalised DPO (Tülu 3, arXiv 2411.15124, section 5): DPO on the mean log-ratio per token.

use burn::tensor::{Tensor, activation::log_sigmoid};

/// `−log σ(β (s_w − s_l))`, `[pairs]`, of the mean score per token of the chosen and the rejected answer.
/// β is larger than for sums, by about the answers' length.
#[must_use]
pub fn sigmoid_norm(mean_scores: [Tensor<1>; 2], beta: f64) -> Tensor<1> {
    let [chosen, rejected] = mean_scores;
    log_sigmoid((chosen - rejected) * beta).neg()
}
