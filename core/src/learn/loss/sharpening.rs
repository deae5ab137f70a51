//! RLHF-sharpening (arXiv 2412.01951), eq. 8: the model's own log-likelihood is the reward, and the policy's
//! log-ratios are regressed on it.

use burn::tensor::Tensor;

/// `(β h(y) − β h(y') − [lp_base(y) − lp_base(y')])²`, `[pairs]`, with log-ratios `h` to the frozen base model.
/// The optimum is `π ∝ π_base^(1 + 1/β)`. With exploration, add [`super::xpo::bonus`].
#[must_use]
pub fn sharpening(policy: [Tensor<1>; 2], base: [Tensor<1>; 2], beta: f64) -> Tensor<1> {
    regression(super::sigmoid::margin(policy, base.clone(), beta), base)
}

/// The same for any reward of the two answers: `(Δ − [r(y) − r(y')])²`, `[pairs]`, of margins `Δ`. It is the
/// difference itself that the margins are to reach, not its sign.
#[must_use]
pub fn regression(margin: Tensor<1>, rewards: [Tensor<1>; 2]) -> Tensor<1> {
    let [first, second] = rewards;
    (margin - (first - second)).square()
}
