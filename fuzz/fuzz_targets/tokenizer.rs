//! See `src/targets/tokenizer.rs`.

#![cfg_attr(any(fuzzing, feature = "libfuzzer"), no_main)]

selfsame_fuzz::program!(selfsame_fuzz::Target::named("tokenizer").expect("it is in the list"));
