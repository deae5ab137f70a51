//! The operation on the CPU backend.

use burn::backend::{Flex, tensor::FloatTensor};

use super::GateOps;
use crate::flex::{dimensions, exp, tensor, values, wide};

impl GateOps for Flex {
    fn swiglu(gate: FloatTensor<Self>, up: FloatTensor<Self>) -> FloatTensor<Self> {
        let (gate, up) = (gate.to_contiguous(), up.to_contiguous());
        tensor(gated(values(&gate), values(&up)), &dimensions(&gate))
    }

    fn swiglu_backward(
        gate: FloatTensor<Self>,
        up: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (gate, up, gradient) = (gate.to_contiguous(), up.to_contiguous(), gradient.to_contiguous());
        let shape = dimensions(&gate);
        let (of_gate, of_up) = gated_backward(values(&gate), values(&up), values(&gradient));
        (tensor(of_gate, &shape), tensor(of_up, &shape))
    }
}

wide! {
    fn gated(gate: &[f32], up: &[f32]) -> Vec<f32> {
        // Written in place: what collects is not inlined, and would not be compiled for wide vectors.
        let mut result = vec![0.0; gate.len()];
        for ((result, gate), up) in result.iter_mut().zip(gate).zip(up) {
            *result = gate * sigmoid(*gate) * up;
        }
        result
    }
}

wide! {
    fn gated_backward(gate: &[f32], up: &[f32], gradient: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let (mut of_gate, mut of_up) = (vec![0.0; gate.len()], vec![0.0; gate.len()]);
        let inputs = gate.iter().zip(up).zip(gradient);
        for ((of_gate, of_up), ((gate, up), gradient)) in of_gate.iter_mut().zip(&mut of_up).zip(inputs) {
            let share = sigmoid(*gate);
            *of_up = gradient * gate * share;
            *of_gate = gradient * up * share * (1.0 + gate * (1.0 - share));
        }
        (of_gate, of_up)
    }
}

#[inline(always)]
#[allow(clippy::inline_always)] // inlined, or not vectorised
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}
