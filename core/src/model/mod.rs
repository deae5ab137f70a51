//! Decoder-only transformers in the Hugging Face layout, and GGUF files of them.

mod attention;
mod cache;
mod config;
mod decoder;
mod dropout;
mod family;
mod files;
mod forest;
pub mod gguf;
mod initial;
mod layout;
mod linear;
mod lora;
mod matrix;
mod norm;
mod recompute;
mod rope;
mod safetensors;
mod source;
mod weights;

pub use cache::Cache;
pub use config::{Biases, Config, OneOrMany, RopeScaling};
pub use decoder::Decoder;
pub use family::{Activation, Family};
pub(crate) use files::serialize;
pub use files::{
    INDEX, Precision, ShardIndex, WEIGHTS, from_bytes, from_source, from_source_in, has_weights, hash_folder, load,
    load_in, save, to_bytes,
};
pub use forest::Forest;
pub use layout::Layout;
pub use linear::{Adapter, Linear};
pub use lora::{
    ADAPTER_CONFIG, ADAPTER_WEIGHTS, LoraConfig, adapter_config, adapter_from_source, adapter_to_bytes, base_of_adapter,
};
pub use matrix::{BasePrecision, Matrix};
pub use norm::Norm;
pub use source::{FileSource, MemorySource, Source, content_hash, hash_source};
pub(crate) use weights::fixed;
pub use weights::{Layer, Mapper, Visitor, Weights};
