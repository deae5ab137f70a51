//! The starter of the world `ads`, which is its own base, and two Henries who began with it: what viewers of each group
//! recalled in a recorded run's study taught one.

use std::{io::Read, path::Path};

use flate2::read::GzDecoder;
use selfsame_core::{
    Error, Result,
    device::Selected,
    model::{self, BasePrecision, Config, Decoder, MemorySource},
    text::Tokenizer,
    world::ads::Group,
};

use crate::shelf::{STARTER_ADS, henry};

/// Its `model.safetensors`.
pub const MODEL: &[u8] = include_bytes!("../../../assets/starter-ads/model.safetensors");

const CONFIG: &str = include_str!("../../../assets/starter-ads/config.json");
const TOKENIZER: &str = include_str!("../../../assets/starter-ads/tokenizer.json");

/// Packed with gzip: numbers of half precision, five bits of each rounded away.
const HENRIES: [&[u8]; 2] = [
    include_bytes!("../../../assets/starter-ads/henry-a/model.safetensors.gz"),
    include_bytes!("../../../assets/starter-ads/henry-b/model.safetensors.gz"),
];

/// `model.safetensors` of the Henry of a group.
///
/// # Errors
/// If the asset is damaged, which a test rules out.
pub fn henry_weights(group: Group) -> Result<Vec<u8>> {
    let [a, b] = HENRIES;
    let packed = match group {
        Group::A => a,
        Group::B => b,
    };
    let mut weights = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut weights).map_err(|e| Error::read(Path::new(henry(group)), e))?;
    Ok(weights)
}

/// The Henry of a group on a device, from his weights, with the matrices kept in a precision.
///
/// # Errors
/// If the assets do not belong together, which a test rules out.
pub fn henry_in(weights: &[u8], group: Group, device: &Selected, precision: BasePrecision) -> Result<Decoder> {
    let path = Path::new(henry(group));
    model::from_source_in(config()?, &mut MemorySource::new(weights), path, &device.device, precision)
}

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
        assert!(MODEL.len() < 1_000_000 && HENRIES.iter().all(|packed| packed.len() < 700_000));
        let [a, b] = [Group::A, Group::B].map(|group| {
            let weights = henry_weights(group).unwrap();
            assert_eq!(weights.len(), MODEL.len());
            henry_in(&weights, group, &select(Choice::Cpu).unwrap(), BasePrecision::F32).unwrap();
            weights
        });
        assert!(a != b && a != MODEL);
    }
}
