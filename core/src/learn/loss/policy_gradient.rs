//! Policy gradients on rewards of the policy's own answers.

use burn::tensor::Tensor;

/// PPO's clipped surrogate of every token, `[labels]` (arXiv 1707.06347, eq. 7): `−min(ρ A, clip(ρ, 1 − ε, 1 + ε) A)`
/// with the ratio `ρ = exp(lp − lp_drawn)` of a token's log-probability now to when it was drawn, and an advantage
/// without a gradient. Where the two are equal the gradient is REINFORCE's.
#[must_use]
pub fn clipped(logprobs: Tensor<1>, drawn: Tensor<1>, advantages: Tensor<1>, clip: f64) -> Tensor<1> {
    let advantages = advantages.detach();
    let ratio = (logprobs - drawn.detach()).exp();
    let near = ratio.clone().clamp(1.0 - clip, 1.0 + clip);
    (ratio * advantages.clone()).min_pair(near * advantages).neg()
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

    use super::*;
    use crate::device;

    fn tensor(values: &[f32]) -> Tensor<1> {
        Tensor::from_data(TensorData::from(values), &device::cpu().autodiff())
    }

    fn numbers(values: Tensor<1>) -> Vec<f32> {
        values.into_data().try_to_vec::<f32>().unwrap()
    }

    /// By hand: `ρ` is 1, 2, 2, ½, ½; where moving on is no longer rewarded the value stands still.
    #[test]
    fn ratios_are_clipped_on_the_side_that_is_rewarded() {
        let ln2 = 2.0_f32.ln();
        let logprobs = tensor(&[-1.0, -1.0 + ln2, -1.0 + ln2, -1.0 - ln2, -1.0 - ln2]).require_grad();
        let advantages = tensor(&[3.0, 1.0, -1.0, 1.0, -1.0]);
        let loss = clipped(logprobs.clone(), tensor(&[-1.0; 5]), advantages, 0.2);
        for (found, expected) in numbers(loss.clone().inner()).iter().zip([-3.0, -1.2, 2.0, -0.5, 0.8]) {
            assert!((found - expected).abs() < 1e-6, "{found} instead of {expected}");
        }
        let gradients = loss.sum().backward();
        let found = numbers(logprobs.grad(&gradients).unwrap());
        // −ρ A where it is not clipped: REINFORCE's −A at the first.
        for (found, expected) in found.iter().zip([-3.0, 0.0, 2.0, -0.5, 0.0]) {
            assert!((found - expected).abs() < 1e-6, "{found} instead of {expected}");
        }
    }
}
