//! See `src/targets/run_log.rs`.

#![cfg_attr(any(fuzzing, feature = "libfuzzer"), no_main)]

selfsame_fuzz::program!(selfsame_fuzz::Target::named("run_log").expect("it is in the list"));
