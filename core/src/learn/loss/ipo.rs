//! Identity Preference Optimization (arXiv 2310.12036), eq. 17: `(h_w − h_l − 1/(2β))²`. The log-ratios are
//! means over the tokens, as in TRL, whose authors had it from the paper's: sums would make the square grow
//! with the answers' lengths.

use burn::tensor::Tensor;

/// `(s_w − s_l − 1/(2β))²`, `[pairs]`, of the mean score per token of the chosen and the rejected answer
/// (the mean log-ratio under the reverse KL). `(1/(2β))²` where policy and reference are the same.
#[must_use]
pub fn ipo(mean_scores: [Tensor<1>; 2], beta: f64) -> Tensor<1> {
    let [chosen, rejected] = mean_scores;
    (chosen - rejected - 0.5 / beta).square()
}
