//! Nash-MD (Nash Learning from Human Feedback, arXiv 2312.00886): policy gradient on the probability of being
//! preferred to a mixture of the policy and its reference.

use burn::tensor::{Tensor, activation::log_softmax};

/// REINFORCE on `P(y ≻ y') − ½ − τ log(π/μ)(y)`, `[answers]` (section 7):
/// `−lp(y) [P(y ≻ y') − ½ − τ (lp(y) − lp_μ(y))]`, the bracket without a gradient. `y` was drawn by the policy, `y'`
/// by the mixture; `preference` is `P(y ≻ y')` by an antisymmetric preference model. ½ is a control variate.
/// The value means nothing; its gradient is the policy gradient.
#[must_use]
pub fn nash_md(logprob: Tensor<1>, reference: Tensor<1>, preference: Tensor<1>, tau: f64) -> Tensor<1> {
    let advantage = preference - 0.5 - (logprob.clone() - reference) * tau;
    (logprob * advantage.detach()).neg()
}

/// The mixture's log-probabilities of the next token, `[rows, vocab]`: the normalised `π^(1−κ) μ^κ` of the two
/// models' logits. κ = 0 is the policy (self-play), κ = 1 the reference; the paper found 0.125 to 0.375 best.
#[must_use]
pub fn mixture(policy: Tensor<2>, reference: Tensor<2>, kappa: f64) -> Tensor<2> {
    log_softmax(log_softmax(policy, 1) * (1.0 - kappa) + log_softmax(reference, 1) * kappa, 1)
}
