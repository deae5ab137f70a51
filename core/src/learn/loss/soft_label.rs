//! The logistic loss with a label between 0 and 1, from which many methods differ by their label alone:
//! [`super::cdpo`], [`super::cream`], [`super::spce`], [`super::dno`].

use burn::tensor::{Tensor, activation::log_sigmoid};

/// The soft-label logistic loss `−q log σ(Δ) − (1−q) log σ(−Δ)`, `[pairs]`. `q = 1` is DPO,
/// `q = 1 − ε` is conservative DPO, `q` a consistency is CREAM. Its minimum is at `σ(Δ) = q`.
#[must_use]
pub fn soft_logistic(margin: Tensor<1>, label: Tensor<1>) -> Tensor<1> {
    let first = log_sigmoid(margin.clone()) * label.clone();
    let second = log_sigmoid(margin.neg()) * (label.neg() + 1.0);
    (first + second).neg()
}
