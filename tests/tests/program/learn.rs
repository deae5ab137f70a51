//! `selfsame preview` and `selfsame learn` as a person starts them.

use std::{fs, path::Path};

use selfsame_tests::{
    golden, goldens,
    program::{assert_nothing_half_written, assert_refused, command, json_lines, learning, locate, run, text},
};
use serde_json::Value;

#[test]
fn a_preview_shows_tokens_and_counts() {
    let Some(program) = locate("a_preview_shows_tokens_and_counts") else { return };
    let (model, data) = (goldens().join("tiny_trl"), goldens().join("data_sets/preference.parquet"));
    let common = ["preview", "--model", text(&model), "--data", text(&data), "--max-length", "16"];
    let output = run(&program, common);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for words in [
        "row 1, chosen",
        "row 3, rejected",
        "<s>",
        "[</s>]",
        "preference, standard",
        "rows       3",
        "merged",
        "score_chosen",
    ] {
        assert!(shown.contains(words), "{words:?} is not in:\n{shown}");
    }
    let output = run(&program, common.iter().copied().chain(["--json", "--rows", "1"]));
    let lines = json_lines(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(lines.len(), 3);
    let length = |name: &str| lines[0][name].as_array().unwrap().len();
    assert_eq!((length("ids"), length("texts")), (length("mask"), length("mask")));
    assert_eq!((&lines[0]["part"], &lines[1]["part"]), (&Value::from("chosen"), &Value::from("rejected")));
    assert_eq!((&lines[2]["kind"], &lines[2]["rows"]), (&Value::from("preference"), &Value::from(3)));
}

/// What the assistant wrote is learned alone where that is asked for, and shown before.
#[test]
fn what_the_assistant_wrote_is_learned_alone() {
    let Some(program) = locate("what_the_assistant_wrote_is_learned_alone") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let golden = golden("data_sets.json");
    let model = scratch.path().join("model");
    fs::create_dir(&model).unwrap();
    for name in ["config.json", "model.safetensors", "tokenizer.json"] {
        fs::copy(goldens().join("tiny_trl").join(name), model.join(name)).unwrap();
    }
    let data = goldens().join("data_sets/messages.jsonl");
    let preview = |more: &[&str]| {
        let common = ["preview", "--model", text(&model), "--data", text(&data), "--json"];
        run(&program, common.iter().chain(more))
    };
    let alone = ["--assistant-only-loss"];
    assert_refused(&preview(&alone), &["--assistant-only-loss", "chat template"], "a model without a template");
    fs::write(model.join("chat_template.jinja"), golden["template"].as_str().unwrap()).unwrap();
    assert_refused(&preview(&alone), &["{% generation %}", "--assistant-only-loss"], "a template without marks");
    fs::write(model.join("chat_template.jinja"), golden["marked"].as_str().unwrap()).unwrap();
    fs::write(model.join("tokenizer_config.json"), r#"{"bos_token": "<s>", "eos_token": "</s>"}"#).unwrap();
    let shown = |more: &[&str]| {
        let output = preview(more);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        json_lines(&String::from_utf8(output.stdout).unwrap())
    };
    let lines = shown(&alone);
    for (line, row) in lines.iter().zip(golden["sets"]["messages"]["marked"].as_array().unwrap()) {
        assert_eq!((&line["ids"], &line["mask"]), (&row["ids"], &row["mask"]));
    }
    let (marked, all) = (lines[2]["learned"].as_u64().unwrap(), shown(&[])[2]["learned"].as_u64().unwrap());
    assert!(marked > 0 && marked < all, "{marked} of {all}");
    let learn = |name: &str, more: &[&str]| {
        let out = scratch.path().join(name);
        let output = run(&program, learning(&model, &data, &out).iter().chain(&["--steps", "1"]).chain(more));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let settings: toml::Table = fs::read_to_string(out.join("learn.toml")).unwrap().parse().unwrap();
        let flag = settings["data"].get("assistant_only_loss").is_some_and(|flag| flag.as_bool() == Some(true));
        (flag, settings["result"]["loss"].as_float().unwrap())
    };
    let ((flag, loss), (other, whole)) = (learn("alone", &alone), learn("whole", &[]));
    assert!(flag && !other && loss != whole, "{loss} and {whole}");
    let pairs = goldens().join("trajectory/pairs.jsonl");
    let out = scratch.path().join("refused");
    let output = run(&program, learning(&model, &pairs, &out).iter().chain(&alone));
    assert_refused(&output, &["--assistant-only-loss", "a preference data set", "leave it out"], "pairs");
}

#[test]
fn learning_writes_model_settings_and_metrics() {
    let Some(program) = locate("learning_writes_model_settings_and_metrics") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("run");
    let (model, data) = (goldens().join("tiny_trl"), goldens().join("trajectory/pairs.jsonl"));
    let common = learning(&model, &data, &out);
    let arguments = ["--objective", "sigmoid=0.8,sft=0.2", "--lr", "1e-3", "--steps", "7", "--batch", "4", "--json"];
    let output = run(&program, common.iter().chain(&arguments));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed, fs::read_to_string(out.join("metrics.jsonl")).unwrap());
    let lines = json_lines(&printed);
    assert_eq!(lines.len(), 7);
    for name in [
        "step",
        "epoch",
        "loss",
        "grad_norm",
        "learning_rate",
        "rewards/chosen",
        "rewards/rejected",
        "rewards/accuracies",
        "rewards/margins",
        "logps/chosen",
        "logps/rejected",
        "logits/chosen",
        "logits/rejected",
        "entropy",
        "mean_token_accuracy",
        "num_tokens",
    ] {
        assert!(lines.iter().all(|line| line[name].is_number()), "{name} is missing");
    }
    assert_nothing_half_written(&out);
    let settings: toml::Table = fs::read_to_string(out.join("learn.toml")).unwrap().parse().unwrap();
    assert_eq!(settings["task"]["pairs"]["loss_type"].as_str(), Some("sigmoid:0.8+sft:0.2"));
    assert_eq!(settings["settings"]["max_steps"].as_integer(), Some(7));
    assert_eq!(settings["data"]["rows"].as_integer(), Some(22));
    assert_eq!(settings["result"]["stopped"].as_bool(), Some(false));
    // What was written is a model again: it can be learned from.
    let (again, learned) = (scratch.path().join("again"), out.join("model"));
    let output = run(&program, learning(&learned, &data, &again).iter().chain(&["--steps", "1"]));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let refused = run(&program, common.iter().chain(&arguments));
    assert_refused(&refused, &["not empty", "--out"], "a folder that is in use");
}

/// What the reference says is computed once for all runs on the same rows.
#[test]
fn references_are_kept_for_the_next_run() {
    let Some(program) = locate("references_are_kept_for_the_next_run") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let (model, data) = (goldens().join("tiny_trl"), goldens().join("trajectory/pairs.jsonl"));
    let kept = scratch.path().join("kept");
    let learn = |name: &str, more: &[&str]| {
        let out = scratch.path().join(name);
        let common = learning(&model, &data, &out);
        let output = run(&program, common.iter().chain(&["--lr", "1e-3", "--steps", "3", "--json"]).chain(more));
        (output.status.success(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (_, plain, _) = learn("plain", &["--objective", "ipo"]);
    let cache = ["--reference-cache", text(&kept)];
    assert!(learn("first", &cache).0);
    assert!(!learn("free", &[cache[0], cache[1], "--objective", "simpo"]).0, "there is nothing to keep");
    let files = || fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let [file] = &files()[..] else { panic!("{:?}", files()) };
    // Another objective on the same rows has the same reference, and its numbers are those without a cache.
    let (_, second, _) = learn("second", &[cache[0], cache[1], "--objective", "ipo"]);
    assert_eq!(files(), std::slice::from_ref(file));
    assert_eq!((second.lines().count(), &second), (3, &plain));
    fs::write(file, "nothing").unwrap();
    let (fine, _, said) = learn("damaged", &cache);
    assert!(!fine && said.contains("delete it") && said.contains(text(file)), "{said}");
    assert!(!scratch.path().join("damaged").exists());
}

/// A reference that takes the policy's weights every second step is undecided in the step after it.
#[test]
fn a_reference_follows_where_that_is_asked_for() {
    let Some(program) = locate("a_reference_follows_where_that_is_asked_for") else { return };
    let scratch = tempfile::tempdir().unwrap();
    for (data, usual) in [("pairs.jsonl", &["--objective", "sigmoid"][..]), ("thumbs.jsonl", &["--batch", "4"])] {
        let (model, data) = (goldens().join("tiny_trl"), goldens().join("trajectory").join(data));
        let out = scratch.path().join(data.file_stem().unwrap());
        let common = learning(&model, &data, &out);
        let follow = ["--sync-ref-model", "--ref-model-mixup-alpha", "1", "--ref-model-sync-steps", "2"];
        let learn = ["--lr", "1e-3", "--steps", "6", "--json"];
        let output = run(&program, common.iter().chain(usual).chain(&learn).chain(&follow));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = json_lines(&String::from_utf8(output.stdout).unwrap());
        let undecided: Vec<bool> = lines.iter().map(|line| line["rewards/margins"] == 0.0).collect();
        assert_eq!(undecided, [true, false, true, false, true, false]);
        let settings: toml::Table = fs::read_to_string(out.join("learn.toml")).unwrap().parse().unwrap();
        let sync = &settings["settings"]["sync_ref_model"];
        assert_eq!(sync["ref_model_mixup_alpha"].as_float(), Some(1.0));
        assert_eq!(sync["ref_model_sync_steps"].as_integer(), Some(2));
    }
}

/// Single answers with labels are KTO's where nothing else is asked for, in the order of the file as its trainer has
/// it.
#[test]
fn thumbs_are_learned_from() {
    let Some(program) = locate("thumbs_are_learned_from") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let (model, data) = (goldens().join("tiny_trl"), goldens().join("trajectory/thumbs.jsonl"));
    let learn = |name: &str, more: &[&str]| {
        let out = scratch.path().join(name);
        let common = learning(&model, &data, &out);
        let arguments = ["--lr", "1e-3", "--steps", "7", "--batch", "4", "--json"];
        let output = run(&program, common.iter().chain(&arguments).chain(more));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let settings: toml::Table = fs::read_to_string(out.join("learn.toml")).unwrap().parse().unwrap();
        (json_lines(&String::from_utf8(output.stdout).unwrap()), settings)
    };
    let (lines, settings) = learn("kto", &["--set", "undesirable_weight=2"]);
    for name in ["kl", "rewards/chosen", "rewards/rejected", "rewards/margins", "logps/chosen", "logits/rejected"] {
        assert!(lines.iter().all(|line| line[name].is_number()), "{name} is missing");
    }
    assert_eq!(lines[0]["rewards/margins"], 0.0, "against itself the policy is undecided");
    // Six batches are an epoch: the first comes again.
    assert!(lines[6]["rewards/margins"].as_f64().unwrap() > 0.0, "{lines:?}");
    let task = &settings["task"]["unpaired"];
    assert_eq!((task["loss_type"].as_str(), task["undesirable_weight"].as_float()), (Some("kto"), Some(2.0)));
    assert_eq!(settings["settings"]["order"].as_str(), Some("file"));
    let (_, settings) = learn("apo", &["--objective", "apo_zero_unpaired", "--order", "trl"]);
    assert_eq!(settings["task"]["unpaired"]["loss_type"].as_str(), Some("apo_zero_unpaired"));
}

/// What learns are adapters; the model beside them is packed when they learn and when they are asked.
#[test]
fn adapters_are_learned_beside_a_packed_model() {
    let Some(program) = locate("adapters_are_learned_beside_a_packed_model") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let (model, data) = (goldens().join("tiny_trl"), goldens().join("trajectory/pairs.jsonl"));
    let out = scratch.path().join("run");
    let common = learning(&model, &data, &out);
    let refused = run(&program, common.iter().chain(&["--base-precision", "q4"]));
    assert_eq!(refused.status.code(), Some(2), "weights that learn cannot be packed");
    let packed = ["--base-precision", "q4"];
    let arguments = ["--lora", "4", "--lr", "1e-2", "--steps", "3", "--batch", "4", "--json"];
    let output = run(&program, common.iter().chain(&arguments).chain(&packed));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = json_lines(&String::from_utf8(output.stdout).unwrap());
    // Against itself the policy is undecided at first, and not for long.
    assert_eq!(lines[0]["rewards/margins"], 0.0);
    assert!(lines[2]["rewards/margins"].as_f64().unwrap() > 0.0, "{lines:?}");
    assert_nothing_half_written(&out);
    let settings: toml::Table = fs::read_to_string(out.join("learn.toml")).unwrap().parse().unwrap();
    assert_eq!(settings["base_precision"].as_str(), Some("q4"));
    assert_eq!(settings["lora"]["rank"].as_integer(), Some(4));
    // The adapter's folder is a model, in either precision.
    let learned = out.join("model");
    assert!(learned.join("adapter_model.safetensors").exists() && !learned.join("model.safetensors").exists());
    let asked = scratch.path().join("asked.jsonl");
    let row: Value = serde_json::from_str(fs::read_to_string(&data).unwrap().lines().next().unwrap()).unwrap();
    fs::write(&asked, serde_json::json!({ "prompt": row["prompt"], "completion": row["chosen"] }).to_string()).unwrap();
    let score = |model: &Path, precision: &str| {
        let output = run(
            &program,
            [
                "score",
                "--model",
                text(model),
                "--input",
                text(&asked),
                "--device",
                "cpu",
                "--json",
                "--base-precision",
                precision,
            ],
        );
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        json_lines(&String::from_utf8(output.stdout).unwrap())[0]["logprob"].as_f64().unwrap()
    };
    let [before, full] = ["q4", "f32"].map(|precision| score(&model, precision));
    let [after, after_full] = ["q4", "f32"].map(|precision| score(&learned, precision));
    assert!(before != full && after != after_full, "four bits are fewer");
    assert!(after > before, "{before} and {after}");
}

#[test]
fn what_cannot_be_learned_from_is_refused_before_anything_is_written() {
    let Some(program) = locate("what_cannot_be_learned_from_is_refused_before_anything_is_written") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("run");
    let model = goldens().join("tiny_trl");
    let pairs = goldens().join("trajectory/pairs.jsonl");
    let completions = goldens().join("trajectory/completions.jsonl");
    let prompts = goldens().join("data_sets/prompt_only.jsonl");
    let thumbs = goldens().join("trajectory/thumbs.jsonl");
    let kept = scratch.path().join("kept");
    for (data, arguments, words) in [
        (&pairs, &["--max-length", "12"][..], &["rows are longer than 12 tokens", "--truncate keep-start"][..]),
        (&pairs, &["--max-length", "4", "--truncate", "keep-start"], &["nothing of an answer would be left"]),
        (&pairs, &["--max-length", "129"], &["max-length", "128"]),
        (&pairs, &["--objective", "dpo"], &["there is no loss `dpo`", "did you mean `sigmoid`?"]),
        (&pairs, &["--objective", "kto,sigmoid"], &["`kto`", "cannot be mixed"]),
        (&pairs, &["--lr", "0"], &["`lr`"]),
        (&pairs, &["--lr", "-1"], &["`lr`", "positive"]),
        (&pairs, &["--beta", "-0.5"], &["`beta`", "above 0"]),
        (&pairs, &["--beta", "1e300"], &["`beta`", "single precision"]),
        (&pairs, &["--set", "loss_type=hinge"], &["`loss_type`", "--objective hinge"]),
        (
            &pairs,
            &["--objective", "cpo", "--reference-cache", text(&kept)],
            &["`reference-cache`", "cpo", "leave it out"],
        ),
        (&completions, &["--reference-cache", text(&kept)], &["`reference-cache`", "completions", "leave it out"]),
        (&completions, &["--beta", "5"], &["--beta", "a prompt-completion data set", "leave it out"]),
        (&pairs, &["--schedule", "constant", "--warmup", "5"], &["`warmup`", "--schedule constant_with_warmup"]),
        (&pairs, &["--sync-ref-model", "--lora", "4"], &["`sync-ref-model`", "--lora"]),
        (
            &pairs,
            &["--sync-ref-model", "--reference-cache", text(&kept)],
            &["`sync-ref-model`", "leave out --reference-cache"],
        ),
        (&pairs, &["--sync-ref-model", "--objective", "cpo"], &["`sync-ref-model`", "cpo"]),
        (&completions, &["--sync-ref-model"], &["`sync-ref-model`", "completions"]),
        (&pairs, &["--sync-ref-model", "--ref-model-mixup-alpha", "0"], &["`ref-model-mixup-alpha`", "above 0"]),
        (&pairs, &["--sync-ref-model", "--ref-model-sync-steps", "0"], &["`ref-model-sync-steps`", "at least 1"]),
        (&pairs, &["--type", "unpaired-preference"], &["is not an unpaired-preference data set", "`label`"]),
        (&completions, &["--objective", "ipo"], &["`chosen`"]),
        (&prompts, &[], &["prompt-only"]),
        (&pairs, &["--objective", "kto"], &["unpaired-preference", "`label`"]),
        (&thumbs, &["--objective", "ipo"], &["`chosen`"]),
        (&thumbs, &["--objective", "sft"], &["unpaired-preference", "kto"]),
        (&thumbs, &["--objective", "bco"], &["`bco`", "`selfsame run bco`", "cannot learn from a data set"]),
        (&thumbs, &["--batch", "1"], &["`batch`", "at least 2"]),
        (&thumbs, &["--order", "trl"], &["`order`", "`file`"]),
        (&thumbs, &["--set", "ld_alpha=0.5"], &["ld_alpha"]),
    ] {
        let common = learning(&model, data, &out);
        let output = run(&program, common.iter().chain(arguments));
        assert_refused(&output, words, &format!("{arguments:?}"));
        assert!(!out.exists() && !kept.exists(), "{arguments:?} left something behind");
    }
    let file = scratch.path().join("file");
    fs::write(&file, "mine").unwrap();
    for out in [&file, &file.join("run")] {
        assert_refused(&run(&program, learning(&model, &pairs, out)), &["is no folder", "--out"], "a file as a folder");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    let seed = run(&program, learning(&model, &pairs, &out).iter().chain(&["--seed", "-1"]));
    let said = String::from_utf8_lossy(&seed.stderr);
    assert!(
        seed.status.code() == Some(2) && said.contains("must be a whole number from 0 to 9223372036854775807"),
        "{said}"
    );
    let huge = scratch.path().join("huge");
    let output = run(&program, learning(&model, &pairs, &huge).iter().chain(&["--lr", "1e30", "--steps", "4"]));
    assert_refused(&output, &["is not finite in step 2", "Lower --lr"], "a learning rate far too large");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("iteration") && !said.contains("checkpoint"), "{said}");
    let short = ["--steps", "1", "--max-length", "24", "--truncate", "keep-start"];
    let cut = run(&program, learning(&model, &pairs, &out).iter().chain(&short));
    let said = String::from_utf8_lossy(&cut.stderr);
    assert!(cut.status.success() && said.contains("are cut to 24 tokens"), "{said}");
}

/// The first Ctrl-C ends learning after a step, and what was learned is there.
#[cfg(unix)]
#[test]
fn an_interrupt_saves_the_model() {
    use std::{
        process::{Command, Stdio},
        time::{Duration, Instant},
    };

    let Some(program) = locate("an_interrupt_saves_the_model") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("run");
    let (model, data) = (goldens().join("tiny_trl"), goldens().join("trajectory/pairs.jsonl"));
    let child = command(&program)
        .args(learning(&model, &data, &out))
        .args(["--steps", "1000000"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let metrics = out.join("metrics.jsonl");
    let began = Instant::now();
    while fs::metadata(&metrics).map_or(0, |file| file.len()) < 2000 {
        assert!(began.elapsed() < Duration::from_secs(120), "nothing is learned");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    let steps = json_lines(&fs::read_to_string(&metrics).unwrap()).len();
    let settings: toml::Table = fs::read_to_string(out.join("learn.toml")).unwrap().parse().unwrap();
    assert_eq!(settings["result"]["stopped"].as_bool(), Some(true));
    assert_eq!(settings["result"]["steps"].as_integer(), i64::try_from(steps).ok());
    assert!(out.join("model/model.safetensors").exists());
    assert_nothing_half_written(&out);
}
