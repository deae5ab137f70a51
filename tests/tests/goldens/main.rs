//! What we compute beside what others computed: PyTorch, transformers, TRL, SciPy.

mod chat;
mod data_sets;
mod exports;
mod families;
mod learn;
mod losses;
mod model;
mod optimizer;
mod rope;
mod sampling;
mod statistics;
mod trajectory;
mod written;
