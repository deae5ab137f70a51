//! DiscoPOP (arXiv 2406.08414), eq. 5: a loss that a language model discovered, between the logistic and
//! the exponential one.

use burn::tensor::{
    Tensor,
    activation::{log_sigmoid, sigmoid},
};

use super::exp_bounded;

/// `−log σ(Δ) (1 − σ(Δ/τ)) + exp(−Δ) σ(Δ/τ)`, `[pairs]`, with `0 < τ ≤ 1`; the paper takes τ = 0.05.
///
/// The exponential part is `exp(−Δ + log σ(Δ/τ))`: its two factors alone would be infinity times zero for
/// large negative margins.
#[must_use]
pub fn discopop(margin: Tensor<1>, tau: f64) -> Tensor<1> {
    let modulation = margin.clone() / tau;
    let logistic = log_sigmoid(margin.clone()).neg() * sigmoid(modulation.clone().neg());
    logistic + exp_bounded(log_sigmoid(modulation) - margin)
}
