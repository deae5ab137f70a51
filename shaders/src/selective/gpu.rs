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

use super::SelectiveOps;

struct Forward;

impl KernelSource for Forward {
    fn source(&self) -> SourceTemplate {
        SourceTemplate::new(include_str!("forward.wgsl"))
    }

    fn id(&self) -> KernelId {
        KernelId::new::<Self>()
    }

    fn lang(&self) -> &'static str {
        "wgsl"
    }
}

struct BackwardKernel;

impl KernelSource for BackwardKernel {
    fn source(&self) -> SourceTemplate {
        SourceTemplate::new(include_str!("backward.wgsl"))
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

impl SelectiveOps for CubeBackend {
    fn selective_log_softmax(logits: FloatTensor<Self>, targets: IntTensor<Self>) -> FloatTensor<Self> {
        let (logits, targets) = (into_contiguous(logits), into_contiguous(targets));
        let [rows, classes] = dimensions(&logits);
        let result = empty_like(&logits, [rows, 1]);
        launch(Forward, &[&logits, &targets, &result], [rows, classes]);
        result
    }

    fn selective_log_softmax_backward(
        logits: FloatTensor<Self>,
        targets: IntTensor<Self>,
        logprobs: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let (logits, targets) = (into_contiguous(logits), into_contiguous(targets));
        let (logprobs, gradient) = (into_contiguous(logprobs), into_contiguous(gradient));
        let [rows, classes] = dimensions(&logits);
        let result = empty_like(&logits, [rows, classes]);
        launch(BackwardKernel, &[&logits, &targets, &logprobs, &gradient, &result], [rows, classes]);
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

/// Launches one workgroup per row; `[rows, classes]` goes along in a small buffer.
#[allow(clippy::cast_possible_truncation)] // tensor sizes are below 2^32
fn launch<K: KernelSource>(kernel: K, tensors: &[&CubeTensor], shape: [usize; 2]) {
    let Some(first) = tensors.first() else {
        return;
    };
    let numbers = shape.map(|n| n as u32);
    let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
    let shape_buffer = first.client.create_from_slice(&bytes);
    let bindings = tensors
        .iter()
        .map(|tensor| tensor.handle.clone().binding())
        .chain(std::iter::once(shape_buffer.binding()))
        .collect();
    let groups = shape[0].min(MOST_GROUPS) as u32;
    let rows_of_groups = shape[0].div_ceil(MOST_GROUPS) as u32;
    first.client.launch(
        Box::new(SourceKernel::new(kernel, CubeDim::new_1d(THREADS))),
        CubeCount::Static(groups, rows_of_groups, 1),
        KernelArguments::new().with_buffers(bindings),
    );
}
