//! Robust DPO (arXiv 2403.00409), eq. 11: unbiased where a known share ε of the labels is flipped.

use burn::tensor::{Tensor, activation::log_sigmoid};

/// `[−(1 − ε) log σ(Δ) + ε log σ(−Δ)] / (1 − 2ε)`, `[pairs]`, with `0 ≤ ε < ½`. Its expectation under
/// flipped labels is the loss under the true ones; it can be negative.
#[must_use]
pub fn robust(margin: Tensor<1>, flipped: f64) -> Tensor<1> {
    let kept = log_sigmoid(margin.clone()) * (flipped - 1.0);
    (kept + log_sigmoid(margin.neg()) * flipped) / (1.0 - 2.0 * flipped)
}
