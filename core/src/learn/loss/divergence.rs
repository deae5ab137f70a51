//! How far internal judges are apart, and how sure they are: the penalties of SCIR (arXiv 2502.08922).

use burn::tensor::{
    Tensor,
    activation::{log_sigmoid, sigmoid},
};

/// The symmetric divergence `½ [KL(p‖q) + KL(q‖p)]` of two Bernoullis given by their logits:
/// exactly `½ (p − q)(z_p − z_q)`, `[pairs]`.
#[must_use]
pub fn bernoulli_divergence(first: Tensor<1>, second: Tensor<1>) -> Tensor<1> {
    let probabilities = sigmoid(first.clone()) - sigmoid(second.clone());
    probabilities * (first - second) * 0.5
}

/// The entropy of a Bernoulli given by its logit, in nats, `[pairs]`.
#[must_use]
pub fn bernoulli_entropy(logit: Tensor<1>) -> Tensor<1> {
    let p = sigmoid(logit.clone());
    (log_sigmoid(logit.clone()) * p.clone() + log_sigmoid(logit.neg()) * (p.neg() + 1.0)).neg()
}
