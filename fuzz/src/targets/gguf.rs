//! GGUF files: header, settings, tokenizer, template, and tensors in every precision.

use std::path::Path;

use selfsame_core::{
    device,
    model::{MemorySource, gguf::Gguf},
    text::{ChatTemplate, Tokenizer},
};

use super::{safetensors::in_every_precision, tokenizer::spell};

pub(super) fn read(bytes: &[u8]) {
    let mut source = MemorySource::new(bytes);
    let Ok(file) = Gguf::open(&mut source, Path::new("model.gguf")) else { return };
    let _ = file.config();
    if let Ok(json) = file.tokenizer_json()
        && let Ok(tokenizer) = Tokenizer::parse(&json)
    {
        spell(&tokenizer);
    }
    if let (Some(source), Ok(tokens)) = (file.chat_template(), file.special_tokens())
        && let Ok(template) = ChatTemplate::new(&source)
    {
        let _ = template.with_tokens(tokens).sha256();
    }
    in_every_precision(|precision| file.load_in(&mut source, &device::cpu(), precision));
}
