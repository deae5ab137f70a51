//! Objectives and optimiser steps.

pub mod adamw;
pub mod batch;
pub mod loss;
pub mod schedule;

pub use adamw::{AdamW, AdamWConfig};
pub use batch::{Batch, Sequence};
pub use schedule::{Schedule, ScheduleKind};
