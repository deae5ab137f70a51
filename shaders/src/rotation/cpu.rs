//! The operation on the CPU backend.

use burn::backend::{Flex, flex::FlexTensor, tensor::FloatTensor};

use super::RotationOps;
use crate::flex::{tensor, values, wide};

impl RotationOps for Flex {
    fn rotate(x: FloatTensor<Self>, cosine: FloatTensor<Self>, sine: FloatTensor<Self>) -> FloatTensor<Self> {
        turn(&x, &cosine, &sine, 1.0)
    }

    fn rotate_back(x: FloatTensor<Self>, cosine: FloatTensor<Self>, sine: FloatTensor<Self>) -> FloatTensor<Self> {
        turn(&x, &cosine, &sine, -1.0)
    }
}

/// Rotates by the angles, or by their opposites where `direction` is `-1`.
fn turn(x: &FlexTensor, cosine: &FlexTensor, sine: &FlexTensor, direction: f32) -> FlexTensor {
    let x = x.to_contiguous();
    let (cosine, sine) = (cosine.to_contiguous(), sine.to_contiguous());
    let shape: Vec<usize> = (0..4).map(|axis| x.layout().shape()[axis]).collect();
    let sizes = [shape[2], shape[3]];
    let mut result = vec![0.0; values(&x).len()];
    turned(values(&x), values(&cosine), values(&sine), direction, sizes, &mut result);
    tensor(result, &shape)
}

wide! {
    fn turned(
        x: &[f32],
        cosine: &[f32],
        sine: &[f32],
        direction: f32,
        sizes: [usize; 2],
        result: &mut [f32],
    ) {
        let [heads, width] = sizes;
        let half = width / 2;
        let angles = cosine.chunks_exact(half).zip(sine.chunks_exact(half)).cycle();
        let positions = x.chunks_exact(heads * width).zip(result.chunks_exact_mut(heads * width));
        for ((from, to), (cosine, sine)) in positions.zip(angles) {
            for (from, to) in from.chunks_exact(width).zip(to.chunks_exact_mut(width)) {
                let ((first, second), (to_first, to_second)) = (from.split_at(half), to.split_at_mut(half));
                let turned = to_first.iter_mut().zip(to_second).zip(first.iter().zip(second));
                for (((to_first, to_second), (first, second)), (c, s)) in turned.zip(cosine.iter().zip(sine)) {
                    let s = direction * s;
                    *to_first = first * c - second * s;
                    *to_second = second * c + first * s;
                }
            }
        }
    }
}
