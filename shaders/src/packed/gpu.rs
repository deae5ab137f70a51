//! The kernel on burn's GPU backend.

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn_cubecl::{CubeBackend, kernel::into_contiguous};

use super::{PackedOps, PackedShape};
use crate::kernel::{empty_like, launch, wgsl};

wgsl!(Unpack, "unpack.wgsl");

impl PackedOps for CubeBackend {
    fn packed_rows(words: IntTensor<Self>, rows: IntTensor<Self>, shape: PackedShape) -> FloatTensor<Self> {
        let (words, rows) = (into_contiguous(words), into_contiguous(rows));
        let count = rows.meta.shape()[0];
        let result = empty_like(&words, [count, shape.width]);
        launch(Unpack, &[&words, &rows, &result], count, &[shape.width, shape.format.bits(), shape.scales()]);
        result
    }
}
