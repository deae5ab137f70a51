//! The twin of the kernels on the CPU backend.

use burn::backend::{
    Flex,
    tensor::{FloatTensor, IntTensor},
};

use super::SelectiveOps;
use crate::flex::{LANES, dimensions, exp, integers, largest, tensor, values, wide};

impl SelectiveOps for Flex {
    fn selective_log_softmax(logits: FloatTensor<Self>, targets: IntTensor<Self>) -> FloatTensor<Self> {
        let [rows, classes] = dimensions(&logits);
        let logits = logits.to_contiguous();
        tensor(chosen(values(&logits), classes, &integers(&targets)), &[rows, 1])
    }

    fn selective_log_softmax_backward(
        logits: FloatTensor<Self>,
        targets: IntTensor<Self>,
        logprobs: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let [rows, classes] = dimensions(&logits);
        let (logits, logprobs, gradient) = (logits.to_contiguous(), logprobs.to_contiguous(), gradient.to_contiguous());
        let mut result = vec![0.0; rows * classes];
        slopes(values(&logits), &integers(&targets), values(&logprobs), values(&gradient), &mut result);
        tensor(result, &[rows, classes])
    }
}

wide! {
    fn chosen(logits: &[f32], classes: usize, targets: &[usize]) -> Vec<f32> {
        let mut result = Vec::with_capacity(targets.len());
        for (row, target) in logits.chunks_exact(classes).zip(targets) {
            let top = largest(row);
            let mut sums = [0.0_f32; LANES];
            let (chunks, rest) = row.as_chunks::<LANES>();
            for chunk in chunks {
                for (sum, logit) in sums.iter_mut().zip(chunk) {
                    *sum += exp(logit - top);
                }
            }
            for (sum, logit) in sums.iter_mut().zip(rest) {
                *sum += exp(logit - top);
            }
            result.push(row[*target] - (top + sums.iter().sum::<f32>().ln()));
        }
        result
    }
}

wide! {
    fn slopes(logits: &[f32], targets: &[usize], logprobs: &[f32], gradient: &[f32], result: &mut [f32]) {
        let classes = logits.len() / targets.len().max(1);
        let rows = logits.chunks_exact(classes.max(1)).zip(result.chunks_exact_mut(classes.max(1)));
        for ((input, output), ((target, logprob), gradient)) in rows.zip(targets.iter().zip(logprobs).zip(gradient)) {
            let normaliser = input[*target] - logprob;
            for (out, logit) in output.iter_mut().zip(input) {
                *out = -gradient * exp(logit - normaliser);
            }
            output[*target] += gradient;
        }
    }
}
