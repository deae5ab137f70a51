//! The operation on the CPU, a row after the other.

use std::sync::Arc;

use burn::backend::{Flex, TensorMetadata, tensor::FloatTensor};
use rayon::prelude::*;

use super::CachedOps;
use crate::flex::{LANES, added, dot, exp, largest, sum, tensor, values, widest};

/// Multiplications from which on threads share the rows.
const SHARED: usize = 1 << 20;

impl CachedOps for Flex {
    fn cached_attention(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        padding: Arc<[usize]>,
        span: usize,
    ) -> FloatTensor<Self> {
        let (query, key, value) = (query.to_contiguous(), key.to_contiguous(), value.to_contiguous());
        let [batch, _, heads, width] = query.shape().dims();
        let [_, key_heads, room, _] = key.shape().dims();
        let (of_query, of_cache) = (heads * width, key_heads * room * width);
        let mut result = vec![0.0; batch * of_query];
        let of_row = |(row, result): (usize, &mut [f32])| {
            let cached = Cached {
                keys: &values(&key)[row * of_cache..][..of_cache],
                values: &values(&value)[row * of_cache..][..of_cache],
                key_heads,
                width,
                seen: [padding[row], span],
            };
            attend(&values(&query)[row * of_query..][..of_query], cached, result);
        };
        if batch * of_query * span >= SHARED && rayon::current_num_threads() > 1 {
            result.par_chunks_mut(of_query).enumerate().for_each(of_row);
        } else {
            result.chunks_mut(of_query.max(1)).enumerate().for_each(of_row);
        }
        tensor(result, &[batch, of_query])
    }
}

/// What the cache holds of a row.
#[derive(Clone, Copy)]
struct Cached<'a> {
    /// `[key heads, room, width]`
    keys: &'a [f32],
    /// The same of values.
    values: &'a [f32],
    key_heads: usize,
    width: usize,
    /// The first position that counts, and the one behind the last.
    seen: [usize; 2],
}

widest! {
    /// `result`, `[heads, width]`, of a row whose queries are `[heads, width]`.
    fn attend(query: &[f32], cached: Cached<'_>, result: &mut [f32]) {
        let Cached { keys, values, key_heads, width, seen: [from, to] } = cached;
        #[allow(clippy::cast_precision_loss)] // head widths
        let scale = 1.0 / (width as f32).sqrt();
        let (heads, room) = (query.len() / width, keys.len() / key_heads);
        let mut shares = vec![0.0_f32; to - from];
        for head in 0..heads {
            let start = head * key_heads / heads * room;
            let seen = start + from * width..start + to * width;
            let query = &query[head * width..][..width];
            let keys = &keys[seen.clone()];
            for (position, share) in shares.iter_mut().enumerate() {
                *share = dot(query, &keys[position * width..][..width]) * scale;
            }
            let top = largest(&shares);
            for share in &mut shares {
                *share = exp(*share - top);
            }
            let whole = 1.0 / sum(&shares);
            mix::<VECTORS>(&shares, &values[seen], whole, &mut result[head * width..][..width]);
        }
    }
}

/// The sum of all values by their shares of `whole`, some columns at a time, whose sums stay in registers.
#[inline(always)]
#[allow(clippy::inline_always, clippy::needless_range_loop)] // inlined, or not vectorised; iterators are not inlined
fn mix<const VECTORS: u8>(shares: &[f32], values: &[f32], whole: f32, result: &mut [f32]) {
    let width = result.len();
    let mut done = 0;
    while width - done >= 4 * LANES {
        mix_pieces::<4, VECTORS>(shares, &values[done..], width, whole, &mut result[done..]);
        done += 4 * LANES;
    }
    while width - done >= LANES {
        mix_pieces::<1, VECTORS>(shares, &values[done..], width, whole, &mut result[done..]);
        done += LANES;
    }
    for column in done..width {
        let mut sum = 0.0;
        for position in 0..shares.len() {
            sum += shares[position] * values[position * width + column];
        }
        result[column] = sum * whole;
    }
}

/// [`mix`] of the first columns: `PIECES` times [`LANES`] of them, in rows of `width`.
#[inline(always)]
#[allow(clippy::inline_always, clippy::needless_range_loop)] // as above
fn mix_pieces<const PIECES: usize, const VECTORS: u8>(
    shares: &[f32],
    values: &[f32],
    width: usize,
    whole: f32,
    result: &mut [f32],
) {
    let mut sums = [[0.0; LANES]; PIECES];
    for position in 0..shares.len() {
        let value = values[position * width..].as_chunks::<LANES>().0;
        for piece in 0..PIECES {
            sums[piece] = added::<VECTORS>(sums[piece], shares[position], &value[piece]);
        }
    }
    let result = result.as_chunks_mut::<LANES>().0;
    for piece in 0..PIECES {
        result[piece] = added::<VECTORS>([0.0; LANES], whole, &sums[piece]);
    }
}
