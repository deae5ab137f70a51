//! Direct Nash Optimization (arXiv 2404.03715): the policy's margin is regressed on the difference of the
//! answers' win rates against the last policy.

use burn::tensor::Tensor;

use super::soft_label::soft_logistic;

/// The soft label `q = σ(r(y) − r(y'))` of two win rates `r` in [0, 1] against the last policy. A constant that is
/// added to all win rates changes nothing.
#[must_use]
pub fn label(win_rates: [f64; 2]) -> f64 {
    let [first, second] = win_rates;
    1.0 / (1.0 + (second - first).exp())
}

/// Algorithm 1: `−q log σ(Δ) − (1 − q) log σ(−Δ)`, `[pairs]`, with `Δ = η [log π/π_t (y) − log π/π_t (y')]` and
/// `q` by [`label`]. The
/// practical algorithm 2 of the paper keeps only pairs with large margins and takes `q = 1`, which is
/// [`super::sigmoid::sigmoid`].
#[must_use]
pub fn dno(margin: Tensor<1>, label: Tensor<1>) -> Tensor<1> {
    soft_logistic(margin, label)
}
