//! The kernel on burn's GPU backend.

use burn::backend::tensor::FloatTensor;
use burn_cubecl::{CubeBackend, kernel::into_contiguous, tensor::CubeTensor};

use super::RotationOps;
use crate::kernel::{THREADS, dimensions, empty_like, launch, wgsl};

wgsl!(Rotate, "rotate.wgsl");

impl RotationOps for CubeBackend {
    fn rotate(x: FloatTensor<Self>, cosine: FloatTensor<Self>, sine: FloatTensor<Self>) -> FloatTensor<Self> {
        turn(x, cosine, sine, 1.0)
    }

    fn rotate_back(x: FloatTensor<Self>, cosine: FloatTensor<Self>, sine: FloatTensor<Self>) -> FloatTensor<Self> {
        turn(x, cosine, sine, -1.0)
    }
}

/// Rotates by the angles, or by their opposites where `direction` is `-1`.
fn turn(x: CubeTensor, cosine: CubeTensor, sine: CubeTensor, direction: f32) -> CubeTensor {
    let (x, cosine, sine) = (into_contiguous(x), into_contiguous(cosine), into_contiguous(sine));
    let shape: [usize; 4] = dimensions(&x);
    let [rows, time, heads, width] = shape;
    let [entries, ..] = dimensions::<4>(&cosine);
    let result = empty_like(&x, shape);
    let pairs = rows * time * heads * (width / 2);
    let numbers = [pairs, heads, width / 2, entries * time, direction.to_bits() as usize];
    launch(Rotate, &[&x, &cosine, &sine, &result], pairs.div_ceil(THREADS as usize), &numbers);
    result
}
