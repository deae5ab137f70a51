//! Model folders: missing, cut off, lying, contradictory.

use std::{fs, path::Path};

use safetensors::Dtype;
use selfsame_tests::{
    files::{copy_golden, edit_config, edit_tensors},
    named,
};

use super::load;

/// Damages a copy of a model and checks that loading it fails with a message that says `words`.
fn refused(words: &[&str], damage: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    copy_golden("tiny_llama_mha_untied", folder.path());
    load(folder.path()).expect("the model is sound before it is damaged");
    damage(folder.path());
    let error = load(folder.path()).err().unwrap_or_else(|| panic!("{words:?}: loaded all the same")).to_string();
    for word in words {
        assert!(error.contains(word), "{word:?} is not in: {error}");
    }
    assert!(!error.contains('\n'), "one line: {error}");
}

#[test]
fn files_that_are_missing() {
    for file in ["config.json", "model.safetensors"] {
        refused(&[file, "--model"], |folder| fs::remove_file(folder.join(file)).unwrap());
    }
    let error = load(Path::new("/no/such/folder")).unwrap_err().to_string();
    assert!(error.contains("/no/such/folder"), "{error}");
}

#[test]
fn weights_that_are_cut_off() {
    let whole = fs::metadata(selfsame_tests::goldens().join("tiny_llama_mha_untied/model.safetensors")).unwrap().len();
    for length in [0, 1, 7, 8, 9, 100, 1000, whole / 2, whole - 4, whole - 1] {
        refused(&["model.safetensors", "not a complete safetensors file"], |folder| {
            let file = fs::OpenOptions::new().write(true).open(folder.join("model.safetensors")).unwrap();
            file.set_len(length).unwrap();
        });
    }
}

#[test]
fn headers_that_lie() {
    let overwrite = |at: usize, bytes: &[u8]| {
        let bytes = bytes.to_vec();
        move |folder: &Path| {
            let path = folder.join("model.safetensors");
            let mut content = fs::read(&path).unwrap();
            content[at..at + bytes.len()].copy_from_slice(&bytes);
            fs::write(path, content).unwrap();
        }
    };
    for length in [0, 1, 1 << 20, 1 << 40, u64::MAX / 2, u64::MAX] {
        refused(&["model.safetensors"], overwrite(0, &length.to_le_bytes()));
    }
    refused(&["model.safetensors"], overwrite(8, b"not json"));
    refused(&["model.safetensors"], |folder| fs::write(folder.join("model.safetensors"), vec![b'{'; 5000]).unwrap());
    // Offsets beyond the end, with a header that is otherwise in order.
    refused(&["model.safetensors"], |folder| {
        let header = br#"{"model.norm.weight":{"dtype":"F32","shape":[12],"data_offsets":[0,9999999999]}}"#;
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header);
        fs::write(folder.join("model.safetensors"), bytes).unwrap();
    });
}

#[test]
fn tensors_that_are_not_what_the_config_says() {
    refused(&["model.norm.weight", "I64", "F32"], |folder| {
        edit_tensors(folder, |t| {
            t.insert("model.norm.weight".to_owned(), (Dtype::I64, vec![12], vec![0; 96]));
        });
    });
    refused(&["lm_head.weight", "[12, 31]", "[31, 12]"], |folder| {
        edit_tensors(folder, |t| t.get_mut("lm_head.weight").unwrap().1.reverse());
    });
    refused(&["[31, 12]", "[32, 12]"], |folder| edit_config(folder, |c| c["vocab_size"] = 32.into()));
    refused(&["shape", "[20, 12]"], |folder| edit_config(folder, |c| c["intermediate_size"] = 21.into()));
    refused(&["model.layers.1.mlp.up_proj.weight", "missing"], |folder| {
        edit_tensors(folder, |t| drop(t.remove("model.layers.1.mlp.up_proj.weight").unwrap()));
    });
    refused(&["lm_head.weight", "missing"], |folder| {
        edit_tensors(folder, |t| drop(t.remove("lm_head.weight").unwrap()));
    });
    refused(&["model.layers.0.self_attn.q_proj.bias", "missing"], |folder| {
        edit_config(folder, |c| c["attention_bias"] = true.into());
    });
    refused(&["model.layers.0.mlp.up_proj.bias", "does not have"], |folder| {
        edit_tensors(folder, |t| {
            t.insert("model.layers.0.mlp.up_proj.bias".to_owned(), (Dtype::F32, vec![20], vec![0; 80]));
        });
    });
    refused(&["model.layers.2.", "num_hidden_layers"], |folder| {
        edit_config(folder, |c| c["num_hidden_layers"] = 2.into());
    });
    refused(&["model.layers.3.", "missing"], |folder| edit_config(folder, |c| c["num_hidden_layers"] = 4.into()));
    for (poison, word) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (f32::NEG_INFINITY, "-inf")] {
        refused(&["model.layers.0.self_attn.q_proj.weight", word, "element 17"], |folder| {
            edit_tensors(folder, |t| {
                let data = &mut t.get_mut("model.layers.0.self_attn.q_proj.weight").unwrap().2;
                data[4 * 17..4 * 18].copy_from_slice(&poison.to_le_bytes());
            });
        });
    }
}

#[test]
fn half_precision_is_read() {
    let folder = tempfile::tempdir().unwrap();
    copy_golden("tiny_llama_mha_untied", folder.path());
    let before = named(&load(folder.path()).unwrap());
    edit_tensors(folder.path(), |tensors| {
        for (dtype, _, data) in tensors.values_mut() {
            *dtype = Dtype::BF16;
            *data = data.as_chunks::<4>().0.iter().flat_map(|b| [b[2], b[3]]).collect();
        }
    });
    for ((name, cut), (_, whole)) in named(&load(folder.path()).unwrap()).iter().zip(&before) {
        for (cut, whole) in cut.iter().zip(whole) {
            assert_eq!(cut.to_bits(), whole.to_bits() & 0xffff_0000, "{name}");
        }
    }
}

#[test]
fn configs_that_cannot_be_used() {
    for garbage in ["", "not json", "[]", "{}", "{\"model_type\": 3}", "null", "{\"model_type\": \"llama\"}"] {
        refused(&["config.json"], |folder| fs::write(folder.join("config.json"), garbage).unwrap());
    }
    refused(&["config.json"], |folder| fs::write(folder.join("config.json"), [0xff, 0xfe, 0]).unwrap());
    let settings = [
        ("model_type", serde_json::json!("mamba"), "mamba"),
        ("num_attention_heads", 0.into(), "num_attention_heads"),
        ("num_key_value_heads", 0.into(), "num_key_value_heads"),
        ("num_key_value_heads", 2.into(), "multiple"),
        ("hidden_size", (-12).into(), "-12"),
        ("vocab_size", serde_json::json!("many"), "many"),
        ("num_hidden_layers", u64::MAX.into(), "num_hidden_layers"),
        ("max_position_embeddings", 0.into(), "max_position_embeddings"),
        ("rms_norm_eps", serde_json::json!(-1.0), "rms_norm_eps"),
        ("rope_theta", serde_json::json!(0.0), "rope_theta"),
        ("rope_scaling", serde_json::json!({"rope_type": "dynamic", "factor": 2.0}), "dynamic"),
        ("hidden_act", serde_json::json!("gelu"), "gelu"),
        ("use_sliding_window", true.into(), "use_sliding_window"),
    ];
    for (key, value, word) in settings {
        refused(&["config.json", word], |folder| {
            edit_config(folder, |config| drop(config.insert(key.to_owned(), value)));
        });
    }
}

/// Such a stop token would be looked up in the embedding as part of a given answer.
#[test]
fn a_stop_token_outside_the_vocabulary() {
    for stop in [serde_json::json!(31), serde_json::json!([2, 4_000_000_000_u32])] {
        refused(&["config.json", "eos_token_id"], |folder| {
            edit_config(folder, |config| drop(config.insert("eos_token_id".to_owned(), stop)));
        });
    }
}
