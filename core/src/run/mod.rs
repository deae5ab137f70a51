//! A run: the laboratory a recipe works in, its log, checkpoints, resuming.

pub mod checkpoint;
pub mod event;
mod lab;
mod lab_data;
mod lab_learn;
mod lab_measure;
pub mod log;
mod manifest;
mod pace;
pub mod plan;
mod recorded;
pub mod store;

pub use event::{Arm, Event, Record};
pub use lab::{Lab, Observer, Progress, Setup, Silent, Snapshot, Subject};
pub use lab_learn::{PairBatch, Replay};
pub use manifest::{Manifest, Options, Source};
pub use pace::{Breath, Pace};
pub use store::{Folder, Memory, Store};
