//! Self-Play Preference Optimization (arXiv 2405.00675), eq. 4.7: the log-ratio to the last policy is
//! regressed on the answer's win rate against it, `(h(y) − η [P(y ≻ π_t) − ½])²`.

use burn::tensor::Tensor;

/// The loss of one answer, `[answers]`, by its log-ratio `h` and its win rate `P(y ≻ π_t)` in [0, 1]. Its
/// minimum is at `h = η (P − ½)`, whatever the other answers are.
#[must_use]
pub fn sppo(log_ratio: Tensor<1>, win_rate: Tensor<1>, eta: f64) -> Tensor<1> {
    (log_ratio - (win_rate - 0.5) * eta).square()
}

/// Both answers of a pair with win rates 1 and 0 and `η = 1/β`, `[pairs]`:
/// `(h_w − 1/(2β))² + (h_l + 1/(2β))²`.
///
/// A pair with a label `p` between 0 and 1, of which [`super::PairObjective`] takes the expectation over the turned
/// pair, is [`sppo`] of both answers with win rates `p` and `1 − p` but for a constant: soft labels need no loss of
/// their own.
#[must_use]
pub fn sppo_hard(log_ratios: [Tensor<1>; 2], beta: f64) -> Tensor<1> {
    let [chosen, rejected] = log_ratios;
    (chosen - 0.5 / beta).square() + (rejected + 0.5 / beta).square()
}
