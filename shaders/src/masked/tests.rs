//! The operation on an adapter against burn's own operations on the CPU, forward and backward.

use burn::tensor::{Device, TensorData, activation::softmax};

use super::*;
use crate::testing::{floats, tensor};

#[derive(Clone, Copy)]
struct Case {
    batch: usize,
    time: usize,
    heads: usize,
    kv_heads: usize,
    span: usize,
    /// Entries, queries and keys of the mask.
    mask: [usize; 3],
}

const WIDTH: usize = 12;

impl Case {
    /// Hides some keys, never the first, for all or for some.
    fn mask(self, device: &Device) -> Tensor<3> {
        let [entries, rows, columns] = self.mask;
        let values: Vec<f32> = (0..entries * rows * columns)
            .map(|i| if i % columns > 0 && (i * 31 + i / columns) % 3 == 0 { -1e9 } else { 0.0 })
            .collect();
        Tensor::from_data(TensorData::new(values, self.mask), device)
    }

    /// The result and the gradients of query, key and value.
    fn run(
        self,
        device: &Device,
        attend: impl Fn(Tensor<4>, Tensor<4>, Tensor<4>, Tensor<3>) -> Tensor<2>,
    ) -> Vec<Vec<f32>> {
        let Self { batch, time, heads, kv_heads, span, .. } = self;
        let device = &device.clone().autodiff();
        let query = tensor([batch, time, heads, WIDTH], 1, device).require_grad();
        // As projections give them: heads beside one another.
        let key = tensor([batch, span, kv_heads, WIDTH], 2, device).require_grad();
        let value = tensor([batch, span, kv_heads, WIDTH], 3, device).require_grad();
        let result =
            attend(query.clone(), key.clone().swap_dims(1, 2), value.clone().swap_dims(1, 2), self.mask(device));
        let gradients = (result.clone() * tensor([batch * time, heads * WIDTH], 4, device)).sum().backward();
        let gradient = |of: &Tensor<4>| floats(of.grad(&gradients).unwrap());
        vec![floats(result.inner()), gradient(&query), gradient(&key), gradient(&value)]
    }
}

#[allow(clippy::cast_precision_loss)]
fn composed(query: Tensor<4>, key: Tensor<4>, value: Tensor<4>, mask: Tensor<3>) -> Tensor<2> {
    let ([batch, time, heads, width], [_, kv_heads, _, _]) = (query.dims(), key.dims());
    let every = |all: Tensor<4>| {
        let [batch, _, span, width] = all.dims();
        let all = all.unsqueeze_dim::<5>(2).expand([batch, kv_heads, heads / kv_heads, span, width]);
        all.reshape([batch, heads, span, width])
    };
    let scores = query.swap_dims(1, 2).matmul(every(key).swap_dims(2, 3)) / (width as f64).sqrt();
    let mixed = softmax(scores + mask.unsqueeze_dim::<4>(1), 3).matmul(every(value));
    mixed.swap_dims(1, 2).reshape([batch * time, heads * width])
}

#[test]
fn adapters_attend_as_composed_operations_do() {
    let Some(adapter) = crate::adapter() else { return };
    let cases = [
        Case { batch: 2, time: 5, heads: 4, kv_heads: 2, span: 5, mask: [1, 5, 5] },
        Case { batch: 3, time: 1, heads: 2, kv_heads: 1, span: 70, mask: [3, 1, 70] },
        Case { batch: 2, time: 33, heads: 3, kv_heads: 3, span: 131, mask: [2, 33, 131] },
        Case { batch: 1, time: 2, heads: 2, kv_heads: 2, span: 1, mask: [1, 1, 1] },
        Case { batch: 4, time: 9, heads: 6, kv_heads: 2, span: 8, mask: [1, 1, 1] },
    ];
    for (index, case) in cases.into_iter().enumerate() {
        let ours = case.run(&adapter, |query, key, value, mask| masked_attention(query, key, value, mask, case.span));
        let expected = case.run(&Device::flex(), composed);
        for (ours, expected) in ours.iter().zip(&expected) {
            assert_eq!(ours.len(), expected.len());
            let largest = expected.iter().fold(0.0_f32, |top, v| top.max(v.abs()));
            for (x, y) in ours.iter().zip(expected) {
                assert!((x - y).abs() <= 1e-5 * largest, "case {index}: {x} {y}");
            }
        }
    }
}

#[test]
fn queries_in_blocks_are_those_at_once() {
    let Some(adapter) = crate::adapter() else { return };
    for mask in [[2, 33, 50], [1, 1, 50]] {
        let case = Case { batch: 2, time: 33, heads: 4, kv_heads: 2, span: 50, mask };
        let most = |most: usize| {
            case.run(&adapter, |query, key, value, mask| attention_in_blocks(query, key, value, mask, case.span, most))
        };
        let whole = most(MOST);
        // A table of ten queries, and one that is too small for a single one.
        for (ours, expected) in [2 * 4 * 52 * 10, 1].into_iter().flat_map(|few| most(few).into_iter().zip(&whole)) {
            let largest = expected.iter().fold(0.0_f32, |top, v| top.max(v.abs()));
            let apart = ours.iter().zip(expected).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
            assert!(ours.len() == expected.len() && apart <= 1e-6 * largest, "{apart}");
        }
    }
}

/// What a cache has room for behind its keys is never read, whatever it is.
#[test]
fn room_behind_the_keys_is_not_read() {
    let Some(adapter) = crate::adapter() else { return };
    let (batch, heads, kv_heads, span, room) = (2, 4, 2, 6, 5);
    let query = tensor([batch, 1, heads, WIDTH], 1, &adapter);
    let [key, value] = [2, 3].map(|seed| tensor([batch, kv_heads, span, WIDTH], seed, &adapter));
    let mask = Tensor::<3>::zeros([1, 1, 1], &adapter);
    let exact = masked_attention(query.clone(), key.clone(), value.clone(), mask.clone(), span);
    let behind = |all: Tensor<4>| {
        let unknown = Tensor::<4>::full([batch, kv_heads, room, WIDTH], f32::NAN, &adapter);
        Tensor::cat(vec![all, unknown], 2)
    };
    let roomy = masked_attention(query, behind(key), behind(value), mask, span);
    let [exact, roomy] = [exact, roomy].map(floats);
    assert_eq!(exact, roomy);
    assert!(exact.iter().all(|value| value.is_finite()));
}
