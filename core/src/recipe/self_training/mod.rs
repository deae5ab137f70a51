//! Recipes that learn from answers of their own which they chose themselves.

pub mod sharpening;
