//! Learning by imitation: of demonstrations, and of answers with feedback.

pub mod coh;
pub mod sft;
