//! T-REG (arXiv 2412.02685): DPO whose token-level rewards are drawn towards what the model itself thinks of
//! each token.

use burn::tensor::{Tensor, activation::sigmoid};

use super::{
    inputs::{PairInputs, sum_by_answer},
    sigmoid::{margin, sigmoid as dpo},
};
use crate::{Error, Result};

/// The score of each token, `[tokens]`, in (−½, ½), without a gradient:
/// `r̂ = σ(lp_better − lp_worse) − ½` of its log-probabilities under a frozen model that was asked for a
/// better and for a worse answer. A positive score is a token that better answers have.
#[must_use]
pub fn token_credit(better: Tensor<1>, worse: Tensor<1>) -> Tensor<1> {
    (sigmoid(better - worse) - 0.5).detach()
}

/// `−log σ(Δ) + α w [L(y_w) + L(y_l)]`, `[pairs]`, with `L(y) = −Σ_t β r̂_t log π(y_t)` and the weight
/// `w = σ(−Δ)`, without a gradient, that DPO's own gradient has. `tokens` are the log-probabilities of the
/// policy, with gradients, and `credit` their credit, each `[tokens]` in the order of [`super::TokenInputs`];
/// without credit it is DPO.
///
/// # Errors
/// If there are not as many log-probabilities and credits as the completions have tokens.
pub fn t_reg(inputs: &PairInputs, tokens: Tensor<1>, credit: Tensor<1>, alpha: f64, beta: f64) -> Result<Tensor<1>> {
    inputs.check()?;
    let total: usize = inputs.lengths.iter().flatten().sum();
    if tokens.dims() != [total] || credit.dims() != [total] {
        return Err(Error::Recipe(
            "T-REG needs the log-probability and the credit of every completion token".to_owned(),
        ));
    }
    let delta = margin(inputs.policy.clone(), inputs.reference.clone(), beta);
    let weight = sigmoid(delta.clone().detach().neg());
    let [first, second] = sum_by_answer(&(tokens * credit.detach()), &inputs.lengths, |_, _| 1.0);
    Ok(dpo(delta) - (first + second) * weight * (alpha * beta))
}
