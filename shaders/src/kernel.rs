//! What kernels written in WGSL share on burn's GPU backend: they compute one row per workgroup, read and
//! write contiguous buffers, and get their sizes in a small one.

use burn::tensor::{DType, Shape};
use burn_cubecl::{
    cubecl::{CubeCount, CubeDim, server::KernelArguments},
    template::{KernelSource, SourceKernel},
    tensor::CubeTensor,
};

/// Threads of a workgroup; the number stands in the WGSL files too.
const THREADS: u32 = 64;

/// Most workgroups along one axis that every device allows.
const MOST_GROUPS: usize = 65_535;

/// Declares a kernel by its name and its WGSL file, which lies beside the file that declares it.
macro_rules! wgsl {
    ($name:ident, $file:literal) => {
        struct $name;

        impl burn_cubecl::template::KernelSource for $name {
            fn source(&self) -> burn_cubecl::template::SourceTemplate {
                burn_cubecl::template::SourceTemplate::new(include_str!($file))
            }

            fn id(&self) -> burn_cubecl::cubecl::prelude::KernelId {
                burn_cubecl::cubecl::prelude::KernelId::new::<Self>()
            }

            fn lang(&self) -> &'static str {
                "wgsl"
            }
        }
    };
}

pub(crate) use wgsl;

/// Rows and columns of a matrix.
pub(crate) fn dimensions(tensor: &CubeTensor) -> [usize; 2] {
    let shape = tensor.meta.shape();
    [shape[0], shape[1]]
}

/// A matrix of single precision on the same device; what it holds is not known.
pub(crate) fn empty_like(tensor: &CubeTensor, shape: [usize; 2]) -> CubeTensor {
    let handle = tensor.client.empty(shape[0] * shape[1] * size_of::<f32>());
    CubeTensor::new_contiguous(
        tensor.client.clone(),
        tensor.device.clone(),
        Shape::from(shape.to_vec()),
        handle,
        DType::F32,
    )
}

/// Launches one workgroup per row; `rows` and the kernel's further `numbers` go along in a small buffer
/// behind the tensors.
#[allow(clippy::cast_possible_truncation)] // tensor sizes are below 2^32
pub(crate) fn launch<K: KernelSource>(kernel: K, tensors: &[&CubeTensor], rows: usize, numbers: &[usize]) {
    let Some(first) = tensors.first() else {
        return;
    };
    let bytes: Vec<u8> = [&[rows], numbers].concat().iter().flat_map(|n| (*n as u32).to_le_bytes()).collect();
    let numbers_buffer = first.client.create_from_slice(&bytes);
    let bindings = tensors
        .iter()
        .map(|tensor| tensor.handle.clone().binding())
        .chain(std::iter::once(numbers_buffer.binding()))
        .collect();
    let groups = rows.min(MOST_GROUPS) as u32;
    let rows_of_groups = rows.div_ceil(MOST_GROUPS) as u32;
    first.client.launch(
        Box::new(SourceKernel::new(kernel, CubeDim::new_1d(THREADS))),
        CubeCount::Static(groups, rows_of_groups, 1),
        KernelArguments::new().with_buffers(bindings),
    );
}
