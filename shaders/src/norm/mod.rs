//! Root-mean-square norm (Zhang and Sennrich, arXiv 1910.07467) in one pass over its numbers, forward and backward.
//! Written with burn's operations it would be five to fifteen passes, with a new tensor each.

mod cpu;
mod gpu;

use burn::{
    backend::{
        Autodiff, Backend, Dispatch, TensorMetadata,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind, binary},
        },
        backend_extension,
        tensor::FloatTensor,
    },
    tensor::{Shape, Tensor},
};

use crate::gradient::plain;

/// The norm over the last axis: `x / √(mean(x²) + ε) · weight`.
///
/// * `x`: `[rows, columns]`
/// * `weight`: `[columns]`
#[must_use]
pub fn rms_norm(x: Tensor<2>, weight: Tensor<1>, epsilon: f64) -> Tensor<2> {
    #[allow(clippy::cast_possible_truncation)]
    let epsilon = epsilon as f32;
    Tensor::from_dispatch(Dispatch::rms_norm(x.into_dispatch(), weight.into_dispatch(), epsilon))
}

/// The operation as burn's backends see it. Gradients of gradients are not recorded.
#[backend_extension(Cube, Flex, Autodiff, Fusion)]
pub trait NormOps: Backend {
    /// See [`rms_norm`].
    #[fusion(dtype = x, shape = x)]
    fn rms_norm(x: FloatTensor<Self>, weight: FloatTensor<Self>, epsilon: f32) -> FloatTensor<Self>;

    /// What each row is multiplied by, `[rows, 1]`: `1 / √(mean(x²) + ε)`.
    #[fusion(dtype = x, shape = Shape::new([x[0], 1]))]
    fn rms_scales(x: FloatTensor<Self>, epsilon: f32) -> FloatTensor<Self>;

    /// The gradient of `x` from that of the result.
    #[fusion(dtype = x, shape = x)]
    fn rms_norm_slopes(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self>;

    /// The gradient of `weight`, `[columns]`.
    #[fusion(default)]
    fn rms_norm_weight_slopes(x: FloatTensor<Self>, gradient: FloatTensor<Self>, epsilon: f32) -> FloatTensor<Self> {
        let columns = x.shape()[1];
        let scaled = Self::float_mul(Self::float_mul(x.clone(), gradient), Self::rms_scales(x, epsilon));
        Self::float_reshape(Self::float_sum_dim(scaled, 0), Shape::new([columns]))
    }
}

#[derive(Debug)]
struct RmsNorm;

impl<B: NormOps> Backward<B, 2> for RmsNorm {
    type State = (FloatTensor<B>, FloatTensor<B>, f32);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, weight, epsilon) = ops.state;
        let same = x.clone();
        binary::<B, _, _>(
            ops.parents,
            ops.node,
            grads,
            |gradient| B::rms_norm_slopes(x, weight, gradient, epsilon),
            |gradient| B::rms_norm_weight_slopes(same, gradient, epsilon),
        );
    }
}

impl<B: NormOps, C: CheckpointStrategy> NormOps for Autodiff<B, C> {
    fn rms_norm(x: FloatTensor<Self>, weight: FloatTensor<Self>, epsilon: f32) -> FloatTensor<Self> {
        let ((x, of_x), (weight, of_weight)) = (x.into_parts(), weight.into_parts());
        let result = B::rms_norm(x.clone(), weight.clone(), epsilon);
        match RmsNorm.prepare::<C>([of_x, of_weight]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((x, weight, epsilon), result),
            OpsKind::UnTracked(prep) => prep.finish(result),
        }
    }

    fn rms_scales(x: FloatTensor<Self>, epsilon: f32) -> FloatTensor<Self> {
        FloatTensor::<Self>::new(B::rms_scales(plain::<B, C>(x), epsilon))
    }

    fn rms_norm_slopes(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self> {
        let (x, weight, gradient) = (plain::<B, C>(x), plain::<B, C>(weight), plain::<B, C>(gradient));
        FloatTensor::<Self>::new(B::rms_norm_slopes(x, weight, gradient, epsilon))
    }
}

#[cfg(test)]
mod tests;
