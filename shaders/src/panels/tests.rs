//! The layout and its product against burn's own operations.

use burn::tensor::{Device, Tensor};

use super::*;
use crate::testing::{floats, tensor};

fn matrix(outputs: usize, inputs: usize) -> Tensor<2> {
    tensor([outputs, inputs], 5, &Device::flex())
}

#[test]
fn products_are_those_of_the_matrix() {
    // Panels that are full and not, groups that are; every number of rows that tiles divide into differently.
    for [outputs, inputs] in [[1, 1], [16, 7], [17, 64], [100, 33], [64, 130], [257, 40]] {
        let matrix = matrix(outputs, inputs);
        let panels = Panels::new(matrix.clone());
        assert_eq!(panels.dims(), [outputs, inputs]);
        assert_eq!(floats(panels.matrix()), floats(matrix.clone()));
        for rows in (1..=17).chain([40]) {
            let x: Tensor<2> = tensor([rows, inputs], 11, &Device::flex());
            let ours = floats(panels.linear(x.clone()));
            // In double precision, since both sides round.
            let (x, matrix) = (floats(x), floats(matrix.clone()));
            assert_eq!(ours.len(), rows * outputs);
            for (index, ours) in ours.into_iter().enumerate() {
                let (row, output) = (index / outputs, index % outputs);
                let terms = (0..inputs)
                    .map(|input| f64::from(x[row * inputs + input]) * f64::from(matrix[output * inputs + input]));
                let (sum, size) = terms.fold((0.0, 0.0), |(sum, size), term: f64| (sum + term, size + term.abs()));
                let apart = (f64::from(ours) - sum).abs();
                assert!(apart <= 1e-6 * (size + 1.0), "{outputs} x {inputs}, row {row} of {rows}: {ours} {sum}");
            }
        }
    }
}

#[test]
fn a_row_is_the_same_in_any_company_and_however_many_threads_there_are() {
    let panels = Panels::new(matrix(500, 300));
    let x: Tensor<2> = tensor([47, 300], 3, &Device::flex());
    let pool = |threads: usize| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let together = pool(1).install(|| floats(panels.linear(x.clone())));
    assert_eq!(pool(3).install(|| floats(panels.linear(x.clone()))), together);
    for (first, count) in [(0, 1), (3, 2), (5, 7), (12, 8), (30, 17)] {
        let some = floats(panels.linear(x.clone().slice([first..first + count, 0..300])));
        assert_eq!(some, together[first * 500..][..count * 500], "{count} rows from {first}");
    }
}

#[test]
fn views_are_read_as_what_they_are() {
    let turned: Tensor<2> = tensor([40, 24], 9, &Device::flex());
    let panels = Panels::new(turned.clone().transpose());
    assert_eq!(panels.dims(), [24, 40]);
    let x: Tensor<2> = tensor([40, 6], 2, &Device::flex());
    let ours = floats(panels.linear(x.clone().transpose()));
    let expected = floats(x.transpose().matmul(turned));
    for (ours, expected) in ours.iter().zip(&expected) {
        assert!((ours - expected).abs() < 1e-3, "{ours} {expected}");
    }
}
