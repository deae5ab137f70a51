//! Grouped-query attention (Ainslie et al., arXiv 2305.13245) over rows of tokens: kernels on adapters, burn's
//! operations on the CPU, where a single new token has an operation of its own
//! ([`cached_attention`](selfsame_shaders::cached_attention)).

use burn::tensor::{Device, Tensor, TensorData, activation::softmax};
use selfsame_shaders::masked_attention;

use crate::device::cpu;

/// Added to scores that must not count. Finite, because a row of `-inf` has no softmax.
pub(super) const HIDDEN: f32 = -1e9;

/// Attention of `query` over the first `span` of `key` and `value`.
///
/// * `query`: `[batch, time, heads, width]`
/// * `key`, `value`: `[batch, kv_heads, span or more, width]`
/// * `mask`: `[1 or batch, 1 or time, 1 or span]`, added to the scores
///
/// Returns `[batch * time, heads * width]`.
pub(super) fn attend(query: Tensor<4>, key: Tensor<4>, value: Tensor<4>, mask: Tensor<3>, span: usize) -> Tensor<2> {
    let [batch, kv_heads, _, width] = key.dims();
    // The kernels read four numbers at a time.
    if query.device() != cpu() && width % 4 == 0 {
        return masked_attention(query, key, value, mask, span);
    }
    let seen = |all: Tensor<4>| all.slice([0..batch, 0..kv_heads, 0..span, 0..width]);
    composed(query, seen(key), seen(value), mask)
}

/// The same with burn's operations. The queries that share a key head are folded into the time axis, so that keys
/// and values are never copied per query head.
fn composed(query: Tensor<4>, key: Tensor<4>, value: Tensor<4>, mask: Tensor<3>) -> Tensor<2> {
    let [batch, time, heads, width] = query.dims();
    let [_, kv_heads, span, _] = key.dims();
    let group = heads / kv_heads;
    #[allow(clippy::cast_precision_loss)] // head widths
    let scale = 1.0 / (width as f64).sqrt();
    let query = (query * scale).reshape([batch, time, kv_heads, group, width]).permute([0, 2, 3, 1, 4]).reshape([
        batch,
        kv_heads,
        group * time,
        width,
    ]);
    let mut scores = query.matmul(key.transpose()).reshape([batch, kv_heads, group, time, span]);
    let [entries, rows, columns] = mask.dims();
    // A single number hides nothing.
    if mask.shape().num_elements() > 1 {
        scores = scores + mask.reshape([entries, 1, 1, rows, columns]);
    }
    softmax(scores, 4)
        .reshape([batch, kv_heads, group * time, span])
        .matmul(value)
        .reshape([batch, kv_heads, group, time, width])
        .permute([0, 3, 1, 2, 4])
        .reshape([batch * time, heads * width])
}

/// Position `t` sees positions up to `t`: `[1, time, time]`.
pub(super) fn causal_mask(time: usize, device: &Device) -> Tensor<3> {
    let values: Vec<f32> = (0..time).flat_map(|t| (0..time).map(move |s| if s <= t { 0.0 } else { HIDDEN })).collect();
    Tensor::from_data(TensorData::new(values, [1, time, time]), device)
}

/// The mask for `time` new positions after `past` cached ones, where row `r` begins with
/// `padding[r]` positions that are not text: `[batch, time, past + time]`, or one zero where nothing needs hiding.
pub(super) fn padded_mask(padding: &[usize], past: usize, time: usize, device: &Device) -> Tensor<3> {
    if time == 1 && padding.iter().all(|p| *p == 0) {
        // Made there, and not sent: this is asked for every token.
        return Tensor::zeros([1, 1, 1], device);
    }
    let span = past + time;
    let values: Vec<f32> = padding
        .iter()
        .flat_map(|pad| {
            (0..time).flat_map(move |t| (0..span).map(move |s| if s >= *pad && s <= past + t { 0.0 } else { HIDDEN }))
        })
        .collect();
    Tensor::from_data(TensorData::new(values, [padding.len(), time, span]), device)
}
