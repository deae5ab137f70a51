//! The program, started as a person starts it.

mod ads;
mod ads_data;
mod bad_input;
mod gguf;
mod kill;
mod learn;
mod model_folder;
mod reproduce;
mod smollm2;
mod smollm2_run;
