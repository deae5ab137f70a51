//! Models on disk: `config.json` and `model.safetensors` in the Hugging Face layout.

use std::{collections::BTreeMap, fs, path::Path};

use burn::tensor::{Device, Tensor, TensorData};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use super::{Config, Layer, Llama, Visitor, Weights};
use crate::{Error, Result};

/// Reads a model folder.
///
/// # Errors
/// A missing, truncated or hostile file, tensors that disagree with the config, a number type we
/// do not read, or weights that are not finite: each is named with what to do.
pub fn load(folder: &Path, device: &Device) -> Result<Llama> {
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
    let bytes = fs::read(&weights_path).map_err(|e| missing(folder, &weights_path, &e))?;
    from_bytes(config, &bytes, &weights_path, device)
}

fn missing(folder: &Path, path: &Path, error: &std::io::Error) -> Error {
    Error::model(
        path,
        format!(
            "{error}. A model folder holds `config.json`, `model.safetensors` and `tokenizer.json`; check `--model {}`",
            folder.display()
        ),
    )
}

/// A model from a parsed config and the bytes of a safetensors file; `path` names it in errors.
///
/// # Errors
/// As [`load`].
pub fn from_bytes(config: Config, bytes: &[u8], path: &Path, device: &Device) -> Result<Llama> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|e| Error::model(path, format!("not a complete safetensors file ({e}); copy or download it again")))?;
    let reader = Reader { file: &file, path, device };
    let (d, f, width) = (config.hidden_size, config.intermediate_size, config.head_width());
    let (queries, keys) = (config.num_attention_heads * width, config.kv_heads() * width);
    let layers = (0..config.num_hidden_layers)
        .map(|index| {
            let name = |part: &str| format!("model.layers.{index}.{part}.weight");
            Ok(Layer {
                attention_norm: reader.tensor(&name("input_layernorm"), [d])?,
                query: reader.tensor(&name("self_attn.q_proj"), [queries, d])?,
                key: reader.tensor(&name("self_attn.k_proj"), [keys, d])?,
                value: reader.tensor(&name("self_attn.v_proj"), [keys, d])?,
                output: reader.tensor(&name("self_attn.o_proj"), [d, queries])?,
                feed_forward_norm: reader.tensor(&name("post_attention_layernorm"), [d])?,
                gate: reader.tensor(&name("mlp.gate_proj"), [f, d])?,
                up: reader.tensor(&name("mlp.up_proj"), [f, d])?,
                down: reader.tensor(&name("mlp.down_proj"), [d, f])?,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let next = format!("model.layers.{}.input_layernorm.weight", config.num_hidden_layers);
    if file.tensor(&next).is_ok() {
        return Err(Error::model(
            path,
            format!(
                "holds `{next}`, but config.json says `num_hidden_layers` = {}; the two files do not belong together",
                config.num_hidden_layers
            ),
        ));
    }
    let head =
        if config.tie_word_embeddings { None } else { Some(reader.tensor("lm_head.weight", [config.vocab_size, d])?) };
    let weights = Weights {
        embed: reader.tensor("model.embed_tokens.weight", [config.vocab_size, d])?,
        layers,
        norm: reader.tensor("model.norm.weight", [d])?,
        head,
    };
    Ok(Llama::new(config, weights))
}

struct Reader<'a> {
    file: &'a SafeTensors<'a>,
    path: &'a Path,
    device: &'a Device,
}

impl Reader<'_> {
    fn tensor<const D: usize>(&self, name: &str, shape: [usize; D]) -> Result<Tensor<D>> {
        let wrong = |problem: String| Error::model(self.path, format!("tensor `{name}` {problem}"));
        let view = self.file.tensor(name).map_err(|_| {
            wrong("is missing; config.json promises it (check that both files belong together)".to_owned())
        })?;
        if view.shape() != shape {
            return Err(wrong(format!("has shape {:?}, but config.json says {shape:?}", view.shape())));
        }
        let values = floats(&view)
            .ok_or_else(|| wrong(format!("has number type {:?}; F32, F16 and BF16 are read", view.dtype())))?;
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            return Err(wrong(format!("holds {} at element {at}; these weights cannot be used", values[at])));
        }
        Ok(Tensor::from_data(TensorData::new(values, shape), self.device))
    }
}

/// The values as f32, whatever alignment the file has.
fn floats(view: &TensorView<'_>) -> Option<Vec<f32>> {
    let bytes = view.data();
    match view.dtype() {
        Dtype::F32 => Some(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()),
        Dtype::F16 => Some(bytes.as_chunks().0.iter().map(|b| half::f16::from_le_bytes(*b).to_f32()).collect()),
        Dtype::BF16 => Some(bytes.as_chunks().0.iter().map(|b| half::bf16::from_le_bytes(*b).to_f32()).collect()),
        _ => None,
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
pub async fn to_bytes(model: &Llama, precision: Precision) -> Result<Vec<u8>> {
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
pub async fn save(model: &Llama, folder: &Path, precision: Precision) -> Result<()> {
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(|e| Error::write(&path, e))
    };
    let config = serde_json::to_vec_pretty(model.config())
        .map_err(|e| Error::model(folder, format!("config.json cannot be written: {e}")))?;
    write("config.json", &config)?;
    write("model.safetensors", &to_bytes(model, precision).await?)
}
