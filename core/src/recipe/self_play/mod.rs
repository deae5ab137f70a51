//! Games of the policy against itself, a teacher, or what is already known.

pub mod dno;
pub mod selm;
pub mod spin;
