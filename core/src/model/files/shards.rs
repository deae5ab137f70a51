//! Weights that are split into several files, and the index that says which file has which.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path, PathBuf},
};

use burn::tensor::Device;
use serde::Deserialize;

use super::{
    super::{BasePrecision, Config, Decoder, FileSource, Source, safetensors::Tensors},
    INDEX, WEIGHTS, content_hash, from_library, hash_source,
    read::Library,
};
use crate::{Error, Result};

/// The file, of which only the map counts: the sizes in it follow from the shards.
#[derive(Debug, Deserialize)]
struct File {
    weight_map: BTreeMap<String, String>,
}

/// An index of shards: which of them has which weights. The shards themselves lie beside it.
#[derive(Debug, Clone)]
pub struct ShardIndex {
    path: PathBuf,
    /// SHA-256 of the index itself.
    sha256: String,
    /// For each tensor, which of the shards has it.
    homes: BTreeMap<String, usize>,
    /// In the order of their names.
    shards: Vec<PathBuf>,
}

impl ShardIndex {
    /// The index of that text; `path` is where it lies, and the shards beside it.
    ///
    /// # Errors
    /// If it is none, or names a file that is not beside it.
    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        let File { weight_map } = serde_json::from_str(text)
            .map_err(|e| Error::model(path, format!("not an index of shards ({e}); download it again")))?;
        let names: BTreeSet<&String> = weight_map.values().collect();
        if names.is_empty() {
            return Err(Error::model(path, "its `weight_map` names no shard; download it again"));
        }
        let mut shards = Vec::new();
        let mut places = BTreeMap::new();
        for name in names {
            if !is_plain(name) {
                return Err(Error::model(
                    path,
                    format!("names the shard {name:?}, which is not the name of a `.safetensors` file beside it"),
                ));
            }
            places.insert(name.clone(), shards.len());
            shards.push(path.with_file_name(name));
        }
        let homes = weight_map.iter().filter_map(|(tensor, name)| Some((tensor.clone(), *places.get(name)?))).collect();
        Ok(Self { path: path.to_path_buf(), sha256: content_hash(text.as_bytes()), homes, shards })
    }

    /// The files of the shards, in the order of their names.
    #[must_use]
    pub fn shards(&self) -> &[PathBuf] {
        &self.shards
    }

    /// The model of a config, from the shards in their order, with the matrices kept in a precision. Of all files, one
    /// tensor and one piece of a few megabytes are in memory.
    ///
    /// # Errors
    /// As [`super::load_in`].
    pub fn model_in<S: Source>(
        &self,
        config: Config,
        shards: &mut [S],
        device: &Device,
        precision: BasePrecision,
    ) -> Result<Decoder> {
        from_library(config, &mut self.library(shards)?, device, precision)
    }

    /// The tensors of all shards.
    ///
    /// # Errors
    /// If a shard is damaged, or lacks a tensor that the index says it has.
    fn library<'a, S: Source>(&'a self, shards: &'a mut [S]) -> Result<Shards<'a>> {
        let opened = self.shards.iter().zip(shards);
        let files: Vec<Tensors<'_>> =
            opened.map(|(path, source)| Tensors::open(source, path)).collect::<Result<_>>()?;
        for (name, home) in &self.homes {
            if let Some(file) = files.get(*home).filter(|file| !file.has(name)) {
                return Err(Error::model(
                    file.path(),
                    format!("tensor `{name}` is missing; `{INDEX}` says that it is in this shard"),
                ));
            }
        }
        Ok(Shards { path: &self.path, homes: &self.homes, files })
    }

    /// See [`super::hash_folder`]; the shards come in their order.
    ///
    /// # Errors
    /// If a shard cannot be read.
    pub fn hash<S: Source>(&self, shards: &mut [S]) -> Result<String> {
        let mut lines = format!("{}  {INDEX}\n", self.sha256);
        for (path, source) in self.shards.iter().zip(shards) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            lines.extend([hash_source(source)?.as_str(), "  ", &name, "\n"]);
        }
        Ok(content_hash(lines.as_bytes()))
    }
}

/// An index of a folder and its shards, opened.
pub(super) struct Split {
    pub index: ShardIndex,
    pub shards: Vec<FileSource>,
}

impl Split {
    /// Those of a folder; `None` where the weights are in one file or there are none.
    ///
    /// # Errors
    /// If the index cannot be read, names a file that is not beside it, or a shard is missing.
    pub fn of(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(INDEX);
        // Where there are both, the one file is what other programs read too.
        if folder.join(WEIGHTS).exists() || !path.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path).map_err(|e| Error::read(&path, e))?;
        let index = ShardIndex::parse(&text, &path)?;
        let opened = index.shards.iter().map(|shard| {
            FileSource::open(shard).map_err(|error| match error {
                Error::Io { source, .. } => {
                    Error::model(shard, format!("{source}. `{INDEX}` names this shard; copy or download it too"))
                }
                other => other,
            })
        });
        let shards = opened.collect::<Result<_>>()?;
        Ok(Some(Self { index, shards }))
    }
}

/// Whether it is the name of a safetensors file and nothing else: no path out of the folder or into another.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let alone = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
    // A path of another system is a name here.
    alone && !name.contains(['/', '\\', ':']) && name.ends_with(".safetensors")
}

/// The tensors of all shards as one.
struct Shards<'a> {
    path: &'a Path,
    homes: &'a BTreeMap<String, usize>,
    files: Vec<Tensors<'a>>,
}

impl Library for Shards<'_> {
    fn path(&self) -> &Path {
        self.path
    }

    fn has(&self, name: &str) -> bool {
        self.homes.contains_key(name)
    }

    fn names(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        Box::new(self.homes.keys().map(String::as_str))
    }

    fn floats(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let file = self.homes.get(name).and_then(|home| self.files.get_mut(*home));
        let file = file.ok_or_else(|| {
            Error::model(
                self.path,
                format!(
                    "tensor `{name}` is in no shard; config.json promises it (check that all files belong together)"
                ),
            )
        })?;
        file.floats(name, shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_files_beside_the_index_are_names() {
        for good in ["model-00001-of-00002.safetensors", "a.safetensors", "..safetensors", "a b.safetensors"] {
            assert!(is_plain(good), "{good}");
        }
        for bad in [
            "",
            ".",
            "..",
            "../a.safetensors",
            "/etc/a.safetensors",
            "sub/a.safetensors",
            "./a.safetensors",
            "..\\a.safetensors",
            "C:\\a.safetensors",
            "C:a.safetensors",
            "a.safetensors/",
            "config.json",
            "/dev/zero",
        ] {
            assert!(!is_plain(bad), "{bad}");
        }
    }
}
