//! The folders of a computer, and the model that is part of the program.

use std::path::{Path, PathBuf};

use selfsame_core::{
    Error as CoreError,
    device::Selected,
    model::{self, Decoder, FileSource, content_hash, hash_source},
    prompt::{Row, read_jsonl},
    text::{ChatTemplate, Tokenizer},
};

use super::{Place, STARTER, STARTER_BASE, Shelf};
use crate::{Result, starter};

/// The disk.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Shelf for Disk {
    fn has(&self, path: &Path) -> bool {
        path.exists()
    }

    fn absolute(&self, path: &Path) -> Result<PathBuf> {
        Ok(std::path::absolute(path).map_err(|e| CoreError::read(path, e))?)
    }

    fn tokenizer(&self, place: &Place) -> Result<Tokenizer> {
        Ok(match place {
            Place::Starter | Place::StarterBase => starter::tokenizer()?,
            Place::Folder(path) => Tokenizer::load(path)?,
        })
    }

    fn template(&self, place: &Place) -> Result<Option<ChatTemplate>> {
        Ok(match place {
            Place::Starter | Place::StarterBase => None,
            Place::Folder(folder) => ChatTemplate::load(folder)?,
        })
    }

    fn model(&self, place: &Place, device: &Selected) -> Result<(Decoder, String)> {
        let built_in = |weights, name| Ok((starter::model(weights, name, device)?, content_hash(weights)));
        match place {
            Place::Starter => built_in(starter::MODEL, STARTER),
            Place::StarterBase => built_in(starter::BASE, STARTER_BASE),
            Place::Folder(path) => {
                let model = model::load(path, &device.device)?;
                Ok((model, hash_source(&mut FileSource::open(model::weights_file(path)?)?)?))
            }
        }
    }

    fn prompts(&self, path: &Path) -> Result<(Vec<Row>, String)> {
        let rows = read_jsonl(path)?;
        let bytes = std::fs::read(path).map_err(|e| CoreError::read(path, e))?;
        Ok((rows, content_hash(&bytes)))
    }
}
