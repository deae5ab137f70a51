//! The product with a weight matrix as the files have it, `[out, in]`, whose gradient comes out in the
//! same layout: burn's own comes out turned, and turning it back is a pass over all weights. On adapters it is a
//! kernel of tiles, which attention uses too.

mod gpu;
mod tile;

pub(crate) use gpu::{Products, Stack, products};
pub(crate) use tile::Lie;

use burn::{
    backend::{
        Autodiff, Backend, Dispatch, Flex,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind, binary},
        },
        backend_extension,
        ops::FloatTensorOps,
        tensor::FloatTensor,
    },
    tensor::{Shape, Tensor},
};

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

/// The operations as burn's backends see them.
#[backend_extension(Cube, Flex, Autodiff, Fusion)]
pub trait LinearOps: Backend {
    /// See [`linear`].
    #[fusion(dtype = x, shape = Shape::new([x[0], weight[0]]))]
    fn product_with_weight(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;

    /// `gradient · weight`, the gradient of `x`: `[rows, in]` from `[rows, out]`.
    #[fusion(dtype = gradient, shape = Shape::new([gradient[0], weight[1]]))]
    fn product_against_weight(gradient: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;

    /// `gradientᵀ · x`, the gradient of `weight`: `[out, in]` from `[rows, out]`.
    #[fusion(dtype = x, shape = Shape::new([gradient[1], x[1]]))]
    fn product_of_columns(gradient: FloatTensor<Self>, x: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl LinearOps for Flex {
    fn product_with_weight(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::float_matmul(x, Self::float_transpose(weight))
    }

    fn product_against_weight(gradient: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::float_matmul(gradient, weight)
    }

    fn product_of_columns(gradient: FloatTensor<Self>, x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::float_matmul(Self::float_transpose(gradient), x)
    }
}

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
            |gradient| B::product_against_weight(gradient, weight),
            |gradient| B::product_of_columns(gradient, x),
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

    fn product_against_weight(gradient: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let (gradient, weight) = (gradient.into_parts().0, weight.into_parts().0);
        FloatTensor::<Self>::new(B::product_against_weight(gradient, weight))
    }

    fn product_of_columns(gradient: FloatTensor<Self>, x: FloatTensor<Self>) -> FloatTensor<Self> {
        FloatTensor::<Self>::new(B::product_of_columns(gradient.into_parts().0, x.into_parts().0))
    }
}

#[cfg(test)]
mod tests;
