//! Recipes that follow the gradient of a reward of their own answers.

pub mod nlhf;
pub mod r3;
