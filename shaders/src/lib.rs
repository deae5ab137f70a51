//! Hand-written WGSL kernels with their CPU twins and gradients, bound to burn.
//!
//! A kernel is a folder: the operation (`mod.rs`), its WGSL files, the CPU twin (`cpu.rs`). The
//! same call runs the kernel on a GPU and the twin on the CPU backend.

mod selective;

pub use selective::selective_log_softmax;
