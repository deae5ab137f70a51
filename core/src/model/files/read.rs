//! The weights of a model, brought from files to a device.

use std::{collections::BTreeSet, path::Path};

use burn::tensor::{Device, Tensor, TensorData};
use selfsame_shaders::{Format, Packed};

use super::super::{BasePrecision, Config, Decoder, Family, Layer, Linear, Matrix, Norm, Weights};
use crate::{Error, Result};

/// Tensors by their names, in one file or in several.
pub(in super::super) trait Library {
    /// Names it in errors.
    fn path(&self) -> &Path;

    /// Whether there is a tensor of that name.
    fn has(&self, name: &str) -> bool;

    /// All names.
    fn names(&self) -> Box<dyn Iterator<Item = &str> + '_>;

    /// The values of a tensor as f32, whatever alignment the file has. Beside them, one piece of the
    /// file is in memory.
    ///
    /// # Errors
    /// If there is no such tensor of that shape, its number type is none that we read, a value is not
    /// finite, or there is no memory for them.
    fn floats(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>>;

    /// The bytes of a matrix that the file keeps in a format of packed matrices that is no larger than `most`:
    /// it need not be rounded again. `None` where it is kept in another.
    ///
    /// # Errors
    /// As [`Library::floats`].
    fn stored(&mut self, _name: &str, _shape: [usize; 2], _most: Format) -> Result<Option<(Format, Vec<u8>)>> {
        Ok(None)
    }
}

/// Brings tensors from files to a device, and remembers which.
pub(super) struct Loader<'a> {
    library: &'a mut dyn Library,
    device: &'a Device,
    precision: BasePrecision,
    read: BTreeSet<String>,
}

impl<'a> Loader<'a> {
    pub fn new(library: &'a mut dyn Library, device: &'a Device, precision: BasePrecision) -> Self {
        Self { library, device, precision, read: BTreeSet::new() }
    }

    /// The model of that shape.
    ///
    /// # Errors
    /// If a tensor is missing, is not what the config says, or is one that the config does not know.
    pub fn model(mut self, config: Config) -> Result<Decoder> {
        let gpt2 = config.model_type == Family::Gpt2;
        // GPT-2's files name their tensors with or without the model that they are part of.
        let prefix = if gpt2 && self.library.has("transformer.wte.weight") { "transformer." } else { "" };
        let layer = |index: usize| {
            if gpt2 { format!("{prefix}h.{index}.") } else { format!("model.layers.{index}.") }
        };
        let first_norm = if gpt2 { "ln_1.weight" } else { "input_layernorm.weight" };
        let next = format!("{}{first_norm}", layer(config.num_hidden_layers));
        if self.library.has(&next) {
            return Err(Error::model(
                self.library.path(),
                format!(
                    "holds `{next}`, but config.json says `{}` = {}; the two files do not belong together",
                    if gpt2 { "n_layer" } else { "num_hidden_layers" },
                    config.num_hidden_layers
                ),
            ));
        }
        let (d, vocabulary) = (config.hidden_size, config.vocab_size);
        let names: [String; 2] = if gpt2 {
            [format!("{prefix}wte.weight"), format!("{prefix}ln_f")]
        } else {
            ["model.embed_tokens.weight", "model.norm"].map(str::to_owned)
        };
        let weights = Weights {
            // The largest first, while there is most room for it beside the others.
            embed: self.matrix(&names[0], [vocabulary, d])?,
            positions: if config.model_type.learns_positions() {
                Some(self.tensor(&format!("{prefix}wpe.weight"), [config.max_position_embeddings, d])?)
            } else {
                None
            },
            layers: (0..config.num_hidden_layers)
                .map(|index| if gpt2 { self.gpt2(&config, &layer(index)) } else { self.layer(&config, &layer(index)) })
                .collect::<Result<_>>()?,
            norm: self.norm(&config, &names[1], d)?,
            head: if config.tie_word_embeddings { None } else { Some(self.matrix("lm_head.weight", [vocabulary, d])?) },
        };
        self.check_rest()?;
        Ok(Decoder::new(config, weights))
    }

    /// A tensor that nothing was computed with would make the model another one.
    fn check_rest(&self) -> Result<()> {
        // Masks and frequencies that follow from the config, and a tied head's copy.
        let follows = |name: &str| {
            name.ends_with(".rotary_emb.inv_freq")
                || name.ends_with(".attn.bias")
                || name.ends_with(".attn.masked_bias")
                || name == "lm_head.weight"
        };
        match self.library.names().find(|name| !self.read.contains(*name) && !follows(name)) {
            None => Ok(()),
            Some(name) => Err(Error::model(
                self.library.path(),
                format!(
                    "holds `{name}`, which a model of this config.json does not have; the two files do not belong together"
                ),
            )),
        }
    }

    fn layer(&mut self, config: &Config, prefix: &str) -> Result<Layer> {
        let (d, f, width) = (config.hidden_size, config.intermediate_size, config.head_width());
        // A product that goes around in a browser's 32 bits must not meet a tensor that is as small.
        let (queries, keys) =
            (config.num_attention_heads.saturating_mul(width), config.kv_heads().saturating_mul(width));
        let biases = config.biases();
        let family = config.model_type;
        let name = |part: &str| format!("{prefix}{part}");
        Ok(Layer {
            attention_norm: self.norm(config, &name("input_layernorm"), d)?,
            query: self.linear(&name("self_attn.q_proj"), [queries, d], biases.heads)?,
            key: self.linear(&name("self_attn.k_proj"), [keys, d], biases.heads)?,
            value: self.linear(&name("self_attn.v_proj"), [keys, d], biases.heads)?,
            output: self.linear(&name("self_attn.o_proj"), [d, queries], biases.output)?,
            query_norm: if family.norms_heads() {
                Some(self.norm(config, &name("self_attn.q_norm"), width)?)
            } else {
                None
            },
            key_norm: if family.norms_heads() {
                Some(self.norm(config, &name("self_attn.k_norm"), width)?)
            } else {
                None
            },
            feed_forward_norm: self.norm(config, &name("post_attention_layernorm"), d)?,
            gate: Some(self.linear(&name("mlp.gate_proj"), [f, d], biases.feed_forward)?),
            up: self.linear(&name("mlp.up_proj"), [f, d], biases.feed_forward)?,
            down: self.linear(&name("mlp.down_proj"), [d, f], biases.feed_forward)?,
        })
    }

    pub(super) fn norm(&mut self, config: &Config, name: &str, width: usize) -> Result<Norm> {
        let weight = self.tensor(&format!("{name}.weight"), [width])?;
        Ok(match config.model_type {
            Family::Gpt2 => Norm::Layer { weight, bias: self.tensor(&format!("{name}.bias"), [width])? },
            Family::Gemma => Norm::RmsAroundOne { weight },
            Family::Llama | Family::Qwen2 | Family::Qwen3 => Norm::rms(weight),
        })
    }

    fn linear(&mut self, name: &str, shape: [usize; 2], bias: bool) -> Result<Linear> {
        let weight = self.matrix(&format!("{name}.weight"), shape)?;
        let bias = if bias { Some(self.tensor(&format!("{name}.bias"), [shape[0]])?) } else { None };
        Ok(Linear::with_bias(weight, bias))
    }

    fn tensor<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Result<Tensor<D>> {
        let values = self.floats(name, &shape)?;
        self.bring(name, values, shape)
    }

    fn matrix(&mut self, name: &str, shape: [usize; 2]) -> Result<Matrix> {
        if let Some(most) = self.precision.format()
            && let Some((format, bytes)) = self.library.stored(name, shape, most)?
            && let Some(packed) = Packed::from_gguf(&bytes, format, shape, self.device)
        {
            self.read.insert(name.to_owned());
            return Ok(Matrix::Packed(packed));
        }
        let values = self.floats(name, &shape)?;
        self.keep(name, values, shape)
    }

    /// Values to the device, kept as the model's matrices are; `name` names them in errors.
    pub(super) fn keep(&self, name: &str, values: Vec<f32>, shape: [usize; 2]) -> Result<Matrix> {
        let matrix = Matrix::new(values, shape, self.precision, self.device, (self.library.path(), name))?;
        self.flush(name)?;
        Ok(matrix)
    }

    pub(super) fn floats(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        self.read.insert(name.to_owned());
        self.library.floats(name, shape)
    }

    /// Values to the device; `name` names them in errors.
    pub(super) fn bring<const D: usize>(&self, name: &str, values: Vec<f32>, shape: [usize; D]) -> Result<Tensor<D>> {
        let tensor = Tensor::from_data(TensorData::new(values, shape), self.device);
        self.flush(name)?;
        Ok(tensor)
    }

    /// A graphics device's queue holds dozens of writes with their data, which may be a whole model.
    fn flush(&self, name: &str) -> Result<()> {
        self.device
            .flush()
            .map_err(|e| Error::Device(format!("`{name}` cannot be written ({e:?}); the device may have been lost")))
    }
}
