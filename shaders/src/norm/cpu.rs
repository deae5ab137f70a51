//! The operation on the CPU backend.

use burn::backend::{Flex, tensor::FloatTensor};

use super::NormOps;
use crate::flex::{dimensions, dot, dot3, tensor, values, wide};

impl NormOps for Flex {
    fn rms_norm(x: FloatTensor<Self>, weight: FloatTensor<Self>, epsilon: f32) -> FloatTensor<Self> {
        let (x, weight) = (x.to_contiguous(), weight.to_contiguous());
        tensor(normed(values(&x), values(&weight), epsilon), &dimensions(&x))
    }

    fn rms_scales(x: FloatTensor<Self>, epsilon: f32) -> FloatTensor<Self> {
        let x = x.to_contiguous();
        let [rows, columns] = dimensions(&x);
        let scales = values(&x).chunks_exact(columns).map(|row| reciprocal_root(row, epsilon));
        tensor(scales.collect(), &[rows, 1])
    }

    fn rms_norm_slopes(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self> {
        let (x, weight, gradient) = (x.to_contiguous(), weight.to_contiguous(), gradient.to_contiguous());
        tensor(slopes(values(&x), values(&weight), values(&gradient), epsilon), &dimensions(&x))
    }

    fn rms_norm_weight_slopes(x: FloatTensor<Self>, gradient: FloatTensor<Self>, epsilon: f32) -> FloatTensor<Self> {
        let (x, gradient) = (x.to_contiguous(), gradient.to_contiguous());
        let [_, columns] = dimensions(&x);
        tensor(weight_slopes(values(&x), values(&gradient), columns, epsilon), &[columns])
    }
}

wide! {
    fn normed(x: &[f32], weight: &[f32], epsilon: f32) -> Vec<f32> {
        // Written in place: what collects is not inlined, and would not be compiled for wide vectors.
        let mut result = vec![0.0; x.len()];
        for (row, result) in x.chunks_exact(weight.len()).zip(result.chunks_exact_mut(weight.len())) {
            let scale = reciprocal_root(row, epsilon);
            for ((result, x), w) in result.iter_mut().zip(row).zip(weight) {
                *result = x * scale * w;
            }
        }
        result
    }
}

wide! {
    fn slopes(x: &[f32], weight: &[f32], gradient: &[f32], epsilon: f32) -> Vec<f32> {
        let mut of_x = vec![0.0; x.len()];
        #[allow(clippy::cast_precision_loss)] // widths
        let width = weight.len() as f32;
        let rows = x.chunks_exact(weight.len()).zip(gradient.chunks_exact(weight.len()));
        for ((row, gradient), of_x) in rows.zip(of_x.chunks_exact_mut(weight.len())) {
            let scale = reciprocal_root(row, epsilon);
            let along = dot3(row, weight, gradient);
            let back = scale * scale * scale * along / width;
            for (((of_x, x), w), g) in of_x.iter_mut().zip(row).zip(weight).zip(gradient) {
                *of_x = w * g * scale - x * back;
            }
        }
        of_x
    }
}

wide! {
    fn weight_slopes(x: &[f32], gradient: &[f32], columns: usize, epsilon: f32) -> Vec<f32> {
        let mut sums = vec![0.0; columns];
        for (row, gradient) in x.chunks_exact(columns).zip(gradient.chunks_exact(columns)) {
            let scale = reciprocal_root(row, epsilon);
            for ((sum, x), g) in sums.iter_mut().zip(row).zip(gradient) {
                *sum += x * scale * g;
            }
        }
        sums
    }
}

/// `1 / √(mean(x²) + ε)`
#[inline(always)]
#[allow(clippy::inline_always, clippy::cast_precision_loss)] // inlined, or not vectorised; widths
fn reciprocal_root(row: &[f32], epsilon: f32) -> f32 {
    1.0 / (dot(row, row) / row.len() as f32 + epsilon).sqrt()
}
