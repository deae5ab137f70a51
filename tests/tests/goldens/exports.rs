//! What other programs find in the weights that we write: names, types, shapes and bytes of all tensors beside those
//! of transformers and PEFT, which are in the tiny models themselves and in `goldens/exports.json`. A name or a layout
//! that our reader and our writer had wrong alike would show here.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
};

use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use selfsame_core::{
    device,
    learn::{Batch, Sequence},
    model::{self, Decoder, MemorySource, Precision},
};
use selfsame_tests::{assert_close, floats, golden, goldens, ids, read};
use serde_json::Value;

use super::families::adapted;

/// By name: type, shape and SHA-256 of the bytes.
type Described = BTreeMap<String, (Dtype, Vec<usize>, String)>;

/// The tensors of a safetensors file.
fn described(bytes: &[u8]) -> Described {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let describe = |view: TensorView<'_>| (view.dtype(), view.shape().to_vec(), model::content_hash(view.data()));
    file.tensors().into_iter().map(|(name, view)| (name, describe(view))).collect()
}

/// What the header of a safetensors file says beside its tensors.
fn metadata(bytes: &[u8]) -> Option<HashMap<String, String>> {
    SafeTensors::read_metadata(bytes).unwrap().1.metadata().clone()
}

/// The same as `exports.json` has it.
fn expected(golden: &Value, dtype: Dtype) -> Described {
    let shape = |value: &Value| ids(value).into_iter().map(|size| size as usize).collect();
    let describe = |value: &Value| (dtype, shape(&value[0]), value[1].as_str().unwrap().to_owned());
    golden.as_object().unwrap().iter().map(|(name, value)| (name.clone(), describe(value))).collect()
}

fn load(name: &str) -> Decoder {
    model::load(&goldens().join(name), &device::cpu()).unwrap()
}

#[test]
fn weights_are_written_as_transformers_writes_them() {
    let mut families = std::collections::BTreeSet::new();
    for file in ["llama.json", "families.json"] {
        for name in golden(file)["models"].as_object().unwrap().keys() {
            let (model, folder) = (load(name), tempfile::tempdir().unwrap());
            pollster::block_on(model::save(&model, folder.path(), Precision::F32)).unwrap();
            let [ours, theirs] = [folder.path().to_path_buf(), goldens().join(name)]
                .map(|folder| fs::read(folder.join("model.safetensors")).unwrap());
            assert_eq!(described(&ours), described(&theirs), "{name}");
            // Which framework the numbers are of; versions 4 of transformers refuse a file that does not say it.
            assert_eq!(metadata(&ours), metadata(&theirs), "{name}");
            families.insert(model.config().model_type.name());
        }
    }
    assert_eq!(families.into_iter().collect::<Vec<_>>(), ["gemma", "gpt2", "llama", "qwen2", "qwen3"]);
}

#[test]
fn half_precision_is_written_as_transformers_writes_it() {
    let golden = golden("exports.json");
    let models = golden["half"].as_object().unwrap();
    assert_eq!(models.len(), 5);
    for (name, tensors) in models {
        let ours = pollster::block_on(model::to_bytes(&load(name), Precision::F16)).unwrap();
        assert_eq!(described(&ours), expected(tensors, Dtype::F16), "{name}");
    }
}

/// The adapter that PEFT wrote, once more.
#[test]
fn an_adapter_is_written_as_peft_writes_it() {
    let ours = pollster::block_on(model::adapter_to_bytes(&adapted())).unwrap();
    let theirs = fs::read(goldens().join("tiny_lora").join(model::ADAPTER_WEIGHTS)).unwrap();
    assert_eq!(described(&ours), described(&theirs));
    assert_eq!(metadata(&ours), metadata(&theirs));
}

/// The numbers of the adapters of `exports.py`, as they lie in a file.
fn formula(name: &str, count: usize) -> Vec<u8> {
    let first: usize = name.bytes().map(usize::from).sum();
    let number = |index: usize| f32::from(i16::try_from((first + 7 * index) % 65).unwrap() - 32) / 128.0;
    (0..count).flat_map(|index| number(index).to_le_bytes()).collect()
}

#[test]
fn adapters_of_every_family_are_those_of_peft() {
    let golden = golden("exports.json");
    let adapters = golden["adapters"].as_object().unwrap();
    assert_eq!(adapters.len(), 4);
    let folder = goldens().join("tiny_lora");
    let config = fs::read_to_string(folder.join(model::ADAPTER_CONFIG)).unwrap();
    for (name, golden) in adapters {
        let expected = expected(&golden["tensors"], Dtype::F32);
        let numbers: Vec<(&String, &Vec<usize>, Vec<u8>)> =
            expected.iter().map(|(name, (_, shape, _))| (name, shape, formula(name, shape.iter().product()))).collect();
        let views = numbers
            .iter()
            .map(|(name, shape, bytes)| (*name, TensorView::new(Dtype::F32, (*shape).clone(), bytes).unwrap()));
        let file = safetensors::serialize(views, None).unwrap();
        assert_eq!(described(&file), expected, "{name}: the formula is not that of the script");

        let model = model::adapter_from_source(&load(name), &config, &mut MemorySource::new(&file), &folder).unwrap();
        let tokens = ids(&golden["ids"]);
        let last = Sequence { labels: vec![(tokens.len() - 1, 0)], tokens };
        let logits = read(&Batch::new(&[&last], &device::cpu()).logits(&model));
        assert_close(&logits, &floats(&golden["last_logits"]), 1e-4, name);
        let ours = pollster::block_on(model::adapter_to_bytes(&model)).unwrap();
        assert_eq!(described(&ours), expected, "{name}");
    }
}
