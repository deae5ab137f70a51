//! Drawing tokens where the logits are: temperature, filters and the draw itself in one kernel, so that nothing is
//! read from the device between two tokens.
//!
//! A draw inverts the cumulative distribution, in the tokens' order, at a uniform number that was made before: the
//! same number gives the same token on every device, but for tokens whose bounds round differently.

mod cpu;
mod gpu;
mod host;

use burn::{
    backend::{
        Backend, Dispatch, backend_extension,
        tensor::{FloatTensor, IntTensor},
    },
    tensor::{DType, Device, Int, Shape, Tensor, TensorData},
};

pub use host::Drawn;

/// How a distribution is changed before a token is drawn from it, in the order of the fields.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Filters {
    /// Divides the logits; 0 takes the first of the most likely tokens.
    pub temperature: f32,
    /// Keeps the `k` most likely tokens and those that are as likely as the last of them; 0 keeps all.
    pub top_k: usize,
    /// Keeps the smallest set of most likely tokens whose probability reaches `p`, of equals the first; 1 keeps all.
    pub top_p: f32,
    /// Keeps tokens at least `p` times as likely as the most likely one; 0 keeps all.
    pub min_p: f32,
}

impl Filters {
    /// The distribution as it is.
    pub const NONE: Self = Self { temperature: 1.0, top_k: 0, top_p: 1.0, min_p: 0.0 };
}

/// Most classes that a row may have on an adapter: their masses have to fit into 64 bits together.
pub const MOST_CLASSES: usize = 1 << 19;

/// Uniform numbers in `[0, 1)` for [`draw`], `[numbers, 2]`: fractions of 2^64 in two words each, the low one first.
#[must_use]
pub fn uniforms(numbers: &[f64], device: &Device) -> Tensor<2, Int> {
    let words: Vec<i32> = numbers.iter().flat_map(|number| fraction(*number).map(u32::cast_signed)).collect();
    Tensor::from_data(TensorData::new(words, [numbers.len(), 2]), (device, DType::I32))
}

/// Draws a token for each row of `logits`, `[rows, classes]`: `[rows, 3]`, the token's id and the bits of its two
/// log-probabilities (see [`Drawn`]), all as [`drawn`] reads them.
///
/// * `uniforms`: `[steps * rows, 2]` as [`uniforms`] makes them, of which those of `step` are taken
///
/// On adapters there may be up to [`MOST_CLASSES`]. No gradient is recorded.
#[must_use]
pub fn draw(logits: Tensor<2>, uniforms: Tensor<2, Int>, step: usize, filters: Filters) -> Tensor<2, Int> {
    let logits = if logits.is_autodiff() { logits.inner() } else { logits };
    Tensor::from_dispatch(Dispatch::draw_tokens(logits.into_dispatch(), uniforms.into_dispatch(), step, filters))
}

/// What was read of a result of [`draw`], a token a row.
#[must_use]
pub fn drawn(words: &[i32]) -> Vec<Drawn> {
    let (rows, _) = words.as_chunks::<3>();
    let logprob = |word: i32| f32::from_bits(word.cast_unsigned());
    rows.iter()
        .map(|[token, own, sampling]| Drawn {
            token: token.cast_unsigned(),
            logprob: logprob(*own),
            sampling_logprob: logprob(*sampling),
        })
        .collect()
}

/// The operation as burn's backends see it.
#[backend_extension(Cube, Flex, Fusion)]
pub trait DrawOps: Backend {
    /// See [`draw`].
    #[fusion(dtype = DType::I32, shape = Shape::new([logits[0], 3]))]
    fn draw_tokens(
        logits: FloatTensor<Self>,
        uniforms: IntTensor<Self>,
        step: usize,
        filters: Filters,
    ) -> IntTensor<Self>;
}

/// A number in `[0, 1)` as a fraction of 2^64, the low word first.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // meant
fn fraction(number: f64) -> [u32; 2] {
    let whole = (number * 18_446_744_073_709_551_616.0) as u64;
    [whole as u32, (whole >> 32) as u32]
}

#[cfg(test)]
mod tests;
