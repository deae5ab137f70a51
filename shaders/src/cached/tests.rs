//! The operation against burn's own operations, row by row.

use burn::tensor::{Device, activation::softmax};

use super::*;
use crate::testing::{assert_close, floats, tensor};

/// A row alone, with its padding cut off and every query head with keys of its own.
#[allow(clippy::cast_precision_loss)] // head widths
fn composed(query: Tensor<4>, key: Tensor<4>, value: Tensor<4>) -> Tensor<2> {
    let ([_, _, heads, width], [_, kv_heads, span, _]) = (query.dims(), key.dims());
    let every = |all: Tensor<4>| {
        let all = all.unsqueeze_dim::<5>(2).expand([1, kv_heads, heads / kv_heads, span, width]);
        all.reshape([1, heads, span, width])
    };
    let scores = query.swap_dims(1, 2).matmul(every(key).swap_dims(2, 3)) / (width as f64).sqrt();
    softmax(scores, 3).matmul(every(value)).swap_dims(1, 2).reshape([1, heads * width])
}

#[test]
fn rows_attend_to_what_is_theirs_as_composed_operations_do() {
    let device = Device::flex();
    // Batch, heads, key heads, width, span; the last is shared by threads.
    for [batch, heads, kv_heads, width, span] in
        [[1, 1, 1, 1, 1], [2, 2, 1, 8, 5], [3, 4, 2, 16, 70], [5, 6, 3, 20, 33], [32, 8, 4, 64, 90]]
    {
        let room = span + 7;
        let query: Tensor<4> = tensor([batch, 1, heads, width], 1, &device);
        // What a cache has room for behind its positions is never read, whatever it is.
        let behind = Tensor::<4>::full([batch, kv_heads, room - span, width], f32::NAN, &device);
        let [key, value] = [2, 3].map(|seed| tensor::<4>([batch, kv_heads, span, width], seed, &device));
        let padding: Vec<usize> = (0..batch).map(|row| (row * 13) % span).collect();
        let roomy = |all: &Tensor<4>| Tensor::cat(vec![all.clone(), behind.clone()], 2);
        let ours = cached_attention(query.clone(), roomy(&key), roomy(&value), &padding, span);
        let expected: Vec<f32> = (0..batch)
            .flat_map(|row| {
                let of_row = |all: &Tensor<4>| {
                    let [_, heads, _, width] = all.dims();
                    all.clone().slice([row..row + 1, 0..heads, padding[row]..span, 0..width])
                };
                let query = query.clone().slice([row..row + 1, 0..1, 0..heads, 0..width]);
                floats(composed(query, of_row(&key), of_row(&value)))
            })
            .collect();
        assert_close(&[floats(ours)], &[expected]);
    }
}
