//! Who watches a run.

use super::{Arm, Record};

/// What is happening, for a progress display. Nothing that lasts is in here.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// The arm.
    pub arm: Arm,
    /// The iteration.
    pub iteration: u32,
    /// `sample`, `judge`, `learn`, `measure`.
    pub phase: &'static str,
    /// Units done and all units of the phase.
    pub done: usize,
    /// All units of the phase.
    pub total: usize,
    /// Tokens drawn or learned from since the last report.
    pub tokens: usize,
}

/// Sees a run as it happens.
pub trait Observer {
    /// A line was added to the log.
    fn record(&mut self, record: &Record);
    /// A phase went on.
    fn progress(&mut self, progress: &Progress);
}

/// An observer that looks away.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn record(&mut self, _: &Record) {}
    fn progress(&mut self, _: &Progress) {}
}
