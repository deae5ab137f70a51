//! The kernel on burn's GPU backend.

use burn::{
    backend::tensor::{FloatTensor, IntTensor},
    tensor::DType,
};
use burn_cubecl::{CubeBackend, kernel::into_contiguous};

use super::{DrawOps, Filters, fraction};
use crate::kernel::{dimensions, empty_of, launch_wide, wgsl};

wgsl!(Draw, "draw.wgsl");

impl DrawOps for CubeBackend {
    fn draw_tokens(
        logits: FloatTensor<Self>,
        uniforms: IntTensor<Self>,
        step: usize,
        filters: Filters,
    ) -> IntTensor<Self> {
        let (logits, uniforms) = (into_contiguous(logits), into_contiguous(uniforms));
        let [rows, classes] = dimensions(&logits);
        let result = empty_of(&logits, [rows, 3], DType::I32);
        let [low, high] = match fraction(f64::from(filters.top_p)) {
            // Less than a fraction can say still keeps the best token.
            [0, 0] => [1, 0],
            words => words.map(|word| word as usize),
        };
        let [temperature, min_p] = [filters.temperature, filters.min_p].map(|value| value.to_bits() as usize);
        let numbers = [classes, step, temperature, filters.top_k, low, high, usize::from(filters.top_p < 1.0), min_p];
        launch_wide(Draw, &[&logits, &uniforms, &result], rows, &numbers);
        result
    }
}
