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
        let (weights, gradients) = (weights.to_contiguous(), gradients.to_contiguous());
        let (mut first, mut second) = (owned(first), owned(second));
        let after = stepped(values(&weights), values(&gradients), first.storage_mut(), second.storage_mut(), step);
        let shape = [after.len()];
        (tensor(after, &shape), first, second)
    }

    fn sum_of_squares(numbers: FloatTensor<Self>) -> FloatTensor<Self> {
        let numbers = numbers.to_contiguous();
        #[allow(clippy::cast_possible_truncation)]
        tensor(vec![squares(values(&numbers)) as f32], &[1])
    }
}

wide! {
    /// Writes the moments in place and returns the weights.
    fn stepped(
        weights: &[f32],
        gradients: &[f32],
        first: &mut [f32],
        second: &mut [f32],
        step: AdamWStep,
    ) -> Vec<f32> {
        let moments = first.iter_mut().zip(second);
        let inputs = weights.iter().zip(gradients).zip(moments);
        inputs
            .map(|((weight, gradient), (m, v))| {
                let gradient = gradient * step.scale;
                *m = *m * step.beta1 + gradient * step.one_minus_beta1;
                *v = *v * step.beta2 + gradient * gradient * step.one_minus_beta2;
                weight * step.keep - *m / (v.sqrt() / step.correction2 + step.epsilon) * step.rate
            })
            .collect()
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
