//! Self-Exploring Language Models (arXiv 2405.19332): DPO with optimism. Answers that the reference gives
//! anyway become less likely, which moves mass to what was not explored.

use burn::tensor::Tensor;

use super::sigmoid::sigmoid;

/// `−log σ(Δ) + α β [lp(y_ref) − lp_reference(y_ref)]`, `[pairs]`, where `y_ref` is an answer that the current
/// reference model *generated*, and `explored` its log-ratio, `[pairs]`. α is tiny (1e-3 or 1e-4 in the
/// authors' code), because log-ratios are sums over tokens; 0 is DPO.
#[must_use]
pub fn selm(margin: Tensor<1>, explored: Tensor<1>, alpha: f64, beta: f64) -> Tensor<1> {
    sigmoid(margin) + explored * (alpha * beta)
}
