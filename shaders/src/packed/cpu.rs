//! The twin of the kernel on the CPU backend.

use burn::backend::{
    Flex,
    tensor::{FloatTensor, IntTensor},
};

use super::{
    PackedOps, PackedShape,
    format::{BLOCK, Format},
};
use crate::flex::{integers, tensor, wide};

impl PackedOps for Flex {
    fn packed_rows(words: IntTensor<Self>, rows: IntTensor<Self>, shape: PackedShape) -> FloatTensor<Self> {
        let words = words.to_contiguous();
        let words = &words.storage::<i32>()[words.layout().start_offset()..];
        let rows = integers(&rows);
        let mut values = vec![0.0; rows.len() * shape.width];
        unpack(words, &rows, shape, &mut values);
        tensor(values, &[rows.len(), shape.width])
    }
}

wide! {
    fn unpack(words: &[i32], rows: &[usize], shape: PackedShape, values: &mut [f32]) {
        let (numbers, scales) = words.split_at(shape.scales());
        for (row, values) in rows.iter().zip(values.chunks_exact_mut(shape.width)) {
            let start = row * shape.width;
            match shape.format {
                Format::F16 => spread(values, start, |block| f16s(numbers, block)),
                Format::Q8 => spread(values, start, |block| q8s(numbers, scales, block)),
                Format::Q4 => spread(values, start, |block| q4s(numbers, scales, block)),
            }
        }
    }
}

/// Fills `values` with what stands in blocks from value `start` on.
#[inline(always)]
#[allow(clippy::inline_always)] // inlined, or not vectorised
fn spread(values: &mut [f32], start: usize, block: impl Fn(usize) -> [f32; BLOCK]) {
    let (mut at, within) = (start / BLOCK, start % BLOCK);
    let lead = if within == 0 { 0 } else { values.len().min(BLOCK - within) };
    let (first, rest) = values.split_at_mut(lead);
    if lead > 0 {
        first.copy_from_slice(&block(at)[within..within + lead]);
        at += 1;
    }
    let (blocks, last) = rest.as_chunks_mut::<BLOCK>();
    for values in blocks {
        *values = block(at);
        at += 1;
    }
    if !last.is_empty() {
        last.copy_from_slice(&block(at)[..last.len()]);
    }
}

/// The bytes of one block's words.
#[inline(always)]
#[allow(clippy::inline_always)] // inlined, or not vectorised
fn bytes<const N: usize>(numbers: &[i32], block: usize) -> [u8; N] {
    let mut bytes = [0; N];
    let words = &numbers[block * N / 4..][..N / 4];
    for (four, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *four = word.to_le_bytes();
    }
    bytes
}

/// A finite half as a float: exponent and mantissa in their places, and the difference of the exponents' zeros
/// by a product, which is exact and right for subnormal halves too.
#[inline(always)]
#[allow(clippy::inline_always)] // inlined, or not vectorised
fn widened(half: u16) -> f32 {
    let half = u32::from(half);
    let magnitude = f32::from_bits((half & 0x7fff) << 13) * f32::from_bits((127 + 112) << 23);
    f32::from_bits(magnitude.to_bits() | (half & 0x8000) << 16)
}

#[inline(always)]
#[allow(clippy::inline_always)] // inlined, or not vectorised
fn scale(scales: &[i32], block: usize) -> f32 {
    let [a, b, c, d] = scales[block / 2].to_le_bytes();
    widened(u16::from_le_bytes(if block.is_multiple_of(2) { [a, b] } else { [c, d] }))
}

#[inline(always)]
#[allow(clippy::inline_always)] // inlined, or not vectorised
fn f16s(numbers: &[i32], block: usize) -> [f32; BLOCK] {
    let bytes: [u8; 2 * BLOCK] = bytes(numbers, block);
    let mut values = [0.0; BLOCK];
    for (value, half) in values.iter_mut().zip(bytes.as_chunks().0) {
        *value = widened(u16::from_le_bytes(*half));
    }
    values
}

#[inline(always)]
#[allow(clippy::inline_always)] // inlined, or not vectorised
fn q8s(numbers: &[i32], scales: &[i32], block: usize) -> [f32; BLOCK] {
    let (bytes, scale): ([u8; BLOCK], f32) = (bytes(numbers, block), scale(scales, block));
    let mut values = [0.0; BLOCK];
    for (value, byte) in values.iter_mut().zip(bytes) {
        *value = f32::from(byte.cast_signed()) * scale;
    }
    values
}

#[inline(always)]
#[allow(clippy::inline_always)] // inlined, or not vectorised
fn q4s(numbers: &[i32], scales: &[i32], block: usize) -> [f32; BLOCK] {
    let (bytes, scale): ([u8; BLOCK / 2], f32) = (bytes(numbers, block), scale(scales, block));
    let mut values = [0.0; BLOCK];
    let (low, high) = values.split_at_mut(BLOCK / 2);
    for ((low, high), byte) in low.iter_mut().zip(high).zip(bytes) {
        *low = scale * (f32::from(byte & 15) - 8.0);
        *high = scale * (f32::from(byte >> 4) - 8.0);
    }
    values
}
