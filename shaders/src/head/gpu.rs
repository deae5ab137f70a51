//! The kernels on burn's GPU backend.

use burn::{
    backend::tensor::{FloatTensor, IntTensor},
    tensor::Shape,
};
use burn_cubecl::{
    CubeBackend,
    cubecl::{CubeCount, CubeDim, prelude::KernelId, server::KernelArguments},
    kernel::into_contiguous,
    template::{KernelSource, SourceKernel, SourceTemplate},
    tensor::CubeTensor,
};

use super::HeadOps;

struct Merge;

impl KernelSource for Merge {
    fn source(&self) -> SourceTemplate {
        SourceTemplate::new(include_str!("merge.wgsl"))
    }

    fn id(&self) -> KernelId {
        KernelId::new::<Self>()
    }

    fn lang(&self) -> &'static str {
        "wgsl"
    }
}

struct Slope;

impl KernelSource for Slope {
    fn source(&self) -> SourceTemplate {
        SourceTemplate::new(include_str!("slope.wgsl"))
    }

    fn id(&self) -> KernelId {
        KernelId::new::<Self>()
    }

    fn lang(&self) -> &'static str {
        "wgsl"
    }
}

/// Threads of a workgroup; the number stands in the WGSL files too.
const THREADS: u32 = 64;

/// Most workgroups along one axis that every device allows.
const MOST_GROUPS: usize = 65_535;

impl HeadOps for CubeBackend {
    fn head_merge(
        logits: FloatTensor<Self>,
        targets: IntTensor<Self>,
        known: FloatTensor<Self>,
        offset: usize,
    ) -> FloatTensor<Self> {
        let (logits, targets, known) = (into_contiguous(logits), into_contiguous(targets), into_contiguous(known));
        let [rows, columns] = dimensions(&logits);
        let result = empty_like(&logits, [rows, 4]);
        launch(Merge, &[&logits, &targets, &known, &result], [rows, columns, offset]);
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
        launch(Slope, &[&logits, &targets, &statistics, &gradient, &result], [rows, columns, offset]);
        result
    }
}

fn dimensions(tensor: &CubeTensor) -> [usize; 2] {
    let shape = tensor.meta.shape();
    [shape[0], shape[1]]
}

fn empty_like(tensor: &CubeTensor, shape: [usize; 2]) -> CubeTensor {
    let handle = tensor.client.empty(shape[0] * shape[1] * size_of::<f32>());
    CubeTensor::new_contiguous(
        tensor.client.clone(),
        tensor.device.clone(),
        Shape::from(shape.to_vec()),
        handle,
        tensor.dtype,
    )
}

/// Launches one workgroup per row; `[rows, columns, offset]` goes along in a small buffer.
#[allow(clippy::cast_possible_truncation)] // tensor sizes are below 2^32
fn launch<K: KernelSource>(kernel: K, tensors: &[&CubeTensor], numbers: [usize; 3]) {
    let Some(first) = tensors.first() else {
        return;
    };
    let bytes: Vec<u8> = numbers.map(|n| n as u32).iter().flat_map(|n| n.to_le_bytes()).collect();
    let numbers_buffer = first.client.create_from_slice(&bytes);
    let bindings = tensors
        .iter()
        .map(|tensor| tensor.handle.clone().binding())
        .chain(std::iter::once(numbers_buffer.binding()))
        .collect();
    let [rows, ..] = numbers;
    let groups = rows.min(MOST_GROUPS) as u32;
    let rows_of_groups = rows.div_ceil(MOST_GROUPS) as u32;
    first.client.launch(
        Box::new(SourceKernel::new(kernel, CubeDim::new_1d(THREADS))),
        CubeCount::Static(groups, rows_of_groups, 1),
        KernelArguments::new().with_buffers(bindings),
    );
}
