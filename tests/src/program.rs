//! The program itself, as a user starts it.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

use crate::files::tree;

/// `selfsame` as it was built beside the tests: `target/PROFILE/selfsame`. Where it is missing the
/// caller skips its test, loudly; on continuous integration (`SELFSAME_CI=1`) that is a failure.
///
/// # Panics
/// If it is missing and `SELFSAME_CI` is 1.
#[must_use]
pub fn locate(test: &str) -> Option<PathBuf> {
    let executable = std::env::current_exe().ok()?;
    let folder = executable.parent()?.parent()?;
    let path = folder.join(format!("selfsame{}", std::env::consts::EXE_SUFFIX));
    if path.exists() {
        return Some(path);
    }
    assert_ne!(
        std::env::var("SELFSAME_CI").as_deref(),
        Ok("1"),
        "{} is missing; run `cargo build --release -p selfsame` before the tests",
        path.display()
    );
    eprintln!("SKIPPED {test}: {} is missing; run `cargo build --release -p selfsame` first", path.display());
    None
}

/// A call of the program as from a terminal: whoever runs the tests in the background or under `nohup`
/// hands over that some signals are ignored, and a shell cannot take that back.
#[must_use]
pub fn command(program: &Path) -> Command {
    if !cfg!(target_os = "linux") {
        return Command::new(program);
    }
    let mut command = Command::new("env");
    command.arg("--default-signal=HUP,INT,TERM").arg(program);
    command
}

/// Runs the program to its end.
///
/// # Panics
/// If it cannot be started.
pub fn run(program: &Path, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    let mut command = Command::new(program);
    command.args(arguments);
    command.output().unwrap_or_else(|e| panic!("{}: {e}", program.display()))
}

/// A path as an argument.
///
/// # Panics
/// If it is not UTF-8.
#[must_use]
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_else(|| panic!("{} is not UTF-8", path.display()))
}

/// The lines of what was printed with `--json`.
///
/// # Panics
/// If a line is not JSON.
#[must_use]
pub fn json_lines(printed: &str) -> Vec<Value> {
    printed.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"))).collect()
}

/// What `selfsame learn` is told on the CPU: a model, a data set and the folder for what comes of it.
///
/// # Panics
/// If a path is not UTF-8.
#[must_use]
pub fn learning<'a>(model: &'a Path, data: &'a Path, out: &'a Path) -> [&'a str; 9] {
    ["learn", "--model", text(model), "--data", text(data), "--device", "cpu", "--out", text(out)]
}

/// What a run folder must never hold, whatever happened: files under temporary names, or a log
/// with a line that is not whole.
///
/// # Panics
/// Names what is there.
pub fn assert_nothing_half_written(folder: &Path) {
    for name in tree(folder) {
        let temporary = Path::new(&name).extension().is_some_and(|extension| extension == "tmp");
        assert!(!temporary, "{}: {name} was left behind", folder.display());
    }
    if let Ok(log) = fs::read_to_string(folder.join("events.jsonl")) {
        assert!(log.is_empty() || log.ends_with('\n'), "the log ends inside a line");
        for (index, line) in log.lines().enumerate() {
            let value: Result<serde_json::Value, _> = serde_json::from_str(line);
            assert!(value.is_ok(), "line {} of the log is not whole: {line}", index + 1);
        }
    }
}

/// Checks that a finished call failed as a user may expect: exit code 1, exactly one line that
/// begins with `error:` and says all of `words`, and no panic.
///
/// # Panics
/// Says what is otherwise.
pub fn assert_refused(output: &Output, words: &[&str], what: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("panicked"), "{what}: panicked:\n{stderr}");
    assert_eq!(output.status.code(), Some(1), "{what}: exit code; stderr:\n{stderr}");
    let errors: Vec<&str> = stderr.lines().filter(|line| line.starts_with("error:")).collect();
    assert_eq!(errors.len(), 1, "{what}: lines that begin with `error:`; stderr:\n{stderr}");
    for word in words {
        assert!(errors[0].contains(word), "{what}: {word:?} is not in: {}", errors[0]);
    }
}

/// Memory of a process (`self`, or its number) in megabytes, where the system says it: `VmRSS` for what is resident,
/// `VmHWM` for the most that was.
#[must_use]
pub fn memory(process: &str, field: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}
