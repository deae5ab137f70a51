//! See `src/targets/safetensors.rs`.

#![cfg_attr(any(fuzzing, feature = "libfuzzer"), no_main)]

selfsame_fuzz::program!(selfsame_fuzz::Target::named("safetensors").expect("it is in the list"));
