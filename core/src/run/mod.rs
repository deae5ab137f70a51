//! A run: the laboratory a recipe works in, its log, checkpoints, resuming.

pub mod checkpoint;
pub mod event;
mod lab;
mod lab_ads;
mod lab_annotator;
mod lab_credit;
mod lab_data;
mod lab_follow_up;
mod lab_game;
mod lab_judge;
mod lab_learn;
mod lab_log;
mod lab_measure;
mod lab_note;
mod lab_phase;
mod lab_reward;
mod lab_standing;
pub mod log;
mod manifest;
mod observer;
mod pace;
mod pair_batch;
pub mod plan;
mod rated_batch;
mod recorded;
mod reward_batch;
mod room;
pub mod store;

pub use event::{Arm, Event, Record};
pub use lab::{Lab, Setup, Snapshot, Subject};
pub use lab_credit::Ratios;
pub use lab_follow_up::Said;
pub use lab_phase::{Phase, Replay};
pub use manifest::{Manifest, Options, Source};
pub use observer::{Observer, Progress, Silent};
pub use pace::{Breath, Pace};
pub use pair_batch::PairBatch;
pub use rated_batch::RatedBatch;
pub use reward_batch::RewardBatch;
pub use room::check_rows;
pub use store::{Folder, Memory, Store};

#[cfg(test)]
mod tests;
