//! Preference objectives on given pairs, single ratings or scores.

pub mod bco;
pub mod cdr;
pub mod dpo;
pub mod reward_aug;
pub mod t_reg;
