//! The log-probability of one chosen class per row, without the table of all log-probabilities.
//!
//! Language-model losses need `log softmax(logits)[row, target(row)]` and nothing else of the
//! table, which is as large as the logits. The forward pass reads the logits once; the backward
//! pass, `g · (onehot − softmax)`, recomputes the softmax from the logits and the result.

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
        tensor::{FloatTensor, IntTensor},
    },
    tensor::{Int, Tensor},
};

/// `log softmax(logits)[row, targets[row]]`, `[rows, 1]`, differentiable in `logits`.
///
/// * `logits`: `[rows, classes]`, f32
/// * `targets`: `[rows, 1]`, each in `0..classes`
#[must_use]
pub fn selective_log_softmax(logits: Tensor<2>, targets: Tensor<2, Int>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::selective_log_softmax(logits.into_dispatch(), targets.into_dispatch()))
}

/// The operation as burn's backends see it.
#[backend_extension(Cube, Flex, Autodiff, Fusion)]
pub trait SelectiveOps: Backend {
    /// See [`selective_log_softmax`].
    #[fusion(dtype = logits, shape = targets)]
    fn selective_log_softmax(logits: FloatTensor<Self>, targets: IntTensor<Self>) -> FloatTensor<Self>;

    /// The gradient of the logits, `[rows, classes]`, from that of the result. Its own gradient is
    /// not recorded.
    #[fusion(dtype = logits, shape = logits)]
    fn selective_log_softmax_backward(
        logits: FloatTensor<Self>,
        targets: IntTensor<Self>,
        logprobs: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

#[derive(Debug)]
struct Selective;

impl<B: SelectiveOps> Backward<B, 1> for Selective {
    type State = (FloatTensor<B>, IntTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (logits, targets, logprobs) = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |gradient| {
            B::selective_log_softmax_backward(logits, targets, logprobs, gradient)
        });
    }
}

impl<B: SelectiveOps, C: CheckpointStrategy> SelectiveOps for Autodiff<B, C> {
    fn selective_log_softmax(logits: FloatTensor<Self>, targets: IntTensor<Self>) -> FloatTensor<Self> {
        let (logits, node) = logits.into_parts();
        match Selective.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let result = B::selective_log_softmax(logits.clone(), targets.clone());
                prep.finish((logits, targets, result.clone()), result)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::selective_log_softmax(logits, targets)),
        }
    }

    fn selective_log_softmax_backward(
        logits: FloatTensor<Self>,
        targets: IntTensor<Self>,
        logprobs: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let plain = |tensor: FloatTensor<Self>| tensor.into_parts().0;
        FloatTensor::<Self>::new(B::selective_log_softmax_backward(
            plain(logits),
            targets,
            plain(logprobs),
            plain(gradient),
        ))
    }
}

#[cfg(test)]
mod tests;
