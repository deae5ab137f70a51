//! A step of AdamW (Loshchilov and Hutter, arXiv 1711.05101) in one pass over weights, gradients and
//! moments on the CPU backend, and the norm of gradients in one pass. Adapters fuse the same chain by
//! themselves: there it is burn's operations.

mod cpu;

use burn::{
    backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor},
    tensor::{Device, Tensor},
};

/// The numbers of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamWStep {
    /// Gradients are multiplied by it.
    pub scale: f32,
    /// Decay of the running mean of gradients.
    pub beta1: f32,
    /// One minus it.
    pub one_minus_beta1: f32,
    /// Decay of the running mean of squared gradients.
    pub beta2: f32,
    /// One minus it.
    pub one_minus_beta2: f32,
    /// `√(1 − β₂ᵗ)`: divides the root of the second moment.
    pub correction2: f32,
    /// Added to that root.
    pub epsilon: f32,
    /// Weights are multiplied by it: `1 − learning rate · weight decay`.
    pub keep: f32,
    /// `learning rate / (1 − β₁ᵗ)`.
    pub rate: f32,
}

/// The weights and both moments after a step. All tensors are `[weights]`, without gradients recorded.
/// Moments that nobody else holds are written in place, and the new weights where such gradients were.
#[must_use]
pub fn adamw(
    weights: Tensor<1>,
    gradients: Tensor<1>,
    first: Tensor<1>,
    second: Tensor<1>,
    step: AdamWStep,
) -> [Tensor<1>; 3] {
    if weights.device() == Device::flex() {
        let (weights, gradients) = (weights.into_dispatch(), gradients.into_dispatch());
        let (weights, first, second) =
            Dispatch::adamw(weights, gradients, first.into_dispatch(), second.into_dispatch(), step);
        return [weights, first, second].map(Tensor::from_dispatch);
    }
    let gradients = gradients * step.scale;
    let first = first * step.beta1 + gradients.clone() * step.one_minus_beta1;
    let second = second * step.beta2 + gradients.clone() * gradients * step.one_minus_beta2;
    let update = first.clone() / (second.clone().sqrt() / step.correction2 + step.epsilon) * step.rate;
    [weights * step.keep - update, first, second]
}

/// The sum of squares, `[1]`, of numbers without gradients recorded.
#[must_use]
pub fn sum_of_squares(values: Tensor<1>) -> Tensor<1> {
    if values.device() == Device::flex() {
        return Tensor::from_dispatch(Dispatch::sum_of_squares(values.into_dispatch()));
    }
    (values.clone() * values).sum()
}

/// The operations as burn's backends see them.
#[backend_extension(Flex)]
pub trait AdamWOps: Backend {
    /// See [`adamw`].
    fn adamw(
        weights: FloatTensor<Self>,
        gradients: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        step: AdamWStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// See [`sum_of_squares`].
    fn sum_of_squares(values: FloatTensor<Self>) -> FloatTensor<Self>;
}
