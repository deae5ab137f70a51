//! Self-Play Fine-Tuning (arXiv 2401.01335), eq. 4.7: the policy learns to tell the data's answers from those
//! of its last iterate, the opponent.

use burn::tensor::Tensor;

use super::sigmoid::{margin, sigmoid};

/// `ℓ(λ [lp(y_data) − lp_opponent(y_data) − lp(y') + lp_opponent(y')])`, `[pairs]`, with the logistic
/// `ℓ(t) = log(1 + e^−t)`. The first answer is the data's, the second was drawn by the opponent, which is
/// also the reference: a fixed one would move the fixed point `π = p_data`.
#[must_use]
pub fn spin(policy: [Tensor<1>; 2], opponent: [Tensor<1>; 2], lambda: f64) -> Tensor<1> {
    sigmoid(margin(policy, opponent, lambda))
}
