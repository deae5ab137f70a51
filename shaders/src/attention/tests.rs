//! Against attention written with burn's operations, one sequence at a time.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData, activation::softmax};

use super::{Stretch, packed_attention};

const WIDTH: usize = 6;
const HEADS: usize = 4;
const KV_HEADS: usize = 2;

/// A beginning of 70 tokens (more than a block) that two continuations share, and a short sequence.
fn stretches() -> Vec<Stretch> {
    let causal = |past: usize, count: usize| (past + 1..=past + count).collect();
    vec![
        Stretch { queries: 0..80, path: vec![0..80], visible: causal(0, 80) },
        Stretch { queries: 80..85, path: vec![0..70, 80..85], visible: causal(70, 5) },
        // Only two of its four tokens ask, and neither sees the last.
        Stretch { queries: 85..87, path: vec![0..70, 80..83, 85..89], visible: vec![74, 76] },
        Stretch { queries: 87..88, path: vec![89..90], visible: vec![1] },
    ]
}

fn random(rows: usize, columns: usize, seed: usize, device: &Device) -> Tensor<2> {
    #[allow(clippy::cast_precision_loss)]
    let values: Vec<f32> =
        (0..rows * columns).map(|i| (((i + seed) * 7919 % 1013) as f32 / 1013.0 - 0.5) * 3.0).collect();
    Tensor::<2>::from_data(TensorData::new(values, [rows, columns]), device)
}

/// One query at a time, from the definition.
fn composed(query: &Tensor<2>, key: &Tensor<2>, value: &Tensor<2>, stretches: &[Stretch]) -> Tensor<2> {
    let mut rows = Vec::new();
    for stretch in stretches {
        for (row, visible) in stretch.queries.clone().zip(&stretch.visible) {
            let pick = |of: &Tensor<2>| {
                let parts = stretch.path.iter().map(|range| of.clone().slice([range.clone()])).collect();
                Tensor::cat(parts, 0).slice([0..*visible])
            };
            let (keys, values) = (pick(key), pick(value));
            let heads = (0..HEADS).map(|head| {
                let of = |t: &Tensor<2>, head: usize| {
                    let rows = t.dims()[0];
                    t.clone().slice([0..rows, head * WIDTH..(head + 1) * WIDTH])
                };
                let source = head / (HEADS / KV_HEADS);
                let query = of(&query.clone().slice([row..row + 1]), head);
                let scores = query.matmul(of(&keys, source).transpose()) / 6.0_f64.sqrt();
                softmax(scores, 1).matmul(of(&values, source))
            });
            rows.push(Tensor::cat(heads.collect(), 1));
        }
    }
    Tensor::cat(rows, 0)
}

fn floats(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().try_to_vec::<f32>().unwrap()
}

#[test]
fn values_and_gradients_are_those_of_the_definition() {
    let device = Device::flex().autodiff();
    let stretches = stretches();
    let run = |attend: &dyn Fn(&Tensor<2>, &Tensor<2>, &Tensor<2>) -> Tensor<2>| {
        let query = random(88, HEADS * WIDTH, 0, &device).require_grad();
        let key = random(90, KV_HEADS * WIDTH, 5, &device).require_grad();
        let value = random(90, KV_HEADS * WIDTH, 11, &device).require_grad();
        let result = attend(&query, &key, &value);
        let gradients = (result.clone() * random(88, HEADS * WIDTH, 17, &device)).sum().backward();
        let of = |t: &Tensor<2>| floats(t.grad(&gradients).unwrap());
        [floats(result.inner()), of(&query), of(&key), of(&value)]
    };
    let shared: Arc<[Stretch]> = stretches.clone().into();
    let ours = run(&|q, k, v| packed_attention(q.clone(), k.clone(), v.clone(), WIDTH, shared.clone()));
    let expected = run(&|q, k, v| composed(q, k, v, &stretches));
    for (ours, expected) in ours.iter().zip(&expected) {
        assert_eq!(ours.len(), expected.len());
        for (x, y) in ours.iter().zip(expected) {
            assert!((x - y).abs() <= 1e-5 * (1.0 + y.abs()), "{x} {y}");
        }
    }
    // What nobody sees has no influence.
    let width = KV_HEADS * WIDTH;
    assert!([2, 3].iter().all(|of| ours[*of][88 * width..89 * width].iter().all(|g| *g == 0.0)));
}
