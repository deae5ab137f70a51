//! Grouped-query attention (Ainslie et al., arXiv 2305.13245) over sequences that share beginnings and
//! stand behind one another without padding, on the CPU backend.
//!
//! A [`Stretch`] says which keys its queries see. Scores exist for a few queries at a time and are
//! computed again for the gradient, as in FlashAttention (Dao et al., arXiv 2205.14135): memory grows
//! with the tokens, not with their square.

mod cpu;

use std::{ops::Range, sync::Arc};

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
    tensor::Tensor,
};

use crate::gradient::{plain, register};

/// Queries that read along one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// The rows of the queries.
    pub queries: Range<usize>,
    /// The rows of keys and values on the path, in the order in which they are read.
    pub path: Vec<Range<usize>>,
    /// For each query how many keys of the path it sees, at least one.
    pub visible: Vec<usize>,
}

/// Attention of every query over the keys that its stretch lets it see, scaled by `1 / √width`.
/// Differentiable in all three tensors. On the CPU backend only.
///
/// * `query`: `[queries, heads * width]`
/// * `key`, `value`: `[keys, kv_heads * width]`
/// * `stretches`: every query is in one of them
///
/// Returns `[queries, heads * width]`.
#[must_use]
pub fn packed_attention(
    query: Tensor<2>,
    key: Tensor<2>,
    value: Tensor<2>,
    width: usize,
    stretches: Arc<[Stretch]>,
) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::packed_attention(
        query.into_dispatch(),
        key.into_dispatch(),
        value.into_dispatch(),
        width,
        stretches,
    ))
}

/// The operation as burn's backends see it.
#[backend_extension(Flex, Autodiff)]
pub trait AttentionOps: Backend {
    /// See [`packed_attention`].
    fn packed_attention(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        width: usize,
        stretches: Arc<[Stretch]>,
    ) -> FloatTensor<Self>;

    /// The gradients of query, key and value from that of the result. Their own gradients are not
    /// recorded.
    fn packed_attention_backward(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        width: usize,
        stretches: Arc<[Stretch]>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

#[derive(Debug)]
struct Attend;

impl<B: AttentionOps> Backward<B, 3> for Attend {
    type State = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, usize, Arc<[Stretch]>);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (query, key, value, width, stretches) = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let (query, key, value) = B::packed_attention_backward(query, key, value, gradient, width, stretches);
        register::<B, 3>(ops.parents.map(|parent| parent.map(|node| node.id)), [query, key, value], grads);
    }
}

impl<B: AttentionOps, C: CheckpointStrategy> AttentionOps for Autodiff<B, C> {
    fn packed_attention(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        width: usize,
        stretches: Arc<[Stretch]>,
    ) -> FloatTensor<Self> {
        let ((query, q), (key, k), (value, v)) = (query.into_parts(), key.into_parts(), value.into_parts());
        let result = B::packed_attention(query.clone(), key.clone(), value.clone(), width, stretches.clone());
        match Attend.prepare::<C>([q, k, v]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((query, key, value, width, stretches), result),
            OpsKind::UnTracked(prep) => prep.finish(result),
        }
    }

    fn packed_attention_backward(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        width: usize,
        stretches: Arc<[Stretch]>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (query, key) = (plain::<B, C>(query), plain::<B, C>(key));
        let (value, gradient) = (plain::<B, C>(value), plain::<B, C>(gradient));
        let (query, key, value) = B::packed_attention_backward(query, key, value, gradient, width, stretches);
        (FloatTensor::<Self>::new(query), FloatTensor::<Self>::new(key), FloatTensor::<Self>::new(value))
    }
}

#[cfg(test)]
mod tests;
