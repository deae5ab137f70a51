//! Values and gradients against the same formula in burn's operations on the CPU.

use burn::tensor::Device;

use super::rms_norm;
use crate::testing::{assert_close, devices, leaf, with_gradients};

#[test]
fn it_divides_rows_by_their_root_mean_square() {
    // More columns than a workgroup has threads, and fewer.
    for (rows, columns) in [(7, 37), (3, 200)] {
        let leaves = |device: &Device| (leaf([rows, columns], 0, device), leaf([columns], 3, device));
        let (x, weight) = leaves(&Device::flex());
        let scale = (x.clone() * x.clone()).mean_dim(1).add_scalar(1e-2).sqrt().recip();
        let expected = with_gradients(x.clone() * scale * weight.clone().unsqueeze::<2>(), &x, &weight);
        for device in devices() {
            let (x, weight) = leaves(&device);
            let ours = with_gradients(rms_norm(x.clone(), weight.clone(), 1e-2), &x, &weight);
            assert_eq!(ours.len(), 3);
            assert_close(&ours, &expected);
        }
    }
}
