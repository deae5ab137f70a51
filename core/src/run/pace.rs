//! How a run is held: asked to stop, and made to pause where its driver has other things to do.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{Error, Result};

/// Lets whoever drives a run do something else for a moment. A Web Worker reads its messages only
/// while nothing of ours runs, and the CPU backend never waits for anything by itself.
pub type Breath = fn() -> Pin<Box<dyn Future<Output = ()>>>;

/// The holder's end of a run.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    stop: Arc<AtomicBool>,
    breath: Option<Breath>,
}

impl Pace {
    /// A run that stops at the next safe point once `stop` is set.
    #[must_use]
    pub fn stopped_by(stop: Arc<AtomicBool>) -> Self {
        Self { stop, breath: None }
    }

    /// The same run, which also takes a breath at every safe point.
    #[must_use]
    pub fn breathing(self, breath: Breath) -> Self {
        Self { breath: Some(breath), ..self }
    }

    /// Whether the run was asked to stop.
    #[must_use]
    pub fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// A safe point: takes a breath.
    pub async fn breathe(&self) {
        if let Some(breath) = self.breath {
            breath().await;
        }
    }

    /// A safe point before work whose beginning is not yet in the log.
    ///
    /// # Errors
    /// [`Error::Stopped`] if the run was asked to stop.
    pub async fn pause(&self) -> Result<()> {
        self.breathe().await;
        if self.stopping() { Err(Error::Stopped) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local!(static BREATHS: Cell<u32> = const { Cell::new(0) });

    #[test]
    fn a_stop_is_noticed_after_the_breath_in_which_it_came() {
        let stop = Arc::new(AtomicBool::new(false));
        let pace = Pace::stopped_by(Arc::clone(&stop)).breathing(|| {
            Box::pin(async {
                BREATHS.set(BREATHS.get() + 1);
            })
        });
        pollster::block_on(pace.pause()).unwrap();
        stop.store(true, Ordering::Relaxed);
        assert!(matches!(pollster::block_on(pace.pause()), Err(Error::Stopped)));
        assert_eq!(BREATHS.get(), 2);
    }
}
