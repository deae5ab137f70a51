//! Direct Preference Optimization (arXiv 2305.18290), eq. 7: `−log σ(Δ)` with the margin
//! `Δ = β (h_w − h_l)` and the log-ratios `h = lp − lp_reference`.

use burn::tensor::{Tensor, activation::log_sigmoid};

/// The reward margin `Δ = β (h_first − h_second)` with `h = lp − lp_reference`, `[pairs]`
/// (DPO, arXiv 2305.18290, eq. 7).
#[must_use]
pub fn margin(policy: [Tensor<1>; 2], reference: [Tensor<1>; 2], beta: f64) -> Tensor<1> {
    let [first, second] = policy;
    let [reference_first, reference_second] = reference;
    ((first - reference_first) - (second - reference_second)) * beta
}

/// `−log σ(Δ)`, `[pairs]`: ln 2 where policy and reference are the same, with the slope −½.
#[must_use]
pub fn sigmoid(margin: Tensor<1>) -> Tensor<1> {
    log_sigmoid(margin).neg()
}
