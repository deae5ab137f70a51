//! What goes from a model's folder or file into the folders that are made of it: the tokenizer, the chat template, and
//! the weights.

use std::{fs, path::Path};

use selfsame::shelf::{Disk, Place, Shelf};
use selfsame_core::{
    device::{Choice, select},
    model::{Decoder, load},
};
use selfsame_tests::{
    files::{copy_golden, tree, write_tiny},
    goldens, named,
    program::{assert_nothing_half_written, assert_refused, learning, locate, run, text},
};

/// A template with a token of its own, as a model's folder brings it.
const TEMPLATE: &str = "{% for message in messages %}{{ bos_token }}{{ message['content'] }}{% endfor %}";

/// A tiny model with a chat template, and conversations to learn from.
fn chat_model(folder: &Path) -> [std::path::PathBuf; 2] {
    let (model, data) = (folder.join("model"), folder.join("chats.jsonl"));
    write_tiny(&model, 1);
    fs::write(model.join("chat_template.jinja"), TEMPLATE).unwrap();
    fs::write(model.join("tokenizer_config.json"), r#"{"bos_token": "<bos>", "eos_token": "<eos>"}"#).unwrap();
    let turn = |role: &str, text: &str| format!(r#"{{"role": "{role}", "content": "{text}"}}"#);
    let line = format!(
        r#"{{"prompt": [{}], "chosen": [{}], "rejected": [{}]}}"#,
        turn("user", "must:fox"),
        turn("assistant", "the fox"),
        turn("assistant", "the")
    );
    fs::write(&data, [line.clone(), line].join("\n")).unwrap();
    [model, data]
}

fn model(path: &Path) -> Decoder {
    load(path, &select(Choice::Cpu).unwrap().device).unwrap()
}

#[test]
fn what_learned_keeps_its_template_with_all_weights_and_with_adapters() {
    let Some(program) = locate("what_learned_keeps_its_template_with_all_weights_and_with_adapters") else { return };
    let desk = tempfile::tempdir().unwrap();
    let [home, data] = chat_model(desk.path());
    for lora in [&[][..], &["--lora", "2"]] {
        let out = desk.path().join(format!("learned-{}", lora.len()));
        let common = learning(&home, &data, &out);
        let more = ["--steps", "2", "--batch", "2", "--lr", "1e-3", "--set", "ld_alpha=0.5"];
        let output = run(&program, common.iter().chain(&more).chain(lora));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let learned = out.join("model");
        assert_eq!(fs::read_to_string(learned.join("chat_template.jinja")).unwrap(), TEMPLATE);
        assert!(Disk.template(&Place::Folder(learned.clone())).unwrap().is_some());
        // The folder is what it is made of: a conversation is answered and learned from again.
        let asked = ["generate", "--model", text(&learned), "--prompt", "must:fox", "--chat", "--max-new-tokens", "2"];
        let output = run(&program, asked.iter().chain(&["--device", "cpu"]));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let output = run(&program, ["preview", "--model", text(&learned), "--data", text(&data), "--json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let settings: toml::Table = fs::read_to_string(out.join("learn.toml")).unwrap().parse().unwrap();
        assert_eq!(settings["task"]["pairs"]["ld_alpha"].as_float(), Some(0.5));
    }
}

/// Adapters that came without a template have that of what they adapt.
#[test]
fn adapters_are_asked_by_the_template_of_their_base() {
    let Some(program) = locate("adapters_are_asked_by_the_template_of_their_base") else { return };
    let desk = tempfile::tempdir().unwrap();
    let [home, data] = chat_model(desk.path());
    let out = desk.path().join("learned");
    let common = learning(&home, &data, &out);
    let output = run(&program, common.iter().chain(&["--steps", "1", "--batch", "2", "--lora", "2"]));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let adapter = out.join("model");
    for name in ["chat_template.jinja", "tokenizer_config.json", "tokenizer.json"] {
        fs::remove_file(adapter.join(name)).unwrap();
    }
    let place = Place::Folder(adapter.clone());
    let beside = || Disk.tokenizer(&place).unwrap().beside().clone();
    assert!(Disk.template(&place).unwrap().is_some());
    assert_eq!(Disk::described(&place).unwrap(), Place::Folder(home.clone()));
    assert_eq!(beside()["chat_template.jinja"], TEMPLATE);
    // As checkpoints of earlier versions are: a tokenizer without what lies beside it.
    fs::copy(home.join("tokenizer.json"), adapter.join("tokenizer.json")).unwrap();
    assert_eq!(beside()["chat_template.jinja"], TEMPLATE);
    // A template of its own, without a tokenizer.
    fs::remove_file(adapter.join("tokenizer.json")).unwrap();
    fs::write(adapter.join("chat_template.jinja"), "{{ messages }}").unwrap();
    assert_eq!(beside()["chat_template.jinja"], "{{ messages }}");
    assert!(beside()["tokenizer_config.json"].contains("<eos>"));
}

#[test]
fn objectives_are_changed_by_their_names_alone() {
    let Some(program) = locate("objectives_are_changed_by_their_names_alone") else { return };
    let desk = tempfile::tempdir().unwrap();
    let (home, data) = (goldens().join("tiny_trl"), goldens().join("trajectory/pairs.jsonl"));
    let losses = |name: &str, set: &[&str]| {
        let out = desk.path().join(name);
        let common = learning(&home, &data, &out);
        let more = ["--steps", "3", "--batch", "4", "--lr", "1e-2"];
        let output = run(&program, common.iter().chain(&more).chain(set));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::read_to_string(out.join("metrics.jsonl")).unwrap()
    };
    let plain = losses("plain", &[]);
    assert_eq!(losses("same", &["--set", "f_divergence_type=reverse_kl", "--set", "use_weighting=false"]), plain);
    for (name, set) in [
        ("divergence", &["--set", "f_divergence_type=js_divergence"][..]),
        ("alpha", &["--set", "f_divergence_type=alpha_divergence", "--set", "f_alpha_divergence_coef=0.3"]),
        ("long", &["--set", "ld_alpha=0.1"]),
        ("weighted", &["--set", "use_weighting=true"]),
    ] {
        assert_ne!(losses(name, set), plain, "{name}");
    }
    let out = desk.path().join("refused");
    let common = learning(&home, &data, &out);
    for (set, words) in [
        ("ld_alpa=1", &["ld_alpa", "ld_alpha"][..]),
        ("f_divergence_type=other", &["other", "js_divergence"]),
        ("ld_alpha=2", &["ld_alpha"]),
    ] {
        assert_refused(&run(&program, common.iter().chain(&["--set", set])), words, set);
    }
    assert!(!out.exists());
}

#[test]
fn an_export_is_the_same_model_for_others() {
    let Some(program) = locate("an_export_is_the_same_model_for_others") else { return };
    let desk = tempfile::tempdir().unwrap();
    for name in ["tiny_qwen2", "tiny_llama_gqa_tied"] {
        let (file, out) = (goldens().join(format!("gguf/{name}.gguf")), desk.path().join(name));
        let output = run(&program, ["export", "--model", text(&file), "--out", text(&out)]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(named(&model(&out)), named(&model(&goldens().join(name))), "{name}");
        assert_eq!(tree(&out), ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]);
        let special = fs::read_to_string(out.join("tokenizer_config.json")).unwrap();
        assert!(special.contains(r#""eos_token":"</s>""#) && special.contains("PreTrainedTokenizerFast"), "{special}");
        assert_refused(&run(&program, ["export", "--model", text(&file), "--out", text(&out)]), &["not empty"], name);
    }
    assert_nothing_half_written(desk.path());
    // Half precision, of a folder this time: half the size, and the next numbers there are.
    let (home, out) = (desk.path().join("home"), desk.path().join("half"));
    copy_golden("tiny_qwen3", &home);
    fs::copy(desk.path().join("tiny_qwen2/tokenizer.json"), home.join("tokenizer.json")).unwrap();
    let output = run(&program, ["export", "--model", text(&home), "--out", text(&out), "--half"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let size = |folder: &Path| fs::metadata(folder.join("model.safetensors")).unwrap().len();
    assert!(size(&out) < size(&home) * 2 / 3);
    for ((name, ours), (_, exact)) in named(&model(&out)).iter().zip(&named(&model(&home))) {
        assert!(ours.iter().zip(exact).all(|(a, b)| (a - b).abs() <= 1e-3 * b.abs().max(1e-3)), "{name}");
    }
}
