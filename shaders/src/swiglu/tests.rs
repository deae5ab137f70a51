//! Values and gradients against the same formula in burn's operations on the CPU.

use burn::tensor::{Device, activation::silu};

use super::swiglu;
use crate::testing::{assert_close, devices, leaf, with_gradients};

#[test]
fn it_gates() {
    let leaves = |device: &Device| (leaf([5, 41], 0, device), leaf([5, 41], 7, device));
    let (gate, up) = leaves(&Device::flex());
    let expected = with_gradients(silu(gate.clone()) * up.clone(), &gate, &up);
    for device in devices() {
        let (gate, up) = leaves(&device);
        let ours = with_gradients(swiglu(gate.clone(), up.clone()), &gate, &up);
        assert_eq!(ours.len(), 3);
        assert_close(&ours, &expected);
    }
}
