//! The shape of a decoder. `config.json` is read strictly: what cannot be computed here is refused
//! with a message instead of being computed wrongly.

mod gpt2;
mod rotary;

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Activation, Family};
use crate::{Error, Result};

/// The shape of a decoder of any family, under the names that most of their `config.json` share. It
/// is written in the spelling of its family.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(into = "Value")]
pub struct Config {
    /// `LlamaForCausalLM` and the like.
    pub architectures: Vec<String>,
    /// The family.
    pub model_type: Family,
    /// Activation of the feed-forward block.
    pub hidden_act: Activation,
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width of the feed-forward block.
    pub intermediate_size: usize,
    /// Number of blocks.
    pub num_hidden_layers: usize,
    /// Number of query heads.
    pub num_attention_heads: usize,
    /// Number of key and value heads; as many as query heads where absent.
    pub num_key_value_heads: Option<usize>,
    /// Width of one head; `hidden_size / num_attention_heads` where absent.
    pub head_dim: Option<usize>,
    /// Number of tokens.
    pub vocab_size: usize,
    /// Longest sequence the model was made for.
    pub max_position_embeddings: usize,
    /// Added to the variance (or mean square) that norms divide by.
    pub norm_eps: f64,
    /// Base of the rotary frequencies.
    pub rope_theta: f64,
    /// Change of the rotary frequencies for long contexts.
    pub rope_scaling: Option<RopeScaling>,
    /// Whether the head shares the embedding's weights.
    pub tie_word_embeddings: bool,
    /// Start of text.
    pub bos_token_id: Option<u32>,
    /// End of text; one token or several.
    pub eos_token_id: Option<OneOrMany>,
    /// Biases in attention, where the family leaves the choice; see [`Config::biases`].
    pub attention_bias: bool,
    /// Biases in the feed-forward block, where the family leaves the choice.
    pub mlp_bias: bool,
}

/// How `config.json` spells one or several token ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One id.
    One(u32),
    /// Several ids.
    Many(Vec<u32>),
}

/// Rotary settings as `rope_scaling` (or `rope_parameters`) gives them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RopeScaling {
    /// `default`, `linear` or `llama3`.
    #[serde(alias = "type", default = "default_rope")]
    pub rope_type: String,
    /// How much longer the context became.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
    /// `llama3`: wavelengths longer than `original / low` are stretched by `factor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_freq_factor: Option<f64>,
    /// `llama3`: wavelengths shorter than `original / high` are left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_freq_factor: Option<f64>,
    /// `llama3`: the context the model was first trained with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_max_position_embeddings: Option<usize>,
    /// Base of the frequencies, where newer files keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rope_theta: Option<f64>,
}

fn default_rope() -> String {
    "default".to_owned()
}

/// Which projections have a bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Biases {
    /// Queries, keys and values.
    pub heads: bool,
    /// The output of attention.
    pub output: bool,
    /// The feed-forward block.
    pub feed_forward: bool,
}

/// A hostile file must not make us reserve memory before its tensors are seen.
const LARGEST_DIMENSION: usize = 1 << 20;

impl Config {
    /// A plain Llama with default rotary settings.
    #[must_use]
    pub fn llama(
        hidden: usize,
        intermediate: usize,
        layers: usize,
        heads: usize,
        kv_heads: usize,
        vocab: usize,
    ) -> Self {
        Self {
            architectures: vec![Family::Llama.architecture().to_owned()],
            model_type: Family::Llama,
            hidden_act: Activation::Silu,
            hidden_size: hidden,
            intermediate_size: intermediate,
            num_hidden_layers: layers,
            num_attention_heads: heads,
            num_key_value_heads: Some(kv_heads),
            head_dim: None,
            vocab_size: vocab,
            max_position_embeddings: 512,
            norm_eps: 1e-5,
            rope_theta: 10_000.0,
            rope_scaling: None,
            tie_word_embeddings: true,
            bos_token_id: Some(1),
            eos_token_id: Some(OneOrMany::One(2)),
            attention_bias: false,
            mlp_bias: false,
        }
    }

    /// Reads and checks the text of a `config.json`.
    ///
    /// # Errors
    /// Names the field that is missing, contradictory or not supported.
    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        let wrong = |problem: String| Error::model(path, problem);
        let value: Value =
            serde_json::from_str(text).map_err(|e| wrong(format!("not valid JSON ({e}); download the file again")))?;
        let kind = value.get("model_type").and_then(Value::as_str).unwrap_or("(none)");
        let Some(family) = Family::ALL.into_iter().find(|family| family.name() == kind) else {
            let names: Vec<&str> = Family::ALL.into_iter().map(Family::name).collect();
            return Err(wrong(format!(
                "`model_type` is `{kind}`, which is not supported; this version reads the families {}, among them SmolLM2, TinyLlama and Qwen2.5",
                names.join(", ")
            )));
        };
        let config = match family {
            Family::Gpt2 => gpt2::read(value),
            family => rotary::read(family, value),
        };
        let config = config.map_err(wrong)?;
        config.check().map_err(wrong)?;
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        for (name, value) in [
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("num_hidden_layers", self.num_hidden_layers),
            ("num_attention_heads", self.num_attention_heads),
            ("num_key_value_heads", self.kv_heads()),
            ("head_dim", self.head_width()),
            ("vocab_size", self.vocab_size),
            ("max_position_embeddings", self.max_position_embeddings),
        ] {
            if value == 0 || value > LARGEST_DIMENSION {
                let name = self.spelled(name);
                return Err(format!("`{name}` is {value}; it must lie between 1 and {LARGEST_DIMENSION}"));
            }
        }
        if !self.num_attention_heads.is_multiple_of(self.kv_heads()) {
            return Err(format!(
                "`num_attention_heads` ({}) is not a multiple of `num_key_value_heads` ({})",
                self.num_attention_heads,
                self.kv_heads()
            ));
        }
        if self.head_dim.is_none() && !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return Err(format!(
                "`{}` ({}) is not a multiple of `{}` ({})",
                self.spelled("hidden_size"),
                self.hidden_size,
                self.spelled("num_attention_heads"),
                self.num_attention_heads
            ));
        }
        if !self.model_type.learns_positions() && !self.head_width().is_multiple_of(2) {
            return Err(format!("`head_dim` is {}, but rotary embeddings need an even number", self.head_width()));
        }
        if let Some(stop) = self.stop_tokens().into_iter().find(|id| *id as usize >= self.vocab_size) {
            return Err(format!("`eos_token_id` is {stop}, but `vocab_size` is {}", self.vocab_size));
        }
        if !(self.norm_eps.is_finite() && self.norm_eps >= 0.0) {
            return Err(format!("`{}` must be a positive number", self.spelled("rms_norm_eps")));
        }
        if !(self.rope_theta.is_finite() && self.rope_theta > 0.0) {
            return Err("`rope_theta` must be a positive number".to_owned());
        }
        self.rope_scaling.as_ref().map_or(Ok(()), RopeScaling::check)
    }

    /// How the family's files call what most call `name`.
    fn spelled(&self, name: &'static str) -> &'static str {
        if self.model_type == Family::Gpt2 { gpt2::spelled(name) } else { name }
    }

    /// Number of key and value heads.
    #[must_use]
    pub fn kv_heads(&self) -> usize {
        self.num_key_value_heads.unwrap_or(self.num_attention_heads)
    }

    /// Width of one head.
    #[must_use]
    pub fn head_width(&self) -> usize {
        self.head_dim.unwrap_or(self.hidden_size / self.num_attention_heads.max(1))
    }

    /// Which projections have a bias.
    #[must_use]
    pub fn biases(&self) -> Biases {
        let (heads, output, feed_forward) = match self.model_type {
            Family::Llama => (self.attention_bias, self.attention_bias, self.mlp_bias),
            Family::Qwen3 | Family::Gemma => (self.attention_bias, self.attention_bias, false),
            Family::Qwen2 => (true, false, false),
            Family::Gpt2 => (true, true, true),
        };
        Biases { heads, output, feed_forward }
    }

    /// The tokens that end a text.
    #[must_use]
    pub fn stop_tokens(&self) -> Vec<u32> {
        match &self.eos_token_id {
            None => Vec::new(),
            Some(OneOrMany::One(id)) => vec![*id],
            Some(OneOrMany::Many(ids)) => ids.clone(),
        }
    }

    /// Number of weights; where it does not fit a machine word, the largest that does.
    #[must_use]
    pub fn parameters(&self) -> usize {
        // Sizes that are allowed one by one can make a number that no machine has.
        let wide = |size: usize| size as u128;
        let family = self.model_type;
        let (d, f, width) = (wide(self.hidden_size), wide(self.intermediate_size), wide(self.head_width()));
        let queries = wide(self.num_attention_heads) * width;
        let keys = wide(self.kv_heads()) * width;
        let into = if family.gated() { 2 } else { 1 };
        let matrices = 2 * d * queries + 2 * d * keys + (into + 1) * d * f;
        let biases = self.biases();
        let counted = |there: bool, count: u128| if there { count } else { 0 };
        let biases = counted(biases.heads, queries + 2 * keys)
            + counted(biases.output, d)
            + counted(biases.feed_forward, into * f + d);
        // A layer norm has a bias beside its weight.
        let norm = if family == Family::Gpt2 { 2 * d } else { d };
        let block = matrices + biases + 2 * norm + counted(family.norms_heads(), 2 * width);
        let tables = wide(self.vocab_size) * d * if self.tie_word_embeddings { 1 } else { 2 }
            + counted(family.learns_positions(), wide(self.max_position_embeddings) * d);
        usize::try_from(tables + wide(self.num_hidden_layers) * block + norm).unwrap_or(usize::MAX)
    }
}

impl From<Config> for Value {
    fn from(config: Config) -> Self {
        match config.model_type {
            Family::Gpt2 => gpt2::write(&config),
            _ => rotary::write(&config),
        }
    }
}

impl RopeScaling {
    fn check(&self) -> Result<(), String> {
        let complete = match self.rope_type.as_str() {
            "default" => true,
            "linear" => self.factor.is_some_and(|f| f > 0.0),
            "llama3" => {
                self.factor.is_some_and(|f| f > 0.0)
                    && self.original_max_position_embeddings.is_some_and(|n| n > 0)
                    && self
                        .low_freq_factor
                        .zip(self.high_freq_factor)
                        .is_some_and(|(low, high)| 0.0 < low && low < high)
            }
            other => {
                return Err(format!("`rope_type` `{other}` is not supported; `default`, `linear` and `llama3` are"));
            }
        };
        if complete {
            return Ok(());
        }
        Err(format!("`rope_scaling` of type `{}` lacks a setting it needs", self.rope_type))
    }
}

/// What a file says of its activation.
fn activation(key: &str, name: &str) -> Result<Activation, String> {
    Activation::named(name)
        .ok_or_else(|| format!("`{key}` is `{name}`; `silu`, `gelu_new` and `gelu_pytorch_tanh` are supported"))
}

/// Refuses settings that change what is computed. `only` names each with the one value that is
/// computed here; absent or `null` it is that one too.
fn refuse(file: &Value, only: &[(&str, Value)]) -> Result<(), String> {
    for (key, computed) in only {
        match file.get(key) {
            None | Some(Value::Null) => {}
            Some(value) if value == computed || value.as_f64().is_some_and(|v| computed.as_f64() == Some(v)) => {}
            Some(value) => {
                let value: String = value.to_string().chars().take(80).collect();
                let advice =
                    if computed.is_null() { "must be absent".to_owned() } else { format!("must be {computed}") };
                return Err(format!("`{key}` is {value}, which is not supported; it {advice}"));
            }
        }
    }
    Ok(())
}

/// The settings of a file, by their names.
fn settings<T: for<'a> Deserialize<'a>>(file: Value) -> Result<T, String> {
    T::deserialize(file).map_err(|e| format!("{e}; the file should be the config.json that came with the weights"))
}

#[cfg(test)]
mod tests;
