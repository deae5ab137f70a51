//! The kernels on burn's GPU backend.

use burn::backend::tensor::FloatTensor;
use burn_cubecl::{CubeBackend, kernel::into_contiguous};

use super::NormOps;
use crate::kernel::{dimensions, empty_like, launch_eight, wgsl};

wgsl!(Norm, "norm.wgsl", eight rows);
wgsl!(Scales, "scales.wgsl", eight rows);
wgsl!(Slopes, "slopes.wgsl", eight rows);

impl NormOps for CubeBackend {
    fn rms_norm(x: FloatTensor<Self>, weight: FloatTensor<Self>, epsilon: f32) -> FloatTensor<Self> {
        let (x, weight) = (into_contiguous(x), into_contiguous(weight));
        let [rows, columns] = dimensions(&x);
        let result = empty_like(&x, [rows, columns]);
        launch_eight(Norm, &[&x, &weight, &result], rows, &[columns, epsilon.to_bits() as usize]);
        result
    }

    fn rms_scales(x: FloatTensor<Self>, epsilon: f32) -> FloatTensor<Self> {
        let x = into_contiguous(x);
        let [rows, columns] = dimensions(&x);
        let result = empty_like(&x, [rows, 1]);
        launch_eight(Scales, &[&x, &result], rows, &[columns, epsilon.to_bits() as usize]);
        result
    }

    fn rms_norm_slopes(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self> {
        let (x, weight, gradient) = (into_contiguous(x), into_contiguous(weight), into_contiguous(gradient));
        let [rows, columns] = dimensions(&x);
        let result = empty_like(&x, [rows, columns]);
        let tensors = [&x, &weight, &gradient, &result];
        launch_eight(Slopes, &tensors, rows, &[columns, epsilon.to_bits() as usize]);
        result
    }
}
