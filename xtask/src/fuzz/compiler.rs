//! The compiler that Cargo calls for the workspace's crates while fuzz targets are built: rustc, told to count which
//! edges of the code are taken and to show what is compared. The passes are LLVM's, and what `cargo fuzz` asks for too.

use std::env;
use std::ffi::OsString;
use std::process::{Command, ExitCode};

/// Set where this program is called as a compiler.
pub const ASKED: &str = "SELFSAME_FUZZ_COMPILER";

const FLAGS: [&str; 9] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    // What would go around in silence is a panic.
    "-Coverflow-checks=on",
    "-Cdebug-assertions=on",
    // Compiled in a third of the time, and fast enough.
    "-Copt-level=1",
    // Where a panic came from.
    "-Cdebuginfo=line-tables-only",
];

/// Runs rustc if that is what this program was called for, and says how it ended.
pub fn compile_if_asked() -> Option<ExitCode> {
    env::var_os(ASKED)?;
    let mut words = env::args_os().skip(1);
    let mut rustc = Command::new(words.next()?);
    let words: Vec<OsString> = words.collect();
    rustc.args(&words);
    if is_code(&words) {
        rustc.args(FLAGS);
    }
    Some(match rustc.status() {
        Ok(status) => status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            eprintln!("{}: {error}", rustc.get_program().display());
            ExitCode::FAILURE
        }
    })
}

/// Whether the arguments are those for a crate of the program: neither a build script nor a question about the compiler.
fn is_code(words: &[OsString]) -> bool {
    let name = words.iter().position(|word| word == "--crate-name").and_then(|at| words.get(at + 1));
    name.is_some_and(|name| name != "___" && name != "build_script_build")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_crates_are_counted() {
        let is = |line: &str| is_code(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert!(is("--crate-name selfsame_core --edition=2024 core/src/lib.rs"));
        assert!(!is("-vV") && !is("- --crate-name ___ --print=file-names") && !is("--crate-name"));
        assert!(!is("--crate-name build_script_build build.rs"));
    }
}
