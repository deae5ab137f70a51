//! The small operations between a decoder's matrix products, each in one pass over its numbers on the
//! CPU backend, forward and backward. Written with burn's operations each would be five to fifteen
//! passes, with a new tensor each. Adapters fuse such chains by themselves: there they are burn's
//! operations.

mod cpu;

use burn::{
    backend::{
        Autodiff, Backend, Dispatch,
        autodiff::{
            NodeId,
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind, unary},
        },
        backend_extension,
        tensor::FloatTensor,
    },
    tensor::{Device, Tensor, activation::silu},
};

/// Root-mean-square norm over the last axis (Zhang and Sennrich, arXiv 1910.07467):
/// `x / √(mean(x²) + ε) · weight`.
///
/// * `x`: `[rows, columns]`
/// * `weight`: `[columns]`
#[must_use]
pub fn rms_norm(x: Tensor<2>, weight: Tensor<1>, epsilon: f64) -> Tensor<2> {
    if x.device() == Device::flex() {
        #[allow(clippy::cast_possible_truncation)]
        let epsilon = epsilon as f32;
        return Tensor::from_dispatch(Dispatch::rms_norm(x.into_dispatch(), weight.into_dispatch(), epsilon));
    }
    let scale = (x.clone() * x.clone()).mean_dim(1).add_scalar(epsilon).sqrt().recip();
    x * scale * weight.unsqueeze::<2>()
}

/// `silu(gate) · up`, the product of a SwiGLU (Shazeer, arXiv 2002.05202), of two tensors of one shape.
#[must_use]
pub fn swiglu(gate: Tensor<2>, up: Tensor<2>) -> Tensor<2> {
    if gate.device() == Device::flex() {
        return Tensor::from_dispatch(Dispatch::swiglu(gate.into_dispatch(), up.into_dispatch()));
    }
    silu(gate) * up
}

/// Rotates pairs of columns of every head (Su et al., arXiv 2104.09864, in the rotate-half form).
///
/// * `x`: `[rows, time, heads, width]`
/// * `cosine`, `sine`: `[1 or rows, time, 1, width / 2]`, constants
#[must_use]
pub fn rotate(x: Tensor<4>, cosine: Tensor<4>, sine: Tensor<4>) -> Tensor<4> {
    if x.device() == Device::flex() {
        let (cosine, sine) = (cosine.into_dispatch(), sine.into_dispatch());
        return Tensor::from_dispatch(Dispatch::rotate(x.into_dispatch(), cosine, sine));
    }
    let mut halves = x.chunk(2, 3);
    let (Some(second), Some(first)) = (halves.pop(), halves.pop()) else {
        return Tensor::cat(halves, 3);
    };
    let rotated_first = first.clone() * cosine.clone() - second.clone() * sine.clone();
    let rotated_second = second * cosine + first * sine;
    Tensor::cat(vec![rotated_first, rotated_second], 3)
}

/// The operations as burn's backends see them.
#[backend_extension(Flex, Autodiff)]
pub trait PointwiseOps: Backend {
    /// See [`rms_norm`].
    fn rms_norm(x: FloatTensor<Self>, weight: FloatTensor<Self>, epsilon: f32) -> FloatTensor<Self>;

    /// The gradients of `x` and `weight` from that of the result. Gradients of gradients are not
    /// recorded, here and below.
    fn rms_norm_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        epsilon: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);

    /// See [`swiglu`].
    fn swiglu(gate: FloatTensor<Self>, up: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The gradients of `gate` and `up`.
    fn swiglu_backward(
        gate: FloatTensor<Self>,
        up: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);

    /// See [`rotate`].
    fn rotate(x: FloatTensor<Self>, cosine: FloatTensor<Self>, sine: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The rotation back, which is also the gradient of the rotation.
    fn rotate_back(x: FloatTensor<Self>, cosine: FloatTensor<Self>, sine: FloatTensor<Self>) -> FloatTensor<Self>;
}

fn register<B: Backend, const N: usize>(
    parents: [Option<NodeId>; N],
    gradients: [FloatTensor<B>; N],
    grads: &mut Gradients,
) {
    for (parent, gradient) in parents.into_iter().zip(gradients) {
        if let Some(parent) = parent {
            grads.register::<B>(parent, gradient);
        }
    }
}

#[derive(Debug)]
struct RmsNorm;

impl<B: PointwiseOps> Backward<B, 2> for RmsNorm {
    type State = (FloatTensor<B>, FloatTensor<B>, f32);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, weight, epsilon) = ops.state;
        let (x, weight) = B::rms_norm_backward(x, weight, grads.consume::<B>(&ops.node), epsilon);
        register::<B, 2>(ops.parents.map(|parent| parent.map(|node| node.id)), [x, weight], grads);
    }
}

#[derive(Debug)]
struct Swiglu;

impl<B: PointwiseOps> Backward<B, 2> for Swiglu {
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (gate, up) = ops.state;
        let (gate, up) = B::swiglu_backward(gate, up, grads.consume::<B>(&ops.node));
        register::<B, 2>(ops.parents.map(|parent| parent.map(|node| node.id)), [gate, up], grads);
    }
}

#[derive(Debug)]
struct Rotate;

impl<B: PointwiseOps> Backward<B, 1> for Rotate {
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (cosine, sine) = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |gradient| B::rotate_back(gradient, cosine, sine));
    }
}

fn plain<B: Backend, C: CheckpointStrategy>(tensor: FloatTensor<Autodiff<B, C>>) -> FloatTensor<B> {
    tensor.into_parts().0
}

impl<B: PointwiseOps, C: CheckpointStrategy> PointwiseOps for Autodiff<B, C> {
    fn rms_norm(x: FloatTensor<Self>, weight: FloatTensor<Self>, epsilon: f32) -> FloatTensor<Self> {
        let ((x, of_x), (weight, of_weight)) = (x.into_parts(), weight.into_parts());
        let result = B::rms_norm(x.clone(), weight.clone(), epsilon);
        match RmsNorm.prepare::<C>([of_x, of_weight]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((x, weight, epsilon), result),
            OpsKind::UnTracked(prep) => prep.finish(result),
        }
    }

    fn rms_norm_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        epsilon: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (x, weight) =
            B::rms_norm_backward(plain::<B, C>(x), plain::<B, C>(weight), plain::<B, C>(gradient), epsilon);
        (FloatTensor::<Self>::new(x), FloatTensor::<Self>::new(weight))
    }

    fn swiglu(gate: FloatTensor<Self>, up: FloatTensor<Self>) -> FloatTensor<Self> {
        let ((gate, of_gate), (up, of_up)) = (gate.into_parts(), up.into_parts());
        let result = B::swiglu(gate.clone(), up.clone());
        match Swiglu.prepare::<C>([of_gate, of_up]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((gate, up), result),
            OpsKind::UnTracked(prep) => prep.finish(result),
        }
    }

    fn swiglu_backward(
        gate: FloatTensor<Self>,
        up: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (gate, up) = B::swiglu_backward(plain::<B, C>(gate), plain::<B, C>(up), plain::<B, C>(gradient));
        (FloatTensor::<Self>::new(gate), FloatTensor::<Self>::new(up))
    }

    fn rotate(x: FloatTensor<Self>, cosine: FloatTensor<Self>, sine: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, of_x) = x.into_parts();
        let (cosine, sine) = (plain::<B, C>(cosine), plain::<B, C>(sine));
        let result = B::rotate(x, cosine.clone(), sine.clone());
        match Rotate.prepare::<C>([of_x]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((cosine, sine), result),
            OpsKind::UnTracked(prep) => prep.finish(result),
        }
    }

    fn rotate_back(x: FloatTensor<Self>, cosine: FloatTensor<Self>, sine: FloatTensor<Self>) -> FloatTensor<Self> {
        FloatTensor::<Self>::new(B::rotate_back(plain::<B, C>(x), plain::<B, C>(cosine), plain::<B, C>(sine)))
    }
}

#[cfg(test)]
mod tests;
