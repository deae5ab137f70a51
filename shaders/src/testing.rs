//! What tests of several operations share: leaves, gradients, and how close numbers have to be.

use burn::tensor::{Device, Tensor, TensorData};

/// Numbers between -3 and 3 in no visible order, others for each seed.
pub(crate) fn random(count: usize, seed: usize) -> Vec<f32> {
    #[allow(clippy::cast_precision_loss)]
    (0..count).map(|i| (((i + seed) * 7919 % 1013) as f32 / 1013.0 - 0.5) * 6.0).collect()
}

/// A tensor of such numbers.
pub(crate) fn tensor<const D: usize>(shape: [usize; D], seed: usize, device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(random(shape.iter().product(), seed), shape), device)
}

/// The same as a leaf of a gradient graph.
pub(crate) fn leaf<const D: usize>(shape: [usize; D], seed: usize, device: &Device) -> Tensor<D> {
    tensor(shape, seed, &device.clone().autodiff()).require_grad()
}

pub(crate) fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec::<f32>().unwrap()
}

/// A result and the gradients of a weighted sum of it with respect to those of two tensors that are leaves.
pub(crate) fn with_gradients<const D: usize, const E: usize>(
    result: Tensor<D>,
    first: &Tensor<D>,
    second: &Tensor<E>,
) -> Vec<Vec<f32>> {
    let weights = leaf(result.dims(), 23, &first.device()).detach();
    let gradients = (result.clone() * weights).sum().backward();
    [Some(floats(result.inner())), first.grad(&gradients).map(floats), second.grad(&gradients).map(floats)]
        .into_iter()
        .flatten()
        .collect()
}

/// Every list as the expected one, but for rounding.
pub(crate) fn assert_close(ours: &[Vec<f32>], expected: &[Vec<f32>]) {
    assert_eq!(ours.len(), expected.len());
    for (ours, expected) in ours.iter().zip(expected) {
        assert_eq!(ours.len(), expected.len());
        for (x, y) in ours.iter().zip(expected) {
            assert!((x - y).abs() <= 1e-5 * (1.0 + y.abs()), "{x} {y}");
        }
    }
}

/// The CPU, and whatever adapter there is.
pub(crate) fn devices() -> impl Iterator<Item = Device> {
    [Some(Device::flex()), crate::adapter()].into_iter().flatten()
}
