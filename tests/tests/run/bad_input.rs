//! Input that cannot be used is refused with a message that names it; nothing panics.

mod models;

use std::{fs, panic, path::Path, process::Command};

use selfsame_core::{
    Error, Result, device,
    learn::{Sequence, batch::score},
    model::{self, Decoder},
    prompt::{parse_jsonl, read_jsonl},
    run::{Folder, Source, Store, check_rows, store::Files},
    sample::{Request, Sampling, generate},
    text::Tokenizer,
};
use selfsame_tests::{
    files::{tree, write_tiny},
    rules_tokenizer,
    runs::{Disk, Experiment},
    tiny,
};

fn load(folder: &Path) -> Result<Decoder> {
    model::load(folder, &device::cpu())
}

/// A tokenizer may know more tokens than the model.
#[test]
fn a_token_outside_the_vocabulary_is_an_error_and_no_panic() {
    let (model, tokenizer) = (tiny(1), rules_tokenizer());
    let outside = u32::try_from(tokenizer.size()).unwrap();
    let (prompts, sampling) = ([(0, vec![1, outside])], Sampling::greedy(2));
    let request = Request { prompts: &prompts, samples: 1, sampling: &sampling, seed: 0, iteration: 0, batch: 1 };
    let drawn = panic::catch_unwind(panic::AssertUnwindSafe(|| {
        pollster::block_on(generate(&model, &tokenizer, &request)).map(drop)
    }));
    let scored =
        ([vec![1, outside], vec![1, 3]].map(|tokens| Sequence { tokens, labels: vec![(0, outside)] })).map(|row| {
            panic::catch_unwind(panic::AssertUnwindSafe(|| pollster::block_on(score(&model, &[row], 100)).map(drop)))
        });
    for (outcome, what) in [drawn].into_iter().chain(scored).zip(["generating", "scoring", "scoring a label"]) {
        assert!(!matches!(outcome, Ok(Ok(()))), "{what} with a token that the model does not have");
        assert!(outcome.is_ok(), "{what} panicked");
    }
}

#[test]
fn tokenizers_that_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.json");
    let error = Tokenizer::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("tokenizer.json"), "{error}");
    let whole = rules_tokenizer().json().to_owned();
    for content in ["", "{}", "[]", &whole[..whole.len() / 2], &whole[..whole.len() - 1]] {
        fs::write(&path, content).unwrap();
        let error = Tokenizer::load(folder.path()).unwrap_err().to_string();
        assert!(error.contains("tokenizer.json"), "{error}");
    }
    fs::write(&path, whole).unwrap();
    Tokenizer::load(folder.path()).unwrap();
}

#[test]
fn prompt_files_that_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prompts.jsonl");
    let missing = read_jsonl(&path).unwrap_err().to_string();
    assert!(missing.contains("prompts.jsonl"), "{missing}");
    let good = "{\"prompt\": \"must:fox <resp>\"}\n";
    for (content, words) in [
        (String::new(), &["line 1", "no rows"][..]),
        ("\n \n".to_owned(), &["line 1", "no rows"]),
        (format!("{good}{{\"prompt\": \"a\"\n{good}"), &["line 2", "JSON"]),
        (format!("{good}not json\n{good}"), &["line 2", "JSON"]),
        (format!("{good}\n{good}"), &["line 2", "empty"]),
        (format!("{good}{good}{{\"text\": \"a\"}}\n"), &["line 3", "prompt"]),
        (format!("{good}{{\"prompt\": \"a\", \"chosen\": 3}}\n"), &["line 2", "chosen"]),
        (format!("{good}{{\"prompt\": \"a\", \"completion\": []}}\n"), &["line 2", "completion"]),
    ] {
        fs::write(&path, &content).unwrap();
        let error = read_jsonl(&path).unwrap_err().to_string();
        for word in words.iter().chain(&["prompts.jsonl"]) {
            assert!(error.contains(word), "{content:?}: {error}");
        }
    }
    fs::write(&path, [b'{', 0xff, b'}']).unwrap();
    assert!(read_jsonl(&path).unwrap_err().to_string().contains("prompts.jsonl"));
}

/// A run of a recipe on a file in which one line is too long for the model.
fn run_with_a_long_line(recipe: &str, long: usize, rest: &str) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prompts.jsonl");
    let line = |words: usize| format!("{{\"prompt\": \"{}<resp>\"{rest}}}\n", "fox ".repeat(words));
    let content: String = (1..=10).map(|n| line(if n == long { 130 } else { n + 2 })).collect();
    fs::write(&path, content).unwrap();
    let mut experiment = Experiment::tiny(recipe);
    experiment.rows = read_jsonl(&path).unwrap();
    experiment.manifest.source = Source::File { path: path.display().to_string(), sha256: "0".to_owned() };
    let outcome = experiment.run_quietly(Disk::default());
    outcome.err().unwrap_or_else(|| panic!("{recipe} took a prompt of 132 tokens in line {long} for a context of 128"))
}

fn assert_names_the_long_line(error: &Error, long: usize) {
    assert!(matches!(error, Error::Context { prompt, .. } if *prompt == format!("line-{long}")), "{error}");
    assert!(error.to_string().contains("128") && error.to_string().contains("132"), "{error}");
}

#[test]
fn a_prompt_longer_than_the_context_is_named() {
    for long in [1, 4] {
        assert_names_the_long_line(&run_with_a_long_line("srlm", long, ""), long);
    }
}

/// All rows are looked at before a run begins: those that are measured and those that are learned from.
#[test]
fn every_prompt_is_checked_before_a_run_begins() {
    let path = Path::new("some/prompts.jsonl");
    // Alone too long; too long with an answer of 8 tokens; too long for the judges, which read two of them.
    for (recipe, words, long) in
        [("srlm", 130, 1), ("srlm", 130, 10), ("dpo", 130, 4), ("dpo", 126, 4), ("srlm", 119, 4), ("srlm", 116, 10)]
    {
        let text = |long: usize| {
            let line = |words: usize| format!("{{\"prompt\": \"{}<resp>\"}}\n", "fox ".repeat(words));
            (1..=10).map(|n| line(if n == long { words } else { n + 2 })).collect::<String>()
        };
        let mut experiment = Experiment::tiny(recipe);
        experiment.manifest.source = Source::File { path: path.display().to_string(), sha256: "0".to_owned() };
        let check = |long: usize| {
            let rows = parse_jsonl(&text(long), path).unwrap();
            check_rows(&experiment.manifest, experiment.model.config(), &rules_tokenizer(), &rows)
        };
        check(0).unwrap();
        let error = check(long).unwrap_err();
        assert!(matches!(&error, Error::Data { path: named, line, .. } if named == path && *line == long), "{error}");
        let told = error.to_string();
        for part in [format!("{} tokens", words + 2).as_str(), "context is 128", "Shorten the prompt", "max_new_tokens"]
        {
            assert!(told.contains(part), "{told}");
        }
    }
}

/// Not only prompts that are answered, also those that come with an answer.
#[test]
fn a_prompt_with_an_answer_longer_than_the_context_is_named() {
    for (recipe, rest) in
        [("sft", ", \"completion\": \"fox\""), ("dpo", ", \"chosen\": \"fox\", \"rejected\": \"owl\"")]
    {
        assert_names_the_long_line(&run_with_a_long_line(recipe, 8, rest), 8);
    }
}

#[test]
fn a_folder_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Folder::create(file.join("run")).unwrap_err().to_string();
    assert!(error.contains(&file.display().to_string()) && error.contains("writable"), "{error}");
    let error = pollster::block_on(model::save(&tiny(1), &file, model::Precision::F32)).unwrap_err().to_string();
    assert!(error.contains("config.json"), "{error}");
}

/// A checkpoint is there whole or not at all, and what was there before stays.
#[test]
fn a_checkpoint_that_cannot_be_written_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Folder::create(folder.path()).unwrap();
    let good = Files::from([("a".to_owned(), vec![1])]);
    store.put("001", &good).unwrap();
    // The second file would need a folder that nobody makes.
    let bad = Files::from([("a".to_owned(), vec![2]), ("no/such/folder".to_owned(), vec![3])]);
    for name in ["001", "002"] {
        let error = store.put(name, &bad).unwrap_err().to_string();
        assert!(error.contains("no/such/folder"), "{error}");
    }
    assert_eq!(store.get("001", "a").unwrap(), [1]);
    assert!(store.get("002", "a").is_err());
    assert_eq!(tree(folder.path()), ["checkpoints", "checkpoints/001", "checkpoints/001/a"]);
}

/// A folder whose log turns out to be on a full disk once it is written to.
#[cfg(target_os = "linux")]
struct OnFullDisk(Folder, std::path::PathBuf);

#[cfg(target_os = "linux")]
impl Store for OnFullDisk {
    fn path(&self) -> std::path::PathBuf {
        self.0.path()
    }
    fn read_log(&self) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }
    fn truncate_log(&mut self, length: usize) -> Result<()> {
        self.0.truncate_log(length)
    }
    fn append(&mut self, line: &str, sync: bool) -> Result<()> {
        if fs::symlink_metadata(&self.1).is_err() {
            std::os::unix::fs::symlink("/dev/full", &self.1).unwrap();
        }
        self.0.append(line, sync)
    }
    fn put(&mut self, name: &str, files: &Files) -> Result<()> {
        self.0.put(name, files)
    }
    fn get(&self, name: &str, file: &str) -> Result<Vec<u8>> {
        self.0.get(name, file)
    }
    fn remove(&mut self, name: &str) -> Result<()> {
        self.0.remove(name)
    }
    fn write(&mut self, file: &str, content: &str) -> Result<()> {
        self.0.write(file, content)
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let log = Folder::log_path(folder.path());
    let store = OnFullDisk(Folder::create(folder.path()).unwrap(), log.clone());
    let error = Experiment::tiny("srlm").run_quietly(store).unwrap_err().to_string();
    assert!(error.contains(&log.display().to_string()) && error.contains("No space left"), "{error}");
    assert!(error.contains("disk has room"), "{error}");
}

/// The other half of the next test: it runs alone, in a process of its own.
#[test]
#[ignore = "started by a_gpu_that_is_not_there"]
fn select_a_gpu() {
    let error = device::select(device::Choice::Gpu).unwrap_err();
    assert!(matches!(error, Error::Device(_)), "{error}");
    assert!(error.to_string().contains("--device cpu"), "{error}");
    let selected = device::select(device::Choice::Auto).unwrap();
    assert_eq!(selected.name, "cpu");
}

/// The system's drivers cannot be hidden from a process that runs; a new one is started.
#[cfg(target_os = "linux")]
#[test]
fn a_gpu_that_is_not_there() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "bad_input::select_a_gpu", "--include-ignored"]);
    command.env("VK_ICD_FILENAMES", "/nonexistent").env_remove("VK_DRIVER_FILES").env_remove("VK_ADD_DRIVER_FILES");
    let output = command.output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
    assert!(stdout.contains("1 passed"), "{stdout}");
}

#[test]
fn the_helpers_write_sound_models() {
    let folder = tempfile::tempdir().unwrap();
    write_tiny(folder.path(), 1);
    let model = load(folder.path()).unwrap();
    assert_eq!(Tokenizer::load(folder.path()).unwrap().size(), model.config().vocab_size);
}
