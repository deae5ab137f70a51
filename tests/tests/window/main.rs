//! The window: pictures of it, a run worked through it, and the real one on a display in memory.

mod pictures;
mod real;
mod real_run;
mod run;
mod soak;
