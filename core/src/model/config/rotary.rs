//! `config.json` of the families with rotary positions, whose names are Llama's.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Activation, Config, Family, OneOrMany, RopeScaling, activation, refuse, settings};

/// The file. What is absent has the value that `transformers` gives it.
#[derive(Debug, Serialize, Deserialize)]
struct File {
    #[serde(default)]
    architectures: Vec<String>,
    model_type: Family,
    #[serde(default)]
    hidden_act: Option<String>,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    #[serde(default)]
    num_key_value_heads: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    head_dim: Option<usize>,
    vocab_size: usize,
    max_position_embeddings: usize,
    #[serde(default = "norm_epsilon")]
    rms_norm_eps: f64,
    #[serde(default = "rope_theta")]
    rope_theta: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rope_scaling: Option<RopeScaling>,
    /// Newer files keep the rotary settings here.
    #[serde(default, skip_serializing)]
    rope_parameters: Option<RopeScaling>,
    #[serde(default)]
    tie_word_embeddings: Option<bool>,
    #[serde(default)]
    bos_token_id: Option<u32>,
    #[serde(default)]
    eos_token_id: Option<OneOrMany>,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    mlp_bias: bool,
}

fn norm_epsilon() -> f64 {
    1e-6
}

fn rope_theta() -> f64 {
    10_000.0
}

/// Reads the file of a family.
pub(super) fn read(family: Family, file: Value) -> Result<Config, String> {
    // Only some layers would see everything before them.
    let layers = file.get("layer_types").and_then(Value::as_array);
    if let Some(other) = layers.into_iter().flatten().find(|kind| **kind != "full_attention") {
        return Err(format!("`layer_types` holds {other}, which is not supported; only \"full_attention\" is"));
    }
    refuse(
        &file,
        &[
            ("use_sliding_window", json!(false)),
            ("rope_interleaved", json!(false)),
            ("partial_rotary_factor", json!(1.0)),
            ("use_bidirectional_attention", json!(false)),
            ("quantization_config", Value::Null),
            ("attn_logit_softcapping", Value::Null),
            ("final_logit_softcapping", Value::Null),
        ],
    )?;
    if let Some(parameters) = file.get("rope_parameters") {
        refuse(parameters, &[("partial_rotary_factor", json!(1.0))])?;
    }
    if matches!(family, Family::Llama | Family::Gemma) {
        // Without a switch beside it, as Mistral's files have it, the window is meant.
        refuse(&file, &[("sliding_window", Value::Null)])?;
    }
    // Gemma's first files say `gelu` and mean its approximation; later ones say so elsewhere.
    let spelled_elsewhere = file.get("hidden_activation").and_then(Value::as_str).map(str::to_owned);
    let file: File = settings(file)?;
    let hidden_act = match (family, file.hidden_act.as_deref()) {
        (Family::Gemma, None | Some("gelu")) => match spelled_elsewhere {
            None => Activation::GeluTanh,
            Some(name) => activation("hidden_activation", &name)?,
        },
        (_, None) => Activation::Silu,
        (_, Some(name)) => activation("hidden_act", name)?,
    };
    let (mut theta, mut scaling) = (file.rope_theta, file.rope_scaling);
    if let Some(parameters) = file.rope_parameters {
        theta = parameters.rope_theta.unwrap_or(theta);
        if parameters.rope_type != "default" {
            scaling.get_or_insert(parameters);
        }
    }
    Ok(Config {
        architectures: file.architectures,
        model_type: family,
        hidden_act,
        hidden_size: file.hidden_size,
        intermediate_size: file.intermediate_size,
        num_hidden_layers: file.num_hidden_layers,
        num_attention_heads: file.num_attention_heads,
        num_key_value_heads: file.num_key_value_heads,
        head_dim: file.head_dim.or(match family {
            Family::Qwen3 => Some(128),
            Family::Gemma => Some(256),
            _ => None,
        }),
        vocab_size: file.vocab_size,
        max_position_embeddings: file.max_position_embeddings,
        norm_eps: file.rms_norm_eps,
        rope_theta: theta,
        rope_scaling: scaling,
        tie_word_embeddings: file.tie_word_embeddings.unwrap_or(family == Family::Gemma),
        bos_token_id: file.bos_token_id,
        eos_token_id: file.eos_token_id,
        attention_bias: file.attention_bias,
        mlp_bias: file.mlp_bias,
    })
}

/// The file of a config.
pub(super) fn write(config: &Config) -> Value {
    let file = File {
        architectures: config.architectures.clone(),
        model_type: config.model_type,
        hidden_act: Some(
            match config.hidden_act {
                Activation::Silu => "silu",
                Activation::GeluTanh => "gelu_pytorch_tanh",
            }
            .to_owned(),
        ),
        hidden_size: config.hidden_size,
        intermediate_size: config.intermediate_size,
        num_hidden_layers: config.num_hidden_layers,
        num_attention_heads: config.num_attention_heads,
        num_key_value_heads: config.num_key_value_heads,
        head_dim: config.head_dim,
        vocab_size: config.vocab_size,
        max_position_embeddings: config.max_position_embeddings,
        rms_norm_eps: config.norm_eps,
        rope_theta: config.rope_theta,
        rope_scaling: config.rope_scaling.clone(),
        rope_parameters: None,
        tie_word_embeddings: Some(config.tie_word_embeddings),
        bos_token_id: config.bos_token_id,
        eos_token_id: config.eos_token_id.clone(),
        attention_bias: config.attention_bias,
        mlp_bias: config.mlp_bias,
    };
    // A struct of names, numbers and lists is always a value.
    serde_json::to_value(file).unwrap_or_default()
}
