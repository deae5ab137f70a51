//! `config.json` of GPT-2, which has names of its own.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Activation, Config, Family, OneOrMany, activation, refuse, settings};

/// The file. What is absent has the value that `transformers` gives it.
#[derive(Debug, Serialize, Deserialize)]
struct File {
    #[serde(default)]
    architectures: Vec<String>,
    model_type: Family,
    #[serde(default = "gelu")]
    activation_function: String,
    n_embd: usize,
    #[serde(default)]
    n_inner: Option<usize>,
    n_layer: usize,
    n_head: usize,
    vocab_size: usize,
    #[serde(alias = "n_ctx")]
    n_positions: usize,
    #[serde(default = "norm_epsilon")]
    layer_norm_epsilon: f64,
    #[serde(default = "tied")]
    tie_word_embeddings: bool,
    #[serde(default)]
    bos_token_id: Option<u32>,
    #[serde(default)]
    eos_token_id: Option<OneOrMany>,
}

fn gelu() -> String {
    "gelu_new".to_owned()
}

fn norm_epsilon() -> f64 {
    1e-5
}

fn tied() -> bool {
    true
}

/// How these files call what the others call `name`.
pub(super) fn spelled(name: &'static str) -> &'static str {
    match name {
        "hidden_size" => "n_embd",
        "intermediate_size" => "n_inner",
        "num_hidden_layers" => "n_layer",
        "num_attention_heads" | "num_key_value_heads" => "n_head",
        "max_position_embeddings" => "n_positions",
        "rms_norm_eps" => "layer_norm_epsilon",
        other => other,
    }
}

/// Reads the file.
pub(super) fn read(mut file: Value) -> Result<Config, String> {
    refuse(
        &file,
        &[
            ("scale_attn_weights", json!(true)),
            ("scale_attn_by_inverse_layer_idx", json!(false)),
            ("add_cross_attention", json!(false)),
            ("quantization_config", Value::Null),
        ],
    )?;
    // Old files give the context twice, which the reader would take for a mistake.
    if let Some(settings) = file.as_object_mut()
        && settings.contains_key("n_positions")
    {
        settings.remove("n_ctx");
    }
    let file: File = settings(file)?;
    Ok(Config {
        architectures: file.architectures,
        model_type: Family::Gpt2,
        hidden_act: activation("activation_function", &file.activation_function)?,
        hidden_size: file.n_embd,
        intermediate_size: file.n_inner.unwrap_or(file.n_embd.saturating_mul(4)),
        num_hidden_layers: file.n_layer,
        num_attention_heads: file.n_head,
        num_key_value_heads: None,
        head_dim: None,
        vocab_size: file.vocab_size,
        max_position_embeddings: file.n_positions,
        norm_eps: file.layer_norm_epsilon,
        rope_theta: 10_000.0,
        rope_scaling: None,
        tie_word_embeddings: file.tie_word_embeddings,
        bos_token_id: file.bos_token_id,
        eos_token_id: file.eos_token_id,
        attention_bias: true,
        mlp_bias: true,
    })
}

/// The file of a config.
pub(super) fn write(config: &Config) -> Value {
    let file = File {
        architectures: config.architectures.clone(),
        model_type: Family::Gpt2,
        activation_function: match config.hidden_act {
            Activation::Silu => "silu".to_owned(),
            Activation::GeluTanh => gelu(),
        },
        n_embd: config.hidden_size,
        n_inner: Some(config.intermediate_size),
        n_layer: config.num_hidden_layers,
        n_head: config.num_attention_heads,
        vocab_size: config.vocab_size,
        n_positions: config.max_position_embeddings,
        layer_norm_epsilon: config.norm_eps,
        tie_word_embeddings: config.tie_word_embeddings,
        bos_token_id: config.bos_token_id,
        eos_token_id: config.eos_token_id.clone(),
    };
    // A struct of names, numbers and lists is always a value.
    serde_json::to_value(file).unwrap_or_default()
}
