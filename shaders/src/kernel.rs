//! What kernels written in WGSL share on burn's GPU backend: a row of workgroups each, buffers that may be written,
//! and behind them one with numbers that is only read.

use burn::tensor::{DType, Shape};
use burn_cubecl::{
    cubecl::{
        CubeCount, CubeDim,
        server::{KernelArguments, MetadataBindingInfo},
    },
    template::{KernelSource, SourceKernel},
    tensor::CubeTensor,
};

/// Threads of a workgroup; the number stands in the WGSL files too.
pub(crate) const THREADS: u32 = 64;

/// Threads where a row is much work and there are few of them: as many as every device allows.
const MANY_THREADS: u32 = 256;

/// Most workgroups along one axis that every device allows.
const MOST_GROUPS: usize = 65_535;

/// Declares a kernel by its name and its WGSL file, which lies beside the file that declares it. One that is launched by
/// [`launch_eight`] is declared with `eight rows`: what such kernels share is put behind its own text.
macro_rules! wgsl {
    ($name:ident, $file:literal, eight rows) => {
        crate::kernel::wgsl!(@ $name, concat!(include_str!($file), include_str!("../eight.wgsl")));
    };
    ($name:ident, $file:literal) => {
        crate::kernel::wgsl!(@ $name, include_str!($file));
    };
    (@ $name:ident, $text:expr) => {
        struct $name;

        impl burn_cubecl::template::KernelSource for $name {
            fn source(&self) -> burn_cubecl::template::SourceTemplate {
                burn_cubecl::template::SourceTemplate::new($text)
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

/// The sizes of a tensor's axes.
pub(crate) fn dimensions<const N: usize>(tensor: &CubeTensor) -> [usize; N] {
    std::array::from_fn(|axis| tensor.meta.shape()[axis])
}

/// A tensor of single precision on the same device; what it holds is not known.
pub(crate) fn empty_like<const N: usize>(tensor: &CubeTensor, shape: [usize; N]) -> CubeTensor {
    empty_of(tensor, shape, DType::F32)
}

/// A tensor of another type, whose values have four bytes too, on the same device; what it holds is not known.
pub(crate) fn empty_of<const N: usize>(tensor: &CubeTensor, shape: [usize; N], dtype: DType) -> CubeTensor {
    let handle = tensor.client.empty(shape.iter().product::<usize>() * size_of::<f32>());
    CubeTensor::new_contiguous(tensor.client.clone(), tensor.device.clone(), Shape::from(shape.to_vec()), handle, dtype)
}

/// Launches as many workgroups as there are `rows`; that number and the kernel's further `numbers` go along in a small
/// read-only buffer behind the tensors.
pub(crate) fn launch<K: KernelSource>(kernel: K, tensors: &[&CubeTensor], rows: usize, numbers: &[usize]) {
    launch_of(kernel, THREADS, tensors, rows, numbers);
}

/// Launches kernels of which a workgroup takes eight rows; they find the number of `rows` before their further
/// `numbers`.
pub(crate) fn launch_eight<K: KernelSource>(kernel: K, tensors: &[&CubeTensor], rows: usize, numbers: &[usize]) {
    launch(kernel, tensors, rows.div_ceil(8), &[&[rows], numbers].concat());
}

/// [`launch`] for a kernel with workgroups of 256 threads.
pub(crate) fn launch_wide<K: KernelSource>(kernel: K, tensors: &[&CubeTensor], rows: usize, numbers: &[usize]) {
    launch_of(kernel, MANY_THREADS, tensors, rows, numbers);
}

fn launch_of<K: KernelSource>(kernel: K, threads: u32, tensors: &[&CubeTensor], rows: usize, numbers: &[usize]) {
    let Some(first) = tensors.first() else {
        return;
    };
    let groups = number(rows.min(MOST_GROUPS));
    let rows_of_groups = number(rows.div_ceil(MOST_GROUPS));
    let arguments = KernelArguments::new()
        .with_buffers(tensors.iter().map(|tensor| tensor.handle.clone().binding()).collect())
        .with_info(MetadataBindingInfo::custom(words(&[&[rows], numbers].concat())));
    first.client.launch(
        Box::new(SourceKernel::new(kernel, CubeDim::new_1d(threads))),
        CubeCount::Static(groups, rows_of_groups, 1),
        arguments,
    );
}

#[allow(clippy::cast_possible_truncation)] // tensor sizes are below 2^32
fn number(size: usize) -> u32 {
    size as u32
}

/// Two numbers a word, the first in the lower half. The runtime keeps words that it has seen on the device; writing
/// them to a buffer of our own would begin a new submission for every kernel.
fn words(numbers: &[usize]) -> Vec<u64> {
    let half = |at: Option<&usize>| u64::from(number(at.copied().unwrap_or(0)));
    numbers.chunks(2).map(|pair| half(pair.first()) | half(pair.get(1)) << 32).collect()
}
