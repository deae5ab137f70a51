//! A run: the laboratory a recipe works in, its log, checkpoints, resuming.

pub mod checkpoint;
pub mod event;
mod lab;
mod lab_data;
mod lab_learn;
mod lab_log;
mod lab_measure;
pub mod log;
mod manifest;
mod observer;
mod pace;
pub mod plan;
mod recorded;
pub mod store;

pub use event::{Arm, Event, Record};
pub use lab::{Lab, Setup, Snapshot, Subject};
pub use lab_learn::{PairBatch, Replay};
pub use manifest::{Manifest, Options, Source};
pub use observer::{Observer, Progress, Silent};
pub use pace::{Breath, Pace};
pub use store::{Folder, Memory, Store};
