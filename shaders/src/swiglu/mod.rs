//! The product of a SwiGLU (Shazeer, arXiv 2002.05202) in one pass over its numbers on the CPU backend, forward and
//! backward. Adapters fuse such chains by themselves: there it is burn's operations.

mod cpu;

use burn::{
    backend::{
        Autodiff, Backend, Dispatch,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
        backend_extension,
        tensor::FloatTensor,
    },
    tensor::{Device, Tensor, activation::silu},
};

use crate::gradient::{plain, register};

/// `silu(gate) · up` of two tensors of one shape.
#[must_use]
pub fn swiglu(gate: Tensor<2>, up: Tensor<2>) -> Tensor<2> {
    if gate.device() == Device::flex() {
        return Tensor::from_dispatch(Dispatch::swiglu(gate.into_dispatch(), up.into_dispatch()));
    }
    silu(gate) * up
}

/// The operation as burn's backends see it.
#[backend_extension(Flex, Autodiff)]
pub trait GateOps: Backend {
    /// See [`swiglu`].
    fn swiglu(gate: FloatTensor<Self>, up: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The gradients of `gate` and `up`. Their own gradients are not recorded.
    fn swiglu_backward(
        gate: FloatTensor<Self>,
        up: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

#[derive(Debug)]
struct Swiglu;

impl<B: GateOps> Backward<B, 2> for Swiglu {
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (gate, up) = ops.state;
        let (gate, up) = B::swiglu_backward(gate, up, grads.consume::<B>(&ops.node));
        register::<B, 2>(ops.parents.map(|parent| parent.map(|node| node.id)), [gate, up], grads);
    }
}

impl<B: GateOps, C: CheckpointStrategy> GateOps for Autodiff<B, C> {
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
}

#[cfg(test)]
mod tests;
