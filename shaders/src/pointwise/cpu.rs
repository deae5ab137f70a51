//! The operations on the CPU backend.

use burn::backend::{Flex, flex::FlexTensor, tensor::FloatTensor};

use super::PointwiseOps;
use crate::flex::{dimensions, dot, dot3, exp, tensor, values, wide};

impl PointwiseOps for Flex {
    fn rms_norm(x: FloatTensor<Self>, weight: FloatTensor<Self>, epsilon: f32) -> FloatTensor<Self> {
        let (x, weight) = (x.to_contiguous(), weight.to_contiguous());
        tensor(normed(values(&x), values(&weight), epsilon), &dimensions(&x))
    }

    fn rms_norm_backward(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        epsilon: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (x, weight, gradient) = (x.to_contiguous(), weight.to_contiguous(), gradient.to_contiguous());
        let [rows, columns] = dimensions(&x);
        let mut of_weight = vec![0.0; columns];
        let of_x = normed_backward(values(&x), values(&weight), values(&gradient), epsilon, &mut of_weight);
        (tensor(of_x, &[rows, columns]), tensor(of_weight, &[columns]))
    }

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

    fn rotate(x: FloatTensor<Self>, cosine: FloatTensor<Self>, sine: FloatTensor<Self>) -> FloatTensor<Self> {
        turn(&x, &cosine, &sine, 1.0)
    }

    fn rotate_back(x: FloatTensor<Self>, cosine: FloatTensor<Self>, sine: FloatTensor<Self>) -> FloatTensor<Self> {
        turn(&x, &cosine, &sine, -1.0)
    }
}

wide! {
    fn normed(x: &[f32], weight: &[f32], epsilon: f32) -> Vec<f32> {
        let mut result = Vec::with_capacity(x.len());
        for row in x.chunks_exact(weight.len()) {
            let scale = reciprocal_root(row, epsilon);
            result.extend(row.iter().zip(weight).map(|(x, w)| x * scale * w));
        }
        result
    }
}

wide! {
    fn normed_backward(x: &[f32], weight: &[f32], gradient: &[f32], epsilon: f32, of_weight: &mut [f32]) -> Vec<f32> {
        let mut of_x = Vec::with_capacity(x.len());
        #[allow(clippy::cast_precision_loss)] // widths
        let width = weight.len() as f32;
        for (row, gradient) in x.chunks_exact(weight.len()).zip(gradient.chunks_exact(weight.len())) {
            let scale = reciprocal_root(row, epsilon);
            let along = dot3(row, weight, gradient);
            let back = scale * scale * scale * along / width;
            of_x.extend(row.iter().zip(weight).zip(gradient).map(|((x, w), g)| w * g * scale - x * back));
            for ((sum, x), g) in of_weight.iter_mut().zip(row).zip(gradient) {
                *sum += x * scale * g;
            }
        }
        of_x
    }
}

wide! {
    fn gated(gate: &[f32], up: &[f32]) -> Vec<f32> {
        gate.iter().zip(up).map(|(g, u)| g * sigmoid(*g) * u).collect()
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

/// `1 / √(mean(x²) + ε)`
#[inline(always)]
#[allow(clippy::inline_always, clippy::cast_precision_loss)] // inlined, or not vectorised; widths
fn reciprocal_root(row: &[f32], epsilon: f32) -> f32 {
    1.0 / (dot(row, row) / row.len() as f32 + epsilon).sqrt()
}

#[inline(always)]
#[allow(clippy::inline_always)] // inlined, or not vectorised
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// Rotates by the angles, or by their opposites where `direction` is `-1`.
fn turn(x: &FlexTensor, cosine: &FlexTensor, sine: &FlexTensor, direction: f32) -> FlexTensor {
    let x = x.to_contiguous();
    let (cosine, sine) = (cosine.to_contiguous(), sine.to_contiguous());
    let shape: Vec<usize> = (0..4).map(|axis| x.layout().shape()[axis]).collect();
    let sizes = [shape[2], shape[3]];
    let mut result = vec![0.0; values(&x).len()];
    turned(values(&x), values(&cosine), values(&sine), direction, sizes, &mut result);
    tensor(result, &shape)
}

wide! {
    fn turned(
        x: &[f32],
        cosine: &[f32],
        sine: &[f32],
        direction: f32,
        sizes: [usize; 2],
        result: &mut [f32],
    ) {
        let [heads, width] = sizes;
        let half = width / 2;
        let angles = cosine.chunks_exact(half).zip(sine.chunks_exact(half)).cycle();
        let positions = x.chunks_exact(heads * width).zip(result.chunks_exact_mut(heads * width));
        for ((from, to), (cosine, sine)) in positions.zip(angles) {
            for (from, to) in from.chunks_exact(width).zip(to.chunks_exact_mut(width)) {
                let ((first, second), (to_first, to_second)) = (from.split_at(half), to.split_at_mut(half));
                let turned = to_first.iter_mut().zip(to_second).zip(first.iter().zip(second));
                for (((to_first, to_second), (first, second)), (c, s)) in turned.zip(cosine.iter().zip(sine)) {
                    let s = direction * s;
                    *to_first = first * c - second * s;
                    *to_second = second * c + first * s;
                }
            }
        }
    }
}
