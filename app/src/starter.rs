//! The starter model, which is part of the program: `selfsame run scir` needs nothing else.

pub mod ads;

use std::path::Path;

use selfsame_core::{
    Result,
    device::Selected,
    model::{self, BasePrecision, Config, Decoder, MemorySource},
    text::Tokenizer,
};

/// `model.safetensors` of the starter.
pub const MODEL: &[u8] = include_bytes!("../../assets/starter/model.safetensors");

/// `model.safetensors` of its base.
pub const BASE: &[u8] = include_bytes!("../../assets/starter/base/model.safetensors");

const CONFIG: &str = include_str!("../../assets/starter/config.json");
const TOKENIZER: &str = include_str!("../../assets/starter/tokenizer.json");

/// The starter (or its base) on a device, from the bytes of its weights.
///
/// # Errors
/// If the assets do not belong together, which a test rules out.
pub fn model(weights: &[u8], name: &str, device: &Selected) -> Result<Decoder> {
    model_in(weights, name, device, BasePrecision::F32)
}

/// [`model()`] with the matrices kept in a precision.
///
/// # Errors
/// As [`model()`].
pub fn model_in(weights: &[u8], name: &str, device: &Selected, precision: BasePrecision) -> Result<Decoder> {
    let path = Path::new(name);
    let config = Config::parse(CONFIG, path)?;
    model::from_source_in(config, &mut MemorySource::new(weights), path, &device.device, precision)
}

/// The shape of both.
///
/// # Errors
/// If the asset is not a config, which a test rules out.
pub fn config() -> Result<Config> {
    Config::parse(CONFIG, Path::new("starter"))
}

/// The tokenizer of both.
///
/// # Errors
/// If the asset is not a tokenizer, which a test rules out.
pub fn tokenizer() -> Result<Tokenizer> {
    Tokenizer::parse(TOKENIZER)
}

#[cfg(test)]
mod tests {
    use selfsame_core::device::{Choice, select};

    use super::*;
    use crate::shelf::{STARTER, STARTER_BASE};

    #[test]
    fn the_assets_belong_together_and_speak_rules() {
        let cpu = select(Choice::Cpu).unwrap();
        let tokenizer = tokenizer().unwrap();
        for (weights, name) in [(MODEL, STARTER), (BASE, STARTER_BASE)] {
            let model = model(weights, name, &cpu).unwrap();
            assert_eq!(model.config().vocab_size, tokenizer.size());
        }
        assert_eq!(crate::inputs::foreign_token(&selfsame_core::world::rules::Rules, &tokenizer).unwrap(), None);
    }
}
