//! Preference losses over log-probability sums. They never see tokens, so that they can be tested
//! on plain numbers.

use burn::tensor::{Tensor, activation::log_sigmoid};

/// The reward margin `Δ = β (h_first − h_second)` with `h = lp − lp_reference`, `[pairs]`
/// (DPO, arXiv 2305.18290, eq. 7).
#[must_use]
pub fn margin(policy: [Tensor<1>; 2], reference: [Tensor<1>; 2], beta: f64) -> Tensor<1> {
    let [first, second] = policy;
    let [reference_first, reference_second] = reference;
    ((first - reference_first) - (second - reference_second)) * beta
}

/// The soft-label logistic loss `−q log σ(Δ) − (1−q) log σ(−Δ)`, `[pairs]`. `q = 1` is DPO,
/// `q = 1 − ε` is conservative DPO, `q` a consistency is CREAM. Its minimum is at `σ(Δ) = q`.
#[must_use]
pub fn soft_logistic(margin: Tensor<1>, label: Tensor<1>) -> Tensor<1> {
    let first = log_sigmoid(margin.clone()) * label.clone();
    let second = log_sigmoid(margin.neg()) * (label.neg() + 1.0);
    (first + second).neg()
}

/// The symmetric divergence `½ [KL(p‖q) + KL(q‖p)]` of two Bernoullis given by their logits:
/// exactly `½ (p − q)(z_p − z_q)`, `[pairs]`.
#[must_use]
pub fn bernoulli_divergence(first: Tensor<1>, second: Tensor<1>) -> Tensor<1> {
    use burn::tensor::activation::sigmoid;
    let probabilities = sigmoid(first.clone()) - sigmoid(second.clone());
    probabilities * (first - second) * 0.5
}

/// The entropy of a Bernoulli given by its logit, in nats, `[pairs]`.
#[must_use]
pub fn bernoulli_entropy(logit: Tensor<1>) -> Tensor<1> {
    use burn::tensor::activation::sigmoid;
    let p = sigmoid(logit.clone());
    (log_sigmoid(logit.clone()) * p.clone() + log_sigmoid(logit.neg()) * (p.neg() + 1.0)).neg()
}
