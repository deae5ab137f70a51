//! See `src/targets/tokenizer_config.rs`.

#![cfg_attr(any(fuzzing, feature = "libfuzzer"), no_main)]

selfsame_fuzz::program!(selfsame_fuzz::Target::named("tokenizer_config").expect("it is in the list"));
