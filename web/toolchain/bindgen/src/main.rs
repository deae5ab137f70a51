//! Generates, from a `wasm32-unknown-unknown` module, the module that browsers load and the
//! JavaScript that loads it: `selfsame-bindgen [--strip] [--without CRATE,CRATE] INPUT.wasm OUTPUT_DIR`.
//!
//! It does what `wasm-bindgen --target web --no-typescript` does. It exists because the library
//! behind that program builds from the registry alone, with a lock file of ours, and because of
//! `--without` and of the constructors; see [`trim`] and [`once`].

mod once;
mod trim;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use walrus::Module;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1).peekable();
    // For a page that is downloaded: function names are a third of a module, and the page says itself
    // where the module is. They stay otherwise: without them a trap's stack trace is a list of numbers.
    let strip = arguments.next_if(|first| first == "--strip").is_some();
    let without = arguments.next_if(|next| next == "--without").and_then(|_| arguments.next());
    let (Some(input), Some(output), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        eprintln!("usage: selfsame-bindgen [--strip] [--without CRATE,CRATE] INPUT.wasm OUTPUT_DIR");
        return ExitCode::from(2);
    };
    let without = without.map(|crates| crates.to_string_lossy().into_owned()).unwrap_or_default();
    let crates: Vec<&str> = without.split(',').filter(|name| !name.is_empty()).collect();
    match generate(&PathBuf::from(input), &PathBuf::from(output), strip, &crates) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("selfsame-bindgen: {error}");
            ExitCode::FAILURE
        }
    }
}

fn generate(input: &Path, output: &Path, strip: bool, without: &[&str]) -> Result<(), String> {
    let stem = input.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = fs::read(input).map_err(|e| format!("{}: {e}", input.display()))?;
    let mut module = Module::from_buffer(&bytes).map_err(|e| format!("{}: {e:?}", input.display()))?;
    if !without.is_empty() {
        trim::without(&mut module, without)?;
    }
    once::once(&mut module);
    Bindgen::new()
        .input_bytes(&stem, module.emit_wasm())
        .typescript(false)
        .web(true)
        .and_then(|bindgen| {
            bindgen
                .omit_default_module_path(strip)
                .remove_name_section(strip)
                .remove_producers_section(true)
                .generate(output)
        })
        .map_err(|e| format!("{e:?}"))
}
