//! Frozen matrices that are kept small: in half precision, or in blocks of small whole numbers with a scale.
//!
//! Nothing learns in them, so that a product needs no more for its way back than the packed words: they are
//! made f32 again, some rows at a time, for the product and once more for the gradient of what was multiplied
//! (the frozen layers of QLoRA; Dettmers et al., arXiv 2305.14314, section 3). An automatic gradient would keep
//! every matrix in f32 until then.

mod cpu;
mod format;
mod gpu;

use burn::{
    backend::{
        Autodiff, Backend, Dispatch, TensorMetadata,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind, unary},
        },
        backend_extension,
        tensor::{FloatTensor, IntTensor},
    },
    tensor::{DType, Device, Int, IntDType, Shape, Slice, Tensor, TensorData},
};

pub use format::{Format, PackedShape};

use crate::{Chunks, head::HeadOps, product::LinearOps};

/// Values that are f32 at a time on the CPU.
const CPU_CHUNK: usize = 1 << 20;
/// The same where few rows are multiplied, and bringing a matrix to the product is most of the work: what fits into
/// the fastest caches.
const CPU_CHUNK_FOR_FEW: usize = 1 << 14;
/// So many rows are few.
const FEW: usize = 16;
/// Values that are f32 at a time on an adapter: half of the smallest limit of a binding, 128 MiB.
const GPU_CHUNK: usize = 1 << 24;

/// A packed matrix, `[rows, width]`. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Packed {
    /// As [`Format`] says, `[words]`.
    words: Tensor<1, Int>,
    shape: PackedShape,
}

impl Packed {
    /// Packs finite values, row by row.
    ///
    /// # Errors
    /// The value that is too large for the format.
    pub fn new(values: &[f32], format: Format, [rows, width]: [usize; 2], device: &Device) -> Result<Self, f32> {
        let shape = PackedShape { format, rows, width };
        Ok(Self::of_words(format::pack(values, shape)?, shape, device))
    }

    /// What a GGUF file holds of a matrix of that format, to the last bit; `None` where these are not its bytes.
    #[must_use]
    pub fn from_gguf(bytes: &[u8], format: Format, [rows, width]: [usize; 2], device: &Device) -> Option<Self> {
        let shape = PackedShape { format, rows, width };
        Some(Self::of_words(format::from_gguf(bytes, shape)?, shape, device))
    }

    fn of_words(words: Vec<i32>, shape: PackedShape, device: &Device) -> Self {
        let count = words.len();
        Self { words: Tensor::from_data(TensorData::new(words, [count]), (device, DType::I32)), shape }
    }

    /// Rows and columns.
    #[must_use]
    pub fn dims(&self) -> [usize; 2] {
        [self.shape.rows, self.shape.width]
    }

    /// How the numbers are kept.
    #[must_use]
    pub fn format(&self) -> Format {
        self.shape.format
    }

    /// Where they are.
    #[must_use]
    pub fn device(&self) -> Device {
        self.words.device()
    }

    /// Some rows as f32, `[wanted, width]`, from their numbers, `[wanted]`. Without a gradient.
    #[must_use]
    pub fn rows(&self, wanted: Tensor<1, Int>) -> Tensor<2> {
        let tracked = wanted.is_autodiff();
        let wanted = if tracked { wanted.inner() } else { wanted };
        let rows = Dispatch::packed_rows(self.words.clone().into_dispatch(), wanted.into_dispatch(), self.shape);
        let rows = Tensor::from_dispatch(rows);
        if tracked { Tensor::from_inner(rows) } else { rows }
    }

    /// The whole matrix as f32.
    #[must_use]
    pub fn unpacked(&self) -> Tensor<2> {
        self.rows(Tensor::arange(0..number(self.shape.rows), &self.device()))
    }

    /// `x · matrixᵀ`, `[rows of x, rows]`, differentiable in `x`, `[rows of x, width]`.
    #[must_use]
    pub fn linear(&self, x: Tensor<2>) -> Tensor<2> {
        let most = match (x.device() == Device::flex(), x.dims()[0]) {
            (false, _) => GPU_CHUNK,
            (true, ..=FEW) => CPU_CHUNK_FOR_FEW,
            (true, _) => CPU_CHUNK,
        };
        let at_once = (most / self.shape.width.max(1)).max(1);
        let words = self.words.clone().into_dispatch();
        Tensor::from_dispatch(Dispatch::packed_linear(x.into_dispatch(), words, self.shape, at_once))
    }

    /// What the head of a language model gives, as [`linear_logprobs`](crate::linear_logprobs) with this matrix
    /// as its weight; differentiable in `hidden`.
    #[must_use]
    pub fn linear_logprobs(&self, hidden: Tensor<2>, targets: Tensor<2, Int>) -> Tensor<2> {
        let chunks = Chunks::suited(&hidden.device(), hidden.dims()[0], self.shape.rows);
        self.linear_logprobs_by(hidden, targets, chunks)
    }

    /// The same with the rows divided as told.
    fn linear_logprobs_by(&self, hidden: Tensor<2>, targets: Tensor<2, Int>, chunks: Chunks) -> Tensor<2> {
        Tensor::from_dispatch(Dispatch::packed_logprobs(
            hidden.into_dispatch(),
            self.words.clone().into_dispatch(),
            targets.into_dispatch(),
            self.shape,
            chunks,
        ))
    }
}

/// The operations as burn's backends see them.
#[backend_extension(Cube, Flex, Autodiff, Fusion)]
pub trait PackedOps: LinearOps {
    /// Some rows of a packed matrix as f32, `[wanted, width]`.
    #[fusion(dtype = DType::F32, shape = Shape::new([wanted[0], shape.width]))]
    fn packed_rows(words: IntTensor<Self>, wanted: IntTensor<Self>, shape: PackedShape) -> FloatTensor<Self>;

    /// See [`Packed::linear`]; `at_once` rows of the matrix are f32 at a time.
    #[fusion(default)]
    fn packed_linear(
        x: FloatTensor<Self>,
        words: IntTensor<Self>,
        shape: PackedShape,
        at_once: usize,
    ) -> FloatTensor<Self> {
        let parts = spans(shape.rows, at_once).map(|span| {
            let part = rows_between::<Self>(&words, shape, span);
            Self::product_with_weight(x.clone(), part)
        });
        one_or_cat::<Self>(parts.collect())
    }

    /// The gradient of `x` from that of the product, `[rows of x, rows]`.
    #[fusion(default)]
    fn packed_linear_backward(
        gradient: FloatTensor<Self>,
        words: IntTensor<Self>,
        shape: PackedShape,
        at_once: usize,
    ) -> FloatTensor<Self> {
        let count = gradient.shape()[0];
        let mut shares = spans(shape.rows, at_once).map(|(start, end)| {
            let part = rows_between::<Self>(&words, shape, (start, end));
            let columns = &[Slice::from(0..count), Slice::from(start..end)];
            Self::product_against_weight(Self::float_slice(gradient.clone(), columns), part)
        });
        let first = shares.next();
        let rest = first.map(|first| shares.fold(first, Self::float_add));
        rest.unwrap_or(gradient)
    }
}

/// The beginnings of chunks and their ends.
pub(crate) fn spans(rows: usize, at_once: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).step_by(at_once.max(1)).map(move |start| (start, rows.min(start + at_once.max(1))))
}

/// Neighbouring rows as f32.
pub(crate) fn rows_between<B: PackedOps>(
    words: &IntTensor<B>,
    shape: PackedShape,
    (start, end): (usize, usize),
) -> FloatTensor<B> {
    let device = words.device();
    let wanted = B::int_arange(number(start)..number(end), &device, IntDType::I32);
    B::packed_rows(words.clone(), wanted, shape)
}

fn number(row: usize) -> i64 {
    i64::try_from(row).unwrap_or(i64::MAX)
}

fn one_or_cat<B: Backend>(mut parts: Vec<FloatTensor<B>>) -> FloatTensor<B> {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            parts.extend(last);
            B::float_cat(parts, 1)
        }
    }
}

#[derive(Debug)]
struct PackedLinear;

impl<B: PackedOps> Backward<B, 1> for PackedLinear {
    type State = (IntTensor<B>, PackedShape, usize);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (words, shape, at_once) = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |gradient| {
            B::packed_linear_backward(gradient, words, shape, at_once)
        });
    }
}

impl<B: PackedOps, C: CheckpointStrategy> PackedOps for Autodiff<B, C> {
    fn packed_rows(words: IntTensor<Self>, wanted: IntTensor<Self>, shape: PackedShape) -> FloatTensor<Self> {
        FloatTensor::<Self>::new(B::packed_rows(words, wanted, shape))
    }

    fn packed_linear(
        x: FloatTensor<Self>,
        words: IntTensor<Self>,
        shape: PackedShape,
        at_once: usize,
    ) -> FloatTensor<Self> {
        let (x, of_x) = x.into_parts();
        let result = B::packed_linear(x, words.clone(), shape, at_once);
        match PackedLinear.prepare::<C>([of_x]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((words, shape, at_once), result),
            OpsKind::UnTracked(prep) => prep.finish(result),
        }
    }

    fn packed_linear_backward(
        gradient: FloatTensor<Self>,
        words: IntTensor<Self>,
        shape: PackedShape,
        at_once: usize,
    ) -> FloatTensor<Self> {
        FloatTensor::<Self>::new(B::packed_linear_backward(gradient.into_parts().0, words, shape, at_once))
    }
}

#[cfg(test)]
mod tests;
