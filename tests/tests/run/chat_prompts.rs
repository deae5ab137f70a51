//! Prompts that are conversations: written by the model's chat template when a run is prepared, and the
//! same again when it is resumed.

use std::{fs, path::Path};

use selfsame::{
    Result,
    cli::RunArgs,
    engine::Request,
    inputs::{self, Inputs},
    shelf::Disk,
};
use selfsame_core::{
    device::{Choice, Selected, acquire},
    prompt::tokens,
    run::{Arm, Event, Manifest, Record},
};
use selfsame_tests::files::write_tiny;

const TEMPLATE: &str = "{{ bos_token }}{% for m in messages %} {{ m.content }}{% endfor %}{% if add_generation_prompt %} <resp>{% endif %}";

fn device(choice: Choice) -> Result<Selected> {
    Ok(acquire(choice)?)
}

/// A tiny model with these prompts and, where it is given, this template.
fn arguments(folder: &Path, template: Option<&str>, data: &str) -> RunArgs {
    let model = folder.join("model");
    write_tiny(&model, 1);
    if let Some(template) = template {
        let config = serde_json::json!({"chat_template": template, "bos_token": "<bos>"});
        fs::write(model.join("tokenizer_config.json"), config.to_string()).unwrap();
    }
    fs::write(folder.join("prompts.jsonl"), data).unwrap();
    let mut args = Request::new("srlm").args();
    args.model = Some(model);
    args.base = Some("same".into());
    args.data = Some(folder.join("prompts.jsonl"));
    args.device = selfsame::cli::DeviceChoice::Cpu;
    args
}

fn texts(inputs: &Inputs) -> Vec<&str> {
    inputs.rows.iter().map(|row| row.prompt.text.as_str()).collect()
}

fn again(manifest: &Manifest) -> Result<Inputs> {
    // As the log keeps it.
    let manifest = serde_json::from_str(&serde_json::to_string(manifest).unwrap()).unwrap();
    let event = Event::Started { manifest: Box::new(manifest) };
    let record = Record { schema: 1, at: 0.0, arm: Arm::Main, iteration: 0, event };
    inputs::of_log(vec![record], None, &Disk, &device)
}

const CONVERSATION: &str = "{\"prompt\": [{\"role\": \"user\", \"content\": \"must:fox\"}]}\n";

#[test]
fn conversations_are_written_by_the_template_and_again_on_resuming() {
    let folder = tempfile::tempdir().unwrap();
    let args = arguments(folder.path(), Some(TEMPLATE), CONVERSATION);
    let inputs = inputs::prepare(&args, &Disk, &device).unwrap();
    assert_eq!(texts(&inputs), ["<bos> must:fox <resp>"]);
    let chat = inputs.manifest.chat.as_ref().unwrap();
    assert!(!chat.plain && chat.now.0 > 0);
    let tokenizer = &inputs.subject.tokenizer;
    assert_eq!(
        tokens(tokenizer, &inputs.rows[0].prompt.text, Some(chat)).unwrap(),
        tokenizer.encode("must:fox <resp>").unwrap(),
        "one <bos>, which the template wrote"
    );
    let resumed = again(&inputs.manifest).unwrap();
    assert_eq!(resumed.manifest, inputs.manifest);
    assert_eq!(resumed.rows, inputs.rows);

    let other = serde_json::json!({"chat_template": "other", "bos_token": "<bos>"});
    fs::write(folder.path().join("model/tokenizer_config.json"), other.to_string()).unwrap();
    let error = again(&inputs.manifest).err().unwrap().to_string();
    assert!(error.contains("chat template"), "{error}");
}

#[test]
fn plain_prompts_are_turns_only_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let mut args = arguments(folder.path(), Some(TEMPLATE), "{\"prompt\": \"must:fox\"}\n");
    let inputs = inputs::prepare(&args, &Disk, &device).unwrap();
    assert_eq!((texts(&inputs), &inputs.manifest.chat), (vec!["must:fox"], &None));
    args.chat = true;
    let inputs = inputs::prepare(&args, &Disk, &device).unwrap();
    assert_eq!(texts(&inputs), ["<bos> must:fox <resp>"]);
    assert!(inputs.manifest.chat.as_ref().unwrap().plain);
    assert_eq!(again(&inputs.manifest).unwrap().rows, inputs.rows);
}

#[test]
fn without_a_template_everything_is_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut args = arguments(folder.path(), None, CONVERSATION);
    let inputs = inputs::prepare(&args, &Disk, &device).unwrap();
    assert_eq!(texts(&inputs), ["must:fox"]);
    // What older versions wrote has no word about templates, and is read.
    let json = serde_json::to_string(&inputs.manifest).unwrap();
    assert!(!json.contains("chat"), "{json}");
    assert_eq!(serde_json::from_str::<Manifest>(&json).unwrap(), inputs.manifest);
    args.chat = true;
    let error = inputs::prepare(&args, &Disk, &device).err().unwrap().to_string();
    assert!(error.contains("no chat template") && error.contains("--chat"), "{error}");
}

#[test]
fn a_template_that_refuses_names_the_line_and_a_broken_one_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let refusing = arguments(folder.path(), Some("{{ raise_exception('only poems') }}"), CONVERSATION);
    let error = inputs::prepare(&refusing, &Disk, &device).err().unwrap().to_string();
    assert!(error.contains("prompts.jsonl, line 1") && error.contains("only poems"), "{error}");
    let broken = arguments(folder.path(), Some("{% if %}"), CONVERSATION);
    let error = inputs::prepare(&broken, &Disk, &device).err().unwrap().to_string();
    assert!(error.contains("model") && error.contains("line 1"), "{error}");
}
