//! What else a model brings from elsewhere: greedy answers over the cache, the spellings of GPT-2's
//! files, weights in shards, and adapters as PEFT writes them.

use std::{collections::BTreeMap, fs, path::Path};

use burn::tensor::{Tensor, TensorData};
use safetensors::{Dtype, tensor::TensorView};
use selfsame_core::{
    device,
    learn::{Batch, Sequence},
    model::{self, Cache, Decoder, FileSource, Layout, LoraConfig, Mapper, Precision},
};
use selfsame_tests::{
    assert_close, assert_gradients,
    files::{Tensors, copy_golden, edit_config, edit_tensors},
    floats, golden, goldens, gradients, ids, named, read,
};
use serde_json::Value;

fn load(folder: &Path) -> Result<Decoder, selfsame_core::Error> {
    model::load(folder, &device::cpu())
}

fn tokens(ids: &[u32]) -> Tensor<2, burn::tensor::Int> {
    let values: Vec<i32> = ids.iter().map(|id| id.cast_signed()).collect();
    Tensor::from_data(TensorData::new(values, [1, ids.len()]), &device::cpu())
}

/// The tokens with the highest logits, read one at a time.
fn greedy(model: &Decoder, prompt: &[u32], count: usize) -> Vec<u32> {
    let mut cache = Cache::new(vec![0]);
    let mut next = prompt.to_vec();
    let mut answer = Vec::new();
    while answer.len() < count {
        let logits = read(&model.logits(model.extend(tokens(&next), &mut cache)));
        let best = (0..logits.len()).max_by(|a, b| logits[*a].total_cmp(&logits[*b])).unwrap();
        next = vec![u32::try_from(best).unwrap()];
        answer.extend(&next);
    }
    answer
}

fn check_greedy(model: &Decoder, golden: &Value, what: &str) {
    for sequence in golden["sequences"].as_array().unwrap() {
        let expected = ids(&sequence["greedy"]);
        assert!(expected.len() > 8);
        assert_eq!(greedy(model, &ids(&sequence["ids"]), expected.len()), expected, "{what}");
    }
}

#[test]
fn greedy_answers_over_the_cache() {
    for (name, golden) in golden("families.json")["models"].as_object().unwrap() {
        let model = load(&goldens().join(name)).unwrap();
        check_greedy(&model, golden, name);
        check_greedy(&model.laid_out(), golden, &format!("{name}, laid out"));
    }
}

/// Published GPT-2s come without the prefix, with their masks, and some with the tied head's copy.
#[test]
fn gpt2_is_read_with_and_without_its_prefix() {
    let folder = tempfile::tempdir().unwrap();
    copy_golden("tiny_gpt2", folder.path());
    let expected = named(&load(folder.path()).unwrap());
    edit_tensors(folder.path(), |tensors| {
        let bare = |name: String| name.trim_start_matches("transformer.").to_owned();
        *tensors = std::mem::take(tensors).into_iter().map(|(name, tensor)| (bare(name), tensor)).collect();
        tensors.insert("h.0.attn.bias".to_owned(), (Dtype::U8, vec![1, 1, 2, 2], vec![1, 0, 1, 1]));
        tensors.insert("h.1.attn.masked_bias".to_owned(), (Dtype::F32, vec![], vec![0; 4]));
        let head = tensors["wte.weight"].clone();
        tensors.insert("lm_head.weight".to_owned(), head);
    });
    assert_eq!(named(&load(folder.path()).unwrap()), expected);
    let refused = |damage: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        copy_golden("tiny_gpt2", folder.path());
        damage(folder.path());
        load(folder.path()).unwrap_err().to_string()
    };
    let deeper = refused(&|folder| edit_config(folder, |c| c["n_layer"] = 1.into()));
    assert!(deeper.contains("transformer.h.1.ln_1.weight") && deeper.contains("n_layer"), "{deeper}");
    let narrow = refused(&|folder| {
        edit_tensors(folder, |t| t.get_mut("transformer.h.0.attn.c_attn.weight").unwrap().1.reverse())
    });
    assert!(narrow.contains("c_attn.weight") && narrow.contains("[48, 16]"), "{narrow}");
    let short = refused(&|folder| edit_config(folder, |c| c["n_positions"] = 47.into()));
    assert!(short.contains("wpe.weight") && short.contains("[47, 16]"), "{short}");
}

/// Splits `model.safetensors` in two and writes the index.
fn shard(folder: &Path) {
    let mut all = Tensors::new();
    edit_tensors(folder, |tensors| all = tensors.clone());
    fs::remove_file(folder.join("model.safetensors")).unwrap();
    let mut map = BTreeMap::new();
    for part in 0..2 {
        let file = format!("model-0000{}-of-00002.safetensors", part + 1);
        let views: Vec<_> = all
            .iter()
            .enumerate()
            .filter(|(index, _)| index % 2 == part)
            .map(|(_, (name, (dtype, shape, data)))| (name, TensorView::new(*dtype, shape.clone(), data).unwrap()))
            .collect();
        map.extend(views.iter().map(|(name, _)| ((*name).clone(), file.clone())));
        fs::write(folder.join(&file), safetensors::serialize(views, None).unwrap()).unwrap();
    }
    let index = serde_json::json!({"metadata": {"total_size": 1}, "weight_map": map});
    fs::write(folder.join(model::INDEX), index.to_string()).unwrap();
}

#[test]
fn shards_are_one_model() {
    for name in ["tiny_llama_mha_untied", "tiny_gpt2"] {
        let folder = tempfile::tempdir().unwrap();
        copy_golden(name, folder.path());
        let whole = named(&load(folder.path()).unwrap());
        assert!(model::has_weights(folder.path()));
        shard(folder.path());
        assert!(model::has_weights(folder.path()));
        assert_eq!(named(&load(folder.path()).unwrap()), whole);
    }
}

/// The hash is the one that two calls of `sha256sum` give; every file counts.
#[test]
fn the_hash_of_shards_is_that_of_their_list() {
    let folder = tempfile::tempdir().unwrap();
    copy_golden("tiny_qwen2", folder.path());
    let whole = fs::read(folder.path().join("model.safetensors")).unwrap();
    assert_eq!(model::hash_folder(folder.path()).unwrap(), model::content_hash(&whole));
    shard(folder.path());
    let names = [model::INDEX, "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    let list: String = names
        .iter()
        .map(|name| format!("{}  {name}\n", model::content_hash(&fs::read(folder.path().join(name)).unwrap())))
        .collect();
    let hash = model::hash_folder(folder.path()).unwrap();
    assert_eq!(hash, model::content_hash(list.as_bytes()));
    for name in names {
        let path = folder.path().join(name);
        let before = fs::read(&path).unwrap();
        fs::write(&path, [&before[..], b" "].concat()).unwrap();
        assert_ne!(model::hash_folder(folder.path()).unwrap(), hash, "{name}");
        fs::write(&path, before).unwrap();
    }
}

#[test]
fn damaged_shards_are_refused() {
    let refused = |words: &[&str], damage: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        copy_golden("tiny_llama_mha_untied", folder.path());
        shard(folder.path());
        load(folder.path()).expect("sound before it is damaged");
        damage(folder.path());
        let error = load(folder.path()).err().unwrap_or_else(|| panic!("{words:?}: loaded all the same")).to_string();
        for word in words {
            assert!(error.contains(word), "{word:?} is not in: {error}");
        }
        assert!(!error.contains('\n'), "one line: {error}");
    };
    let second = "model-00002-of-00002.safetensors";
    let edit_index = |folder: &Path, edit: &dyn Fn(&mut serde_json::Map<String, Value>)| {
        let path = folder.join(model::INDEX);
        let mut index: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        edit(index["weight_map"].as_object_mut().unwrap());
        fs::write(path, index.to_string()).unwrap();
    };
    refused(&[second, "index"], &|folder| fs::remove_file(folder.join(second)).unwrap());
    refused(&[second, "not a complete"], &|folder| {
        let bytes = fs::read(folder.join(second)).unwrap();
        fs::write(folder.join(second), &bytes[..bytes.len() - 1]).unwrap();
    });
    for path in ["../model.safetensors", "/etc/passwd", "sub/model.safetensors", "tokenizer.json"] {
        refused(&[model::INDEX, path, "beside it"], &|folder| {
            edit_index(folder, &|map| drop(map.insert("model.norm.weight".to_owned(), path.into())));
        });
    }
    // In the wrong shard, and in none.
    refused(&["model.norm.weight", "in this shard"], &|folder| {
        edit_index(folder, &|map| {
            let other =
                if map["model.norm.weight"] == second { second.replace("00002-", "00001-") } else { second.to_owned() };
            map.insert("model.norm.weight".to_owned(), other.into());
        });
    });
    refused(&[model::INDEX, "model.norm.weight", "in no shard"], &|folder| {
        edit_index(folder, &|map| drop(map.remove("model.norm.weight")));
    });
    for garbage in ["", "[]", "{}", r#"{"weight_map": {}}"#, r#"{"weight_map": {"a": 3}}"#] {
        refused(&[model::INDEX], &|folder| fs::write(folder.join(model::INDEX), garbage).unwrap());
    }
}

/// The adapter that PEFT wrote, on its base.
pub fn adapted() -> Decoder {
    let folder = goldens().join("tiny_lora");
    let config = fs::read_to_string(folder.join(model::ADAPTER_CONFIG)).unwrap();
    let base = model::base_of_adapter(&config, &folder).unwrap();
    let base = load(&goldens().join(base)).unwrap();
    let mut weights = FileSource::open(folder.join(model::ADAPTER_WEIGHTS)).unwrap();
    model::adapter_from_source(&base, &config, &mut weights, &folder).unwrap()
}

#[test]
fn an_adapter_computes_what_it_computes_in_peft() {
    let golden = golden("lora.json");
    let model = adapted();
    assert_eq!(model.adapters(), Some(&LoraConfig { rank: 3, alpha: 7.0 }));
    let sequences: Vec<(Vec<u32>, usize, &Value)> = golden["sequences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| (ids(&s["ids"]), usize::try_from(s["prompt_len"].as_u64().unwrap()).unwrap(), s))
        .collect();
    for (what, model) in [("beside", model.clone()), ("merged", model.merged())] {
        for (tokens, _, golden) in &sequences {
            let whole = Sequence::completion(&tokens[..1], &tokens[1..]);
            let logprobs = read(&Batch::new(&[&whole], &device::cpu()).token_logprobs(&model));
            let gap = assert_close(&logprobs, &floats(&golden["logps"]), 1e-5, what);
            println!("{what}: log-probabilities off by {gap:.1e}");
        }
        check_greedy(&model, &golden, what);
    }
    let tracked = model.tracked();
    let completions: Vec<Sequence> = sequences
        .iter()
        .map(|(tokens, prompt, _)| Sequence::completion(&tokens[..*prompt], &tokens[*prompt..]))
        .collect();
    let batch = Batch::new(&completions.iter().collect::<Vec<_>>(), &tracked.device());
    let loss = batch.sequence_logprobs(&tracked).mean().neg();
    assert_close(&read(&loss), &floats(&golden["loss"]), 1e-4, "loss");
    let gap = assert_gradients(&gradients(&tracked, &loss), &golden["grads"], 1e-4, "adapter");
    println!("gradients off by {gap:.1e} of their largest values");
}

/// Models and an adapter as we save them, with our logits, for `goldens/check_saved.py`, which looks
/// whether transformers and PEFT compute the same:
/// `SELFSAME_SAVED=FOLDER cargo test --release --workspace --test goldens families -- --ignored`.
#[test]
#[ignore = "writes a folder that a Python script checks by hand"]
fn save_for_the_check_in_python() {
    let root = std::path::PathBuf::from(std::env::var("SELFSAME_SAVED").expect("SELFSAME_SAVED names a folder"));
    let ids: Vec<u32> = vec![3, 14, 15, 9, 2, 6, 5, 3, 5, 8];
    let (layout, _) = Layout::new(&[(&ids, (0..ids.len()).collect())], &device::cpu());
    let logits = |model: &Decoder| read(&model.logits(model.hidden(&layout)));
    let note = |folder: &Path, model: &Decoder| {
        let json = serde_json::json!({"ids": ids, "logits": logits(model)});
        fs::write(folder.join("logits.json"), json.to_string()).unwrap();
    };
    for file in ["llama.json", "families.json"] {
        for name in golden(file)["models"].as_object().unwrap().keys() {
            let folder = root.join(name);
            fs::create_dir_all(&folder).unwrap();
            let model = load(&goldens().join(name)).unwrap();
            pollster::block_on(model::save(&model, &folder, Precision::F32)).unwrap();
            note(&folder, &model);
            if name == "tiny_gpt2" {
                continue;
            }
            // An adapter of it that changes something, and what the two make together.
            let fresh = model.with_adapters(LoraConfig { rank: 2, alpha: 3.0 }, 9).unwrap();
            let weights = fresh.weights().clone().map(&mut Shift);
            let adapted = fresh.with_weights(weights);
            let folder = root.join(format!("{name}_adapter"));
            fs::create_dir_all(&folder).unwrap();
            let base = root.join(name).display().to_string();
            let config = model::adapter_config(&adapted, &base).unwrap().to_string();
            fs::write(folder.join(model::ADAPTER_CONFIG), config).unwrap();
            let weights = pollster::block_on(model::adapter_to_bytes(&adapted)).unwrap();
            fs::write(folder.join(model::ADAPTER_WEIGHTS), weights).unwrap();
            note(&folder, &adapted);
        }
    }
}

/// Makes the second matrix of a fresh adapter something else than zero.
struct Shift;

impl Mapper for Shift {
    fn map<const D: usize>(&mut self, name: &str, weight: Tensor<D>) -> Tensor<D> {
        if name.contains("lora_B") { weight + 0.1 } else { weight }
    }
}
