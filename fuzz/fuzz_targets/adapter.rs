//! See `src/targets/adapter.rs`.

#![cfg_attr(any(fuzzing, feature = "libfuzzer"), no_main)]

selfsame_fuzz::program!(selfsame_fuzz::Target::named("adapter").expect("it is in the list"));
