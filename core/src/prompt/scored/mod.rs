//! Texts with a score that people gave them, and lists of what ads are wanted for: tables with named columns, and
//! LAMBDA's own files.

mod lambda;
mod separated;
mod table;

pub use lambda::{LambdaAd, LambdaScene, answers_beside, parse_lambda};
pub use table::{Listing, ScoredText, Table};
