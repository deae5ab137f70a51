//! `config.json` of a Llama-family decoder, read strictly: what cannot be computed here is refused
//! with a message instead of being computed wrongly.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The shape of a Llama-family decoder, under the names of `config.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// `LlamaForCausalLM` and the like.
    #[serde(default)]
    pub architectures: Vec<String>,
    /// `llama`.
    pub model_type: String,
    /// Activation of the feed-forward block; only `silu` is known.
    #[serde(default = "silu")]
    pub hidden_act: String,
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width of the feed-forward block.
    pub intermediate_size: usize,
    /// Number of blocks.
    pub num_hidden_layers: usize,
    /// Number of query heads.
    pub num_attention_heads: usize,
    /// Number of key and value heads; as many as query heads where absent.
    #[serde(default)]
    pub num_key_value_heads: Option<usize>,
    /// Width of one head; `hidden_size / num_attention_heads` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_dim: Option<usize>,
    /// Number of tokens.
    pub vocab_size: usize,
    /// Longest sequence the model was made for.
    pub max_position_embeddings: usize,
    /// Epsilon of the root-mean-square norms.
    #[serde(default = "norm_epsilon")]
    pub rms_norm_eps: f64,
    /// Base of the rotary frequencies.
    #[serde(default = "rope_theta")]
    pub rope_theta: f64,
    /// Change of the rotary frequencies for long contexts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rope_scaling: Option<RopeScaling>,
    /// Newer files keep the rotary settings here.
    #[serde(default, skip_serializing)]
    rope_parameters: Option<RopeScaling>,
    /// Whether the head shares the embedding's weights.
    #[serde(default)]
    pub tie_word_embeddings: bool,
    /// Start of text.
    #[serde(default)]
    pub bos_token_id: Option<u32>,
    /// End of text; one token or several.
    #[serde(default)]
    pub eos_token_id: Option<OneOrMany>,
    /// Biases in attention; only `false` is known.
    #[serde(default)]
    pub attention_bias: bool,
    /// Biases in the feed-forward block; only `false` is known.
    #[serde(default)]
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

fn silu() -> String {
    "silu".to_owned()
}

fn norm_epsilon() -> f64 {
    1e-6
}

fn rope_theta() -> f64 {
    10_000.0
}

fn default_rope() -> String {
    "default".to_owned()
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
            architectures: vec!["LlamaForCausalLM".to_owned()],
            model_type: "llama".to_owned(),
            hidden_act: silu(),
            hidden_size: hidden,
            intermediate_size: intermediate,
            num_hidden_layers: layers,
            num_attention_heads: heads,
            num_key_value_heads: Some(kv_heads),
            head_dim: None,
            vocab_size: vocab,
            max_position_embeddings: 512,
            rms_norm_eps: 1e-5,
            rope_theta: rope_theta(),
            rope_scaling: None,
            rope_parameters: None,
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
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|e| wrong(format!("not valid JSON ({e}); download the file again")))?;
        let kind = value.get("model_type").and_then(|v| v.as_str()).unwrap_or("(none)");
        if kind != "llama" {
            return Err(wrong(format!(
                "`model_type` is `{kind}`, which is not supported; this version reads Llama-family decoders (`llama`), such as SmolLM2 or TinyLlama"
            )));
        }
        let mut config: Self = serde_json::from_value(value)
            .map_err(|e| wrong(format!("{e}; the file should be the config.json that came with the weights")))?;
        if let Some(parameters) = config.rope_parameters.take() {
            config.rope_theta = parameters.rope_theta.unwrap_or(config.rope_theta);
            if parameters.rope_type != "default" {
                config.rope_scaling.get_or_insert(parameters);
            }
        }
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
        if !self.head_width().is_multiple_of(2) {
            return Err(format!("`head_dim` is {}, but rotary embeddings need an even number", self.head_width()));
        }
        if let Some(stop) = self.stop_tokens().into_iter().find(|id| *id as usize >= self.vocab_size) {
            return Err(format!("`eos_token_id` is {stop}, but `vocab_size` is {}", self.vocab_size));
        }
        if self.hidden_act != "silu" {
            return Err(format!("`hidden_act` is `{}`; only `silu` is supported", self.hidden_act));
        }
        if self.attention_bias || self.mlp_bias {
            return Err("biases (`attention_bias`, `mlp_bias`) are not supported".to_owned());
        }
        if !(self.rms_norm_eps.is_finite()
            && self.rms_norm_eps >= 0.0
            && self.rope_theta.is_finite()
            && self.rope_theta > 0.0)
        {
            return Err("`rms_norm_eps` and `rope_theta` must be positive numbers".to_owned());
        }
        if let Some(scaling) = &self.rope_scaling {
            let complete = match scaling.rope_type.as_str() {
                "default" => true,
                "linear" => scaling.factor.is_some_and(|f| f > 0.0),
                "llama3" => {
                    scaling.factor.is_some_and(|f| f > 0.0)
                        && scaling.original_max_position_embeddings.is_some_and(|n| n > 0)
                        && scaling
                            .low_freq_factor
                            .zip(scaling.high_freq_factor)
                            .is_some_and(|(low, high)| 0.0 < low && low < high)
                }
                other => {
                    return Err(format!(
                        "`rope_type` `{other}` is not supported; `default`, `linear` and `llama3` are"
                    ));
                }
            };
            if !complete {
                return Err(format!("`rope_scaling` of type `{}` lacks a setting it needs", scaling.rope_type));
            }
        }
        Ok(())
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
        let (d, f) = (wide(self.hidden_size), wide(self.intermediate_size));
        let queries = wide(self.num_attention_heads) * wide(self.head_width());
        let keys = wide(self.kv_heads()) * wide(self.head_width());
        let block = 2 * d * queries + 2 * d * keys + 3 * d * f + 2 * d;
        let embeddings = wide(self.vocab_size) * d * if self.tie_word_embeddings { 1 } else { 2 };
        usize::try_from(embeddings + wide(self.num_hidden_layers) * block + d).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(edit: impl Fn(&mut serde_json::Value)) -> Result<Config> {
        let mut value = serde_json::to_value(Config::llama(64, 172, 5, 8, 4, 512)).unwrap();
        edit(&mut value);
        Config::parse(&value.to_string(), Path::new("config.json"))
    }

    #[test]
    fn counts_the_parameters_of_stories260k() {
        // 260,032 by its authors' documentation.
        assert_eq!(Config::llama(64, 172, 5, 8, 4, 512).parameters(), 260_032);
    }

    #[test]
    fn more_parameters_than_can_be_counted_are_the_most_that_can() {
        let largest = LARGEST_DIMENSION;
        let mut config = Config::llama(largest, largest, largest, largest, largest, largest);
        config.head_dim = Some(largest);
        assert!(config.check().is_ok());
        assert_eq!(config.parameters(), usize::MAX);
    }

    #[test]
    fn refuses_what_it_cannot_compute_and_says_why() {
        for (field, value, word) in [
            ("model_type", serde_json::json!("gpt2"), "gpt2"),
            ("hidden_act", serde_json::json!("gelu"), "gelu"),
            ("attention_bias", serde_json::json!(true), "attention_bias"),
            ("num_key_value_heads", serde_json::json!(3), "multiple"),
            ("hidden_size", serde_json::json!(0), "hidden_size"),
            ("vocab_size", serde_json::json!(9_000_000_000_u64), "vocab_size"),
            ("rope_scaling", serde_json::json!({"rope_type": "yarn", "factor": 2.0}), "yarn"),
            ("rope_scaling", serde_json::json!({"rope_type": "llama3", "factor": 2.0}), "lacks"),
        ] {
            let error = parse(|v| v[field] = value.clone()).unwrap_err().to_string();
            assert!(error.contains(word), "{field}: {error}");
        }
        assert!(parse(|_| ()).is_ok());
    }

    #[test]
    fn several_stop_tokens_are_read() {
        let config = parse(|v| v["eos_token_id"] = serde_json::json!([2, 7])).unwrap();
        assert_eq!(config.stop_tokens(), [2, 7]);
    }

    #[test]
    fn newer_files_keep_the_rotary_base_elsewhere() {
        let config = parse(|v| {
            v["rope_parameters"] = serde_json::json!({"rope_type": "default", "rope_theta": 500.0});
            v.as_object_mut().unwrap().remove("rope_theta");
        })
        .unwrap();
        assert!((config.rope_theta - 500.0).abs() < 1e-12);
    }
}
