//! Cross-entropy on the chosen answers: imitation beside a preference loss, as in MPO (arXiv 2411.10442)
//! and the recipes that keep the chosen answer's likelihood from falling.

use burn::tensor::Tensor;

/// The mean negative log-probability per token of all chosen answers of the batch, by their sums and token
/// counts, each `[pairs]`.
///
/// Pair `i` has `−lp_i · pairs / tokens`, `[pairs]`: its own share, scaled so that the *mean over pairs* is
/// the mean over tokens, in which long answers count as much as they are long.
#[must_use]
pub fn sft(chosen: Tensor<1>, tokens: Tensor<1>) -> Tensor<1> {
    chosen.neg() / tokens.mean()
}
