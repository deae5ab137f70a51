//! Weighted Preference Optimization (arXiv 2406.11827), eq. 2: pairs count by how likely the policy itself
//! would have given both answers, which brings data of another model nearer to the policy's own.

use burn::tensor::Tensor;

use super::inputs::{TokenInputs, sum_by_answer, token_counts};
use crate::{Error, Result};

/// The weight of each pair, `[pairs]`, without a gradient: the product over both answers of
/// `exp(mean_t [log π(y_t) − log Σ_v π(v)²])`. The second logarithm aligns the weights: an answer that the
/// policy would draw itself has about 1, at every temperature of the data.
///
/// # Errors
/// If the tokens came without their collisions.
pub fn wpo_weight(tokens: &TokenInputs, lengths: &[Vec<usize>; 2]) -> Result<Tensor<1>> {
    let collisions = tokens
        .collisions
        .clone()
        .ok_or_else(|| Error::Recipe("WPO needs `log Σ p²` of every token (`Batch::statistics`)".to_owned()))?;
    let aligned = tokens.policy.clone().detach() - collisions.detach();
    let [first, second] = sum_by_answer(&aligned, lengths, |_, _| 1.0);
    let [first_tokens, second_tokens] = token_counts(lengths, &first);
    Ok((first / first_tokens + second / second_tokens).exp())
}
