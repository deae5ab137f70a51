//! What operations with gradients of their own share.

use burn::backend::{
    Autodiff, Backend,
    autodiff::{NodeId, checkpoint::strategy::CheckpointStrategy, grads::Gradients},
    tensor::FloatTensor,
};

/// A tensor without its place in the gradient graph.
pub(crate) fn plain<B: Backend, C: CheckpointStrategy>(tensor: FloatTensor<Autodiff<B, C>>) -> FloatTensor<B> {
    tensor.into_parts().0
}

/// Gives each parent its gradient, where it is in the graph.
pub(crate) fn register<B: Backend, const N: usize>(
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
