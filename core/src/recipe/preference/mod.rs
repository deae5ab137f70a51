//! Preference objectives on given pairs.

pub mod dpo;
