//! GGUF files: a whole model in one file, its weights often quantised to four or eight bits. They are
//! de-quantised to f32 while they are read; a model that is saved is saved in the Hugging Face layout.

mod blocks;
mod config;
mod container;
mod names;
mod tensors;
mod tokenizer;
mod value;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use burn::tensor::Device;

use super::{
    BasePrecision, Config, Decoder, Family,
    files::from_library,
    source::{FileSource, Source},
};
use crate::{Error, Result};
use container::Header;
use tensors::Tensors;

/// The longest list of rotary factors: more than half the width of any head.
const MOST_FACTORS: u64 = 4096;

/// The header of a GGUF file: everything but the weights.
#[derive(Debug, Clone)]
pub struct Gguf {
    header: Header,
    /// By how much each rotary frequency is slowed, where the file says it by a tensor.
    slowed: Option<Vec<f32>>,
}

/// The GGUF file that `path` means: a file that ends with `.gguf`, or the one inside a folder without
/// `config.json`. `None` for anything else, such as a model in the Hugging Face layout.
///
/// # Errors
/// If a folder has several: their names.
pub fn find(path: &Path) -> Result<Option<PathBuf>> {
    let is_gguf = |path: &Path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gguf"));
    if !path.is_dir() {
        return Ok(is_gguf(path).then(|| path.to_path_buf()));
    }
    if path.join("config.json").exists() {
        return Ok(None);
    }
    // A folder that cannot be listed is reported by whoever reads a file of it.
    let entries = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries.filter(|file| is_gguf(file) && file.is_file()).collect();
    files.sort();
    match files.as_slice() {
        [] | [_] => Ok(files.pop()),
        several => {
            let names: Vec<_> = several.iter().filter_map(|file| file.file_name()?.to_str()).collect();
            Err(Error::model(
                path,
                format!("has {} GGUF files; name the one you mean: {}", several.len(), names.join(", ")),
            ))
        }
    }
}

impl Gguf {
    /// Reads the header of a file; `path` names it in errors.
    ///
    /// # Errors
    /// If the file is none, is cut off, or its header is not sound in every entry.
    pub fn open(source: &mut dyn Source, path: &Path) -> Result<Self> {
        let header = Header::read(source, path)?;
        let slowed = match header.tensors.get(names::ROPE_FACTORS).map(|entry| entry.shape.as_slice()) {
            None => None,
            Some([count @ 1..=MOST_FACTORS]) => {
                let count = usize::try_from(*count).unwrap_or(0);
                Some(tensors::floats(source, &header, names::ROPE_FACTORS, &[count])?)
            }
            Some(shape) => {
                return Err(Error::model(
                    path,
                    format!("tensor `{}` has shape {shape:?}, which no list of factors has", names::ROPE_FACTORS),
                ));
            }
        };
        Ok(Self { header, slowed })
    }

    /// Reads the header of the file at `path`.
    ///
    /// # Errors
    /// As [`Gguf::open`], and if the file cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        Self::open(&mut FileSource::open(path)?, path)
    }

    /// The shape of the model.
    ///
    /// # Errors
    /// Names the key that is missing, contradictory or not supported.
    pub fn config(&self) -> Result<Config> {
        config::config(&self.header, self.slowed.as_deref())
    }

    /// The tokenizer as the text of a `tokenizer.json`.
    ///
    /// # Errors
    /// Names the key that is missing, contradictory or not supported.
    pub fn tokenizer_json(&self) -> Result<String> {
        let json = tokenizer::json(&self.header.metadata)?;
        serde_json::to_string(&json).map_err(|e| Error::read(&self.header.metadata.path, io::Error::other(e)))
    }

    /// The chat template, in the language of Jinja, where the file has one.
    #[must_use]
    pub fn chat_template(&self) -> Option<String> {
        self.header.metadata.text("tokenizer.chat_template").ok().flatten().map(str::to_owned)
    }

    /// The special tokens that the header names, by the names that chat templates have for them, such as
    /// `bos_token`.
    ///
    /// # Errors
    /// If a key is not what it should be.
    pub fn special_tokens(&self) -> Result<BTreeMap<String, String>> {
        let metadata = &self.header.metadata;
        let Some(tokens) = metadata.texts(tokenizer::TOKENS)? else { return Ok(BTreeMap::new()) };
        let mut special = BTreeMap::new();
        // The format itself spells one of them like this.
        for (name, key) in [
            ("bos", "bos"),
            ("eos", "eos"),
            ("unk", "unknown"),
            ("sep", "seperator"),
            ("pad", "padding"),
            ("mask", "mask"),
        ] {
            let id = metadata.size(&format!("tokenizer.ggml.{key}_token_id"))?;
            if let Some(token) = id.and_then(|id| tokens.get(id)) {
                special.insert(format!("{name}_token"), token.to_owned());
            }
        }
        Ok(special)
    }

    /// What lies beside a `tokenizer.json` in the Hugging Face layout: the chat template, where there is one, and a
    /// `tokenizer_config.json` with the special tokens. Its class says to take the tokenizer as it is written.
    ///
    /// # Errors
    /// If a key is not what it should be.
    pub fn beside_tokenizer(&self) -> Result<BTreeMap<String, String>> {
        let mut config: serde_json::Map<String, serde_json::Value> =
            self.special_tokens()?.into_iter().map(|(name, token)| (name, token.into())).collect();
        config.insert("tokenizer_class".to_owned(), "PreTrainedTokenizerFast".into());
        let config = ("tokenizer_config.json".to_owned(), serde_json::Value::Object(config).to_string());
        let template = self.chat_template().map(|template| ("chat_template.jinja".to_owned(), template));
        Ok(std::iter::once(config).chain(template).collect())
    }

    /// The model, from the file that the header is of. Beside what is on the device already, one tensor
    /// and one piece of a few megabytes are in memory.
    ///
    /// # Errors
    /// A config that is not supported, a tensor that is missing or superfluous, has another shape, a
    /// number type that is not read or a value that is not finite; or if source or device fail.
    pub fn load(&self, source: &mut dyn Source, device: &Device) -> Result<Decoder> {
        self.load_in(source, device, BasePrecision::F32)
    }

    /// [`Gguf::load`] with the matrices kept in a precision; those that the file has in it stay as they are.
    ///
    /// # Errors
    /// As [`Gguf::load`], and if a weight is too large for the precision.
    pub fn load_in(&self, source: &mut dyn Source, device: &Device, precision: BasePrecision) -> Result<Decoder> {
        let config = self.config()?;
        names::check(&self.header, config.model_type, config.num_hidden_layers)?;
        let rotated = (config.model_type == Family::Llama).then(|| config.head_width());
        let mut tensors = Tensors { source, header: &self.header, rotated };
        from_library(config, &mut tensors, device, precision)
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod writer;
