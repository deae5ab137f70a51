//! The starter of the world `ads`. It is its own base.

use std::path::Path;

use selfsame_core::{
    Result,
    device::Selected,
    model::{self, BasePrecision, Config, Decoder, MemorySource},
    text::Tokenizer,
};

use crate::shelf::STARTER_ADS;

/// Its `model.safetensors`.
pub const MODEL: &[u8] = include_bytes!("../../../assets/starter-ads/model.safetensors");

const CONFIG: &str = include_str!("../../../assets/starter-ads/config.json");
const TOKENIZER: &str = include_str!("../../../assets/starter-ads/tokenizer.json");

/// The model on a device.
///
/// # Errors
/// If the assets do not belong together, which a test rules out.
pub fn model(device: &Selected) -> Result<Decoder> {
    model_in(device, BasePrecision::F32)
}

/// [`model()`] with the matrices kept in a precision.
///
/// # Errors
/// As [`model()`].
pub fn model_in(device: &Selected, precision: BasePrecision) -> Result<Decoder> {
    let path = Path::new(STARTER_ADS);
    model::from_source_in(config()?, &mut MemorySource::new(MODEL), path, &device.device, precision)
}

/// Its shape.
///
/// # Errors
/// If the asset is not a config, which a test rules out.
pub fn config() -> Result<Config> {
    Config::parse(CONFIG, Path::new(STARTER_ADS))
}

/// Its tokenizer.
///
/// # Errors
/// If the asset is not a tokenizer, which a test rules out.
pub fn tokenizer() -> Result<Tokenizer> {
    Tokenizer::parse(TOKENIZER)
}

#[cfg(test)]
mod tests {
    use selfsame_core::{
        device::{Choice, select},
        world::{World, ads::Ads},
    };

    use super::*;

    #[test]
    fn the_assets_belong_together_and_speak_ads() {
        let model = model(&select(Choice::Cpu).unwrap()).unwrap();
        let tokenizer = tokenizer().unwrap();
        assert_eq!(model.config().vocab_size, tokenizer.size());
        assert_eq!(tokenizer.json(), Ads.tokenizer_json());
        assert!(Ads.grammar(&tokenizer).is_ok());
        // Part of the program, and loaded by the page where it is wanted.
        assert!(MODEL.len() < 2_500_000, "{}", MODEL.len());
    }
}
