//! The twin of the kernels on the CPU backend.

use burn::backend::{
    Flex,
    tensor::{FloatTensor, IntTensor},
};

use super::HeadOps;
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
        tensor(merged, &[rows, 4])
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
        for (known, (row, target)) in known.as_chunks_mut::<4>().0.iter_mut().zip(inputs) {
            let [top, sum, chosen, weighted] = *known;
            let new_top = top.max(largest(row));
            let ([of_row, weighted_of_row], shift) = (exponentials(row, new_top), top - new_top);
            let shrink = exp(shift);
            let chosen = target.checked_sub(offset).and_then(|at| row.get(at)).copied().unwrap_or(chosen);
            // Before the first chunk the shift is beyond all numbers, and there is nothing to shift.
            let shifted = if sum > 0.0 { (weighted + shift * sum) * shrink } else { 0.0 };
            *known = [new_top, sum * shrink + of_row, chosen, shifted + weighted_of_row];
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

/// `Σ e^(l − top)` and `Σ (l − top) e^(l − top)`.
#[inline(always)]
#[allow(clippy::inline_always)] // inlined, or not vectorised
fn exponentials(row: &[f32], top: f32) -> [f32; 2] {
    let (mut sums, mut weighted) = ([0.0_f32; LANES], [0.0_f32; LANES]);
    let (chunks, rest) = row.as_chunks::<LANES>();
    for chunk in chunks {
        for ((sum, weighted), logit) in sums.iter_mut().zip(&mut weighted).zip(chunk) {
            let below = logit - top;
            let share = exp(below);
            *sum += share;
            *weighted += below * share;
        }
    }
    for ((sum, weighted), logit) in sums.iter_mut().zip(&mut weighted).zip(rest) {
        let below = logit - top;
        let share = exp(below);
        *sum += share;
        *weighted += below * share;
    }
    [sums.iter().sum(), weighted.iter().sum()]
}
