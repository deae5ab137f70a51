//! All targets in one program, which takes one program's time to link: `SELFSAME_FUZZ_TARGET` chooses.

#![cfg_attr(any(fuzzing, feature = "libfuzzer"), no_main)]

selfsame_fuzz::program!(selfsame_fuzz::asked());
