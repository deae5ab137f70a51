//! The twin of the kernels on the CPU backend.

use burn::backend::{
    Flex,
    tensor::{FloatTensor, IntTensor},
};

use super::{HeadOps, KNOWN};
use crate::flex::{LANES, dimensions, exp, integers, largest, tensor, values, wide};

impl HeadOps for Flex {
    fn head_merge(
        logits: FloatTensor<Self>,
        targets: IntTensor<Self>,
        known: FloatTensor<Self>,
        offset: usize,
    ) -> FloatTensor<Self> {
        let (logits, known) = (logits.to_contiguous(), known.to_contiguous());
        let [rows, columns] = dimensions(&logits);
        let mut merged = values(&known).to_vec();
        merge(values(&logits), columns, &integers(&targets), offset, &mut merged);
        tensor(merged, &[rows, KNOWN])
    }

    fn head_slope(
        logits: FloatTensor<Self>,
        targets: IntTensor<Self>,
        statistics: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        offset: usize,
    ) -> FloatTensor<Self> {
        let mut logits = logits.to_contiguous();
        let [rows, columns] = dimensions(&logits);
        let (statistics, gradient) = (statistics.to_contiguous(), gradient.to_contiguous());
        // Kept logits that nobody else holds are written over.
        if logits.layout().start_offset() != 0 {
            logits = tensor(values(&logits).to_vec(), &[rows, columns]);
        }
        let slopes = &mut logits.storage_mut::<f32>()[..rows * columns];
        slope(slopes, columns, &integers(&targets), offset, values(&statistics), values(&gradient));
        logits
    }
}

wide! {
    fn merge(logits: &[f32], columns: usize, targets: &[usize], offset: usize, known: &mut [f32]) {
        let inputs = logits.chunks_exact(columns).zip(targets);
        for (known, (row, target)) in known.as_chunks_mut::<KNOWN>().0.iter_mut().zip(inputs) {
            let [top, sum, chosen, weighted, squares, total] = *known;
            let new_top = top.max(largest(row));
            let (row_sums, shift) = (sums(row, new_top), top - new_top);
            let shrink = exp(shift);
            let chosen = target.checked_sub(offset).and_then(|at| row.get(at)).copied().unwrap_or(chosen);
            // Before the first chunk the shift is beyond all numbers, and there is nothing to shift.
            let shifted = if sum > 0.0 { (weighted + shift * sum) * shrink } else { 0.0 };
            *known = [
                new_top,
                sum * shrink + row_sums[0],
                chosen,
                shifted + row_sums[1],
                squares * shrink * shrink + row_sums[2],
                total + row_sums[3],
            ];
        }
    }
}

wide! {
    /// Replaces logits by their gradients.
    fn slope(
        logits: &mut [f32],
        columns: usize,
        targets: &[usize],
        offset: usize,
        statistics: &[f32],
        gradient: &[f32],
    ) {
        let of_rows = statistics.as_chunks::<2>().0.iter().zip(gradient.as_chunks::<2>().0).zip(targets);
        for (row, (([normaliser, entropy], [of_logprob, of_entropy]), target)) in
            logits.chunks_exact_mut(columns).zip(of_rows)
        {
            for logit in row.iter_mut() {
                let logprob = *logit - normaliser;
                *logit = -exp(logprob) * (of_logprob + of_entropy * (logprob + entropy));
            }
            if let Some(chosen) = target.checked_sub(offset).and_then(|at| row.get_mut(at)) {
                *chosen += of_logprob;
            }
        }
    }
}

/// `Σ e^(l − top)`, `Σ (l − top) e^(l − top)`, `Σ e^(2 (l − top))` and `Σ l`.
#[inline(always)]
#[allow(clippy::inline_always)] // inlined, or not vectorised
fn sums(row: &[f32], top: f32) -> [f32; 4] {
    let mut lanes = [[0.0_f32; LANES]; 4];
    let (chunks, rest) = row.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, logit) in chunk.iter().enumerate() {
            add(&mut lanes, lane, *logit, top);
        }
    }
    for (lane, logit) in rest.iter().enumerate() {
        add(&mut lanes, lane, *logit, top);
    }
    lanes.map(|lanes| lanes.iter().sum())
}

#[inline(always)]
#[allow(clippy::inline_always)] // inlined, or not vectorised
fn add(lanes: &mut [[f32; LANES]; 4], lane: usize, logit: f32, top: f32) {
    let below = logit - top;
    let share = exp(below);
    lanes[0][lane] += share;
    lanes[1][lane] += below * share;
    lanes[2][lane] += share * share;
    lanes[3][lane] += logit;
}
