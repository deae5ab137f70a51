//! CPU twin and kernels against the closed form in f64, and against burn's own operations.

use burn::tensor::{Device, Int, Tensor, TensorData, activation::log_softmax};

use super::{Chunks, Figure, linear_logprobs, linear_logprobs_by};

const ROWS: usize = 37;
const WIDTH: usize = 24;
const CLASSES: usize = 131;

#[allow(clippy::cast_precision_loss)]
fn numbers(count: usize, seed: usize, scale: f32) -> Vec<f32> {
    (0..count).map(|i| (((i + seed) * 7919 % 1013) as f32 / 1013.0 - 0.5) * scale).collect()
}

fn target(row: usize) -> usize {
    row * 31 % CLASSES
}

fn tensors(device: &Device) -> (Tensor<2>, Tensor<2>, Tensor<2, Int>) {
    let targets: Vec<i32> = (0..ROWS).map(|row| i32::try_from(target(row)).unwrap()).collect();
    let matrix = |values, rows| Tensor::<2>::from_data(TensorData::new(values, [rows, WIDTH]), device);
    (
        // Logits up to about 60 apart: the largest one has to be taken out.
        matrix(numbers(ROWS * WIDTH, 0, 8.0), ROWS),
        matrix(numbers(CLASSES * WIDTH, 5, 6.0), CLASSES),
        Tensor::from_data(TensorData::new(targets, [ROWS, 1]), device),
    )
}

fn floats(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().try_to_vec::<f32>().unwrap()
}

/// Weights of log-probabilities and entropies in the sum whose gradients are compared.
fn weights() -> Vec<f32> {
    numbers(ROWS * 2, 3, 20.0)
}

type Operation<'a> = &'a dyn Fn(Tensor<2>, Tensor<2>, Tensor<2, Int>) -> Tensor<2>;

/// Values, and gradients of hidden states and weights.
fn run(device: &Device, operation: Operation<'_>) -> [Vec<f32>; 3] {
    let device = device.clone().autodiff();
    let (hidden, weight, targets) = tensors(&device);
    let (hidden, weight) = (hidden.require_grad(), weight.require_grad());
    let result = operation(hidden.clone(), weight.clone(), targets);
    let weights = Tensor::<2>::from_data(TensorData::new(weights(), [ROWS, 2]), &device);
    let differentiable = result.clone().slice([0..ROWS, 0..2]);
    let gradients = (differentiable * weights).sum().backward();
    [result.inner(), hidden.grad(&gradients).unwrap(), weight.grad(&gradients).unwrap()].map(floats)
}

/// The closed form in f64.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
fn exact() -> [Vec<f32>; 3] {
    let widened = |values: Vec<f32>| values.into_iter().map(f64::from).collect::<Vec<f64>>();
    let (hidden, weight) = (widened(numbers(ROWS * WIDTH, 0, 8.0)), widened(numbers(CLASSES * WIDTH, 5, 6.0)));
    let weights = weights();
    let mut results = Vec::new();
    let (mut of_hidden, mut of_weight) = (vec![0.0; ROWS * WIDTH], vec![0.0; CLASSES * WIDTH]);
    for row in 0..ROWS {
        let state = &hidden[row * WIDTH..][..WIDTH];
        let logits: Vec<f64> =
            weight.chunks(WIDTH).map(|class| class.iter().zip(state).map(|(a, b)| a * b).sum()).collect();
        let top = logits.iter().copied().fold(f64::MIN, f64::max);
        let normaliser = top + logits.iter().map(|l| (l - top).exp()).sum::<f64>().ln();
        let entropy: f64 = -logits.iter().map(|l| (l - normaliser).exp() * (l - normaliser)).sum::<f64>();
        let collisions = logits.iter().map(|l| (2.0 * (l - normaliser)).exp()).sum::<f64>().ln();
        let mean = logits.iter().sum::<f64>() / CLASSES as f64;
        let chosen = logits[target(row)];
        results.extend([chosen - normaliser, entropy, collisions, mean, chosen - top].map(|figure| figure as f32));
        let (of_logprob, of_entropy) = (f64::from(weights[2 * row]), f64::from(weights[2 * row + 1]));
        for (class, logit) in logits.iter().enumerate() {
            let (logprob, hit) = (logit - normaliser, f64::from(u8::from(class == target(row))));
            let slope = of_logprob * (hit - logprob.exp()) - of_entropy * logprob.exp() * (logprob + entropy);
            for (column, value) in state.iter().enumerate() {
                of_hidden[row * WIDTH + column] += slope * weight[class * WIDTH + column];
                of_weight[class * WIDTH + column] += slope * value;
            }
        }
    }
    let narrowed = |values: Vec<f64>| values.into_iter().map(|v| v as f32).collect::<Vec<f32>>();
    [results, narrowed(of_hidden), narrowed(of_weight)]
}

/// Relative to the largest number of each kind, which is what rounding is relative to.
fn assert_close(a: &[Vec<f32>; 3], b: &[Vec<f32>; 3], tolerance: f32) {
    for (a, b) in a.iter().zip(b) {
        assert_eq!(a.len(), b.len());
        let largest = b.iter().fold(0.0_f32, |top, v| top.max(v.abs()));
        for (x, y) in a.iter().zip(b) {
            assert!((x - y).abs() <= tolerance * largest, "{x} {y}, largest {largest}");
        }
    }
}

/// One chunk, chunks that do not divide the vocabulary, kept and computed again.
fn divisions() -> Vec<Chunks> {
    [1, 17, 64, CLASSES, 1000]
        .into_iter()
        .flat_map(|columns| [true, false].map(|keep| Chunks { columns, keep }))
        .collect()
}

#[test]
fn the_cpu_twin_matches_the_closed_form_and_the_composed_operations() {
    let device = Device::flex();
    let expected = exact();
    for chunks in divisions() {
        assert_close(&run(&device, &|h, w, t| linear_logprobs_by(h, w, t, chunks)), &expected, 1e-5);
    }
    assert_close(&run(&device, &linear_logprobs), &expected, 1e-5);
    let composed = run(&device, &|hidden, weight, targets| {
        let logprobs = log_softmax(hidden.matmul(weight.transpose()), 1);
        let entropy = (logprobs.clone().exp() * logprobs.clone()).sum_dim(1).neg();
        Tensor::cat(vec![logprobs.gather(1, targets), entropy], 1)
    });
    let [figures, of_hidden, of_weight] = expected;
    let first_two = figures.chunks(Figure::COUNT).flat_map(|row| row[..2].to_vec()).collect();
    assert_close(&composed, &[first_two, of_hidden, of_weight], 1e-5);
}

#[test]
fn without_gradients_the_values_are_the_same() {
    let (hidden, weight, targets) = tensors(&Device::flex());
    let plain = floats(linear_logprobs(hidden, weight, targets));
    assert_eq!(plain, run(&Device::flex(), &linear_logprobs)[0]);
}

#[test]
fn the_kernels_match_the_closed_form() {
    let Some(gpu) = crate::adapter() else { return };
    let expected = exact();
    for chunks in [Chunks { columns: 50, keep: false }, Chunks { columns: CLASSES, keep: true }] {
        assert_close(&run(&gpu, &|h, w, t| linear_logprobs_by(h, w, t, chunks)), &expected, 1e-5);
    }
}

#[test]
fn chunks_respect_the_limits_of_adapters() {
    let device = Device::flex();
    assert_eq!(Chunks::suited(&device, 512, 4096), Chunks { columns: 512, keep: true });
    // 16 MiB of logits are kept and one row more is not.
    assert!(Chunks::suited(&device, 1024, 4096).keep && !Chunks::suited(&device, 1025, 4096).keep);
    assert_eq!(Chunks::suited(&device, 1, 300).columns, 300);
}
