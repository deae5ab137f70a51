//! Grouped-query attention (Ainslie et al., arXiv 2305.13245) over plain burn operations.

use burn::tensor::{Device, Tensor, TensorData, activation::softmax};

/// Added to scores that must not count. Finite, because a row of `-inf` has no softmax.
pub(super) const HIDDEN: f32 = -1e9;

/// Attention of `query` over `key` and `value`.
///
/// * `query`: `[batch, time, heads, width]`
/// * `key`, `value`: `[batch, kv_heads, span, width]`
/// * `mask`: `[1 or batch, 1, 1, time, span]`, added to the scores
///
/// Returns `[batch * time, heads * width]`. The queries that share a key head are folded into the
/// time axis, so that keys and values are never copied per query head.
pub(super) fn attend(query: Tensor<4>, key: Tensor<4>, value: Tensor<4>, mask: Option<Tensor<5>>) -> Tensor<2> {
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
    if let Some(mask) = mask {
        scores = scores + mask;
    }
    softmax(scores, 4)
        .reshape([batch, kv_heads, group * time, span])
        .matmul(value)
        .reshape([batch, kv_heads, group, time, width])
        .permute([0, 3, 1, 2, 4])
        .reshape([batch * time, heads * width])
}

/// Position `t` sees positions up to `t`: `[1, 1, 1, time, time]`.
pub(super) fn causal_mask(time: usize, device: &Device) -> Tensor<5> {
    let values: Vec<f32> = (0..time).flat_map(|t| (0..time).map(move |s| if s <= t { 0.0 } else { HIDDEN })).collect();
    Tensor::from_data(TensorData::new(values, [1, 1, 1, time, time]), device)
}

/// The mask for `time` new positions after `past` cached ones, where row `r` begins with
/// `padding[r]` positions that are not text. `[batch, 1, 1, time, past + time]`, or `None` where
/// nothing needs hiding.
pub(super) fn padded_mask(padding: &[usize], past: usize, time: usize, device: &Device) -> Option<Tensor<5>> {
    if time == 1 && padding.iter().all(|p| *p == 0) {
        return None;
    }
    let span = past + time;
    let values: Vec<f32> = padding
        .iter()
        .flat_map(|pad| {
            (0..time).flat_map(move |t| (0..span).map(move |s| if s >= *pad && s <= past + t { 0.0 } else { HIDDEN }))
        })
        .collect();
    Some(Tensor::from_data(TensorData::new(values, [padding.len(), 1, 1, time, span]), device))
}
