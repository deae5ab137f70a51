//! Decoder-only transformers in the Hugging Face layout, and GGUF files of them.

mod attention;
mod cache;
mod config;
mod decoder;
mod files;
mod forest;
pub mod gguf;
mod layout;
mod rope;
mod safetensors;
mod source;
mod weights;

pub use cache::Cache;
pub use config::{Config, OneOrMany, RopeScaling};
pub use decoder::Decoder;
pub(crate) use files::serialize;
pub use files::{Precision, from_bytes, from_source, load, save, to_bytes, weights_file};
pub use forest::Forest;
pub use layout::Layout;
pub use source::{FileSource, MemorySource, Source, content_hash, hash_source};
pub use weights::{Layer, Mapper, Visitor, Weights};
