//! Length-desensitised DPO (LD-DPO, arXiv 2409.06411), eq. 10: tokens beyond the length of the shorter
//! answer count only α, so that a longer answer is not preferred for its length.

use burn::tensor::Tensor;

use super::inputs::sum_by_answer;

/// The sums over each answer's tokens, each `[pairs]`, where those beyond the pair's shorter length count
/// `alpha`: 1 is the plain sum, 0 cuts them off. `values` is `[tokens]` in the order of
/// [`super::TokenInputs`].
#[must_use]
pub fn desensitised(values: &Tensor<1>, lengths: &[Vec<usize>; 2], alpha: f64) -> [Tensor<1>; 2] {
    #[allow(clippy::cast_possible_truncation)] // a weight
    let alpha = alpha as f32;
    let shared: Vec<usize> = lengths[0].iter().zip(&lengths[1]).map(|(a, b)| *a.min(b)).collect();
    sum_by_answer(values, lengths, |pair, position| if position < shared[pair] { 1.0 } else { alpha })
}
