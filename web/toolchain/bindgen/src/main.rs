//! Generates, from a `wasm32-unknown-unknown` module, the module that browsers load and the
//! JavaScript that loads it: `selfsame-bindgen [--strip] INPUT.wasm OUTPUT_DIR`.
//!
//! It does what `wasm-bindgen --target web --no-typescript` does. It exists because the library
//! behind that program builds from the registry alone, with a lock file of ours.

use std::env;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1).peekable();
    // For a page that is downloaded: function names are a third of a module, and the page says itself
    // where the module is. They stay otherwise: without them a trap's stack trace is a list of numbers.
    let strip = arguments.next_if(|first| first == "--strip").is_some();
    let (Some(input), Some(output), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        eprintln!("usage: selfsame-bindgen [--strip] INPUT.wasm OUTPUT_DIR");
        return ExitCode::from(2);
    };

    let mut bindgen = Bindgen::new();
    let generated = bindgen
        .input_path(input)
        .typescript(false)
        .web(true)
        .and_then(|bindgen| {
            bindgen
                .omit_default_module_path(strip)
                .remove_name_section(strip)
                .remove_producers_section(true)
                .generate(output)
        });
    match generated {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("selfsame-bindgen: {error:?}");
            ExitCode::FAILURE
        }
    }
}
