//! Hand-written WGSL kernels with their CPU twins and gradients, bound to burn.
//!
//! A kernel is a folder: the operation (`mod.rs`), its WGSL files, the CPU twin (`cpu.rs`). The
//! same call runs the kernel on a GPU and the twin on the CPU backend. `eight.wgsl` is put behind kernels of which a
//! workgroup takes eight rows.

mod adamw;
mod attention;
mod cached;
mod draw;
mod flex;
mod gradient;
mod head;
mod kernel;
mod masked;
mod norm;
mod packed;
mod panels;
mod product;
mod rotation;
mod selective;
mod swiglu;
#[cfg(test)]
mod testing;

pub use adamw::{AdamWStep, adamw, sum_of_squares};
pub use attention::{Stretch, packed_attention};
pub use cached::cached_attention;
pub use draw::{Drawn, Filters, MOST_CLASSES, draw, drawn, uniforms};
pub use head::{Chunks, Figure, linear_logprobs, linear_logprobs_by};
pub use masked::masked_attention;
pub use norm::rms_norm;
pub use packed::{Format, Packed, PackedShape};
pub use panels::Panels;
pub use product::linear;
pub use rotation::rotate;
pub use selective::selective_log_softmax;
pub use swiglu::swiglu;

/// Whatever graphics adapter there is for the tests, software ones included, begun once: a second beginning is
/// refused. Without any it says so; on continuous integration (`SELFSAME_CI=1`) that is a failure.
#[cfg(test)]
fn adapter() -> Option<burn::tensor::Device> {
    static ADAPTER: std::sync::OnceLock<Option<burn::tensor::Device>> = std::sync::OnceLock::new();
    let adapter = ADAPTER.get_or_init(|| burn::tensor::Device::wgpu_options().init().ok()).clone();
    if adapter.is_none() {
        assert!(std::env::var_os("SELFSAME_CI").is_none(), "CI must have a (software) graphics adapter");
        eprintln!("skipped: no graphics adapter");
    }
    adapter
}
