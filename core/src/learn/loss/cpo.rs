//! Contrastive Preference Optimization (arXiv 2401.08417), eq. 3 to 5: DPO with a uniform reference, which
//! cancels, and cross-entropy on the chosen answers in its place.

use burn::tensor::Tensor;

use super::{cdpo::cdpo, sft::sft};

/// `−log σ(β (lp_w − lp_l)) + α NLL_w`, `[pairs]`: log-probability sums under the policy, tokens of the
/// chosen answers, and the weight α of their mean negative log-probability per token (1 in the paper). With a share
/// of the labels taken to be wrong the contrast is [`cdpo`] of the same argument, as in TRL; the paper takes none.
#[must_use]
pub fn cpo(logprobs: [Tensor<1>; 2], chosen_tokens: Tensor<1>, beta: f64, alpha: f64, smoothing: f64) -> Tensor<1> {
    let [chosen, rejected] = logprobs;
    cdpo((chosen.clone() - rejected) * beta, smoothing) + sft(chosen, chosen_tokens) * alpha
}
