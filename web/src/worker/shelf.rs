//! Models and prompts in the browser: what was fetched with the page, and what the person brought.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use selfsame::{
    engine::Request,
    shelf::{Place, Shelf},
};
use selfsame_core::{
    Error,
    device::Selected,
    model::{self, Config, Decoder, content_hash},
    prompt::{Row, parse_jsonl},
    text::Tokenizer,
};

use super::storage::{OpenFile, Result};

/// Models and prompts that were opened beforehand: what a run is made of is asked for at once, and
/// files of a browser can only be opened in time.
#[derive(Default)]
pub struct Opened {
    /// Small files, by their paths.
    files: BTreeMap<PathBuf, Vec<u8>>,
    /// Weights, which are read piece by piece.
    weights: RefCell<BTreeMap<PathBuf, OpenFile>>,
    /// Files that are there but were not opened.
    there: Vec<PathBuf>,
}

impl Opened {
    /// Adds a small file.
    pub fn add(&mut self, path: impl Into<PathBuf>, bytes: Vec<u8>) {
        self.files.insert(path.into(), bytes);
    }

    /// Adds weights.
    pub fn add_weights(&mut self, path: impl Into<PathBuf>, file: OpenFile) {
        self.weights.get_mut().insert(path.into(), file);
    }

    /// Notes that there is a folder or file.
    pub fn note(&mut self, path: impl Into<PathBuf>) {
        self.there.push(path.into());
    }

    /// The text of a small file.
    ///
    /// # Errors
    /// If it was not opened or is not text.
    pub fn text(&self, path: &Path) -> Result<String> {
        let bytes = self.files.get(path).ok_or_else(|| {
            Error::model(
                path,
                "is missing; a model is `config.json`, `tokenizer.json` and `model.safetensors` together",
            )
        })?;
        String::from_utf8(bytes.clone()).map_err(|_| Error::model(path, "is not text"))
    }
}

/// The folder that stands for a place.
pub fn folder(place: &Place) -> PathBuf {
    match place {
        Place::Starter => PathBuf::from(selfsame::shelf::STARTER),
        Place::StarterBase => PathBuf::from(selfsame::shelf::STARTER_BASE),
        Place::AdsStarter => PathBuf::from(selfsame::shelf::STARTER_ADS),
        Place::Folder(folder) => folder.clone(),
    }
}

/// The models that a request names, beside the base that may lie inside one.
pub fn models(request: &Request) -> Vec<Place> {
    let built_in = || match request.data {
        Some(_) => Place::Starter,
        None => Place::built_in(&request.recipe, request.world.as_deref()),
    };
    let mut places = vec![request.model.as_deref().map_or_else(built_in, Place::named)];
    match request.base.as_deref() {
        Some("same") => {}
        Some("starter") => places.push(Place::StarterBase),
        Some(base) => places.push(Place::named(base)),
        None if places == [Place::Starter] => places.push(Place::StarterBase),
        None => {}
    }
    places
}

impl Shelf for Opened {
    fn has(&self, path: &Path) -> bool {
        self.files.contains_key(path)
            || self.weights.borrow().contains_key(path)
            || self.there.iter().any(|there| there == path)
    }

    fn absolute(&self, path: &Path) -> selfsame::Result<PathBuf> {
        Ok(path.to_path_buf())
    }

    fn tokenizer(&self, place: &Place) -> selfsame::Result<Tokenizer> {
        // The base of the starter has the starter's.
        let folder = if *place == Place::StarterBase { folder(&Place::Starter) } else { folder(place) };
        Ok(Tokenizer::parse(&self.text(&folder.join("tokenizer.json"))?)?)
    }

    fn model(&self, place: &Place, device: &Selected) -> selfsame::Result<(Decoder, String)> {
        let home = if *place == Place::StarterBase { folder(&Place::Starter) } else { folder(place) };
        let config = Config::parse(&self.text(&home.join("config.json"))?, &home.join("config.json"))?;
        let path = folder(place).join("model.safetensors");
        if let Some(bytes) = self.files.get(&path) {
            return Ok((model::from_bytes(config, bytes, &path, &device.device)?, content_hash(bytes)));
        }
        let mut weights = self.weights.borrow_mut();
        let file = weights.get_mut(&path).ok_or_else(|| Error::model(&path, "is missing"))?;
        let model = model::from_source(config, file, &path, &device.device)?;
        Ok((model, model::hash_source(file)?))
    }

    fn prompts(&self, path: &Path) -> selfsame::Result<(Vec<Row>, String)> {
        let bytes = self
            .files
            .get(path)
            .ok_or_else(|| Error::Storage(format!("{} is not there any more; choose it again", path.display())))?;
        let text = String::from_utf8(bytes.clone())
            .map_err(|_| Error::Storage(format!("{} is not text (UTF-8)", path.display())))?;
        Ok((parse_jsonl(&text, path)?, content_hash(bytes)))
    }
}
