//! Attention of the one new token of every row over what its cache holds (grouped-query attention; Ainslie et al.,
//! arXiv 2305.13245), on the CPU: keys and values are read where they lie, and padding is not read at all.

mod cpu;

use std::sync::Arc;

use burn::{
    backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor},
    tensor::Tensor,
};

/// Attention of every row's query over its keys from `padding[row]` up to `span`, scaled by `1 / √width`. On the CPU
/// only, and without a gradient.
///
/// * `query`: `[batch, 1, heads, width]`
/// * `key`, `value`: `[batch, kv_heads, span or more, width]`
/// * `padding`: `[batch]`, each below `span`
///
/// Returns `[batch, heads * width]`.
#[must_use]
pub fn cached_attention(
    query: Tensor<4>,
    key: Tensor<4>,
    value: Tensor<4>,
    padding: &[usize],
    span: usize,
) -> Tensor<2> {
    let (query, key, value) = (query.into_dispatch(), key.into_dispatch(), value.into_dispatch());
    Tensor::from_dispatch(Dispatch::cached_attention(query, key, value, padding.into(), span))
}

/// The operation as burn's backends see it.
#[backend_extension(Flex)]
pub trait CachedOps: Backend {
    /// See [`cached_attention`].
    fn cached_attention(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        padding: Arc<[usize]>,
        span: usize,
    ) -> FloatTensor<Self>;
}

#[cfg(test)]
mod tests;
