//! See `src/targets/chat_template.rs`.

#![cfg_attr(any(fuzzing, feature = "libfuzzer"), no_main)]

selfsame_fuzz::program!(selfsame_fuzz::Target::named("chat_template").expect("it is in the list"));
