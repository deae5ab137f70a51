//! Odds Ratio Preference Optimization (arXiv 2403.07691), eq. 6 and 7: supervised fine-tuning with a
//! contrast of odds in the same step, without a reference.
//!
//! Here we depart from TRL 1.16: its cross-entropy is over prompt and answer, ours over the answer given its prompt, as
//! in the paper's `P(y | x)` and as in CPO. Prompts are nothing to imitate. The contrast is the same.

use burn::tensor::{Tensor, activation::log_sigmoid};

use super::sft::sft;

/// The smallest distance of a mean log-probability from zero: an answer of probability 1 has no odds.
const LEAST: f64 = 1e-6;

/// `NLL_w − λ log σ(log odds(y_w) − log odds(y_l))`, `[pairs]`: sums and means of the log-probabilities of
/// the completions' tokens under the policy.
#[must_use]
pub fn orpo(chosen_sum: Tensor<1>, chosen_tokens: Tensor<1>, means: [Tensor<1>; 2], lambda: f64) -> Tensor<1> {
    sft(chosen_sum, chosen_tokens) + odds_ratio(means) * lambda
}

/// `−log σ(log odds(y_w) − log odds(y_l))`, `[pairs]`, with `odds(y) = p/(1 − p)` of the probability
/// `p = exp(m)` that a mean log-probability `m` stands for.
#[must_use]
pub fn odds_ratio(means: [Tensor<1>; 2]) -> Tensor<1> {
    log_sigmoid(log_odds_ratio(means)).neg()
}

/// `log odds(y_w) − log odds(y_l)`, `[pairs]`: what TRL logs as `log_odds_chosen`.
#[must_use]
pub fn log_odds_ratio(means: [Tensor<1>; 2]) -> Tensor<1> {
    let [chosen, rejected] = means.map(|mean| {
        let mean = mean.clamp_max(-LEAST);
        mean.clone() - log_one_minus_exp(mean)
    });
    chosen - rejected
}

/// `log(1 − exp(x))` for `x < 0`, from `1 − eˣ = tanh(−x/2) (1 + eˣ)`, which nowhere subtracts two numbers
/// that are nearly the same.
fn log_one_minus_exp(x: Tensor<1>) -> Tensor<1> {
    (x.clone() * -0.5).tanh().log() + x.exp().log1p()
}
