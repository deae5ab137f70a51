//! Rotary position embeddings (Su et al., arXiv 2104.09864, in the rotate-half form) in one pass over the numbers.

mod cpu;
mod gpu;

use burn::{
    backend::{
        Autodiff, Backend, Dispatch,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind, unary},
        },
        backend_extension,
        tensor::FloatTensor,
    },
    tensor::Tensor,
};

/// Rotates pairs of columns of every head.
///
/// * `x`: `[rows, time, heads, width]`
/// * `cosine`, `sine`: `[1 or rows, time, 1, width / 2]`, constants
#[must_use]
pub fn rotate(x: Tensor<4>, cosine: Tensor<4>, sine: Tensor<4>) -> Tensor<4> {
    let (cosine, sine) = (cosine.into_dispatch(), sine.into_dispatch());
    Tensor::from_dispatch(Dispatch::rotate(x.into_dispatch(), cosine, sine))
}

/// The operation as burn's backends see it. Gradients of gradients are not recorded.
#[backend_extension(Cube, Flex, Autodiff, Fusion)]
pub trait RotationOps: Backend {
    /// See [`rotate`].
    #[fusion(dtype = x, shape = x)]
    fn rotate(x: FloatTensor<Self>, cosine: FloatTensor<Self>, sine: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The rotation back, which is also the gradient of the rotation.
    #[fusion(dtype = x, shape = x)]
    fn rotate_back(x: FloatTensor<Self>, cosine: FloatTensor<Self>, sine: FloatTensor<Self>) -> FloatTensor<Self>;
}

#[derive(Debug)]
struct Rotate;

impl<B: RotationOps> Backward<B, 1> for Rotate {
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (cosine, sine) = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |gradient| B::rotate_back(gradient, cosine, sine));
    }
}

impl<B: RotationOps, C: CheckpointStrategy> RotationOps for Autodiff<B, C> {
    fn rotate(x: FloatTensor<Self>, cosine: FloatTensor<Self>, sine: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, of_x) = x.into_parts();
        let (cosine, sine) = (cosine.into_parts().0, sine.into_parts().0);
        let result = B::rotate(x, cosine.clone(), sine.clone());
        match Rotate.prepare::<C>([of_x]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((cosine, sine), result),
            OpsKind::UnTracked(prep) => prep.finish(result),
        }
    }

    fn rotate_back(x: FloatTensor<Self>, cosine: FloatTensor<Self>, sine: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, cosine, sine) = (x.into_parts().0, cosine.into_parts().0, sine.into_parts().0);
        FloatTensor::<Self>::new(B::rotate_back(x, cosine, sine))
    }
}

#[cfg(test)]
mod tests;
