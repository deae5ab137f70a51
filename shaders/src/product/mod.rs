//! The product with a weight matrix as the files have it, `[out, in]`, whose gradient comes out in the
//! same layout: burn's own comes out turned, and turning it back is a pass over all weights.

use burn::{
    backend::{
        Autodiff, Backend, Dispatch, Flex,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind, binary},
        },
        backend_extension,
        tensor::FloatTensor,
    },
    tensor::Tensor,
};
use burn_cubecl::CubeBackend;

/// `x · weightᵀ`.
///
/// * `x`: `[rows, in]`
/// * `weight`: `[out, in]`
///
/// Returns `[rows, out]`.
#[must_use]
pub fn linear(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::product_with_weight(x.into_dispatch(), weight.into_dispatch()))
}

/// The operation as burn's backends see it.
#[backend_extension(Cube, Flex, Autodiff, Fusion)]
pub trait LinearOps: Backend {
    /// See [`linear`].
    #[fusion(default)]
    fn product_with_weight(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::float_matmul(x, Self::float_transpose(weight))
    }
}

impl LinearOps for Flex {}

impl LinearOps for CubeBackend {}

#[derive(Debug)]
struct Linear;

impl<B: LinearOps> Backward<B, 2> for Linear {
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, weight) = ops.state;
        binary::<B, _, _>(
            ops.parents,
            ops.node,
            grads,
            |gradient| B::float_matmul(gradient, weight),
            |gradient| B::float_matmul(B::float_transpose(gradient), x),
        );
    }
}

impl<B: LinearOps, C: CheckpointStrategy> LinearOps for Autodiff<B, C> {
    fn product_with_weight(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let ((x, of_x), (weight, of_weight)) = (x.into_parts(), weight.into_parts());
        let result = B::product_with_weight(x.clone(), weight.clone());
        match Linear.prepare::<C>([of_x, of_weight]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((x, weight), result),
            OpsKind::UnTracked(prep) => prep.finish(result),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn leaf(rows: usize, columns: usize) -> Tensor<2> {
        #[allow(clippy::cast_precision_loss)]
        let values: Vec<f32> = (0..rows * columns).map(|i| (i * 7919 % 1013) as f32 / 1013.0 - 0.5).collect();
        Tensor::<2>::from_data(TensorData::new(values, [rows, columns]), &Device::flex().autodiff()).require_grad()
    }

    #[test]
    fn it_is_the_product_with_the_transpose() {
        let run = |product: &dyn Fn(Tensor<2>, Tensor<2>) -> Tensor<2>| {
            let (x, weight) = (leaf(7, 11), leaf(5, 11));
            let result = product(x.clone(), weight.clone());
            let gradients = (result.clone() * leaf(7, 5).detach()).sum().backward();
            [result.inner(), x.grad(&gradients).unwrap(), weight.grad(&gradients).unwrap()]
                .map(|t| (t.dims(), t.into_data().try_to_vec::<f32>().unwrap()))
        };
        let ours = run(&linear);
        let expected = run(&|x, weight| x.matmul(weight.transpose()));
        for ((shape, ours), (expected_shape, expected)) in ours.iter().zip(&expected) {
            assert_eq!(shape, expected_shape);
            assert!(ours.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-6), "{ours:?} {expected:?}");
        }
    }
}
