//! The products on burn's GPU backend.

use burn::{
    backend::{ops::FloatTensorOps, tensor::FloatTensor},
    tensor::DType,
};
use burn_cubecl::{CubeBackend, kernel::into_contiguous, tensor::CubeTensor};

use super::{
    LinearOps,
    tile::{Lie, Tile},
};
use crate::kernel::{dimensions, empty_like, launch};

/// Fewer threads than this leave much of a graphics card idle.
const BUSY: usize = 2048;

impl LinearOps for CubeBackend {
    fn product_with_weight(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let ([rows, terms], [columns, _]) = (dimensions(&x), dimensions(&weight));
        if whole(&[&x, &weight], &[terms]) {
            plain(x, weight, [Lie::Along, Lie::Along], [rows, columns, terms])
        } else {
            Self::float_matmul(x, Self::float_transpose(weight))
        }
    }

    fn product_against_weight(gradient: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let ([rows, terms], [_, columns]) = (dimensions(&gradient), dimensions(&weight));
        if whole(&[&gradient, &weight], &[terms, columns]) {
            plain(gradient, weight, [Lie::Along, Lie::Across], [rows, columns, terms])
        } else {
            Self::float_matmul(gradient, weight)
        }
    }

    fn product_of_columns(gradient: FloatTensor<Self>, x: FloatTensor<Self>) -> FloatTensor<Self> {
        let ([terms, rows], [_, columns]) = (dimensions(&gradient), dimensions(&x));
        if whole(&[&gradient, &x], &[rows, columns]) {
            plain(gradient, x, [Lie::Across, Lie::Across], [rows, columns, terms])
        } else {
            Self::float_matmul(Self::float_transpose(gradient), x)
        }
    }
}

/// Whether a kernel can read matrices whose rows are so long in vectors of four.
fn whole(matrices: &[&CubeTensor], sizes: &[usize]) -> bool {
    matrices.iter().all(|matrix| matrix.dtype == DType::F32) && sizes.iter().all(|size| *size > 0 && size % 4 == 0)
}

/// One product of two matrices.
fn plain(left: CubeTensor, right: CubeTensor, lies: [Lie; 2], shape: [usize; 3]) -> CubeTensor {
    let (left, right) = (into_contiguous(left), into_contiguous(right));
    let result = empty_like(&left, [shape[0], shape[1]]);
    let rows_of = |matrix: &CubeTensor| Stack { row: dimensions::<2>(matrix)[1], batch: 0, head: 0, shared: 1 };
    let stacks = [rows_of(&left), rows_of(&right), rows_of(&result)];
    products(&left, &right, &result, &Products { lies, shape, batch: 1, heads: 1, stacks });
    result
}

/// Where the matrices of a tensor lie: numbers from row to row, from batch entry to batch entry and from head to
/// head, and how many neighbouring heads of the result share one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stack {
    pub row: usize,
    pub batch: usize,
    pub head: usize,
    pub shared: usize,
}

/// Products that are computed by one launch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Products {
    pub lies: [Lie; 2],
    /// Rows and columns of a result, terms of its sums. Where the left matrix lies along the sums, it must be zero
    /// behind its terms up to the next multiple of four.
    pub shape: [usize; 3],
    pub batch: usize,
    /// Products for each entry of the batch.
    pub heads: usize,
    /// Of the left matrices, the right ones and the results; for the first two in multiples of four.
    pub stacks: [Stack; 3],
}

/// Computes products into `result`. All tensors are f32.
pub(crate) fn products(left: &CubeTensor, right: &CubeTensor, result: &CubeTensor, products: &Products) {
    let Products { lies: [left_lie, right_lie], shape: [rows, columns, terms], batch, heads, stacks } = *products;
    let tile = suited(products);
    let tile = Tile { left: left_lie, right: right_lie, rows: tile[0], columns: tile[1], beside: beside(tile, rows) };
    let (high, wide) = (tile.rows * (64 / tile.beside), tile.columns * tile.beside);
    let groups = rows.div_ceil(high) * columns.div_ceil(wide) * batch * heads;
    let numbers = stacks.map(|Stack { row, batch, head, shared }| [row, batch, head, shared]).concat();
    launch(tile, &[left, right, result], groups, &[&[rows, columns, terms, heads], numbers.as_slice()].concat());
}

/// Rows and columns of the tiles: large ones read less, and small ones keep a graphics card busy. Larger ones than
/// these need more registers than some have for a thread.
fn suited(products: &Products) -> [usize; 2] {
    let Products { lies: [left, right], shape: [rows, columns, _], batch, heads, .. } = *products;
    let least = if left == Lie::Across { 4 } else { 1 };
    let high = rows.next_power_of_two().clamp(least, 8);
    let smaller = match right {
        _ if rows > 8 => [4, 4],
        Lie::Along => [high, 1],
        Lie::Across => [high, 4],
    };
    let threads = rows.div_ceil(high) * columns.div_ceil(4) * batch * heads;
    if threads >= BUSY { [high, 4] } else { smaller }
}

/// Where there are few rows of tiles, a workgroup is one of them.
fn beside([high, _]: [usize; 2], rows: usize) -> usize {
    match rows.div_ceil(high) {
        1 => 64,
        2..=3 => 32,
        _ => 8,
    }
}
