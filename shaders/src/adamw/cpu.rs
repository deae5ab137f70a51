//! The operations on the CPU backend.

use burn::backend::{Flex, tensor::FloatTensor};

use super::{AdamWOps, AdamWStep};
use crate::flex::{dot, tensor, values, wide};

/// Squares are summed in f32 over so many numbers, and those sums in f64.
const PIECE: usize = 4096;

impl AdamWOps for Flex {
    fn adamw(
        weights: FloatTensor<Self>,
        gradients: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        step: AdamWStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let weights = weights.to_contiguous();
        let (mut result, mut first, mut second) = (owned(gradients), owned(first), owned(second));
        stepped(values(&weights), result.storage_mut(), first.storage_mut(), second.storage_mut(), step);
        (result, first, second)
    }

    fn sum_of_squares(numbers: FloatTensor<Self>) -> FloatTensor<Self> {
        let numbers = numbers.to_contiguous();
        #[allow(clippy::cast_possible_truncation)]
        tensor(vec![squares(values(&numbers)) as f32], &[1])
    }
}

wide! {
    /// Writes the moments in place, and the new weights where the gradients were.
    fn stepped(weights: &[f32], gradients: &mut [f32], first: &mut [f32], second: &mut [f32], step: AdamWStep) {
        let moments = first.iter_mut().zip(second);
        for ((weight, gradient), (m, v)) in weights.iter().zip(gradients).zip(moments) {
            let slope = *gradient * step.scale;
            *m = *m * step.beta1 + slope * step.one_minus_beta1;
            *v = *v * step.beta2 + slope * slope * step.one_minus_beta2;
            *gradient = weight * step.keep - *m / (v.sqrt() / step.correction2 + step.epsilon) * step.rate;
        }
    }
}

wide! {
    fn squares(values: &[f32]) -> f64 {
        let mut total = 0.0;
        for piece in values.chunks(PIECE) {
            total += f64::from(dot(piece, piece));
        }
        total
    }
}

/// A tensor that is all of its memory from the beginning.
fn owned(moments: FloatTensor<Flex>) -> FloatTensor<Flex> {
    let whole = moments.layout().start_offset() == 0
        && moments.is_contiguous()
        && moments.storage::<f32>().len() == moments.layout().num_elements();
    if whole { moments } else { tensor(values(&moments.to_contiguous()).to_vec(), &[moments.layout().num_elements()]) }
}
