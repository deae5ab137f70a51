//! The head of a language model: log-probabilities of chosen tokens from hidden states, and what else is asked
//! of the distributions they come from, without a table of logits that grows with rows and vocabulary.
//!
//! The vocabulary is taken in chunks. Of each row six numbers are carried from chunk to chunk: the
//! largest logit, the sum of exponentials, the chosen logit, and what entropy, collisions and mean need (the
//! online softmax of Milakov and Gimelshein, arXiv 1805.02867). The backward pass computes the logits of each
//! chunk again, as in the memory-efficient cross-entropy of Liger Kernel (arXiv 2410.10989). Only where all of
//! them together are few, at most [`Chunks::KEPT`], those of the forward pass are kept until then, because so much
//! memory costs less than the arithmetic. Without gradients none is kept.
//!
//! Memory beside hidden states, weight and their gradients is then one chunk of logits forward, and one with its
//! gradient backward, four bytes a logit; where logits are kept, all of them as well.

mod cpu;
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
        tensor::{FloatTensor, IntTensor},
    },
    tensor::{Device, Int, Slice, Tensor, TensorData},
};

use crate::packed::{PackedOps, PackedShape, rows_between, spans};

/// How the vocabulary is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunks {
    /// Columns in a chunk.
    pub columns: usize,
    /// Whether the backward pass finds the logits of the forward pass, of every chunk. Else it computes each again.
    pub keep: bool,
}

/// Logits in a chunk on the CPU: what fits into a core's cache.
const CPU_CHUNK: usize = 1 << 18;

impl Chunks {
    /// Logits in a chunk on an adapter: half of the smallest limit of a binding, 128 MiB.
    pub const ON_ADAPTERS: usize = 1 << 24;
    /// Most logits that are kept for the backward pass, all chunks together: 16 MiB in single precision. A call for
    /// more rows times classes than this keeps none.
    pub const KEPT: usize = 1 << 22;

    /// What suits the device for so many rows and classes.
    #[must_use]
    pub fn suited(device: &Device, rows: usize, classes: usize) -> Self {
        let most = if *device == Device::flex() { CPU_CHUNK } else { Self::ON_ADAPTERS };
        // Products like multiples of a vector's width.
        let columns = (most / rows.max(1)).next_multiple_of(64);
        Self { columns: columns.min(classes), keep: rows * classes <= Self::KEPT }
    }
}

/// What each [`Figure`] says of `p = softmax(hidden · weightᵀ)[row, ..]` and of the class `targets[row]`,
/// `[rows, Figure::COUNT]`. The first two are differentiable in `hidden` and `weight`, the others have no gradient.
///
/// * `hidden`: `[rows, width]`, f32
/// * `weight`: `[classes, width]`
/// * `targets`: `[rows, 1]`, each in `0..classes`
#[must_use]
pub fn linear_logprobs(hidden: Tensor<2>, weight: Tensor<2>, targets: Tensor<2, Int>) -> Tensor<2> {
    let chunks = Chunks::suited(&hidden.device(), hidden.dims()[0], weight.dims()[0]);
    linear_logprobs_by(hidden, weight, targets, chunks)
}

/// [`linear_logprobs`] with the vocabulary divided as told.
#[must_use]
pub fn linear_logprobs_by(hidden: Tensor<2>, weight: Tensor<2>, targets: Tensor<2, Int>, chunks: Chunks) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::linear_logprobs(
        hidden.into_dispatch(),
        weight.into_dispatch(),
        targets.into_dispatch(),
        chunks,
    ))
}

/// A column of what [`linear_logprobs`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// `log p[target]`
    Logprob,
    /// The entropy `−Σ p log p`, in nats.
    Entropy,
    /// `log Σ p²`: the logarithm of the probability that two draws are the same class.
    Collisions,
    /// The mean of all logits.
    MeanLogit,
    /// The target's logit less the largest one: 0 where no class is likelier.
    Behind,
}

impl Figure {
    /// How many there are.
    pub const COUNT: usize = 5;
    /// Those with a gradient come first.
    const DIFFERENTIABLE: usize = 2;

    /// This column, `[rows]`, of `[rows, Figure::COUNT]`.
    #[must_use]
    pub fn of(self, figures: &Tensor<2>) -> Tensor<1> {
        let (rows, column) = (figures.dims()[0], self as usize);
        figures.clone().slice([0..rows, column..column + 1]).squeeze_dim(1)
    }
}

/// How many numbers are known of a row between two chunks.
const KNOWN: usize = 6;

/// The operations as burn's backends see them.
#[backend_extension(Cube, Flex, Autodiff, Fusion)]
pub trait HeadOps: PackedOps {
    /// What is known of each row, `[rows, 6]` (largest logit, `Σ e^(l − largest)`, chosen logit,
    /// `Σ (l − largest) e^(l − largest)`, `Σ e^(2 (l − largest))`, `Σ l`), after a further chunk of logits
    /// `[rows, columns]`, the first of which belongs to class `offset`.
    #[fusion(dtype = known, shape = known)]
    fn head_merge(
        logits: FloatTensor<Self>,
        targets: IntTensor<Self>,
        known: FloatTensor<Self>,
        offset: usize,
    ) -> FloatTensor<Self>;

    /// The gradient of a chunk of logits from those of log-probability and entropy, `[rows, 2]`, and from each
    /// row's log-sum-exp and entropy, `[rows, 2]`.
    #[fusion(dtype = logits, shape = logits)]
    fn head_slope(
        logits: FloatTensor<Self>,
        targets: IntTensor<Self>,
        statistics: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        offset: usize,
    ) -> FloatTensor<Self>;

    /// See [`linear_logprobs`].
    #[fusion(default)]
    fn linear_logprobs(
        hidden: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        targets: IntTensor<Self>,
        chunks: Chunks,
    ) -> FloatTensor<Self> {
        // Logits are kept for the way back, and there is none.
        let chunks = Chunks { keep: false, ..chunks };
        forward::<Self>(&hidden, &Table::Full(weight), &targets, chunks, &mut Vec::new()).result
    }

    /// The same with a weight that is packed.
    #[fusion(default)]
    fn packed_logprobs(
        hidden: FloatTensor<Self>,
        words: IntTensor<Self>,
        targets: IntTensor<Self>,
        shape: PackedShape,
        chunks: Chunks,
    ) -> FloatTensor<Self> {
        let chunks = Chunks { keep: false, ..chunks };
        forward::<Self>(&hidden, &Table::Packed(words, shape), &targets, chunks, &mut Vec::new()).result
    }
}

/// The weight, a row a class.
#[derive(Debug, Clone)]
enum Table<B: Backend> {
    Full(FloatTensor<B>),
    Packed(IntTensor<B>, PackedShape),
}

impl<B: PackedOps> Table<B> {
    fn classes(&self) -> usize {
        match self {
            Self::Full(weight) => weight.shape()[0],
            Self::Packed(_, shape) => shape.rows,
        }
    }

    fn rows(&self, (start, end): (usize, usize)) -> FloatTensor<B> {
        match self {
            Self::Full(weight) => {
                B::float_slice(weight.clone(), &[Slice::from(start..end), Slice::from(0..weight.shape()[1])])
            }
            Self::Packed(words, shape) => rows_between::<B>(words, *shape, (start, end)),
        }
    }
}

struct Forward<B: Backend> {
    /// A column a [`Figure`].
    result: FloatTensor<B>,
    /// Log-sum-exp and entropy.
    statistics: FloatTensor<B>,
}

/// The forward pass; the logits of each chunk are appended to `kept` where the chunks are to be kept.
fn forward<B: HeadOps>(
    hidden: &FloatTensor<B>,
    table: &Table<B>,
    targets: &IntTensor<B>,
    chunks: Chunks,
    kept: &mut Vec<FloatTensor<B>>,
) -> Forward<B> {
    let (rows, classes) = (hidden.shape()[0], table.classes());
    let nothing: Vec<f32> = (0..rows).flat_map(|_| [f32::MIN, 0.0, 0.0, 0.0, 0.0, 0.0]).collect();
    let mut known = B::float_from_data(TensorData::new(nothing, [rows, KNOWN]), &hidden.device());
    for span in spans(classes, chunks.columns) {
        let logits = B::product_with_weight(hidden.clone(), table.rows(span));
        if chunks.keep {
            kept.push(logits.clone());
        }
        known = B::head_merge(logits, targets.clone(), known, span.0);
    }
    let column = |index: usize| B::float_slice(known.clone(), &[Slice::from(0..rows), Slice::from(index..index + 1)]);
    let (largest, sum, chosen, weighted) = (column(0), column(1), column(2), column(3));
    let (squares, total) = (column(4), column(5));
    let log = B::float_log(sum.clone());
    let normaliser = B::float_add(largest.clone(), log.clone());
    let logprob = B::float_sub(chosen.clone(), normaliser.clone());
    let entropy = B::float_sub(log.clone(), B::float_div(weighted, sum));
    let collisions = B::float_sub(B::float_log(squares), B::float_mul_scalar(log, 2.0.into()));
    #[allow(clippy::cast_precision_loss)] // classes
    let mean = B::float_div_scalar(total, (classes as f32).into());
    let behind = B::float_sub(chosen, largest);
    Forward {
        result: B::float_cat(vec![logprob, entropy.clone(), collisions, mean, behind], 1),
        statistics: B::float_cat(vec![normaliser, entropy], 1),
    }
}

/// What the backward pass needs.
#[derive(Debug, Clone)]
struct State<B: Backend> {
    hidden: FloatTensor<B>,
    table: Table<B>,
    targets: IntTensor<B>,
    statistics: FloatTensor<B>,
    chunks: Chunks,
    kept: Vec<FloatTensor<B>>,
}

impl<B: HeadOps> State<B> {
    /// The gradients of the hidden states and of the weight from that of the result, as far as they are wanted.
    fn backward(self, gradient: &FloatTensor<B>, wanted: [bool; 2]) -> [Option<FloatTensor<B>>; 2] {
        let Self { hidden, table, targets, statistics, chunks, kept } = self;
        let mut of_hidden: Option<FloatTensor<B>> = None;
        let mut of_weight = Vec::new();
        let mut kept = kept.into_iter();
        for span in spans(table.classes(), chunks.columns) {
            let part = table.rows(span);
            let logits = kept.next().unwrap_or_else(|| B::product_with_weight(hidden.clone(), part.clone()));
            let slope = B::head_slope(logits, targets.clone(), statistics.clone(), gradient.clone(), span.0);
            if wanted[1] {
                of_weight.push(B::product_of_columns(slope.clone(), hidden.clone()));
            }
            if wanted[0] {
                let share = B::product_against_weight(slope, part);
                of_hidden = Some(match of_hidden {
                    Some(sum) => B::float_add(sum, share),
                    None => share,
                });
            }
        }
        [of_hidden, wanted[1].then(|| B::float_cat(of_weight, 0))]
    }
}

/// Gives each parent its gradient: the hidden states, and the weight where it is one.
fn register<B: HeadOps, const N: usize>(ops: Ops<State<B>, N>, grads: &mut Gradients) {
    let gradient = grads.consume::<B>(&ops.node);
    let gradient = B::float_slice(
        gradient.clone(),
        &[Slice::from(0..gradient.shape()[0]), Slice::from(0..Figure::DIFFERENTIABLE)],
    );
    let wanted = [0, 1].map(|at| ops.parents.get(at).is_some_and(Option::is_some));
    for (parent, gradient) in ops.parents.into_iter().zip(ops.state.backward(&gradient, wanted)) {
        if let (Some(parent), Some(gradient)) = (parent, gradient) {
            grads.register::<B>(parent.id, gradient);
        }
    }
}

#[derive(Debug)]
struct LinearLogprobs;

impl<B: HeadOps> Backward<B, 2> for LinearLogprobs {
    type State = State<B>;

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        register(ops, grads);
    }
}

#[derive(Debug)]
struct PackedLogprobs;

impl<B: HeadOps> Backward<B, 1> for PackedLogprobs {
    type State = State<B>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        register(ops, grads);
    }
}

impl<B: HeadOps, C: CheckpointStrategy> HeadOps for Autodiff<B, C> {
    fn head_merge(
        logits: FloatTensor<Self>,
        targets: IntTensor<Self>,
        known: FloatTensor<Self>,
        offset: usize,
    ) -> FloatTensor<Self> {
        FloatTensor::<Self>::new(B::head_merge(logits.into_parts().0, targets, known.into_parts().0, offset))
    }

    fn head_slope(
        logits: FloatTensor<Self>,
        targets: IntTensor<Self>,
        statistics: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        offset: usize,
    ) -> FloatTensor<Self> {
        let plain = |tensor: FloatTensor<Self>| tensor.into_parts().0;
        FloatTensor::<Self>::new(B::head_slope(plain(logits), targets, plain(statistics), plain(gradient), offset))
    }

    fn linear_logprobs(
        hidden: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        targets: IntTensor<Self>,
        chunks: Chunks,
    ) -> FloatTensor<Self> {
        let ((hidden, of_hidden), (weight, of_weight)) = (hidden.into_parts(), weight.into_parts());
        match LinearLogprobs.prepare::<C>([of_hidden, of_weight]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let (mut kept, table) = (Vec::new(), Table::Full(weight));
                let Forward { result, statistics } = forward::<B>(&hidden, &table, &targets, chunks, &mut kept);
                prep.finish(State { hidden, table, targets, statistics, chunks, kept }, result)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::linear_logprobs(hidden, weight, targets, chunks)),
        }
    }

    fn packed_logprobs(
        hidden: FloatTensor<Self>,
        words: IntTensor<Self>,
        targets: IntTensor<Self>,
        shape: PackedShape,
        chunks: Chunks,
    ) -> FloatTensor<Self> {
        let (hidden, of_hidden) = hidden.into_parts();
        match PackedLogprobs.prepare::<C>([of_hidden]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let (mut kept, table) = (Vec::new(), Table::Packed(words, shape));
                let Forward { result, statistics } = forward::<B>(&hidden, &table, &targets, chunks, &mut kept);
                prep.finish(State { hidden, table, targets, statistics, chunks, kept }, result)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::packed_logprobs(hidden, words, targets, shape, chunks)),
        }
    }
}

#[cfg(test)]
mod tests;
