//! The product on the CPU: tiles of some rows and some panels, whose sums stay in registers.

use burn::backend::{Flex, tensor::FloatTensor};
use rayon::prelude::*;

use super::PanelOps;
use crate::flex::{LANES, added, dimensions, tensor, values, vectors, widest};

/// Panels that all rows are multiplied with before the next: with up to two thousand inputs they stay in a core's
/// second cache.
const GROUP: usize = 4;

/// Multiplications from which on threads share a product, where a row counts as [`FEW`]: with fewer rows it is reading
/// the matrix that takes the time.
const SHARED: usize = 1 << 22;
const FEW: usize = 8;

impl PanelOps for Flex {
    fn panels_of(matrix: FloatTensor<Self>) -> FloatTensor<Self> {
        let matrix = matrix.to_contiguous();
        let [outputs, inputs] = dimensions(&matrix);
        let count = outputs.div_ceil(LANES);
        let mut panels = vec![0.0; count * inputs * LANES];
        for (output, row) in values(&matrix).chunks_exact(inputs.max(1)).enumerate() {
            let panel = &mut panels[output / LANES * inputs * LANES..][..inputs * LANES];
            for (places, value) in panel.as_chunks_mut::<LANES>().0.iter_mut().zip(row) {
                places[output % LANES] = *value;
            }
        }
        tensor(panels, &[count, inputs, LANES])
    }

    fn product_with_panels(x: FloatTensor<Self>, panels: FloatTensor<Self>, outputs: usize) -> FloatTensor<Self> {
        let (x, panels) = (x.to_contiguous(), panels.to_contiguous());
        let [rows, inputs] = dimensions(&x);
        let product = Product { x: values(&x), panels: values(&panels).as_chunks().0, inputs, outputs };
        let shared = rows.max(FEW) * inputs * outputs >= SHARED;
        let threads = if shared { rayon::current_num_threads() } else { 1 };
        tensor(product.by(threads), &[rows, outputs])
    }
}

/// Rows to be multiplied with panels.
#[derive(Clone, Copy)]
struct Product<'a> {
    /// `[rows, inputs]`
    x: &'a [f32],
    /// `inputs` of these a panel.
    panels: &'a [[f32; LANES]],
    inputs: usize,
    outputs: usize,
}

impl Product<'_> {
    /// `[rows, outputs]`, computed by so many threads, which share the panels.
    fn by(self, threads: usize) -> Vec<f32> {
        let rows = self.x.len() / self.inputs.max(1);
        let mut result = vec![0.0; rows * self.outputs];
        let groups = self.outputs.div_ceil(GROUP * LANES);
        if threads < 2 || groups < 2 || result.is_empty() {
            compute(self, &mut result);
            return result;
        }
        let at_once = groups.div_ceil(threads) * GROUP;
        let parts: Vec<(usize, Vec<f32>)> = self
            .panels
            .par_chunks(at_once * self.inputs.max(1))
            .enumerate()
            .map(|(index, panels)| {
                let outputs = (self.outputs - index * at_once * LANES).min(at_once * LANES);
                (outputs, Product { panels, outputs, ..self }.by(1))
            })
            .collect();
        for (row, result) in result.chunks_exact_mut(self.outputs).enumerate() {
            let mut rest = result;
            for (outputs, part) in &parts {
                let (places, after) = rest.split_at_mut(*outputs);
                places.copy_from_slice(&part[row * outputs..][..*outputs]);
                rest = after;
            }
        }
        result
    }
}

widest! {
    /// Fills `result`, `[rows, outputs]`, group after group, in tiles that fit the processor's registers. A sum is
    /// taken input by input, whatever the tile.
    fn compute(product: Product<'_>, result: &mut [f32]) {
        for (index, panels) in product.panels.chunks(GROUP * product.inputs.max(1)).enumerate() {
            let group = Group { product, panels, first: index * GROUP * LANES };
            let mut row = 0;
            match VECTORS {
                vectors::WIDE => {
                    group.multiply::<8, 2, VECTORS>(&mut row, result);
                    group.multiply::<4, 4, VECTORS>(&mut row, result);
                    group.multiply::<2, 4, VECTORS>(&mut row, result);
                    group.multiply::<1, 4, VECTORS>(&mut row, result);
                }
                vectors::HALF => {
                    group.multiply::<4, 1, VECTORS>(&mut row, result);
                    group.multiply::<2, 2, VECTORS>(&mut row, result);
                    group.multiply::<1, 4, VECTORS>(&mut row, result);
                }
                _ => {
                    group.multiply::<2, 1, VECTORS>(&mut row, result);
                    group.multiply::<1, 2, VECTORS>(&mut row, result);
                }
            }
        }
    }
}

/// Neighbouring panels of a product.
struct Group<'a> {
    product: Product<'a>,
    panels: &'a [[f32; LANES]],
    /// The output that the first of them begins with.
    first: usize,
}

impl Group<'_> {
    /// Multiplies as many rows from `row` on as divide into `ROWS`, with `ABREAST` panels at a time.
    #[inline(always)]
    #[allow(clippy::inline_always)] // inlined, or not compiled for the caller's registers
    fn multiply<const ROWS: usize, const ABREAST: usize, const VECTORS: u8>(
        &self,
        row: &mut usize,
        result: &mut [f32],
    ) {
        let Product { x, inputs, outputs, .. } = self.product;
        while (*row + ROWS) * inputs <= x.len() && (*row + ROWS) * outputs <= result.len() {
            let rows = &x[*row * inputs..][..ROWS * inputs];
            let result = &mut result[*row * outputs..][..ROWS * outputs];
            let (together, alone) = self.panels.split_at(self.panels.len() / (ABREAST * inputs) * ABREAST * inputs);
            let mut output = self.first;
            for panels in together.chunks_exact(ABREAST * inputs) {
                tile::<ROWS, ABREAST, VECTORS>(rows, panels, output, outputs, result);
                output += ABREAST * LANES;
            }
            for panel in alone.chunks_exact(inputs) {
                tile::<ROWS, 1, VECTORS>(rows, panel, output, outputs, result);
                output += LANES;
            }
            *row += ROWS;
        }
    }
}

/// Writes what `ROWS` rows give with `ABREAST` panels, from column `output` of `outputs` on.
#[inline(always)]
#[allow(clippy::inline_always)] // inlined, or not compiled for the caller's registers
fn tile<const ROWS: usize, const ABREAST: usize, const VECTORS: u8>(
    rows: &[f32],
    panels: &[[f32; LANES]],
    output: usize,
    outputs: usize,
    result: &mut [f32],
) {
    let mut sums = [[[0.0; LANES]; ABREAST]; ROWS];
    sum::<ROWS, ABREAST, VECTORS>(rows, panels, &mut sums);
    for (sums, result) in sums.iter().zip(result.chunks_exact_mut(outputs)) {
        let sums = sums.as_flattened();
        let count = sums.len().min(outputs - output);
        result[output..output + count].copy_from_slice(&sums[..count]);
    }
}

/// The sums of a tile. They are handed over when they are complete: what is read as a slice would not be kept in
/// registers.
#[inline(always)]
#[allow(clippy::inline_always, clippy::needless_range_loop)] // neither do iterators keep them there
fn sum<const ROWS: usize, const ABREAST: usize, const VECTORS: u8>(
    rows: &[f32],
    panels: &[[f32; LANES]],
    complete: &mut [[[f32; LANES]; ABREAST]; ROWS],
) {
    let inputs = panels.len() / ABREAST;
    // Slices of one length, so that nothing is checked in the loop.
    let mut factors: [&[f32]; ROWS] = [&[]; ROWS];
    for row in 0..ROWS {
        factors[row] = &rows[row * inputs..][..inputs];
    }
    let mut weights: [&[[f32; LANES]]; ABREAST] = [&[]; ABREAST];
    for panel in 0..ABREAST {
        weights[panel] = &panels[panel * inputs..][..inputs];
    }
    let mut sums = [[[0.0_f32; LANES]; ABREAST]; ROWS];
    for input in 0..inputs {
        for row in 0..ROWS {
            for panel in 0..ABREAST {
                sums[row][panel] = added::<VECTORS>(sums[row][panel], factors[row][input], &weights[panel][input]);
            }
        }
    }
    *complete = sums;
}
