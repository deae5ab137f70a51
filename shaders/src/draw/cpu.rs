//! The twin of the kernel on the CPU backend.

use burn::{
    backend::{
        Flex,
        flex::{FlexTensor, Layout},
        tensor::{FloatTensor, IntTensor},
    },
    tensor::{Bytes, DType, Shape},
};

use super::{DrawOps, Filters};
use crate::flex::{dimensions, values};

impl DrawOps for Flex {
    fn draw_tokens(
        logits: FloatTensor<Self>,
        uniforms: IntTensor<Self>,
        step: usize,
        filters: Filters,
    ) -> IntTensor<Self> {
        let [rows, classes] = dimensions(&logits);
        let (logits, uniforms) = (logits.to_contiguous(), uniforms.to_contiguous());
        let start = uniforms.layout().start_offset();
        let (words, _) = uniforms.storage::<i32>()[start..].as_chunks::<2>();
        let mut result = Vec::with_capacity(3 * rows);
        for (row, [low, high]) in values(&logits).chunks_exact(classes).zip(words.iter().skip(step * rows)) {
            let drawn = filters.draw(row, row, number([low.cast_unsigned(), high.cast_unsigned()]));
            result.push(drawn.token.cast_signed());
            result.extend([drawn.logprob, drawn.sampling_logprob].map(|value| value.to_bits().cast_signed()));
        }
        FlexTensor::new(Bytes::from_elems(result), Layout::contiguous(Shape::new([rows, 3])), DType::I32)
    }
}

/// A fraction of 2^64, the low word first, as a number in `[0, 1)`.
#[allow(clippy::cast_precision_loss)] // 53 bits are set at most
fn number([low, high]: [u32; 2]) -> f64 {
    (u64::from(high) << 32 | u64::from(low)) as f64 / 18_446_744_073_709_551_616.0
}
