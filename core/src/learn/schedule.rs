//! How the learning rate changes over a phase of learning.

use serde::{Deserialize, Serialize};

/// The shape after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleKind {
    /// Stays at its peak: what `transformers` calls `constant_with_warmup`.
    #[default]
    Constant,
    /// Falls to zero along half a cosine.
    Cosine,
    /// Falls to zero along a line.
    Linear,
}

/// Linear warm-up, then [`ScheduleKind`]; the same values as the schedules of `transformers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// The shape after the warm-up.
    pub kind: ScheduleKind,
    /// Steps of warm-up.
    pub warmup: usize,
    /// All steps of the phase, warm-up included.
    pub total: usize,
}

impl Schedule {
    /// The factor on the peak learning rate at `step`, counted from 0.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // step counts
    pub fn factor(&self, step: usize) -> f64 {
        if step < self.warmup {
            return step as f64 / self.warmup as f64;
        }
        let left = self.total.saturating_sub(self.warmup).max(1);
        match self.kind {
            ScheduleKind::Constant => 1.0,
            ScheduleKind::Linear => self.total.saturating_sub(step) as f64 / left as f64,
            ScheduleKind::Cosine => {
                let progress = (step - self.warmup) as f64 / left as f64;
                (0.5 * (1.0 + (std::f64::consts::PI * progress).cos())).max(0.0)
            }
        }
    }
}
