//! The twin of the kernels on the CPU backend.

use burn::{
    backend::{
        Flex,
        flex::{FlexTensor, Layout},
        tensor::{FloatTensor, IntTensor},
    },
    tensor::{Bytes, DType, Shape},
};

use super::SelectiveOps;

impl SelectiveOps for Flex {
    fn selective_log_softmax(logits: FloatTensor<Self>, targets: IntTensor<Self>) -> FloatTensor<Self> {
        let [rows, classes] = dimensions(&logits);
        let logits = logits.to_contiguous();
        let values = contiguous(&logits);
        let result: Vec<f32> = integers(&targets)
            .into_iter()
            .enumerate()
            .map(|(row, target)| {
                let row = &values[row * classes..][..classes];
                row[target] - log_sum_exp(row)
            })
            .collect();
        tensor(result, [rows, 1])
    }

    fn selective_log_softmax_backward(
        logits: FloatTensor<Self>,
        targets: IntTensor<Self>,
        logprobs: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let [rows, classes] = dimensions(&logits);
        let (logits, logprobs, gradient) = (logits.to_contiguous(), logprobs.to_contiguous(), gradient.to_contiguous());
        let (values, logprobs, gradient) = (contiguous(&logits), contiguous(&logprobs), contiguous(&gradient));
        let mut result = vec![0.0; rows * classes];
        for (row, target) in integers(&targets).into_iter().enumerate() {
            let (input, output) = (&values[row * classes..][..classes], &mut result[row * classes..][..classes]);
            let normaliser = input[target] - logprobs[row];
            for (out, logit) in output.iter_mut().zip(input) {
                *out = -gradient[row] * exp(logit - normaliser);
            }
            output[target] += gradient[row];
        }
        tensor(result, [rows, classes])
    }
}

fn dimensions(tensor: &FlexTensor) -> [usize; 2] {
    let shape = tensor.layout().shape();
    [shape[0], shape[1]]
}

/// The values of a contiguous f32 tensor.
fn contiguous(tensor: &FlexTensor) -> &[f32] {
    &tensor.storage::<f32>()[tensor.layout().start_offset()..]
}

/// Class numbers, whatever integer type the device is set to.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // class numbers
fn integers(tensor: &FlexTensor) -> Vec<usize> {
    let tensor = tensor.to_contiguous();
    let count = tensor.layout().shape().num_elements();
    let start = tensor.layout().start_offset();
    match tensor.dtype() {
        DType::I64 => tensor.storage::<i64>()[start..][..count].iter().map(|v| *v as usize).collect(),
        _ => tensor.storage::<i32>()[start..][..count].iter().map(|v| *v as usize).collect(),
    }
}

fn tensor(values: Vec<f32>, shape: [usize; 2]) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(Shape::from(shape.to_vec())), DType::F32)
}

fn log_sum_exp(row: &[f32]) -> f32 {
    let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    // Eight running sums: the compiler turns them into vector instructions.
    let mut sums = [0.0_f32; 8];
    let chunks = row.chunks_exact(8);
    let rest: f32 = chunks.remainder().iter().map(|v| exp(v - top)).sum();
    for chunk in chunks {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += exp(value - top);
        }
    }
    top + (sums.iter().sum::<f32>() + rest).ln()
}

/// `e^x` to within two units in the last place for `x ≤ 88`, without branches, so that it can be
/// vectorised (range reduction and polynomial of the Cephes library).
#[allow(clippy::cast_possible_truncation, clippy::excessive_precision)]
fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.3, 88.3);
    let n = (x * std::f32::consts::LOG2_E + 0.5).floor();
    let r = n.mul_add_plain(-0.693_359_375, x);
    let r = n.mul_add_plain(2.121_944_4e-4, r);
    let p = [1.398_199_950_7e-3, 8.333_451_907_3e-3, 4.166_579_589_4e-2, 1.666_666_545_9e-1, 5.000_000_120_1e-1]
        .into_iter()
        .fold(1.987_569_15e-4_f32, |p, c| p * r + c);
    let mantissa = p * r * r + r + 1.0;
    mantissa * f32::from_bits((((n as i32) + 127) << 23).cast_unsigned())
}

trait MulAddPlain {
    /// `self · a + b` rounded twice: a fused instruction is a slow call where the target lacks it.
    fn mul_add_plain(self, a: f32, b: f32) -> f32;
}

impl MulAddPlain for f32 {
    #[allow(clippy::suboptimal_flops)]
    fn mul_add_plain(self, a: f32, b: f32) -> f32 {
        self * a + b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    fn exp_is_exact_to_two_units() {
        for index in -87_000..=60_000 {
            let x = index as f32 / 1000.0;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(error < 2.4e-7, "{x}: {error:e}");
        }
        assert!(exp(-1e9) < 1e-37);
    }
}
