//! Models and prompts in the browser: what was fetched with the page, and what the person brought.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use selfsame::{
    engine::Request,
    shelf::{Place, Shelf, adapter},
};
use selfsame_core::{
    Error,
    device::Selected,
    model::{
        self, ADAPTER_CONFIG, ADAPTER_WEIGHTS, BasePrecision, Config, Decoder, INDEX, ShardIndex, WEIGHTS,
        content_hash, gguf::Gguf, hash_source,
    },
    prompt::{Row, parse_jsonl},
    run::checkpoint::AdaptedBase,
    text::{BESIDE, ChatTemplate, TOKENIZER, Tokenizer},
};
use serde_json::Value;

use super::{
    engine::MODELS,
    storage::{Result, Snapshot},
};

/// The texts of a model that are opened where they are: its shape, its tokenizer, its chat template, its index of shards,
/// or what an adapter is.
pub const TEXTS: [&str; 8] = [
    CONFIG,
    TOKENIZER,
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    INDEX,
    ADAPTER_CONFIG,
    AdaptedBase::FILE,
];

/// The file that says what shape a model has.
pub const CONFIG: &str = "config.json";

/// Models and prompts that were opened beforehand: what a run is made of is asked for at once, and
/// files of a browser can only be opened in time.
#[derive(Default)]
pub struct Opened {
    /// Small files, by their paths.
    files: BTreeMap<PathBuf, Vec<u8>>,
    /// Weights, which are read piece by piece.
    weights: BTreeMap<PathBuf, Snapshot>,
    /// Folders that are there.
    there: Vec<PathBuf>,
}

impl Opened {
    /// Adds a small file.
    pub fn add(&mut self, path: impl Into<PathBuf>, bytes: Vec<u8>) {
        self.files.insert(path.into(), bytes);
    }

    /// Adds weights.
    pub fn add_weights(&mut self, path: impl Into<PathBuf>, file: Snapshot) {
        self.weights.insert(path.into(), file);
    }

    /// Notes that there is a folder.
    pub fn note(&mut self, path: impl Into<PathBuf>) {
        self.there.push(path.into());
    }

    /// The text of a small file.
    ///
    /// # Errors
    /// If it was not opened or is not text.
    fn text(&self, path: &Path) -> Result<&str> {
        let bytes = self.files.get(path).ok_or_else(|| {
            Error::model(
                path,
                "is missing; a model is `config.json`, `tokenizer.json` and `model.safetensors` (or its shards) together, or a GGUF file",
            )
        })?;
        std::str::from_utf8(bytes).map_err(|_| Error::model(path, "is not text"))
    }

    /// The text of a small file that need not be there.
    fn optional(&self, path: &Path) -> Result<Option<&str>> {
        if self.files.contains_key(path) { self.text(path).map(Some) } else { Ok(None) }
    }

    fn json(&self, path: &Path) -> Result<Option<Value>> {
        let Some(text) = self.optional(path)? else { return Ok(None) };
        serde_json::from_str(text).map(Some).map_err(|e| Error::model(path, format!("not valid JSON ({e})")))
    }

    fn source(&self, path: &Path) -> Result<Snapshot> {
        self.weights.get(path).cloned().ok_or_else(|| Error::model(path, "is missing; bring all files of the model"))
    }

    /// The GGUF file of a folder: as on a disk, only where there is no `config.json`.
    fn gguf(&self, home: &Path) -> Option<(&Path, Snapshot)> {
        let is_gguf = |path: &Path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gguf"));
        let found = self.weights.iter().find(|(path, _)| path.parent() == Some(home) && is_gguf(path));
        found
            .filter(|_| !self.files.contains_key(&home.join(CONFIG)))
            .map(|(path, file)| (path.as_path(), file.clone()))
    }

    /// The header of the GGUF file of a folder.
    fn header(&self, home: &Path) -> Result<Option<Gguf>> {
        self.gguf(home).map(|(path, mut source)| Gguf::open(&mut source, path)).transpose()
    }

    /// The index of a folder's shards, where its weights are split.
    fn index(&self, home: &Path) -> Result<Option<ShardIndex>> {
        let path = home.join(INDEX);
        // Where there are both, the one file is what other programs read too.
        if self.has(&home.join(WEIGHTS)) {
            return Ok(None);
        }
        self.optional(&path)?.map(|text| ShardIndex::parse(text, &path)).transpose()
    }

    /// Whether a folder holds an adapter and no model.
    fn is_adapter(&self, home: &Path) -> bool {
        let weights = [WEIGHTS, INDEX].iter().any(|name| self.has(&home.join(name))) || self.gguf(home).is_some();
        self.has(&home.join(ADAPTER_CONFIG)) && !weights
    }

    /// The model that the adapter in a folder belongs to; `None` where there is no adapter.
    ///
    /// # Errors
    /// If the adapter does not say which it is.
    pub fn base_of(&self, home: &Path) -> Result<Option<Place>> {
        if !self.is_adapter(home) {
            return Ok(None);
        }
        let path = home.join(ADAPTER_CONFIG);
        Ok(Some(adapted(&model::base_of_adapter(self.text(&path)?, &path)?)))
    }

    /// The shape of a model, before any of its weights is read.
    ///
    /// # Errors
    /// If there is none, or it is of no model that is known.
    pub fn config(&self, place: &Place) -> Result<Config> {
        let home = home(place);
        if let Some(base) = self.base_of(&home)? {
            return self.config(&base);
        }
        if let Some(header) = self.header(&home)? {
            return header.config();
        }
        let path = home.join(CONFIG);
        Config::parse(self.text(&path)?, &path)
    }

    /// The model that an adapter and its base make.
    fn joined(&self, home: &Path, base: &Place, device: &Selected) -> selfsame::Result<(Decoder, String)> {
        let base = self.model(base, device)?;
        adapter::join(
            adapter::Files {
                folder: home,
                config: self.text(&home.join(ADAPTER_CONFIG))?,
                belongs_to: self.optional(&home.join(AdaptedBase::FILE))?,
                weights: &mut self.source(&home.join(ADAPTER_WEIGHTS))?,
            },
            &base,
            BasePrecision::F32,
        )
    }
}

/// The folder that stands for a place.
pub fn folder(place: &Place) -> PathBuf {
    match place {
        Place::Starter => PathBuf::from(selfsame::shelf::STARTER),
        Place::StarterBase => PathBuf::from(selfsame::shelf::STARTER_BASE),
        Place::AdsStarter => PathBuf::from(selfsame::shelf::STARTER_ADS),
        Place::AdsHenry(group) => PathBuf::from(selfsame::shelf::henry(*group)),
        Place::Folder(folder) => folder.clone(),
    }
}

/// The folder that has the config and the tokenizer of a place: what was made of a starter has the starter's.
fn home(place: &Place) -> PathBuf {
    match place {
        Place::StarterBase => folder(&Place::Starter),
        Place::AdsHenry(_) => folder(&Place::AdsStarter),
        other => folder(other),
    }
}

/// The place of the model that an adapter names: a built-in one, or one that was brought, which is called what the last
/// part of that name is.
fn adapted(name: &str) -> Place {
    match Place::named(name) {
        Place::Folder(_) => {
            let last = name.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or(name);
            Place::Folder(Path::new(MODELS).join(last))
        }
        built_in => built_in,
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
        self.files.contains_key(path) || self.weights.contains_key(path) || self.there.iter().any(|there| there == path)
    }

    fn absolute(&self, path: &Path) -> selfsame::Result<PathBuf> {
        Ok(path.to_path_buf())
    }

    fn tokenizer(&self, place: &Place) -> selfsame::Result<Tokenizer> {
        let home = home(place);
        let path = home.join(TOKENIZER);
        let mut beside = BTreeMap::new();
        for name in BESIDE {
            if let Some(text) = self.optional(&home.join(name))? {
                beside.insert(name.to_owned(), text.to_owned());
            }
        }
        if let Some(base) = self.base_of(&home)? {
            let own = if self.has(&path) { Some(Tokenizer::parse(self.text(&path)?)?) } else { None };
            return Ok(Tokenizer::of_adapter(self.tokenizer(&base)?, own, beside));
        }
        if let Some(header) = self.header(&home)? {
            return Ok(Tokenizer::parse(&header.tokenizer_json()?)?.with_beside(header.beside_tokenizer()?));
        }
        Ok(Tokenizer::parse(self.text(&path)?)?.with_beside(beside))
    }

    fn template(&self, place: &Place) -> selfsame::Result<Option<ChatTemplate>> {
        let Place::Folder(home) = place else { return Ok(None) };
        if let Some(header) = self.header(home)? {
            return Ok(ChatTemplate::of_gguf(&header)?);
        }
        let jinja = self.optional(&home.join("chat_template.jinja"))?;
        let config = self.json(&home.join("tokenizer_config.json"))?;
        let legacy = self.json(&home.join("special_tokens_map.json"))?;
        let own = ChatTemplate::of_config(jinja, config.as_ref(), legacy.as_ref())
            .map_err(|e| Error::model(home, e.to_string()))?;
        match (own, self.base_of(home)?) {
            (None, Some(base)) => self.template(&base),
            (own, _) => Ok(own),
        }
    }

    fn model(&self, place: &Place, device: &Selected) -> selfsame::Result<(Decoder, String)> {
        let home = home(place);
        if let Some(base) = self.base_of(&home)? {
            return self.joined(&home, &base, device);
        }
        if let Some((path, mut source)) = self.gguf(&home) {
            let model = Gguf::open(&mut source, path)?.load(&mut source, &device.device)?;
            return Ok((model, hash_source(&mut source)?));
        }
        let config = self.config(place)?;
        if let Some(index) = self.index(&home)? {
            let mut shards: Vec<Snapshot> =
                index.shards().iter().map(|shard| self.source(shard)).collect::<Result<_>>()?;
            let model = index.model_in(config, &mut shards, &device.device, BasePrecision::F32)?;
            return Ok((model, index.hash(&mut shards)?));
        }
        let path = folder(place).join(WEIGHTS);
        if let Some(bytes) = self.files.get(&path) {
            return Ok((model::from_bytes(config, bytes, &path, &device.device)?, content_hash(bytes)));
        }
        let mut source = self.source(&path)?;
        let model = model::from_source(config, &mut source, &path, &device.device)?;
        Ok((model, hash_source(&mut source)?))
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
