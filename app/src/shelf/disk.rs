//! The folders of a computer, and the model that is part of the program.

use std::{
    fs,
    path::{Path, PathBuf},
};

use selfsame_core::{
    Error as CoreError,
    device::Selected,
    model::{
        self, ADAPTER_CONFIG, ADAPTER_WEIGHTS, BasePrecision, Decoder, FileSource, content_hash,
        gguf::{self, Gguf},
    },
    prompt::{Row, read_jsonl},
    run::checkpoint::AdaptedBase,
    text::{self, ChatTemplate, Tokenizer},
};

use super::{Place, STARTER, STARTER_BASE, Shelf, adapter};
use crate::{Error, Result, starter};

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
            Place::AdsStarter | Place::AdsHenry(_) => starter::ads::tokenizer()?,
            Place::Folder(folder) if is_adapter(folder) => {
                let base = self.tokenizer(&base_of(folder)?.1)?;
                let own = folder.join(text::TOKENIZER).exists().then(|| Tokenizer::load(folder)).transpose()?;
                Tokenizer::of_adapter(base, own, text::beside(folder)?)
            }
            Place::Folder(folder) => Tokenizer::load(folder)?,
        })
    }

    fn template(&self, place: &Place) -> Result<Option<ChatTemplate>> {
        Ok(match place {
            Place::Starter | Place::StarterBase | Place::AdsStarter | Place::AdsHenry(_) => None,
            Place::Folder(path) => {
                let own = match gguf::find(path)? {
                    Some(file) => ChatTemplate::of_gguf(&Gguf::read(&file)?)?,
                    None => ChatTemplate::load(path)?,
                };
                match own {
                    None if is_adapter(path) => self.template(&base_of(path)?.1)?,
                    own => own,
                }
            }
        })
    }

    fn model(&self, place: &Place, device: &Selected) -> Result<(Decoder, String)> {
        self.model_in(place, device, BasePrecision::F32)
    }

    fn model_in(&self, place: &Place, device: &Selected, precision: BasePrecision) -> Result<(Decoder, String)> {
        let built_in =
            |weights, name| Ok((starter::model_in(weights, name, device, precision)?, content_hash(weights)));
        match place {
            Place::Starter => built_in(starter::MODEL, STARTER),
            Place::StarterBase => built_in(starter::BASE, STARTER_BASE),
            Place::AdsStarter => Ok((starter::ads::model_in(device, precision)?, content_hash(starter::ads::MODEL))),
            Place::AdsHenry(group) => {
                let weights = starter::ads::henry_weights(*group)?;
                Ok((starter::ads::henry_in(&weights, *group, device, precision)?, content_hash(&weights)))
            }
            Place::Folder(folder) if is_adapter(folder) => self.adapted(folder, device, precision),
            Place::Folder(folder) => {
                Ok((model::load_in(folder, &device.device, precision)?, model::hash_folder(folder)?))
            }
        }
    }

    fn prompts(&self, path: &Path) -> Result<(Vec<Row>, String)> {
        let rows = read_jsonl(path)?;
        let bytes = fs::read(path).map_err(|e| CoreError::read(path, e))?;
        Ok((rows, content_hash(&bytes)))
    }
}

impl Disk {
    /// The place of the model that says what shape it has and how its texts end: of an adapter, the model that was
    /// adapted.
    ///
    /// # Errors
    /// If an adapter does not say which model that is.
    pub fn described(place: &Place) -> Result<Place> {
        match place {
            Place::Folder(folder) if is_adapter(folder) => Self::described(&base_of(folder)?.1),
            other => Ok(other.clone()),
        }
    }

    /// The model that an adapter's base and the adapter make together, and the SHA-256 of the two.
    fn adapted(self, folder: &Path, device: &Selected, precision: BasePrecision) -> Result<(Decoder, String)> {
        let (config, place) = base_of(folder)?;
        let base = self.model_in(&place, device, precision)?;
        let noted = folder.join(AdaptedBase::FILE);
        let belongs_to = if noted.exists() {
            Some(fs::read_to_string(&noted).map_err(|e| CoreError::read(&noted, e))?)
        } else {
            None
        };
        let mut weights = FileSource::open(folder.join(ADAPTER_WEIGHTS))?;
        let files =
            adapter::Files { folder, config: &config, belongs_to: belongs_to.as_deref(), weights: &mut weights };
        adapter::join(files, &base, precision)
    }
}

/// Whether a folder holds an adapter and no model.
fn is_adapter(folder: &Path) -> bool {
    folder.join(ADAPTER_CONFIG).exists() && !model::has_weights(folder)
}

/// What an adapter's config says, and the place of the model that it belongs to.
fn base_of(folder: &Path) -> Result<(String, Place)> {
    let path = folder.join(ADAPTER_CONFIG);
    let text = fs::read_to_string(&path).map_err(|e| CoreError::read(&path, e))?;
    let name = model::base_of_adapter(&text, &path)?;
    let place = Place::named(&name);
    if let Place::Folder(base) = &place {
        if !base.is_dir() && !model::has_weights(base) {
            return Err(Error::told(format!(
                "{}: the model that was adapted, `{name}`, is not in a folder of that name; download it and set `base_model_name_or_path` to its folder",
                path.display()
            )));
        }
        check_depth(base)?;
    }
    Ok((text, place))
}

/// Adapters can lie upon adapters, but must not lie in a circle.
fn check_depth(folder: &Path) -> Result<()> {
    let mut at = folder.to_path_buf();
    for _ in 0..adapter::DEEPEST {
        if !is_adapter(&at) {
            return Ok(());
        }
        let path = at.join(ADAPTER_CONFIG);
        let text = fs::read_to_string(&path).map_err(|e| CoreError::read(&path, e))?;
        at = PathBuf::from(model::base_of_adapter(&text, &path)?);
    }
    Err(adapter::in_a_circle(folder))
}
