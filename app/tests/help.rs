//! The program itself starts, explains itself, and fails as programs should.

#![allow(clippy::unwrap_used)] // a failure here is a failed test

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Output},
};

use clap::{CommandFactory, Parser, error::ErrorKind};
use selfsame::cli::Cli;

fn selfsame(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_selfsame")).args(arguments).output().unwrap()
}

#[test]
fn help_names_every_command() {
    let output = selfsame(&["--help"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    for command in [
        "run", "resume", "report", "compare", "generate", "learn", "preview", "score", "methods", "devices", "plan",
        "pretrain", "view",
    ] {
        assert!(text.contains(command), "{command} is missing:\n{text}");
    }
}

#[test]
fn an_unknown_recipe_is_an_error_and_an_unknown_flag_a_misuse() {
    let output = selfsame(&["methods", "nothing"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("error: "));
    assert_eq!(selfsame(&["run", "--no-such-flag"]).status.code(), Some(2));
}

/// Adds the lines that people may get to read out of a folder's sources and tables, without those of tests.
fn lines(folder: &Path, into: &mut Vec<String>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            lines(&path, into);
        } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "toml") && !path.ends_with("tests.rs") {
            let text = fs::read_to_string(&path).unwrap();
            into.extend(text.lines().map(|line| format!("{}: {line}", path.display())));
        }
    }
}

/// Adds the long flags of a command and of those below it.
fn flags(command: &clap::Command, into: &mut BTreeSet<String>) {
    into.extend(command.get_arguments().filter_map(clap::Arg::get_long).map(|name| format!("--{name}")));
    command.get_subcommands().for_each(|below| flags(below, into));
}

/// An argument that is left out, or stands for one (`FILE`, `{}`), is no misuse in a text.
#[test]
fn commands_and_flags_that_texts_name_are_there() {
    use ErrorKind::{ArgumentConflict, InvalidSubcommand, TooManyValues, UnknownArgument};
    // Of git, and of llama.cpp.
    let mut known: BTreeSet<String> =
        ["--abbrev", "--always", "--dirty", "--exclude", "--merge"].map(str::to_owned).into();
    let mut command = Cli::command();
    command.build();
    flags(&command, &mut known);
    let mut all = Vec::new();
    for folder in ["src", "../core/src", "../assets/words"] {
        lines(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut all);
    }
    let mut quoted = 0;
    for line in &all {
        for rest in line.split("`selfsame ").skip(1) {
            let arguments = rest.split(['`', '>']).next().unwrap().split_whitespace();
            let parsed = Cli::try_parse_from(["selfsame"].into_iter().chain(arguments));
            let misuse = [ArgumentConflict, InvalidSubcommand, TooManyValues, UnknownArgument];
            assert!(!parsed.is_err_and(|error| misuse.contains(&error.kind())), "there is no such command: {line}");
            quoted += 1;
        }
        for (at, _) in line.match_indices("--") {
            let flag: String = line[at..].chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
            let named = line[..at].ends_with([' ', '`', '"', '(']) && flag[2..].starts_with(|c: char| c != '-');
            assert!(!named || known.contains(&flag), "there is no {flag}: {line}");
        }
    }
    assert!(quoted > 50, "{quoted} commands were found");
}
