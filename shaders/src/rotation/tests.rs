//! Values and gradients against the same formula in burn's operations on the CPU.

use burn::tensor::{Device, Tensor, TensorData};

use super::rotate;
use crate::testing::{assert_close, devices, leaf, random, with_gradients};

#[test]
fn it_turns_pairs_of_columns() {
    for rows in [1, 2] {
        let leaves = |device: &Device| {
            let table = |f: fn(f32) -> f32| {
                let values: Vec<f32> = random(rows * 15, 9).into_iter().map(f).collect();
                Tensor::<4>::from_data(TensorData::new(values, [rows, 3, 1, 5]), &device.clone().autodiff())
            };
            (leaf([2, 3, 2, 10], 0, device), table(f32::cos), table(f32::sin))
        };
        let (x, cosine, sine) = leaves(&Device::flex());
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
        for device in devices() {
            let (x, cosine, sine) = leaves(&device);
            let ours = with_gradients(rotate(x.clone(), cosine.clone(), sine), &x, &cosine);
            assert_eq!(ours.len(), 2);
            assert_close(&ours, &expected);
        }
    }
}
