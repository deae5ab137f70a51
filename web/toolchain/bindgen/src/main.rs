//! Generates, from a `wasm32-unknown-unknown` module, the module that browsers load and the
//! JavaScript that loads it: `selfsame-bindgen INPUT.wasm OUTPUT_DIR`.
//!
//! It does what `wasm-bindgen --target web --no-typescript` does. It exists because the library
//! behind that program builds from the registry alone, with a lock file of ours.

use std::env;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let (Some(input), Some(output), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        eprintln!("usage: selfsame-bindgen INPUT.wasm OUTPUT_DIR");
        return ExitCode::from(2);
    };

    let mut bindgen = Bindgen::new();
    let generated = bindgen
        .input_path(input)
        .typescript(false)
        .web(true)
        .and_then(|bindgen| {
            // The JavaScript finds the module beside itself, as the command-line program has it.
            // Function names stay in: without them a trap's stack trace is a list of numbers.
            bindgen
                .omit_default_module_path(false)
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
