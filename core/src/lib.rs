//! Selfsame: a language model samples, judges itself, learns from its own judgement, and is
//! measured against a known truth.
//!
//! The layout is the loop: [`prompt`], [`sample`], [`judge`], [`select`], [`learn`], [`measure`].

pub mod device;
mod error;
pub mod judge;
pub mod learn;
pub mod measure;
pub mod model;
mod number;
pub mod prompt;
pub mod recipe;
pub mod rng;
pub mod run;
pub mod sample;
pub mod select;
pub mod spelling;
pub mod text;
mod vector;
pub mod world;

pub use burn::tensor::Device;
pub use error::{Error, Result};
