//! Objectives and optimiser steps.

pub mod adamw;
pub mod batch;
mod embedding;
pub mod game;
pub mod loss;
pub mod schedule;
mod statistics;
mod trainer;
pub mod tune;

pub use adamw::{AdamW, AdamWConfig};
pub use batch::{Batch, Sequence};
pub use embedding::{embeddings, embeddings_after};
pub use schedule::{Schedule, ScheduleKind};
pub use statistics::TokenStatistics;
pub use trainer::{KEPT, LearnConfig, MARGIN, OPINION, Objective, StepReport, Trainer};
