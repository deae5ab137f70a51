//! Models on disk: `config.json` and `model.safetensors` in the Hugging Face layout, or one GGUF file.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use burn::tensor::{Device, Tensor, TensorData};
use safetensors::{Dtype, tensor::TensorView};

use super::{
    Config, Decoder, FileSource, Layer, MemorySource, Source, Visitor, Weights,
    gguf::{self, Gguf},
    safetensors::Tensors,
};
use crate::{Error, Result};

/// Tensors by their Hugging Face names.
pub(super) trait Library {
    /// Names the file in errors.
    fn path(&self) -> &Path;

    /// Whether there is a tensor of that name.
    fn has(&self, name: &str) -> bool;

    /// The values of a tensor as f32, row by row. Beside them, one piece of the file is in memory.
    ///
    /// # Errors
    /// If there is no such tensor of that shape, its number type is none that we read, a value is not
    /// finite, or there is no memory for them.
    fn floats(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>>;
}

/// Reads a model: a folder, or a GGUF file as [`gguf::find`] finds it. The weights are read as by
/// [`from_source`].
///
/// # Errors
/// A missing, truncated or hostile file, tensors that disagree with the config, a number type we
/// do not read, or weights that are not finite: each is named with what to do.
pub fn load(path: &Path, device: &Device) -> Result<Decoder> {
    match gguf::find(path)? {
        Some(file) => {
            let mut source = FileSource::open(&file)?;
            Gguf::open(&mut source, &file)?.load(&mut source, device)
        }
        None => load_folder(path, device),
    }
}

/// The file that has the weights of the model at `path`, whether it exists or not.
///
/// # Errors
/// If a folder has several GGUF files.
pub fn weights_file(path: &Path) -> Result<PathBuf> {
    Ok(gguf::find(path)?.unwrap_or_else(|| path.join("model.safetensors")))
}

fn load_folder(folder: &Path, device: &Device) -> Result<Decoder> {
    let config_path = folder.join("config.json");
    let text = fs::read_to_string(&config_path).map_err(|e| missing(folder, &config_path, &e))?;
    let config = Config::parse(&text, &config_path)?;
    let weights_path = folder.join("model.safetensors");
    if !weights_path.exists() && folder.join("model.safetensors.index.json").exists() {
        return Err(Error::model(
            folder,
            "the weights are split into several files (`model.safetensors.index.json`); this version reads a single `model.safetensors`. Save the model unsharded: `model.save_pretrained(folder, max_shard_size=\"100GB\")`",
        ));
    }
    let mut source = FileSource::open(&weights_path).map_err(|error| match error {
        Error::Io { source, .. } => missing(folder, &weights_path, &source),
        other => other,
    })?;
    from_source(config, &mut source, &weights_path, device)
}

fn missing(folder: &Path, path: &Path, error: &std::io::Error) -> Error {
    Error::model(
        path,
        format!(
            "{error}. A model is a folder with `config.json`, `model.safetensors` and `tokenizer.json`, or one GGUF file; check `--model {}`",
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
    from_library(config, &mut Tensors::open(source, path)?, device)
}

/// A model from a parsed config and the tensors of a file of any kind.
pub(super) fn from_library(config: Config, library: &mut dyn Library, device: &Device) -> Result<Decoder> {
    let next = format!("model.layers.{}.input_layernorm.weight", config.num_hidden_layers);
    if library.has(&next) {
        return Err(Error::model(
            library.path(),
            format!(
                "holds `{next}`, but config.json says `num_hidden_layers` = {}; the two files do not belong together",
                config.num_hidden_layers
            ),
        ));
    }
    let mut loader = Loader { library, device };
    let (d, f, width) = (config.hidden_size, config.intermediate_size, config.head_width());
    // A product that goes around in a browser's 32 bits must not meet a tensor that is as small.
    let (queries, keys) = (config.num_attention_heads.saturating_mul(width), config.kv_heads().saturating_mul(width));
    let weights = Weights {
        // The largest first, while there is most room for it beside the others.
        embed: loader.tensor("model.embed_tokens.weight", [config.vocab_size, d])?,
        layers: (0..config.num_hidden_layers)
            .map(|index| {
                let name = |part: &str| format!("model.layers.{index}.{part}.weight");
                Ok(Layer {
                    attention_norm: loader.tensor(&name("input_layernorm"), [d])?,
                    query: loader.tensor(&name("self_attn.q_proj"), [queries, d])?,
                    key: loader.tensor(&name("self_attn.k_proj"), [keys, d])?,
                    value: loader.tensor(&name("self_attn.v_proj"), [keys, d])?,
                    output: loader.tensor(&name("self_attn.o_proj"), [d, queries])?,
                    feed_forward_norm: loader.tensor(&name("post_attention_layernorm"), [d])?,
                    gate: loader.tensor(&name("mlp.gate_proj"), [f, d])?,
                    up: loader.tensor(&name("mlp.up_proj"), [f, d])?,
                    down: loader.tensor(&name("mlp.down_proj"), [d, f])?,
                })
            })
            .collect::<Result<_>>()?,
        norm: loader.tensor("model.norm.weight", [d])?,
        head: if config.tie_word_embeddings {
            None
        } else {
            Some(loader.tensor("lm_head.weight", [config.vocab_size, d])?)
        },
    };
    Ok(Decoder::new(config, weights))
}

/// Brings tensors from a file to a device.
struct Loader<'a> {
    library: &'a mut dyn Library,
    device: &'a Device,
}

impl Loader<'_> {
    fn tensor<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Result<Tensor<D>> {
        let values = self.library.floats(name, &shape)?;
        let tensor = Tensor::from_data(TensorData::new(values, shape), self.device);
        // A graphics device's queue holds dozens of writes with their data, which may be a whole model.
        self.device
            .flush()
            .map_err(|e| Error::Device(format!("`{name}` cannot be written ({e:?}); the device may have been lost")))?;
        Ok(tensor)
    }
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

/// The weights as the bytes of a safetensors file. Reads them back from the device.
///
/// # Errors
/// If the device fails to hand the weights out.
pub async fn to_bytes(model: &Decoder, precision: Precision) -> Result<Vec<u8>> {
    /// Tensors of any rank cannot share a list, but their flattened forms can.
    struct Collect(Vec<(String, Vec<usize>, Tensor<1>)>);
    impl Visitor for Collect {
        fn visit<const D: usize>(&mut self, name: &str, weight: &Tensor<D>) {
            let weight = if weight.is_autodiff() { weight.clone().inner() } else { weight.clone() };
            let shape = weight.dims().to_vec();
            let size = shape.iter().product::<usize>();
            self.0.push((name.to_owned(), shape, weight.reshape([size])));
        }
    }
    let mut collect = Collect(Vec::new());
    model.weights().visit(&mut collect);
    let mut named = BTreeMap::new();
    for (name, shape, tensor) in collect.0 {
        let values = crate::device::read_floats(tensor).await?;
        let bytes: Vec<u8> = match precision {
            Precision::F32 => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Precision::F16 => values.iter().flat_map(|v| half::f16::from_f32(*v).to_le_bytes()).collect(),
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
    let internal = |e: safetensors::SafeTensorError| Error::model("model.safetensors", e.to_string());
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
    write("model.safetensors", &to_bytes(model, precision).await?)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use safetensors::SafeTensors;

    use super::{
        super::{
            content_hash, hash_source,
            source::{PIECE, tests::Recorder},
        },
        *,
    };
    use crate::device::{cpu, read_floats};

    fn starter() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/starter")
    }

    fn bits(model: &Decoder) -> BTreeMap<String, Vec<u32>> {
        struct Collect(BTreeMap<String, Vec<u32>>);
        impl Visitor for Collect {
            fn visit<const D: usize>(&mut self, name: &str, weight: &Tensor<D>) {
                let values = pollster::block_on(read_floats(weight.clone())).unwrap();
                self.0.insert(name.to_owned(), values.iter().map(|v| v.to_bits()).collect());
            }
        }
        let mut collect = Collect(BTreeMap::new());
        model.weights().visit(&mut collect);
        collect.0
    }

    /// The file's values, read by the crate that has all of it in memory.
    fn expected(bytes: &[u8]) -> BTreeMap<String, Vec<u32>> {
        let values = |view: &TensorView<'_>| match view.dtype() {
            Dtype::F32 => view.data().as_chunks().0.iter().map(|b| u32::from_le_bytes(*b)).collect(),
            Dtype::F16 => {
                view.data().as_chunks().0.iter().map(|b| half::f16::from_le_bytes(*b).to_f32().to_bits()).collect()
            }
            Dtype::BF16 => view.data().as_chunks().0.iter().map(|b| u32::from(u16::from_le_bytes(*b)) << 16).collect(),
            other => panic!("{other:?}"),
        };
        let file = SafeTensors::deserialize(bytes).unwrap();
        file.tensors().into_iter().map(|(name, view)| (name, values(&view))).collect()
    }

    #[test]
    fn a_file_and_its_bytes_are_the_same_model() {
        let folder = starter();
        let path = folder.join("model.safetensors");
        let bytes = fs::read(&path).unwrap();
        let config = || Config::parse(&fs::read_to_string(folder.join("config.json")).unwrap(), &path).unwrap();
        let expected = expected(&bytes);
        assert_eq!(bits(&load(&folder, &cpu()).unwrap()), expected);
        assert_eq!(bits(&from_bytes(config(), &bytes, &path, &cpu()).unwrap()), expected);
        let mut file = FileSource::open(&path).unwrap();
        assert_eq!(hash_source(&mut file).unwrap(), content_hash(&bytes));
        assert_eq!(bits(&from_source(config(), &mut file, &path, &cpu()).unwrap()), expected);
    }

    /// A model whose embedding takes several pieces, in a file that mixes the number types.
    fn mixed() -> (Config, Vec<u8>) {
        let mut config = Config::llama(64, 96, 2, 4, 2, 40_000);
        config.tie_word_embeddings = false;
        let model = Decoder::random(config.clone(), 7, &[], &cpu());
        let tensors: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)> = bits(&model)
            .into_iter()
            .enumerate()
            .map(|(index, (name, bits))| {
                let values = bits.iter().map(|bits| f32::from_bits(*bits));
                let (dtype, data): (_, Vec<u8>) = match index % 3 {
                    0 => (Dtype::F32, values.flat_map(f32::to_le_bytes).collect()),
                    1 => (Dtype::F16, values.flat_map(|v| half::f16::from_f32(v).to_le_bytes()).collect()),
                    _ => (Dtype::BF16, values.flat_map(|v| half::bf16::from_f32(v).to_le_bytes()).collect()),
                };
                let shape = match bits.len() / 64 {
                    1 => vec![64],
                    _ if name.contains("down_proj") => vec![64, 96],
                    rows => vec![rows, 64],
                };
                (name, (dtype, shape, data))
            })
            .collect();
        let views = tensors
            .iter()
            .map(|(name, (dtype, shape, data))| (name.as_str(), TensorView::new(*dtype, shape.clone(), data).unwrap()));
        (config, safetensors::serialize(views, None).unwrap())
    }

    #[test]
    fn every_number_type_is_read_in_one_file() {
        let (config, bytes) = mixed();
        let types: std::collections::BTreeSet<Dtype> =
            SafeTensors::deserialize(&bytes).unwrap().tensors().iter().map(|(_, view)| view.dtype()).collect();
        assert_eq!(types.len(), 3);
        let model = from_bytes(config, &bytes, Path::new("x"), &cpu()).unwrap();
        assert_eq!(bits(&model), expected(&bytes));
    }

    /// Every byte is asked for once, no more than a piece at a time, and tensors one after the other.
    #[test]
    fn no_copy_of_the_file_is_in_memory() {
        let (config, bytes) = mixed();
        let mut source = Recorder::new(&bytes);
        from_source(config, &mut source, Path::new("x"), &cpu()).unwrap();
        assert!(source.largest() <= PIECE as u64 && source.largest() < bytes.len() as u64 / 3);
        let header = u64::from_le_bytes(*bytes.first_chunk().unwrap());
        assert_eq!(source.pieces[..2], [(0, 8), (8, header)]);
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let mut rest = &source.pieces[2..];
        for name in ["model.embed_tokens.weight", "model.layers.0.input_layernorm.weight"] {
            let size = file.tensor(name).unwrap().data().len() as u64;
            let (of_tensor, others) = rest.split_at(usize::try_from(size).unwrap().div_ceil(PIECE));
            assert_eq!(of_tensor.iter().map(|piece| piece.1).sum::<u64>(), size, "{name}");
            assert!(of_tensor.windows(2).all(|pair| pair[0].0 + pair[0].1 == pair[1].0), "{name}");
            rest = others;
        }
        let mut pieces = source.pieces;
        pieces.sort_unstable();
        let mut at = 0;
        for (begin, size) in pieces {
            assert_eq!(begin, at);
            at += size;
        }
        assert_eq!(at, bytes.len() as u64);
    }

    /// What disagrees with the config is found before the weights behind it are read.
    #[test]
    fn a_model_that_is_refused_is_not_read_to_its_end() {
        let (config, bytes) = mixed();
        let (mut deeper, mut wider) = (config.clone(), config);
        deeper.num_hidden_layers = 1;
        wider.vocab_size = 40_001;
        let mut source = Recorder::new(&bytes);
        let error = from_source(deeper, &mut source, Path::new("x"), &cpu()).unwrap_err().to_string();
        assert!(error.contains("model.layers.1.") && error.contains("num_hidden_layers"), "{error}");
        assert_eq!(source.pieces.len(), 2);
        let error = from_source(wider, &mut source, Path::new("x"), &cpu()).unwrap_err().to_string();
        assert!(error.contains("[40000, 64]") && error.contains("[40001, 64]"), "{error}");
        assert_eq!(source.pieces.len(), 4);
    }

    /// The element is counted from the tensor's beginning, not from the piece's.
    #[test]
    fn a_value_that_is_not_finite_is_named_in_any_piece() {
        let (config, mut bytes) = mixed();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let view = file.tensor("lm_head.weight").unwrap();
        assert_eq!(view.dtype(), Dtype::F32);
        let at = PIECE / 4 * 2 + 3;
        let begin = view.data().as_ptr().addr() - bytes.as_ptr().addr() + 4 * at;
        bytes[begin..begin + 4].copy_from_slice(&f32::NEG_INFINITY.to_le_bytes());
        let error = from_bytes(config, &bytes, Path::new("x"), &cpu()).unwrap_err().to_string();
        assert!(error.contains("lm_head.weight") && error.contains(&format!("holds -inf at element {at};")), "{error}");
    }

    /// A browser's handle can fail in the middle.
    #[test]
    fn a_source_that_fails_ends_the_loading() {
        struct Failing<'a>(Recorder<'a>, usize);
        impl Source for Failing<'_> {
            fn len(&self) -> u64 {
                self.0.len()
            }
            fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<()> {
                if self.0.pieces.len() >= self.1 {
                    return Err(Error::model("picked.safetensors", "the handle was lost"));
                }
                self.0.read_at(at, into)
            }
        }
        let (config, bytes) = mixed();
        for good in [0, 1, 2, 3, 9] {
            let mut source = Failing(Recorder::new(&bytes), good);
            let error = from_source(config.clone(), &mut source, Path::new("x"), &cpu()).unwrap_err().to_string();
            assert!(error.contains("the handle was lost"), "{good}: {error}");
        }
    }
}
