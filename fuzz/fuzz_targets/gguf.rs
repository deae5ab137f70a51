//! See `src/targets/gguf.rs`.

#![cfg_attr(any(fuzzing, feature = "libfuzzer"), no_main)]

selfsame_fuzz::program!(selfsame_fuzz::Target::named("gguf").expect("it is in the list"));
