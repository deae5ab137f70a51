//! `adapter_config.json` and `adapter_model.safetensors`, for a tiny Llama.

use std::{path::Path, sync::LazyLock};

use selfsame_core::{
    device,
    model::{ADAPTER_CONFIG, Decoder, MemorySource, adapter_config, adapter_from_source, base_of_adapter},
};

use super::safetensors::tiny;
use crate::parts::parts;

static BASE: LazyLock<Decoder> = LazyLock::new(|| Decoder::random(tiny(), 1, &[], &device::cpu()));

pub(super) fn read(bytes: &[u8]) {
    let parts = parts(bytes);
    let Ok(config) = std::str::from_utf8(parts[0]) else { return };
    let _ = base_of_adapter(config, Path::new(ADAPTER_CONFIG));
    let weights = parts.get(1).copied().unwrap_or_default();
    let adapted = adapter_from_source(&BASE, config, &mut MemorySource::new(weights), Path::new("adapter"));
    if let Ok(model) = adapted {
        let written = adapter_config(&model, "base").expect("it has adapters");
        assert_eq!(base_of_adapter(&written.to_string(), Path::new(ADAPTER_CONFIG)).expect("it is PEFT's"), "base");
    }
}
