//! Anchored Preference Optimization (arXiv 2408.06266): it says where each answer's likelihood should go,
//! not only how far apart the two should be. Rewards are `r = β h`.

use burn::tensor::{Tensor, activation::sigmoid};

/// APO-zero, eq. 7: `σ(−r_w) + σ(r_l)`, `[pairs]`. The chosen answer becomes more likely, the rejected one
/// less: for chosen answers that are better than the model's own.
#[must_use]
pub fn apo_zero(rewards: [Tensor<1>; 2]) -> Tensor<1> {
    let [chosen, rejected] = rewards;
    sigmoid(chosen.neg()) + sigmoid(rejected)
}

/// APO-down, eq. 8: `σ(r_w) + σ(−(r_w − r_l))`, `[pairs]`. Both become less likely, the rejected one more
/// so: for chosen answers that are worse than the model's own.
#[must_use]
pub fn apo_down(rewards: [Tensor<1>; 2]) -> Tensor<1> {
    let [chosen, rejected] = rewards;
    sigmoid(chosen.clone()) + sigmoid(rejected - chosen)
}
