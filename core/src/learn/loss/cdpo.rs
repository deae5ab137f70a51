//! Conservative DPO (E. Mitchell, "A note on DPO with noisy preferences", 2023): a share ε of the labels is
//! taken to be wrong.

use burn::tensor::{Tensor, activation::log_sigmoid};

/// `−(1 − ε) log σ(Δ) − ε log σ(−Δ)`, `[pairs]`. Its minimum is at `σ(Δ) = 1 − ε`, so that margins stay
/// bounded.
#[must_use]
pub fn cdpo(margin: Tensor<1>, smoothing: f64) -> Tensor<1> {
    let first = log_sigmoid(margin.clone()) * (1.0 - smoothing);
    (first + log_sigmoid(margin.neg()) * smoothing).neg()
}
