//! Grouped-query attention (Ainslie et al., arXiv 2305.13245) over rows of tokens with a mask, on adapters: products
//! that read queries, keys and values where they lie, and a softmax between them in one kernel.

mod gpu;

use burn::{
    backend::{
        Autodiff, Backend, Dispatch, TensorMetadata,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
        backend_extension,
        tensor::FloatTensor,
    },
    tensor::{Shape, Tensor},
};

use crate::gradient::plain;

/// Numbers in a table of shares, at most: 64 MiB, half of what every device of WebGPU can bind.
const MOST: usize = 1 << 24;

/// Attention of every query over the first `span` keys, scaled by `1 / √width`. Differentiable in query, key and
/// value. On adapters only.
///
/// * `query`: `[batch, time, heads, width]`, whose width is a multiple of four
/// * `key`, `value`: `[batch, kv_heads, span or more, width]`
/// * `mask`: `[1 or batch, 1 or time, 1 or span]`, added to the scaled scores; no row hides everything
///
/// Returns `[batch * time, heads * width]`. Where the shares of all queries are too many for a device to bind, so
/// many queries are taken at a time as fit.
#[must_use]
pub fn masked_attention(query: Tensor<4>, key: Tensor<4>, value: Tensor<4>, mask: Tensor<3>, span: usize) -> Tensor<2> {
    attention_in_blocks(query, key, value, mask, span, MOST)
}

/// [`masked_attention`] with at most so many shares at a time, as far as single queries have no more.
fn attention_in_blocks(
    query: Tensor<4>,
    key: Tensor<4>,
    value: Tensor<4>,
    mask: Tensor<3>,
    span: usize,
    most: usize,
) -> Tensor<2> {
    let mask = if mask.is_autodiff() { mask.inner() } else { mask };
    let mask = if query.is_autodiff() { Tensor::from_inner(mask) } else { mask };
    // Gradients have the shape of what they belong to.
    let seen = |all: Tensor<4>| {
        let [batch, heads, keys, width] = all.dims();
        if all.is_autodiff() && keys != span { all.slice([0..batch, 0..heads, 0..span, 0..width]) } else { all }
    };
    let (key, value) = (seen(key), seen(value));
    let attend = |query: Tensor<4>, mask: Tensor<3>| -> Tensor<2> {
        let (key, value) = (key.clone().into_dispatch(), value.clone().into_dispatch());
        let (query, mask) = (query.into_dispatch(), mask.into_dispatch());
        Tensor::from_dispatch(Dispatch::masked_attention(query, key, value, mask, span))
    };
    let [batch, time, heads, width] = query.dims();
    let at_once = (most / (batch * heads * span.next_multiple_of(4)).max(1)).max(1);
    if time <= at_once {
        return attend(query, mask);
    }
    let blocks = (0..time).step_by(at_once).map(|begin| {
        let end = (begin + at_once).min(time);
        let [entries, rows, columns] = mask.dims();
        let mask = if rows == 1 { mask.clone() } else { mask.clone().slice([0..entries, begin..end, 0..columns]) };
        let query = query.clone().slice([0..batch, begin..end, 0..heads, 0..width]);
        attend(query, mask).reshape([batch, end - begin, heads * width])
    });
    Tensor::cat(blocks.collect(), 1).reshape([batch * time, heads * width])
}

/// The operation as burn's backends see it, and the steps that it and its gradient are made of.
#[backend_extension(Cube, Autodiff, Fusion)]
pub trait MaskedOps: Backend {
    /// See [`masked_attention`].
    #[fusion(default)]
    fn masked_attention(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        mask: FloatTensor<Self>,
        span: usize,
    ) -> FloatTensor<Self> {
        let [batch, time, heads, width] = query.shape().dims();
        let shares = Self::attention_shares(query, key, mask, span);
        Self::float_reshape(
            Self::attention_mixed(shares, value, batch, span),
            Shape::new([batch * time, heads * width]),
        )
    }

    /// How much of each key every query takes, `[batch * heads, time, span]`. The last axis is longer, up to a
    /// multiple of four, and zero there.
    #[fusion(dtype = query, shape = Shape::new([query[0] * query[2], query[1], span.next_multiple_of(4)]))]
    fn attention_shares(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        mask: FloatTensor<Self>,
        span: usize,
    ) -> FloatTensor<Self>;

    /// The sums of keys or values by shares, or by gradients of scores: `[batch, time, heads, width]`.
    #[fusion(dtype = value, shape = Shape::new([*batch, shares[1], shares[0] / *batch, value[3]]))]
    fn attention_mixed(
        shares: FloatTensor<Self>,
        value: FloatTensor<Self>,
        batch: usize,
        span: usize,
    ) -> FloatTensor<Self>;

    /// The gradients of scores, as [`Self::attention_shares`] has them, from that of the result,
    /// `[batch, time, heads, width]`.
    #[fusion(dtype = shares, shape = shares)]
    fn attention_slopes(
        shares: FloatTensor<Self>,
        value: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        span: usize,
    ) -> FloatTensor<Self>;

    /// The sums of queries, or of gradients, by what every key has of them: `[batch, heads, span, width]`.
    #[fusion(dtype = rows, shape = Shape::new([rows[0], rows[2], *span, rows[3]]))]
    fn attention_gathered(shares: FloatTensor<Self>, rows: FloatTensor<Self>, span: usize) -> FloatTensor<Self>;
}

#[derive(Debug)]
struct Masked;

impl<B: MaskedOps> Backward<B, 3> for Masked {
    /// Query, key, value, shares, and how many keys there are.
    type State = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, usize);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (query, key, value, shares, span) = ops.state;
        let [batch, time, heads, width] = query.shape().dims();
        let kv_heads = key.shape()[1];
        let gradient = grads.consume::<B>(&ops.node);
        let gradient = B::float_reshape(gradient, Shape::new([batch, time, heads, width]));
        // Query heads that share a key head each have their own gradient of it.
        let of_key_heads = |of_heads: FloatTensor<B>| {
            let split = Shape::new([batch, kv_heads, heads / kv_heads, span * width]);
            let sum = B::float_sum_dim(B::float_reshape(of_heads, split), 2);
            B::float_reshape(sum, Shape::new([batch, kv_heads, span, width]))
        };
        let [of_query, of_key, of_value] = ops.parents.map(|parent| parent.map(|node| node.id));
        if let Some(node) = of_value {
            grads.register::<B>(node, of_key_heads(B::attention_gathered(shares.clone(), gradient.clone(), span)));
        }
        let slopes = B::attention_slopes(shares, value, gradient, span);
        if let Some(node) = of_key {
            grads.register::<B>(node, of_key_heads(B::attention_gathered(slopes.clone(), query, span)));
        }
        if let Some(node) = of_query {
            grads.register::<B>(node, B::attention_mixed(slopes, key, batch, span));
        }
    }
}

impl<B: MaskedOps, C: CheckpointStrategy> MaskedOps for Autodiff<B, C> {
    fn masked_attention(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        value: FloatTensor<Self>,
        mask: FloatTensor<Self>,
        span: usize,
    ) -> FloatTensor<Self> {
        let ((query, q), (key, k), (value, v)) = (query.into_parts(), key.into_parts(), value.into_parts());
        let [batch, time, heads, width] = query.shape().dims();
        let shares = B::attention_shares(query.clone(), key.clone(), plain::<B, C>(mask), span);
        let mixed = B::attention_mixed(shares.clone(), value.clone(), batch, span);
        let result = B::float_reshape(mixed, Shape::new([batch * time, heads * width]));
        match Masked.prepare::<C>([q, k, v]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((query, key, value, shares, span), result),
            OpsKind::UnTracked(prep) => prep.finish(result),
        }
    }

    fn attention_shares(
        query: FloatTensor<Self>,
        key: FloatTensor<Self>,
        mask: FloatTensor<Self>,
        span: usize,
    ) -> FloatTensor<Self> {
        let (query, key, mask) = (plain::<B, C>(query), plain::<B, C>(key), plain::<B, C>(mask));
        FloatTensor::<Self>::new(B::attention_shares(query, key, mask, span))
    }

    fn attention_mixed(
        shares: FloatTensor<Self>,
        value: FloatTensor<Self>,
        batch: usize,
        span: usize,
    ) -> FloatTensor<Self> {
        FloatTensor::<Self>::new(B::attention_mixed(plain::<B, C>(shares), plain::<B, C>(value), batch, span))
    }

    fn attention_slopes(
        shares: FloatTensor<Self>,
        value: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        span: usize,
    ) -> FloatTensor<Self> {
        let (shares, value, gradient) = (plain::<B, C>(shares), plain::<B, C>(value), plain::<B, C>(gradient));
        FloatTensor::<Self>::new(B::attention_slopes(shares, value, gradient, span))
    }

    fn attention_gathered(shares: FloatTensor<Self>, rows: FloatTensor<Self>, span: usize) -> FloatTensor<Self> {
        FloatTensor::<Self>::new(B::attention_gathered(plain::<B, C>(shares), plain::<B, C>(rows), span))
    }
}

#[cfg(test)]
mod tests;
