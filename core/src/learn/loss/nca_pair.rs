//! Noise Contrastive Alignment on pairs (arXiv 2402.05369), section 4: the rewards `r = β h` are compared
//! with zero, not only with each other, so that the chosen answer's likelihood does not fall.

use burn::tensor::{Tensor, activation::log_sigmoid};

/// `−log σ(r_w) − ½ log σ(−r_w) − ½ log σ(−r_l)`, `[pairs]`.
#[must_use]
pub fn nca_pair(rewards: [Tensor<1>; 2]) -> Tensor<1> {
    let [chosen, rejected] = rewards;
    let pulled = log_sigmoid(chosen.clone());
    (pulled + (log_sigmoid(chosen.neg()) + log_sigmoid(rejected.neg())) * 0.5).neg()
}
