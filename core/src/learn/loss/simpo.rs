//! SimPO (arXiv 2405.14734), eq. 6: the reward is the mean log-probability per token, without a reference,
//! and the chosen answer has to win by a margin γ.

use burn::tensor::Tensor;

use super::cdpo::cdpo;

/// `−log σ(β (m_w − m_l) − γ)`, `[pairs]`, of the mean log-probabilities per token under the policy. The paper
/// takes β from 2 to 10 and γ/β from 0.3 to 1.6. With a share of the labels taken to be wrong it is [`cdpo`] of the same
/// argument, as in TRL; the paper takes none.
#[must_use]
pub fn simpo(mean_logprobs: [Tensor<1>; 2], beta: f64, gamma: f64, smoothing: f64) -> Tensor<1> {
    let [chosen, rejected] = mean_logprobs;
    cdpo((chosen - rejected) * beta - gamma, smoothing)
}
