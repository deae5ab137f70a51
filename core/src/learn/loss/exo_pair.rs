//! Efficient Exact Optimization (arXiv 2402.00856), eq. 16: the *reverse* divergence, of the policy's
//! preference `(σ(Δ), σ(−Δ))` from the smoothed label `(1 − ε, ε)`.

use burn::tensor::{
    Tensor,
    activation::{log_sigmoid, sigmoid},
};

/// `σ(Δ) [log σ(Δ) − log(1 − ε)] + σ(−Δ) [log σ(−Δ) − log ε]`, `[pairs]`. Its minimum, 0, is where
/// `σ(Δ) = 1 − ε`; a label without smoothing has none, so `0 < ε < 1`. The paper takes ε = 1e-3.
#[must_use]
pub fn exo_pair(margin: Tensor<1>, smoothing: f64) -> Tensor<1> {
    let chosen = sigmoid(margin.clone()) * (log_sigmoid(margin.clone()) - (-smoothing).ln_1p());
    let turned = margin.neg();
    chosen + sigmoid(turned.clone()) * (log_sigmoid(turned) - smoothing.ln())
}
