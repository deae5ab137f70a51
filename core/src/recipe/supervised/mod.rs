//! Learning from demonstrations.

pub mod sft;
