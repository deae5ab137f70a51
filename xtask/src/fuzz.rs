//! Fuzzing: libFuzzer around what reads strangers' files, on the stable toolchain.
//!
//! `cargo fuzz` needs a nightly compiler and builds everything anew. Here only the workspace's own crates are built
//! with what libFuzzer looks at; the libraries behind them stay the ones that the tests use.

mod compiler;
mod outcome;

use std::collections::VecDeque;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use crate::steps::{Failure, Runner, announce};
use crate::tools::{Workspace, command, create_folder, files_in, find_program, remove_folder};
pub use compiler::compile_if_asked;
use outcome::Outcome;

/// The program that is all targets.
const PROGRAM: &str = "any";

/// Seconds of each target where nobody says otherwise.
const SECONDS: u32 = 20;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    seconds: u32,
    /// What chance begins with; whatever libFuzzer takes where there is none.
    seed: Option<u32>,
    names: Vec<String>,
}

impl Options {
    /// From `[--seconds N] [--seed N] [NAME...]`.
    pub fn parse(words: &[&str]) -> Result<Self, Failure> {
        let mut options = Self { seconds: SECONDS, seed: None, names: Vec::new() };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut number = || {
                let number = words.next().and_then(|word| word.parse::<u32>().ok()).filter(|number| *number > 0);
                number.ok_or_else(|| Failure(format!("{word} needs a number from 1 on")))
            };
            match *word {
                "--seconds" => options.seconds = number()?,
                "--seed" => options.seed = Some(number()?),
                name if !name.starts_with('-') => options.names.push(name.to_owned()),
                other => return Err(Failure(format!("there is no option {other}"))),
            }
        }
        Ok(options)
    }
}

/// Builds the targets and fuzzes those that are asked for.
pub fn run(workspace: &Workspace, runner: &mut Runner, options: &Options) -> Result<(), Failure> {
    if !has_cpp() {
        let reason = "libFuzzer is C++, and there is no C++ compiler (c++, or what CXX names); Debian's is in g++";
        return Err(Failure(reason.to_owned()));
    }
    let targets = targets(workspace, &options.names)?;
    runner.run("fuzz targets", &mut build(workspace)?)?;
    runner.perform("fuzzing", || {
        let scratch = Scratch::new(workspace)?;
        let queue: Mutex<VecDeque<&String>> = Mutex::new(targets.iter().collect());
        let next = || queue.lock().ok()?.pop_front();
        let at_once = thread::available_parallelism().map_or(1, usize::from).min(targets.len());
        let outcomes: Vec<Outcome> = thread::scope(|scope| {
            let work = || {
                let fuzz = |target: &String| scratch.fuzz(workspace, target, options);
                std::iter::from_fn(next).map(fuzz).collect::<Result<Vec<_>, Failure>>()
            };
            let workers: Vec<_> = (0..at_once).map(|_| scope.spawn(work)).collect();
            let joined = workers.into_iter().map(|worker| {
                worker.join().unwrap_or_else(|_| Err(Failure("the thread that fuzzes panicked".to_owned())))
            });
            joined.collect::<Result<Vec<_>, Failure>>().map(|found| found.into_iter().flatten().collect())
        })?;
        outcome::print_table(outcomes)
    })
}

/// Whether libFuzzer can be compiled.
fn has_cpp() -> bool {
    env::var_os("CXX").is_some() || find_program(&["c++"]).is_some()
}

/// The targets of those names, or all.
fn targets(workspace: &Workspace, names: &[String]) -> Result<Vec<String>, Failure> {
    let programs = files_in(&workspace.root.join("fuzz/fuzz_targets"));
    let known: Vec<String> = programs
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .filter(|name| name != PROGRAM)
        .collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        return Err(Failure(format!("there is no target `{unknown}`; there are {}", known.join(", "))));
    }
    Ok(if names.is_empty() { known } else { names.to_vec() })
}

/// Builds [`PROGRAM`]. The whole workspace is selected, so that what it depends on has the features that it has in the
/// tests.
fn build(workspace: &Workspace) -> Result<Command, Failure> {
    let ourselves = env::current_exe().map_err(|error| Failure::io("this program's own path", &error))?;
    let mut build = command("cargo", workspace);
    build.args(["build", "--release", "--workspace", "--features", "selfsame-fuzz/libfuzzer", "--bin", PROGRAM]);
    build.env("RUSTC_WORKSPACE_WRAPPER", ourselves).env(compiler::ASKED, "1");
    Ok(build)
}

/// Where inputs are found and kept.
struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    fn new(workspace: &Workspace) -> Result<Self, Failure> {
        let folder = workspace.target.join("fuzz");
        create_folder(&folder)?;
        Ok(Self { folder })
    }

    /// Fuzzes a target. What is new is kept for the next time, unless chance is to begin the same way each time.
    fn fuzz(&self, workspace: &Workspace, target: &str, options: &Options) -> Result<Outcome, Failure> {
        let home = self.folder.join(target);
        let found = home.join(if options.seed.is_some() { "seeded" } else { "found" });
        if options.seed.is_some() {
            remove_folder(&found)?;
        }
        let (broke, temporary) = (home.join("broke"), home.join("tmp"));
        remove_folder(&temporary)?;
        for folder in [&found, &broke, &temporary] {
            create_folder(folder)?;
        }
        let before = files_in(&broke);
        let fuzz = workspace.root.join("fuzz");
        let given = ["corpus", "regressions"].map(|kind| fuzz.join(kind).join(target));
        let given: Vec<&PathBuf> = given.iter().filter(|folder| folder.is_dir()).collect();
        let files = given.iter().map(|folder| files_in(folder).len()).sum();

        let program = workspace.target.join("release").join(format!("{PROGRAM}{}", env::consts::EXE_SUFFIX));
        let mut fuzz_it = command(program, workspace);
        fuzz_it.env("SELFSAME_FUZZ_TARGET", target).env("TMPDIR", &temporary).env("RUST_BACKTRACE", "1");
        fuzz_it.arg(format!("-max_total_time={}", options.seconds));
        // What an input may allocate the targets watch themselves: libFuzzer's own limit needs a sanitizer.
        fuzz_it.args(["-timeout=10", "-rss_limit_mb=2048", "-max_len=8192"]);
        fuzz_it.args(["-print_final_stats=1", "-verbosity=1"]);
        fuzz_it.arg(format!("-artifact_prefix={}/", broke.display()));
        if let Some(seed) = options.seed {
            fuzz_it.arg(format!("-seed={seed}"));
        }
        let words = fuzz.join("dictionaries").join(format!("{target}.dict"));
        if words.is_file() {
            fuzz_it.arg(format!("-dict={}", words.display()));
        }
        fuzz_it.arg(&found).args(given);
        let line = announce(&fuzz_it);
        let output = fuzz_it.output().map_err(|error| Failure::io(format!("`{line}`"), &error))?;
        let said = String::from_utf8_lossy(&output.stderr);
        fs::write(home.join("log"), said.as_bytes()).map_err(|error| Failure::io(home.display(), &error))?;
        remove_folder(&temporary)?;
        let new = files_in(&broke).into_iter().find(|file| !before.contains(file));
        Ok(Outcome::of(target, files, &said, output.status, new))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_others_refused() {
        let all = Options::parse(&["--seconds", "3", "gguf", "--seed", "7", "config"]).unwrap();
        assert_eq!(all, Options { seconds: 3, seed: Some(7), names: vec!["gguf".to_owned(), "config".to_owned()] });
        assert_eq!(Options::parse(&[]).unwrap(), Options { seconds: SECONDS, seed: None, names: Vec::new() });
        for (words, named) in [(&["--seconds"][..], "--seconds"), (&["--seed", "0"], "--seed"), (&["--fast"], "--fast")]
        {
            assert!(Options::parse(words).unwrap_err().0.contains(named), "{words:?}");
        }
    }

    #[test]
    fn targets_are_chosen_by_their_names() {
        let workspace = Workspace::locate();
        let all = targets(&workspace, &[]).unwrap();
        assert!(all.iter().any(|name| name == "gguf") && all.iter().all(|name| name != PROGRAM));
        assert_eq!(targets(&workspace, &["gguf".to_owned()]).unwrap(), ["gguf"]);
        assert!(targets(&workspace, &["no-such".to_owned()]).unwrap_err().0.contains("gguf"));
    }
}
