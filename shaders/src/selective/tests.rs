//! CPU twin and kernels against the closed form, and against burn's own operations.

use burn::tensor::{Device, Int, Tensor, TensorData, activation::log_softmax};

use super::selective_log_softmax;

/// Values that need the largest logit taken out, and a row count above one workgroup of anything.
fn inputs(device: &Device, rows: usize, classes: usize) -> (Tensor<2>, Tensor<2, Int>) {
    #[allow(clippy::cast_precision_loss)]
    let logits: Vec<f32> =
        (0..rows * classes).map(|i| ((i * 7919 % 1013) as f32 / 1013.0 - 0.5) * 40.0 + (i % 3) as f32 * 30.0).collect();
    let targets: Vec<i32> = (0..rows).map(|i| i32::try_from(i * 31 % classes).unwrap()).collect();
    (
        Tensor::from_data(TensorData::new(logits, [rows, classes]), device),
        Tensor::from_data(TensorData::new(targets, [rows, 1]), device),
    )
}

fn floats(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().try_to_vec::<f32>().unwrap()
}

/// Values and gradients of a weighted sum, by the given operation.
fn run(device: &Device, operation: impl Fn(Tensor<2>, Tensor<2, Int>) -> Tensor<2>) -> (Vec<f32>, Vec<f32>) {
    let (rows, classes) = (37, 131);
    let (logits, targets) = inputs(&device.clone().autodiff(), rows, classes);
    let logits = logits.require_grad();
    let result = operation(logits.clone(), targets);
    #[allow(clippy::cast_precision_loss)]
    let weights: Vec<f32> = (0..rows).map(|i| i as f32 - 10.0).collect();
    let weights = Tensor::<2>::from_data(TensorData::new(weights, [rows, 1]), &device.clone().autodiff());
    let gradients = (result.clone() * weights).sum().backward();
    (floats(result.inner()), floats(logits.grad(&gradients).unwrap()))
}

fn assert_close(a: &[f32], b: &[f32], tolerance: f32) {
    assert_eq!(a.len(), b.len());
    for (x, y) in a.iter().zip(b) {
        assert!((x - y).abs() <= tolerance * (1.0 + y.abs()), "{x} {y}");
    }
}

/// The closed form in f64: values, and gradients of the same weighted sum.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
fn exact() -> (Vec<f32>, Vec<f32>) {
    let (rows, classes) = (37, 131);
    let (logits, _) = inputs(&Device::flex(), rows, classes);
    let logits = floats(logits);
    let (mut values, mut gradients) = (Vec::new(), Vec::new());
    for row in 0..rows {
        let target = row * 31 % classes;
        let row_logits: Vec<f64> = logits[row * classes..][..classes].iter().map(|l| f64::from(*l)).collect();
        let top = row_logits.iter().copied().fold(f64::MIN, f64::max);
        let normaliser = top + row_logits.iter().map(|l| (l - top).exp()).sum::<f64>().ln();
        values.push((row_logits[target] - normaliser) as f32);
        for (class, logit) in row_logits.iter().enumerate() {
            let hit = f64::from(u8::from(class == target));
            gradients.push(((row as f64 - 10.0) * (hit - (logit - normaliser).exp())) as f32);
        }
    }
    (values, gradients)
}

#[test]
fn the_cpu_twin_matches_the_closed_form_and_the_composed_operations() {
    let device = Device::flex();
    let (values, gradients) = run(&device, selective_log_softmax);
    let (expected, expected_gradients) = exact();
    assert_close(&values, &expected, 1e-5);
    // The softmax is recomputed from sums near 80, where f32 resolves 8e-6.
    assert_close(&gradients, &expected_gradients, 5e-5);
    let (composed, _) = run(&device, |logits, targets| log_softmax(logits, 1).gather(1, targets));
    assert_close(&composed, &expected, 1e-4);
}

#[test]
fn the_kernels_match_the_closed_form() {
    let Some(gpu) = crate::adapter() else { return };
    let (values, gradients) = run(&gpu, selective_log_softmax);
    let (expected, expected_gradients) = exact();
    // WGSL allows `exp` and `log` an error of a few units in the last place of their arguments.
    assert_close(&values, &expected, 5e-5);
    assert_close(&gradients, &expected_gradients, 5e-5);
}
