//! Values and gradients against the same formulas in burn's operations.

use burn::tensor::{Device, Tensor, TensorData, activation::silu};

use super::{rms_norm, rotate, swiglu};

fn random(count: usize, seed: usize) -> Vec<f32> {
    #[allow(clippy::cast_precision_loss)]
    (0..count).map(|i| (((i + seed) * 7919 % 1013) as f32 / 1013.0 - 0.5) * 6.0).collect()
}

fn leaf<const D: usize>(shape: [usize; D], seed: usize) -> Tensor<D> {
    let count = shape.iter().product();
    Tensor::<D>::from_data(TensorData::new(random(count, seed), shape), &Device::flex().autodiff()).require_grad()
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec::<f32>().unwrap()
}

fn assert_close(ours: &[Vec<f32>], expected: &[Vec<f32>]) {
    assert_eq!(ours.len(), expected.len());
    for (ours, expected) in ours.iter().zip(expected) {
        assert_eq!(ours.len(), expected.len());
        for (x, y) in ours.iter().zip(expected) {
            assert!((x - y).abs() <= 1e-5 * (1.0 + y.abs()), "{x} {y}");
        }
    }
}

/// A result and the gradients of a weighted sum of it with respect to two leaves.
fn with_gradients<const D: usize, const E: usize>(
    result: Tensor<D>,
    first: &Tensor<D>,
    second: &Tensor<E>,
) -> Vec<Vec<f32>> {
    let shape = result.dims();
    let gradients = (result.clone() * leaf(shape, 23).detach()).sum().backward();
    [Some(floats(result.inner())), first.grad(&gradients).map(floats), second.grad(&gradients).map(floats)]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn the_norm() {
    let (x, weight) = (leaf([7, 37], 0), leaf([37], 3));
    let ours = with_gradients(rms_norm(x.clone(), weight.clone(), 1e-2), &x, &weight);
    let scale = (x.clone() * x.clone()).mean_dim(1).add_scalar(1e-2).sqrt().recip();
    let expected = with_gradients(x.clone() * scale * weight.clone().unsqueeze::<2>(), &x, &weight);
    assert_eq!(ours.len(), 3);
    assert_close(&ours, &expected);
}

#[test]
fn the_gated_product() {
    let (gate, up) = (leaf([5, 41], 0), leaf([5, 41], 7));
    let ours = with_gradients(swiglu(gate.clone(), up.clone()), &gate, &up);
    let expected = with_gradients(silu(gate.clone()) * up.clone(), &gate, &up);
    assert_eq!(ours.len(), 3);
    assert_close(&ours, &expected);
}

#[test]
fn the_rotation() {
    let x = leaf([2, 3, 2, 10], 0);
    for rows in [1, 2] {
        let angles = random(rows * 15, 9);
        let table = |f: fn(f32) -> f32| {
            let values: Vec<f32> = angles.iter().copied().map(f).collect();
            Tensor::<4>::from_data(TensorData::new(values, [rows, 3, 1, 5]), &Device::flex().autodiff())
        };
        let (cosine, sine) = (table(f32::cos), table(f32::sin));
        let ours = with_gradients(rotate(x.clone(), cosine.clone(), sine.clone()), &x, &cosine);
        let first = x.clone().slice([0..2, 0..3, 0..2, 0..5]);
        let second = x.clone().slice([0..2, 0..3, 0..2, 5..10]);
        let turned = Tensor::cat(
            vec![
                first.clone() * cosine.clone() - second.clone() * sine.clone(),
                second * cosine.clone() + first * sine.clone(),
            ],
            3,
        );
        let expected = with_gradients(turned, &x, &cosine);
        assert_eq!(ours.len(), 2);
        assert_close(&ours, &expected);
    }
}
