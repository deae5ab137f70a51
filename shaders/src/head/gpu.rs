//! The kernels on burn's GPU backend.

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn_cubecl::{CubeBackend, kernel::into_contiguous};

use super::{HeadOps, KNOWN};
use crate::kernel::{dimensions, empty_like, launch, wgsl};

wgsl!(Merge, "merge.wgsl");
wgsl!(Slope, "slope.wgsl");

impl HeadOps for CubeBackend {
    fn head_merge(
        logits: FloatTensor<Self>,
        targets: IntTensor<Self>,
        known: FloatTensor<Self>,
        offset: usize,
    ) -> FloatTensor<Self> {
        let (logits, targets, known) = (into_contiguous(logits), into_contiguous(targets), into_contiguous(known));
        let [rows, columns] = dimensions(&logits);
        let result = empty_like(&logits, [rows, KNOWN]);
        launch(Merge, &[&logits, &targets, &known, &result], rows, &[columns, offset]);
        result
    }

    fn head_slope(
        logits: FloatTensor<Self>,
        targets: IntTensor<Self>,
        statistics: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        offset: usize,
    ) -> FloatTensor<Self> {
        let (logits, targets) = (into_contiguous(logits), into_contiguous(targets));
        let (statistics, gradient) = (into_contiguous(statistics), into_contiguous(gradient));
        let [rows, columns] = dimensions(&logits);
        let result = empty_like(&logits, [rows, columns]);
        launch(Slope, &[&logits, &targets, &statistics, &gradient, &result], rows, &[columns, offset]);
        result
    }
}
