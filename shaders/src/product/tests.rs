//! The products against burn's own, forward and backward.

use burn::tensor::Device;

use super::*;
use crate::testing::{floats, leaf};

/// The product and both gradients, each with its shape.
fn run(
    [rows, width, classes]: [usize; 3],
    device: &Device,
    product: impl Fn(Tensor<2>, Tensor<2>) -> Tensor<2>,
) -> [([usize; 2], Vec<f32>); 3] {
    let (x, weight) = (leaf([rows, width], 0, device), leaf([classes, width], 3, device));
    let result = product(x.clone(), weight.clone());
    let gradients = (result.clone() * leaf([rows, classes], 23, device).detach()).sum().backward();
    [result.inner(), x.grad(&gradients).unwrap(), weight.grad(&gradients).unwrap()].map(|t| (t.dims(), floats(t)))
}

/// Tiles of every size, parts of tiles at both edges, and sizes that no kernel reads in fours.
const SHAPES: [[usize; 3]; 12] = [
    [1, 8, 5],
    [1, 64, 9000],
    [2, 12, 7],
    [3, 8, 4],
    [7, 20, 28],
    [8, 16, 444],
    [9, 16, 8],
    [37, 24, 44],
    [130, 32, 68],
    [260, 8, 132],
    [7, 11, 5],
    [19, 8, 41],
];

fn check(device: &Device, tolerance: f32) {
    for shape in SHAPES {
        let ours = run(shape, device, linear);
        let expected = run(shape, &Device::flex(), |x, weight| x.matmul(weight.transpose()));
        for ((dims, ours), (expected_dims, expected)) in ours.iter().zip(&expected) {
            assert_eq!(dims, expected_dims);
            let largest = expected.iter().fold(0.0_f32, |top, v| top.max(v.abs()));
            for (x, y) in ours.iter().zip(expected) {
                assert!((x - y).abs() <= tolerance * largest, "{shape:?}: {x} {y}");
            }
        }
    }
}

#[test]
fn it_is_the_product_with_the_transpose() {
    check(&Device::flex(), 1e-6);
}

#[test]
fn adapters_compute_the_same() {
    let Some(device) = crate::adapter() else { return };
    check(&device, 1e-5);
}
