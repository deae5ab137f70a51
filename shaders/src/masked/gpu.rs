//! The steps on burn's GPU backend.

use burn::backend::tensor::FloatTensor;
use burn_cubecl::{CubeBackend, kernel::into_contiguous, tensor::CubeTensor};

use super::MaskedOps;
use crate::{
    kernel::{dimensions, empty_like, launch_eight, wgsl},
    product::{Lie, Products, Stack, products},
};

wgsl!(Shares, "shares.wgsl", eight rows);
wgsl!(Slopes, "slopes.wgsl", eight rows);

impl MaskedOps for CubeBackend {
    fn attention_shares(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        mask: FloatTensor<Self>,
        span: usize,
    ) -> FloatTensor<Self> {
        let (query, key, mask) = (into_contiguous(query), readable(key), into_contiguous(mask));
        let [batch, time, heads, width] = dimensions(&query);
        let padded = span.next_multiple_of(4);
        let shares = empty_like(&query, [batch * heads, time, padded]);
        products(
            &query,
            &key,
            &shares,
            &Products {
                lies: [Lie::Along, Lie::Along],
                shape: [time, span, width],
                batch,
                heads,
                stacks: [of_rows(&query), of_keys(&key, heads), of_shares(&shares, heads)],
            },
        );
        let [entries, rows, columns] = dimensions(&mask);
        let steps = [
            if entries == 1 { 0 } else { rows * columns },
            if rows == 1 { 0 } else { columns },
            usize::from(columns > 1),
        ];
        let numbers = [&[span, padded, time, heads, scale_bits(width)], steps.as_slice()].concat();
        launch_eight(Shares, &[&shares, &mask], batch * heads * time, &numbers);
        shares
    }

    fn attention_mixed(
        shares: FloatTensor<Self>,
        value: FloatTensor<Self>,
        batch: usize,
        span: usize,
    ) -> FloatTensor<Self> {
        let (shares, value) = (into_contiguous(shares), readable(value));
        let [all, time, _] = dimensions(&shares);
        let [_, _, _, width] = dimensions(&value);
        let heads = all / batch;
        let result = empty_like(&shares, [batch, time, heads, width]);
        products(
            &shares,
            &value,
            &result,
            &Products {
                lies: [Lie::Along, Lie::Across],
                shape: [time, width, span],
                batch,
                heads,
                stacks: [of_shares(&shares, heads), of_keys(&value, heads), of_rows(&result)],
            },
        );
        result
    }

    fn attention_slopes(
        shares: FloatTensor<Self>,
        value: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        span: usize,
    ) -> FloatTensor<Self> {
        let (shares, value, gradient) = (into_contiguous(shares), readable(value), into_contiguous(gradient));
        let [batch, time, heads, width] = dimensions(&gradient);
        let [all, _, padded] = dimensions(&shares);
        let slopes = empty_like(&shares, [all, time, padded]);
        products(
            &gradient,
            &value,
            &slopes,
            &Products {
                lies: [Lie::Along, Lie::Along],
                shape: [time, span, width],
                batch,
                heads,
                stacks: [of_rows(&gradient), of_keys(&value, heads), of_shares(&slopes, heads)],
            },
        );
        launch_eight(Slopes, &[&shares, &slopes], all * time, &[span, padded, scale_bits(width)]);
        slopes
    }

    fn attention_gathered(shares: FloatTensor<Self>, rows: FloatTensor<Self>, span: usize) -> FloatTensor<Self> {
        let (shares, rows) = (into_contiguous(shares), into_contiguous(rows));
        let [batch, time, heads, width] = dimensions(&rows);
        let result = empty_like(&rows, [batch, heads, span, width]);
        products(
            &shares,
            &rows,
            &result,
            &Products {
                lies: [Lie::Across, Lie::Across],
                shape: [span, width, time],
                batch,
                heads,
                stacks: [of_shares(&shares, heads), of_rows(&rows), of_keys(&result, heads)],
            },
        );
        result
    }
}

/// The bits of `1 / √width`.
#[allow(clippy::cast_precision_loss)] // head widths
fn scale_bits(width: usize) -> usize {
    (1.0 / (width as f32).sqrt()).to_bits() as usize
}

/// Keys or values as they lie, or a copy where kernels cannot read them in fours.
fn readable(keys: CubeTensor) -> CubeTensor {
    let steps = keys.meta.strides();
    if steps[3] == 1 && steps[..3].iter().all(|step| step % 4 == 0) { keys } else { into_contiguous(keys) }
}

/// `[batch, time, heads, width]`
fn of_rows(rows: &CubeTensor) -> Stack {
    let [_, time, heads, width] = dimensions(rows);
    Stack { row: heads * width, batch: time * heads * width, head: width, shared: 1 }
}

/// `[batch, kv_heads, keys, width]`, for so many query heads.
fn of_keys(keys: &CubeTensor, heads: usize) -> Stack {
    let [_, kv_heads, _, _] = dimensions(keys);
    let steps = keys.meta.strides();
    Stack { row: steps[2], batch: steps[0], head: steps[1], shared: heads / kv_heads }
}

/// `[batch * heads, time, padded]`
fn of_shares(shares: &CubeTensor, heads: usize) -> Stack {
    let [_, time, padded] = dimensions(shares);
    Stack { row: padded, batch: heads * time * padded, head: time * padded, shared: 1 }
}
