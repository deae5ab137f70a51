//! Models of known shapes with random weights, written without ever being in memory as a whole.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};

use selfsame_core::model::{Config, Family, WEIGHTS};

/// The shape of SmolLM2-135M.
pub fn smollm2() -> Config {
    Config { max_position_embeddings: 2048, ..Config::llama(576, 1536, 30, 9, 3, 49_152) }
}

/// The shape of Qwen2.5-0.5B.
pub fn qwen2() -> Config {
    Config { model_type: Family::Qwen2, max_position_embeddings: 2048, ..Config::llama(896, 4864, 24, 14, 2, 151_936) }
}

/// Names and shapes of all tensors.
fn tensors(config: &Config) -> Vec<(String, Vec<usize>)> {
    let (d, f, width) = (config.hidden_size, config.intermediate_size, config.head_width());
    let (queries, keys) = (config.num_attention_heads * width, config.kv_heads() * width);
    let mut all = vec![("model.embed_tokens.weight".to_owned(), vec![config.vocab_size, d])];
    for layer in 0..config.num_hidden_layers {
        let mut part = |name: &str, shape: &[usize]| all.push((format!("model.layers.{layer}.{name}"), shape.to_vec()));
        part("input_layernorm.weight", &[d]);
        part("post_attention_layernorm.weight", &[d]);
        for (name, rows) in [("q_proj", queries), ("k_proj", keys), ("v_proj", keys)] {
            part(&format!("self_attn.{name}.weight"), &[rows, d]);
            if config.biases().heads {
                part(&format!("self_attn.{name}.bias"), &[rows]);
            }
        }
        part("self_attn.o_proj.weight", &[d, queries]);
        part("mlp.gate_proj.weight", &[f, d]);
        part("mlp.up_proj.weight", &[f, d]);
        part("mlp.down_proj.weight", &[d, f]);
    }
    all.push(("model.norm.weight".to_owned(), vec![d]));
    all
}

/// Writes a folder with a config and weights in half precision: norms at one, all else even within a root of
/// three over the root of the row's length, so that every product has about the size of its input.
pub fn write(config: &Config, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("config.json"), serde_json::to_vec(config).unwrap()).unwrap();
    let tensors = tensors(config);
    let mut at = 0;
    let header: serde_json::Map<String, serde_json::Value> = tensors
        .iter()
        .map(|(name, shape)| {
            let begin = at;
            at += 2 * shape.iter().product::<usize>();
            (name.clone(), serde_json::json!({ "dtype": "F16", "shape": shape, "data_offsets": [begin, at] }))
        })
        .collect();
    let header = serde_json::to_vec(&header).unwrap();
    let mut file = BufWriter::new(File::create(folder.join(WEIGHTS)).unwrap());
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(&header).unwrap();
    let mut state = 1_u64;
    for (name, shape) in tensors {
        let count = shape.iter().product::<usize>();
        let bound = (3.0 / *shape.last().unwrap() as f32).sqrt();
        for _ in 0..count {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let even = (state >> 40) as f32 / (1_u64 << 24) as f32;
            let value = if name.contains("norm") { 1.0 } else { bound * (2.0 * even - 1.0) };
            file.write_all(&half::f16::from_f32(value).to_le_bytes()).unwrap();
        }
    }
    file.flush().unwrap();
}
