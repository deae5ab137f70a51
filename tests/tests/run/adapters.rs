//! Adapters as a run leaves them: small checkpoints that name their base, and that are models again
//! for whoever opens their folder.

use std::{fs, path::Path};

use selfsame::{
    inputs,
    shelf::{Disk, Place, STARTER, Shelf},
};
use selfsame_core::{
    device::{self, Choice, Selected},
    model::{self, ADAPTER_CONFIG, ADAPTER_WEIGHTS, BasePrecision, Decoder, LoraConfig, Mapper},
    run::{Arm, Event, Folder, Manifest, Record, checkpoint::AdaptedBase, event::SCHEMA},
};
use selfsame_tests::{
    files::{tree, write_tiny},
    named,
    runs::{Experiment, final_sha256},
};

fn cpu() -> Selected {
    device::select(Choice::Cpu).unwrap()
}

fn folder_of(path: &Path) -> Place {
    Place::Folder(path.to_path_buf())
}

/// A run on a model in a folder, whose checkpoints lie in `root/run/checkpoints`.
fn run(root: &Path) -> Experiment {
    let home = root.join("model");
    write_tiny(&home, 1);
    let mut experiment = Experiment::tiny("srlm").with_adapters();
    experiment.manifest.model = home.display().to_string();
    experiment.manifest.model_sha256 = model::hash_folder(&home).unwrap();
    experiment.run_quietly(Folder::create(root.join("run")).unwrap()).unwrap();
    experiment
}

#[test]
fn a_checkpoint_of_adapters_is_small_and_names_its_base() {
    let root = tempfile::tempdir().unwrap();
    let experiment = run(root.path());
    let checkpoint = root.path().join("run/checkpoints/002");
    assert_eq!(tree(&checkpoint), [ADAPTER_CONFIG, ADAPTER_WEIGHTS, "base.json", "tokenizer.json"]);
    let weights = fs::read(checkpoint.join(ADAPTER_WEIGHTS)).unwrap();
    let log = fs::read(Folder::log_path(&root.path().join("run"))).unwrap();
    assert_eq!(model::content_hash(&weights), final_sha256(&log));
    let base: AdaptedBase = serde_json::from_slice(&fs::read(checkpoint.join(AdaptedBase::FILE)).unwrap()).unwrap();
    assert_eq!((base.model, base.sha256), (experiment.manifest.model, experiment.manifest.model_sha256));
}

#[test]
fn a_checkpoint_of_adapters_is_a_model() {
    let root = tempfile::tempdir().unwrap();
    let experiment = run(root.path());
    let first = Disk.model(&folder_of(&root.path().join("run/checkpoints/001")), &cpu()).unwrap();
    let second = Disk.model(&folder_of(&root.path().join("run/checkpoints/002")), &cpu()).unwrap();
    assert_ne!(first.1, second.1);
    let start = named(&experiment.model.without_adapters());
    for model in [&first.0, &second.0] {
        assert!(model.adapters().is_none());
        for ((name, values), (_, before)) in named(model).iter().zip(&start) {
            // What is no projection of a block was frozen and has no adapter.
            assert_eq!(values == before, !name.contains("_proj"), "{name}");
        }
    }
    // The base is not what it was.
    write_tiny(&root.path().join("model"), 2);
    let error = Disk.model(&folder_of(&root.path().join("run/checkpoints/002")), &cpu()).unwrap_err().to_string();
    assert!(error.contains("has changed since"), "{error}");
}

/// The starter with an adapter that changes something.
fn adapted() -> Decoder {
    struct Shift;
    impl Mapper for Shift {
        fn map<const D: usize>(&mut self, _: &str, weight: burn::tensor::Tensor<D>) -> burn::tensor::Tensor<D> {
            weight + 0.01
        }
    }
    let model = Disk.model(&Place::Starter, &cpu()).unwrap().0;
    let fresh = model.with_adapters(LoraConfig { rank: 2, alpha: 4.0 }, 5).unwrap();
    let weights = fresh.weights().clone().map(&mut Shift);
    fresh.with_weights(weights)
}

/// Writes an adapter as PEFT would, whose base is `base`.
fn write_adapter(folder: &Path, base: &str) {
    fs::create_dir_all(folder).unwrap();
    let model = adapted();
    fs::write(folder.join(ADAPTER_CONFIG), model::adapter_config(&model, base).unwrap().to_string()).unwrap();
    fs::write(folder.join(ADAPTER_WEIGHTS), pollster::block_on(model::adapter_to_bytes(&model)).unwrap()).unwrap();
}

/// Such a folder has neither a tokenizer nor a hash of its base.
#[test]
fn an_adapter_from_elsewhere_has_the_tokenizer_of_its_base() {
    let root = tempfile::tempdir().unwrap();
    write_adapter(root.path(), STARTER);
    let place = folder_of(root.path());
    let (model, sha256) = Disk.model(&place, &cpu()).unwrap();
    assert_eq!(named(&model), named(&adapted().merged()));
    assert_ne!(sha256, Disk.model(&Place::Starter, &cpu()).unwrap().1);
    assert_eq!(Disk.tokenizer(&place).unwrap().size(), Disk.tokenizer(&Place::Starter).unwrap().size());
}

#[test]
fn an_adapter_without_its_base_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let refused = |folder: &Path| Disk.model(&folder_of(folder), &cpu()).unwrap_err().to_string();
    let absent = root.path().join("absent");
    write_adapter(&absent, "someone/a-model");
    assert!(refused(&absent).contains("`someone/a-model`"), "{}", refused(&absent));
    let circle = root.path().join("circle");
    write_adapter(&circle, &circle.display().to_string());
    assert!(refused(&circle).contains("circle"), "{}", refused(&circle));
}

/// `--lora` is in the manifest, and a run without it has a manifest as before.
#[test]
fn the_flag_is_recorded() {
    let args = |lora: Option<&str>| {
        let mut args = selfsame::engine::Request::new("srlm").args();
        args.lora = lora.map(|text| text.parse().unwrap());
        args
    };
    let acquire = |_| Ok(cpu());
    let with = inputs::prepare(&args(Some("4:6")), &Disk, &acquire).unwrap();
    assert_eq!(with.manifest.lora, Some(LoraConfig { rank: 4, alpha: 6.0 }));
    assert_eq!(with.subject.model.adapters(), with.manifest.lora.as_ref());
    assert!(with.subject.base.adapters().is_none());
    let text = toml::to_string_pretty(&with.manifest).unwrap();
    let again: selfsame_core::run::Manifest = toml::from_str(&text).unwrap();
    assert_eq!(again, with.manifest);
    let without = inputs::prepare(&args(None), &Disk, &acquire).unwrap();
    let text = toml::to_string_pretty(&without.manifest).unwrap();
    assert!(!text.contains("lora"), "{text}");
    assert!(without.subject.model.adapters().is_none());
    let error = inputs::prepare(&args(Some("1000")), &Disk, &acquire).err().unwrap().to_string();
    assert!(error.contains("rank"), "{error}");
}

/// So is `--base-precision`, which needs adapters, and a run that is resumed packs its models again.
#[test]
fn the_precision_is_recorded() {
    let args = |lora: Option<&str>| {
        let mut args = selfsame::engine::Request::new("srlm").args();
        args.lora = lora.map(|text| text.parse().unwrap());
        args.base_precision = BasePrecision::Q4;
        args
    };
    let acquire = |_| Ok(cpu());
    let inputs = inputs::prepare(&args(Some("4")), &Disk, &acquire).unwrap();
    let text = toml::to_string_pretty(&inputs.manifest).unwrap();
    assert!(text.contains("base_precision = \"q4\""), "{text}");
    let manifest: Manifest = toml::from_str(&text).unwrap();
    assert_eq!(manifest, inputs.manifest);
    let event = Event::Started { manifest: Box::new(manifest) };
    let record = Record { schema: SCHEMA, at: 0.0, arm: Arm::Main, iteration: 0, event };
    let again = inputs::of_log(vec![record], None, &Disk, &acquire).unwrap();
    for subject in [&inputs.subject, &again.subject] {
        for model in [&subject.model, &subject.base] {
            assert!(model.weights().has_packed());
        }
    }
    let error = inputs::prepare(&args(None), &Disk, &acquire).err().unwrap().to_string();
    assert!(error.contains("--lora"), "{error}");
}

/// Drawing, judging, learning and checkpoints on a model that is packed.
#[test]
fn a_run_goes_through_on_packed_matrices() {
    let root = tempfile::tempdir().unwrap();
    write_tiny(root.path(), 1);
    let packed = model::load_in(root.path(), &device::cpu(), BasePrecision::Q8).unwrap();
    let mut experiment = Experiment::tiny("srlm").with_adapters();
    let lora = *experiment.model.adapters().unwrap();
    experiment.model = packed.with_adapters(lora, 3).unwrap();
    experiment.base = packed.clone();
    experiment.run_quietly(Folder::create(root.path().join("run")).unwrap()).unwrap();
    let checkpoint = root.path().join("run/checkpoints/002");
    let read = |name: &str| fs::read(checkpoint.join(name)).unwrap();
    let (config, weights) = (String::from_utf8(read(ADAPTER_CONFIG)).unwrap(), read(ADAPTER_WEIGHTS));
    let learned =
        model::adapter_from_source(&packed, &config, &mut model::MemorySource::new(&weights), &checkpoint).unwrap();
    assert!(learned.weights().has_packed());
    assert_ne!(named(&learned), named(&experiment.model));
    assert_eq!(named(&learned.without_adapters().unpacked()), named(&packed.unpacked()));
}
