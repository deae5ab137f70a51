//! `config.json` and `adapter_config.json` as we write them beside those that transformers and PEFT wrote: every key
//! that decides what is loaded and computed, and the names of the others.

use selfsame_core::{device, model};
use selfsame_tests::{golden, goldens};
use serde_json::{Map, Value, json};

use super::families::adapted;

/// What transformers writes and a computation without dropout never asks for: how weights would be drawn, what they
/// were kept as (it takes that of the files), whether generation keeps a cache, padding, a classifier's head, how
/// a product was once split or its precision raised, who wrote the file.
const IGNORED: [&str; 18] = [
    "attention_dropout",
    "attn_pdrop",
    "dtype",
    "embd_pdrop",
    "initializer_range",
    "pad_token_id",
    "pretraining_tp",
    "reorder_and_upcast_attn",
    "resid_pdrop",
    "summary_activation",
    "summary_first_dropout",
    "summary_proj_to_labels",
    "summary_type",
    "summary_use_proj",
    "torch_dtype",
    "transformers_version",
    "use_cache",
    // How many layers would see everything, if the others had a window.
    "max_window_layers",
];

/// What transformers takes for keys that we leave out.
fn absent(key: &str, layers: u64) -> Option<Value> {
    Some(match key {
        "add_cross_attention" | "scale_attn_by_inverse_layer_idx" | "use_sliding_window" => json!(false),
        "scale_attn_weights" => json!(true),
        "sliding_window" | "use_bidirectional_attention" => Value::Null,
        "layer_types" => (0..layers).map(|_| "full_attention").collect(),
        _ => return None,
    })
}

/// Biases that the family has no switch for: transformers never looks at the key.
fn is_unknown(family: &str, key: &str) -> bool {
    matches!((family, key), ("gemma" | "qwen2" | "qwen3", "mlp_bias") | ("qwen2", "attention_bias"))
}

fn is(a: &Value, b: &Value) -> bool {
    a == b || a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| a == b)
}

/// Takes what is said of rotary positions out of a file, in either of its two spellings: as newer files have it.
fn rotary(file: &mut Map<String, Value>) -> Value {
    let (base, scaling) = (file.remove("rope_theta"), file.remove("rope_scaling"));
    if let Some(parameters) = file.remove("rope_parameters") {
        return parameters;
    }
    let mut parameters = match scaling {
        Some(Value::Object(scaling)) => scaling,
        _ => Map::from_iter([("rope_type".to_owned(), json!("default"))]),
    };
    parameters.insert("rope_theta".to_owned(), base.unwrap_or_default());
    parameters.into()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

#[test]
fn a_config_says_what_transformers_says() {
    let mut families = std::collections::BTreeSet::new();
    for file in ["llama.json", "families.json"] {
        for name in golden(file)["models"].as_object().unwrap().keys() {
            let folder = goldens().join(name);
            let text = std::fs::read_to_string(folder.join("config.json")).unwrap();
            let mut theirs = object(serde_json::from_str(&text).unwrap());
            let model = model::load(&folder, &device::cpu()).unwrap();
            let mut ours = object(serde_json::to_value(model.config()).unwrap());
            let family = theirs["model_type"].as_str().unwrap().to_owned();
            let layers = model.config().num_hidden_layers as u64;
            assert_eq!(rotary(&mut ours), rotary(&mut theirs), "{name}: rotary positions");
            for key in IGNORED {
                theirs.remove(key);
            }
            for (key, value) in &theirs {
                let found = ours.remove(key).or_else(|| absent(key, layers));
                assert!(
                    found.as_ref().is_some_and(|found| is(found, value)),
                    "{name}: `{key}` is {found:?}, not {value}"
                );
            }
            let more: Vec<&String> = ours.keys().filter(|key| !is_unknown(&family, key)).collect();
            assert!(more.is_empty(), "{name}: {more:?} are not in the file of transformers");
            families.insert(family);
        }
    }
    assert_eq!(families.into_iter().collect::<Vec<_>>(), ["gemma", "gpt2", "llama", "qwen2", "qwen3"]);
}

#[test]
fn an_adapters_config_says_what_peft_says() {
    let text = std::fs::read_to_string(goldens().join("tiny_lora").join(model::ADAPTER_CONFIG)).unwrap();
    let theirs = object(serde_json::from_str(&text).unwrap());
    let mut ours = object(model::adapter_config(&adapted(), "tiny_llama_gqa_tied").unwrap());
    // Who wrote the file, and settings of what is off: Megatron's layers, and the groups of QA-LoRA.
    let ignored = ["peft_version", "megatron_core", "qalora_group_size"];
    for (key, value) in theirs.iter().filter(|(key, _)| !ignored.contains(&key.as_str())) {
        match ours.remove(key) {
            Some(found) => assert!(is(&found, value), "`{key}` is {found}, not {value}"),
            // What is left out is off in PEFT.
            None => assert!([json!(null), json!(false), json!({}), json!([])].contains(value), "`{key}`: {value}"),
        }
    }
    assert!(ours.is_empty(), "{ours:?} are not in PEFT's file");
}
