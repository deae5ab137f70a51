//! The program with input that cannot be used: exit code 1, one line that says what is wrong and
//! with which file, and nothing half-written.

#[cfg(target_os = "linux")]
mod system;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use selfsame_tests::{
    files::{edit_config, edit_tensors, tree, write_tiny},
    program::{assert_nothing_half_written, assert_refused, locate, run},
};
use tempfile::TempDir;

/// A program, a sound model, sound prompts, and a place for runs.
struct Desk {
    program: PathBuf,
    folder: TempDir,
}

impl Desk {
    fn new(test: &str) -> Option<Self> {
        let program = locate(test)?;
        let folder = tempfile::tempdir().unwrap();
        write_tiny(&folder.path().join("model"), 1);
        let lines: String = (0..10).map(|n| format!("{{\"prompt\": \"{}<resp>\"}}\n", "fox ".repeat(n + 1))).collect();
        fs::write(folder.path().join("prompts.jsonl"), lines).unwrap();
        Some(Self { program, folder })
    }

    fn model(&self) -> PathBuf {
        self.folder.path().join("model")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("prompts.jsonl")
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// The arguments of a small run of this model on these prompts.
    fn arguments(&self) -> Vec<String> {
        let path = |path: PathBuf| path.display().to_string();
        let mut arguments: Vec<String> =
            ["run", "srlm", "--quick", "--no-controls", "--device", "cpu"].map(str::to_owned).into();
        for (name, value) in [("--model", self.model()), ("--data", self.data()), ("--out", self.out())] {
            arguments.extend([name.to_owned(), path(value)]);
        }
        arguments.extend(["--set".to_owned(), "loop.sampling.max_new_tokens=4".to_owned()]);
        arguments.extend(["--set".to_owned(), "options.sampling.max_new_tokens=4".to_owned()]);
        arguments
    }

    fn run(&self) -> Output {
        run(&self.program, self.arguments())
    }

    /// Checks that the run is refused before it leaves anything behind.
    fn refused(&self, words: &[&str], what: &str) {
        assert_refused(&self.run(), words, what);
        self.assert_clean(what);
    }

    fn assert_clean(&self, what: &str) {
        let names = tree(&self.out());
        let weights = names.iter().any(|name| name.ends_with(".safetensors"));
        assert!(!weights, "{what}: left behind {names:?}");
        assert_nothing_half_written(&self.out());
    }
}

#[test]
fn sound_input_is_taken() {
    let Some(desk) = Desk::new("sound_input_is_taken") else { return };
    let output = desk.run();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_nothing_half_written(&desk.out());
}

/// Leaves a model the first hundred tokens of its vocabulary.
fn forget_words(folder: &Path) {
    edit_config(folder, |config| config["vocab_size"] = 100.into());
    edit_tensors(folder, |tensors| {
        let (_, shape, data) = tensors.get_mut("model.embed_tokens.weight").unwrap();
        shape[0] = 100;
        data.truncate(100 * 32 * 4);
    });
}

/// What is done to a model, the words of the refusal, the doing.
type Edit = (&'static str, &'static [&'static str], Box<dyn Fn(&Path)>);

#[test]
fn models() {
    let Some(desk) = Desk::new("models") else { return };
    let edits: Vec<Edit> = vec![
        ("no config", &["config.json"], Box::new(|f| fs::remove_file(f.join("config.json")).unwrap())),
        ("no weights", &["model.safetensors"], Box::new(|f| fs::remove_file(f.join("model.safetensors")).unwrap())),
        ("no tokenizer", &["tokenizer.json"], Box::new(|f| fs::remove_file(f.join("tokenizer.json")).unwrap())),
        ("no folder", &["model"], Box::new(|f| fs::remove_dir_all(f).unwrap())),
        (
            "cut weights",
            &["model.safetensors"],
            Box::new(|f| {
                let file = fs::OpenOptions::new().write(true).open(f.join("model.safetensors")).unwrap();
                file.set_len(5000).unwrap();
            }),
        ),
        (
            "absurd header",
            &["model.safetensors"],
            Box::new(|f| {
                let mut bytes = fs::read(f.join("model.safetensors")).unwrap();
                bytes[..8].copy_from_slice(&u64::MAX.to_le_bytes());
                fs::write(f.join("model.safetensors"), bytes).unwrap();
            }),
        ),
        (
            "missing tensor",
            &["model.norm.weight"],
            Box::new(|f| {
                edit_tensors(f, |t| drop(t.remove("model.norm.weight").unwrap()));
            }),
        ),
        (
            "not a number",
            &["model.norm.weight", "NaN"],
            Box::new(|f| {
                edit_tensors(f, |t| {
                    t.get_mut("model.norm.weight").unwrap().2[..4].copy_from_slice(&f32::NAN.to_le_bytes())
                });
            }),
        ),
        ("other shape", &["shape"], Box::new(|f| edit_config(f, |c| c["intermediate_size"] = 65.into()))),
        ("unknown architecture", &["mamba"], Box::new(|f| edit_config(f, |c| c["model_type"] = "mamba".into()))),
        ("garbage config", &["config.json"], Box::new(|f| fs::write(f.join("config.json"), "garbage").unwrap())),
        ("garbage tokenizer", &["tokenizer.json"], Box::new(|f| fs::write(f.join("tokenizer.json"), "{}").unwrap())),
        // The tokenizer knows words for which the model has no weights.
        ("fewer tokens than words", &["100", "328"], Box::new(forget_words)),
    ];
    for (what, words, edit) in edits {
        let _ = fs::remove_dir_all(desk.model());
        write_tiny(&desk.model(), 1);
        edit(&desk.model());
        desk.refused(words, what);
    }
}

/// The commands that only read a model are as careful as `run`.
#[test]
fn models_that_do_not_know_the_words_they_are_given() {
    let Some(desk) = Desk::new("models_that_do_not_know_the_words") else { return };
    forget_words(&desk.model());
    let input = desk.folder.path().join("input.jsonl");
    fs::write(&input, "{\"prompt\": \"thrice:wolf <resp>\", \"completion\": \"thrice:wolf\"}\n").unwrap();
    let (model, input) = (desk.model().display().to_string(), input.display().to_string());
    for arguments in [["score", "--input", &input], ["generate", "--prompt", "thrice:wolf <resp>"]] {
        let output = run(&desk.program, arguments.into_iter().chain(["--model", &model, "--device", "cpu"]));
        assert_refused(&output, &["100"], arguments[0]);
    }
}

#[test]
fn prompts() {
    let Some(desk) = Desk::new("prompts") else { return };
    let good = "{\"prompt\": \"fox <resp>\"}\n";
    let long = format!("{good}{good}{{\"prompt\": \"{}<resp>\"}}\n", "fox ".repeat(150));
    for (what, content, words) in [
        ("empty", String::new(), &["prompts.jsonl", "line 1"][..]),
        ("malformed line 2", format!("{good}{{\"prompt\": \n{good}"), &["prompts.jsonl", "line 2"]),
        ("no prompt in line 3", format!("{good}{good}{{}}\n"), &["prompts.jsonl", "line 3"]),
        ("too long", long, &["prompts.jsonl, line 3", "152 tokens", "128", "Shorten the prompt"]),
    ] {
        fs::write(desk.data(), content).unwrap();
        desk.refused(words, what);
        assert!(!desk.out().exists(), "{what}: the run's folder was made");
    }
    fs::remove_file(desk.data()).unwrap();
    desk.refused(&["prompts.jsonl"], "missing");
}

#[test]
fn arguments_that_cannot_work() {
    let Some(desk) = Desk::new("arguments_that_cannot_work") else { return };
    for (setting, words) in [
        ("loop.no_such_thing=1", &["no_such_thing"][..]),
        ("loop.prompts=0", &["prompts"]),
        ("loop.samples=1", &["samples"]),
        ("loop.learn.learning_rate=-1", &["learning_rate"]),
        ("loop.learn.learning_rate=fast", &["loop.learn.learning_rate", "a number above 0"]),
        ("loop.sampling.temperature=-1", &["temperature"]),
        ("options.held_out=0", &["held_out"]),
        ("options.sampling.top_p=0", &["top_p"]),
        ("options.checkpoint_every=many", &["options.checkpoint_every", "whole number"]),
    ] {
        let mut arguments = desk.arguments();
        arguments.extend(["--set".to_owned(), setting.to_owned()]);
        assert_refused(&run(&desk.program, arguments), words, setting);
        desk.assert_clean(setting);
    }
    let mut arguments = desk.arguments();
    arguments[1] = "no-such-recipe".to_owned();
    assert_refused(&run(&desk.program, arguments), &["no-such-recipe", "srlm"], "unknown recipe");
    desk.assert_clean("unknown recipe");
}

#[test]
fn places_that_cannot_be_written_or_read() {
    let Some(desk) = Desk::new("places_that_cannot_be_written") else { return };
    let file = desk.folder.path().join("a-file");
    fs::write(&file, "mine").unwrap();
    let below = file.join("run").display().to_string();
    let mut arguments = desk.arguments();
    let out = arguments.iter().position(|a| *a == desk.out().display().to_string()).unwrap();
    arguments[out].clone_from(&below);
    assert_refused(
        &run(&desk.program, &arguments),
        &["a-file", "written", "choose another --out"],
        "a folder under a file",
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    // Somebody else's folder is not written into.
    let other = desk.folder.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("thesis.txt"), "mine").unwrap();
    arguments[out] = other.display().to_string();
    assert_refused(&run(&desk.program, &arguments), &["thesis.txt"], "a folder that is not empty");
    assert_eq!(tree(&other), ["thesis.txt"]);
    for (folder, what) in [("nowhere", "no folder"), ("other", "no run"), ("a-file", "a file")] {
        let output = run(&desk.program, ["resume".into(), desk.folder.path().join(folder)]);
        assert_refused(&output, &[folder], what);
        let output = run(&desk.program, ["report".into(), desk.folder.path().join(folder)]);
        assert_refused(&output, &[folder], what);
    }
    assert_eq!(tree(&other), ["thesis.txt"]);
    assert!(!desk.folder.path().join("nowhere").exists(), "nothing is created for a run that is not there");
}

#[test]
fn damaged_logs() {
    let Some(desk) = Desk::new("damaged_logs") else { return };
    assert!(desk.run().status.success());
    let log = desk.out().join("events.jsonl");
    let whole = fs::read_to_string(&log).unwrap();
    let damaged: String =
        whole.lines().enumerate().map(|(n, l)| format!("{}\n", if n == 2 { "{\"schema\":" } else { l })).collect();
    fs::write(&log, &damaged).unwrap();
    for command in ["resume", "report"] {
        let output = run(&desk.program, [command.into(), desk.out()]);
        assert_refused(&output, &["events.jsonl", "line 3"], command);
    }
    assert_eq!(fs::read_to_string(&log).unwrap(), damaged, "a damaged log is not touched");
}
