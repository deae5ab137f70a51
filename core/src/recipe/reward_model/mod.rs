//! Recipes whose reward comes from a model of its own.

pub mod flr;
