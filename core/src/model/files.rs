//! Models on disk: `config.json` and `model.safetensors`, or its shards, in the Hugging Face layout, or one
//! GGUF file.

mod gpt2;
mod read;
mod shards;

use std::{collections::BTreeMap, fs, path::Path};

use burn::tensor::{Device, Tensor};
use safetensors::{Dtype, tensor::TensorView};

pub(super) use self::read::Library;
pub use self::shards::ShardIndex;
use self::{read::Loader, shards::Split};
use super::{
    BasePrecision, Config, Decoder, Family, FileSource, MemorySource, Source, Visitor, content_hash,
    gguf::{self, Gguf},
    hash_source,
    safetensors::Tensors,
    weights::fixed,
};
use crate::{Error, Result};

/// The file of weights in a model's folder.
pub const WEIGHTS: &str = "model.safetensors";

/// The file that says which shard has which weights, where they are split into several.
pub const INDEX: &str = "model.safetensors.index.json";

/// Reads a model: a folder, or a GGUF file as [`gguf::find`] finds it. The weights are read as by
/// [`from_source`], shard by shard where an index says so.
///
/// # Errors
/// A missing, truncated or hostile file, tensors that disagree with the config, a number type we
/// do not read, or weights that are not finite: each is named with what to do.
pub fn load(path: &Path, device: &Device) -> Result<Decoder> {
    load_in(path, device, BasePrecision::F32)
}

/// [`load`] with the matrices kept in a precision, for a model that does not learn, or whose adapters do. What a
/// GGUF file has in that precision stays as it is.
///
/// # Errors
/// As [`load`], and if a weight is too large for the precision.
pub fn load_in(path: &Path, device: &Device, precision: BasePrecision) -> Result<Decoder> {
    match gguf::find(path)? {
        Some(file) => {
            let mut source = FileSource::open(&file)?;
            Gguf::open(&mut source, &file)?.load_in(&mut source, device, precision)
        }
        None => load_folder(path, device, precision),
    }
}

fn load_folder(folder: &Path, device: &Device, precision: BasePrecision) -> Result<Decoder> {
    let config_path = folder.join("config.json");
    let text = fs::read_to_string(&config_path).map_err(|e| missing(folder, &config_path, &e))?;
    let config = Config::parse(&text, &config_path)?;
    if let Some(Split { index, mut shards }) = Split::of(folder)? {
        return index.model_in(config, &mut shards, device, precision);
    }
    let weights_path = folder.join(WEIGHTS);
    let mut source = FileSource::open(&weights_path).map_err(|error| match error {
        Error::Io { source, .. } => missing(folder, &weights_path, &source),
        other => other,
    })?;
    from_source_in(config, &mut source, &weights_path, device, precision)
}

/// Whether a folder has weights, in one file or in shards, or a GGUF file is there.
#[must_use]
pub fn has_weights(folder: &Path) -> bool {
    let in_gguf = gguf::find(folder).is_ok_and(|file| file.is_some_and(|file| file.exists()));
    in_gguf || folder.join(WEIGHTS).exists() || folder.join(INDEX).exists()
}

/// The SHA-256 of the weights in a folder, or of a GGUF file. Of shards it is that of the lines that `sha256sum` prints
/// for the index and then the shards in the order of their names.
///
/// # Errors
/// If a file cannot be read.
pub fn hash_folder(folder: &Path) -> Result<String> {
    if let Some(file) = gguf::find(folder)? {
        return hash_source(&mut FileSource::open(file)?);
    }
    match Split::of(folder)? {
        Some(Split { index, mut shards }) => index.hash(&mut shards),
        None => hash_source(&mut FileSource::open(folder.join(WEIGHTS))?),
    }
}

fn missing(folder: &Path, path: &Path, error: &std::io::Error) -> Error {
    Error::model(
        path,
        format!(
            "{error}. A model is a folder with `config.json`, `model.safetensors` (or its shards) and `tokenizer.json`, or one GGUF file; check `--model {}`",
            folder.display()
        ),
    )
}

/// A model from a parsed config and the bytes of a safetensors file; `path` names it in errors.
///
/// # Errors
/// As [`load`].
pub fn from_bytes(config: Config, bytes: &[u8], path: &Path, device: &Device) -> Result<Decoder> {
    from_source(config, &mut MemorySource::new(bytes), path, device)
}

/// A model from a parsed config and a safetensors file that is read piece by piece; `path` names it in
/// errors. Beside what is on the device already, one tensor and one piece of a few megabytes are in
/// memory.
///
/// # Errors
/// As [`load`], and if the source or the device fails.
pub fn from_source(config: Config, source: &mut dyn Source, path: &Path, device: &Device) -> Result<Decoder> {
    from_source_in(config, source, path, device, BasePrecision::F32)
}

/// [`from_source`] with the matrices kept in a precision, as [`load_in`].
///
/// # Errors
/// As [`from_source`], and if a weight is too large for the precision.
pub fn from_source_in(
    config: Config,
    source: &mut dyn Source,
    path: &Path,
    device: &Device,
    precision: BasePrecision,
) -> Result<Decoder> {
    from_library(config, &mut Tensors::open(source, path)?, device, precision)
}

/// A model from a parsed config and the tensors of a file of any kind.
pub(super) fn from_library(
    config: Config,
    library: &mut dyn Library,
    device: &Device,
    precision: BasePrecision,
) -> Result<Decoder> {
    Loader::new(library, device, precision).model(config)
}

/// How weights are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// Exactly.
    #[default]
    F32,
    /// Rounded to half precision: half the size, for models that are shipped.
    F16,
}

/// The weights as the bytes of a safetensors file, under the names and in the layout of their family;
/// adapters are merged, and packed matrices are written as the numbers that they stand for. Reads them back from the device.
///
/// # Errors
/// If the device fails to hand the weights out.
pub async fn to_bytes(model: &Decoder, precision: Precision) -> Result<Vec<u8>> {
    struct All(Vec<Flat>);
    impl Visitor for All {
        fn visit<const D: usize>(&mut self, name: &str, weight: &Tensor<D>) {
            self.0.push(Flat::of(name, weight));
        }
    }
    let merged = model.merged().unpacked();
    let flat = match merged.config().model_type {
        Family::Gpt2 => gpt2::layout(merged.weights()),
        _ => {
            let mut all = All(Vec::new());
            merged.weights().visit(&mut all);
            all.0
        }
    };
    drop(merged);
    flat_to_bytes(flat, precision).await
}

/// A weight on its way into a file: tensors of any rank cannot share a list, but their flattened
/// forms can.
pub(super) struct Flat {
    pub name: String,
    pub shape: Vec<usize>,
    pub values: Tensor<1>,
}

impl Flat {
    pub fn of<const D: usize>(name: &str, weight: &Tensor<D>) -> Self {
        let weight = fixed(weight.clone());
        let shape = weight.dims().to_vec();
        let size = shape.iter().product::<usize>();
        Self { name: name.to_owned(), shape, values: weight.reshape([size]) }
    }
}

/// Reads weights back from the device, one by one, and serialises them.
pub(super) async fn flat_to_bytes(weights: Vec<Flat>, precision: Precision) -> Result<Vec<u8>> {
    let mut named = BTreeMap::new();
    for Flat { name, shape, values } in weights {
        let values = crate::device::read_floats(values).await?;
        let bytes: Vec<u8> = match precision {
            Precision::F32 => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Precision::F16 => {
                let halves: Vec<half::f16> = values.iter().map(|v| half::f16::from_f32(*v)).collect();
                if let Some(at) = halves.iter().position(|half| !half.is_finite()) {
                    let problem = format!(
                        "tensor `{name}` holds {} at element {at}, which is too large for half precision; write it without",
                        values[at]
                    );
                    return Err(Error::model(WEIGHTS, problem));
                }
                halves.iter().flat_map(|half| half.to_le_bytes()).collect()
            }
        };
        named.insert(name, (shape, bytes));
    }
    serialize(&named, precision)
}

/// Named arrays as the bytes of a safetensors file.
pub(crate) fn serialize(named: &BTreeMap<String, (Vec<usize>, Vec<u8>)>, precision: Precision) -> Result<Vec<u8>> {
    let dtype = match precision {
        Precision::F32 => Dtype::F32,
        Precision::F16 => Dtype::F16,
    };
    let internal = |e: safetensors::SafeTensorError| Error::model(WEIGHTS, e.to_string());
    let views = named
        .iter()
        .map(|(name, (shape, bytes))| Ok((name, TensorView::new(dtype, shape.clone(), bytes).map_err(internal)?)))
        .collect::<Result<Vec<_>>>()?;
    let metadata = std::collections::HashMap::from([("format".to_owned(), "pt".to_owned())]);
    safetensors::serialize(views, Some(metadata)).map_err(internal)
}

/// Writes `config.json` and `model.safetensors` into an existing folder.
///
/// # Errors
/// If a file cannot be written.
pub async fn save(model: &Decoder, folder: &Path, precision: Precision) -> Result<()> {
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(|e| Error::write(&path, e))
    };
    let config = serde_json::to_vec_pretty(model.config())
        .map_err(|e| Error::model(folder, format!("config.json cannot be written: {e}")))?;
    write("config.json", &config)?;
    write(WEIGHTS, &to_bytes(model, precision).await?)
}

#[cfg(test)]
pub(super) mod tests;
