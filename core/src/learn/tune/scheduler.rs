//! Schedules of the learning rate by the names that `transformers` gives them.

use serde::{Deserialize, Serialize};

use crate::learn::{Schedule, ScheduleKind};

/// How the learning rate changes over a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchedulerType {
    /// Falls to zero along a line, after a warm-up where one is asked for.
    #[default]
    Linear,
    /// Falls to zero along half a cosine, after a warm-up where one is asked for.
    Cosine,
    /// Is at its peak in every step, whatever warm-up is asked for.
    Constant,
    /// Stays at its peak after the warm-up.
    ConstantWithWarmup,
}

impl SchedulerType {
    /// The schedule of a run of `total` steps, of which `warmup` are asked for as a warm-up.
    #[must_use]
    pub fn schedule(self, warmup: usize, total: usize) -> Schedule {
        let (kind, warmup) = match self {
            Self::Linear => (ScheduleKind::Linear, warmup),
            Self::Cosine => (ScheduleKind::Cosine, warmup),
            Self::Constant => (ScheduleKind::Constant, 0),
            Self::ConstantWithWarmup => (ScheduleKind::Constant, warmup),
        };
        Schedule { kind, warmup, total }
    }
}
