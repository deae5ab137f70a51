//! CPU twin and kernel against numbers decoded one by one, and the products against the plain ones and
//! differences.

use burn::tensor::{Device, Int, Tensor, TensorData, f16};

use super::{Format, Packed};
use crate::{Chunks, linear, linear_logprobs, linear_logprobs_by};

const FORMATS: [Format; 3] = [Format::F16, Format::Q8, Format::Q4];

#[allow(clippy::cast_precision_loss)]
fn numbers(count: usize, seed: usize, scale: f32) -> Vec<f32> {
    (0..count).map(|i| (((i + seed) * 7919 % 1013) as f32 / 1013.0 - 0.5) * scale).collect()
}

fn matrix(values: Vec<f32>, rows: usize, device: &Device) -> Tensor<2> {
    let width = values.len() / rows;
    Tensor::from_data(TensorData::new(values, [rows, width]), device)
}

fn floats(tensor: Tensor<2>) -> Vec<f32> {
    let tensor = if tensor.is_autodiff() { tensor.inner() } else { tensor };
    tensor.into_data().try_to_vec::<f32>().unwrap()
}

fn packed(format: Format, rows: usize, width: usize, device: &Device) -> Packed {
    Packed::new(&numbers(rows * width, 3, 2.0), format, [rows, width], device).unwrap()
}

/// What the values of one block become, by the definition of the formats.
fn rounded(block: &[f32], format: Format) -> Vec<f32> {
    let top = block.iter().copied().fold(0.0, |top: f32, value| if value.abs() > top.abs() { value } else { top });
    let (exact, least, most) = match format {
        Format::F16 => return block.iter().map(|value| f16::from_f32(*value).to_f32()).collect(),
        Format::Q8 => (top.abs() / 127.0, -127.0, 127.0),
        Format::Q4 => (top / -8.0, -8.0, 7.0),
    };
    let scale = f16::from_f32(exact).to_f32();
    block.iter().map(|value| scale * (value / exact).round().clamp(least, most)).collect()
}

fn close(ours: &[f32], theirs: &[f32], tolerance: f32) {
    assert_eq!(ours.len(), theirs.len());
    let size = theirs.iter().fold(0.0, |top: f32, value| top.max(value.abs()));
    assert!(size > 0.0);
    for (a, b) in ours.iter().zip(theirs) {
        assert!((a - b).abs() <= tolerance * size, "{a} and {b}, of {size}");
    }
}

#[test]
fn values_are_those_of_the_formats_whatever_the_width() {
    for format in FORMATS {
        for (rows, width) in [(3, 64), (5, 44), (7, 1), (1, 31), (2, 33)] {
            let matrix = packed(format, rows, width, &Device::flex());
            let values = numbers(rows * width, 3, 2.0);
            let expected: Vec<f32> = values.chunks(32).flat_map(|block| rounded(block, format)).collect();
            let whole = floats(matrix.unpacked());
            assert_eq!(whole, expected, "{format:?} [{rows}, {width}]");
            let wanted = [rows - 1, 0, rows / 2, rows - 1];
            let ids: Vec<i32> = wanted.iter().map(|row| i32::try_from(*row).unwrap()).collect();
            let some = matrix.rows(Tensor::<1, Int>::from_ints(ids.as_slice(), &Device::flex()));
            let expected: Vec<f32> = wanted.iter().flat_map(|row| whole[row * width..][..width].to_vec()).collect();
            assert_eq!(floats(some), expected, "{format:?} [{rows}, {width}]");
        }
    }
}

#[test]
fn every_half_is_read_exactly() {
    let halves: Vec<f16> = (0..=u16::MAX).map(f16::from_bits).filter(|half| half.is_finite()).collect();
    let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
    let packed = Packed::from_gguf(&bytes, Format::F16, [1, halves.len()], &Device::flex()).unwrap();
    let values = floats(packed.unpacked());
    for (value, half) in values.iter().zip(&halves) {
        assert_eq!(value.to_bits(), half.to_f32().to_bits());
    }
}

#[test]
fn what_is_too_large_or_has_no_whole_blocks_is_refused() {
    let device = Device::flex();
    let mut values = numbers(64, 0, 1.0);
    values[40] = -66_000.0;
    assert_eq!(Packed::new(&values, Format::F16, [2, 32], &device).err(), Some(-66_000.0));
    Packed::new(&values, Format::Q4, [2, 32], &device).unwrap();
    values[40] = 1e9;
    for format in FORMATS {
        assert_eq!(Packed::new(&values, format, [2, 32], &device).err(), Some(1e9), "{format:?}");
    }
    assert!(Packed::from_gguf(&[0; 34], Format::Q8, [1, 32], &device).is_some());
    assert!(Packed::from_gguf(&[0; 33], Format::Q8, [1, 32], &device).is_none());
    assert!(Packed::from_gguf(&[0; 34], Format::Q8, [2, 16], &device).is_none());
    // Zeros have no scale to divide by.
    let zeros = Packed::new(&[0.0; 32], Format::Q4, [1, 32], &device).unwrap();
    assert!(floats(zeros.unpacked()).iter().all(|value| *value == 0.0));
}

/// Product, and the gradient of what was multiplied.
fn run(device: &Device, rows: usize, width: usize, product: &dyn Fn(Tensor<2>) -> Tensor<2>) -> [Vec<f32>; 2] {
    let device = device.clone().autodiff();
    let x = matrix(numbers(9 * width, 1, 3.0), 9, &device).require_grad();
    let result = product(x.clone());
    assert_eq!(result.dims(), [9, rows]);
    let coefficients = matrix(numbers(9 * rows, 7, 1.0), 9, &device);
    let gradients = (result.clone() * coefficients).sum().backward();
    [floats(result), floats(x.grad(&gradients).unwrap())]
}

#[test]
fn the_product_is_that_of_the_unpacked_matrix_and_so_is_its_gradient() {
    // The second is multiplied in many pieces.
    for format in FORMATS {
        for (rows, width) in [(13, 44), (2500, 512)] {
            let device = Device::flex();
            let matrix = packed(format, rows, width, &device);
            let ours = run(&device, rows, width, &|x| matrix.linear(x));
            let plain = run(&device, rows, width, &|x| linear(x, Tensor::from_inner(matrix.unpacked())));
            for (ours, plain) in ours.iter().zip(&plain) {
                close(ours, plain, 1e-6);
            }
        }
    }
}

#[test]
fn the_gradient_is_that_of_differences() {
    let (rows, width) = (13, 44);
    let device = Device::flex();
    let matrix_of = packed(Format::Q4, rows, width, &device);
    let [_, gradient] = run(&device, rows, width, &|x| matrix_of.linear(x));
    let coefficients = numbers(9 * rows, 7, 1.0);
    let value = |x: Vec<f32>| -> f64 {
        let product = floats(matrix_of.linear(matrix(x, 9, &device)));
        product.iter().zip(&coefficients).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    for at in [0, 17, 200, 9 * width - 1] {
        let moved = |by: f32| {
            let mut x = numbers(9 * width, 1, 3.0);
            x[at] += by;
            value(x)
        };
        let difference = (moved(0.5) - moved(-0.5)) / 1.0;
        assert!((difference - f64::from(gradient[at])).abs() < 1e-4, "{at}: {difference} and {}", gradient[at]);
    }
}

/// All figures, and the gradient of the hidden states.
fn head(device: &Device, operation: &dyn Fn(Tensor<2>, Tensor<2, Int>) -> Tensor<2>) -> [Vec<f32>; 2] {
    let device = device.clone().autodiff();
    let hidden = matrix(numbers(17 * 44, 1, 3.0), 17, &device).require_grad();
    let targets: Vec<i32> = (0..17).map(|row| row * 31 % 131).collect();
    let targets = Tensor::<2, Int>::from_data(TensorData::new(targets, [17, 1]), &device);
    let result = operation(hidden.clone(), targets);
    let differentiable = result.clone().slice([0..17, 0..2]);
    let gradients = (differentiable * matrix(numbers(34, 5, 20.0), 17, &device)).sum().backward();
    [floats(result), floats(hidden.grad(&gradients).unwrap())]
}

#[test]
fn the_head_is_that_of_the_unpacked_matrix() {
    for format in FORMATS {
        let device = Device::flex();
        let matrix = packed(format, 131, 44, &device);
        let plain =
            head(&device, &|hidden, targets| linear_logprobs(hidden, Tensor::from_inner(matrix.unpacked()), targets));
        let ours = head(&device, &|hidden, targets| matrix.linear_logprobs(hidden, targets));
        for keep in [true, false] {
            let chunks = Chunks { columns: 64, keep };
            let in_pieces = head(&device, &|hidden, targets| matrix.linear_logprobs_by(hidden, targets, chunks));
            let plain_pieces = head(&device, &|hidden, targets| {
                linear_logprobs_by(hidden, Tensor::from_inner(matrix.unpacked()), targets, chunks)
            });
            for (ours, plain) in in_pieces.iter().zip(&plain_pieces).chain(ours.iter().zip(&plain)) {
                close(ours, plain, 1e-6);
            }
        }
    }
}

#[test]
fn an_adapter_computes_the_same() {
    let Some(gpu) = crate::adapter() else { return };
    for format in FORMATS {
        let (rows, width) = (131, 44);
        let [ours, theirs] = [&gpu, &Device::flex()].map(|device| packed(format, rows, width, device));
        assert_eq!(floats(ours.unpacked()), floats(theirs.unpacked()), "{format:?}");
        let products = run(&gpu, rows, width, &|x| ours.linear(x));
        for (ours, theirs) in products.iter().zip(&run(&Device::flex(), rows, width, &|x| theirs.linear(x))) {
            close(ours, theirs, 1e-5);
        }
        let heads = head(&gpu, &|hidden, targets| ours.linear_logprobs(hidden, targets));
        let expected = head(&Device::flex(), &|hidden, targets| theirs.linear_logprobs(hidden, targets));
        for (ours, theirs) in heads.iter().zip(&expected) {
            close(ours, theirs, 1e-5);
        }
    }
}
