//! What makes ads memorable, asked of data: questions, tests with effect sizes and corrections, and how they are
//! shown.

mod finding;
mod page;
mod real;
mod table;
mod world;

pub use finding::{Answered, Finding, Level, Question, Sample, Truth, Unit, answer};
pub use page::{figures, html, text};
pub use real::questions as of_lambda;
pub use table::questions as of_table;
pub use world::questions as of_study;
