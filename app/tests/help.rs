//! The program itself starts, explains itself, and fails as programs should.

#![allow(clippy::unwrap_used)] // a failure here is a failed test

use std::process::{Command, Output};

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
