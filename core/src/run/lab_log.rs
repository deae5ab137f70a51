//! The log inside the laboratory. What it already holds is replayed in order: each phase first asks
//! whether the next line is its own. What is new is written at its end.

use std::collections::VecDeque;

use super::{
    Event, Lab, Progress, Record, Store,
    event::SCHEMA,
    log::{Chain, committed, parse},
};
use crate::{Error, Result};

/// What the log of a run holds, its end repaired, and how far it is with that. `weights` is the file of weights of a checkpoint.
///
/// # Errors
/// If it is damaged, or cannot be written.
pub(super) fn held(store: &mut dyn Store, weights: &str) -> Result<(VecDeque<Record>, Chain)> {
    let bytes = store.read_log()?;
    let parsed = parse(&bytes, &store.path())?;
    let kept = committed(parsed, &bytes, |name| store.get(name, weights).is_ok());
    if kept.length < bytes.len() {
        store.truncate_log(kept.length)?;
    }
    Ok((kept.records.into(), kept.chain))
}

impl Lab {
    /// Begins the log of a new run, or checks that the one that is there is this run's.
    ///
    /// # Errors
    /// If it belongs to other inputs, or cannot be written.
    pub(super) fn begin_log(&mut self) -> Result<()> {
        let Some(first) = self.replay.pop_front() else {
            let text = toml::to_string_pretty(&self.manifest)
                .map_err(|e| Error::Recipe(format!("run.toml cannot be written: {e}")))?;
            self.store.write("run.toml", &text)?;
            return self.append(Event::Started { manifest: Box::new(self.manifest.clone()) });
        };
        let Event::Started { manifest } = &first.event else {
            return Err(self.mismatch("a start"));
        };
        if **manifest != self.manifest {
            return Err(Error::Log {
                path: self.store.path(),
                problem: "the run was started with other inputs (model, data, settings, device or version); resume it with the same ones, or start a new run".to_owned(),
            });
        }
        self.observer.record(&first);
        Ok(())
    }

    /// The next event of the log, if this run is still replaying and the event fits.
    ///
    /// # Errors
    /// If there is a next one that does not fit: the log is another recipe's.
    pub(super) fn replayed(&mut self, fits: impl Fn(&Event) -> bool, wanted: &str) -> Result<Option<Event>> {
        let Some(next) = self.replay.front() else {
            return Ok(None);
        };
        if next.arm != self.arm || next.iteration != self.iteration || !fits(&next.event) {
            return Err(self.mismatch(wanted));
        }
        let record = self.replay.pop_front();
        if let Some(record) = &record {
            self.observer.record(record);
        }
        Ok(record.map(|record| record.event))
    }

    fn mismatch(&self, wanted: &str) -> Error {
        Error::Log {
            path: self.store.path(),
            problem: format!(
                "line {} should be {wanted} of iteration {} ({}), but is not; the log does not belong to this recipe, or lines before it are missing. Restore the file from a copy, or start a new run",
                self.replayed_lines() + 1,
                self.iteration,
                self.arm.name()
            ),
        }
    }

    /// The lines of the log that this run has come to, while there are more of them.
    pub(super) fn replayed_lines(&self) -> usize {
        self.chain.lines().saturating_sub(self.replay.len())
    }

    /// Whether the log still holds results that this run has not come to.
    pub(super) fn replaying(&self) -> bool {
        !self.replay.is_empty()
    }

    /// Whether the log holds the end of the learning phase that comes next.
    pub(super) fn replay_has_complete_checkpoint(&self) -> bool {
        self.replay
            .iter()
            .take_while(|record| matches!(record.event, Event::Step { .. } | Event::Checkpoint { .. }))
            .any(|record| matches!(record.event, Event::Checkpoint { complete: true, .. }))
    }

    /// Writes a line.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn append(&mut self, event: Event) -> Result<()> {
        let record =
            Record { schema: SCHEMA, at: seconds_since_1970(), arm: self.arm, iteration: self.iteration, event };
        let json = serde_json::to_string(&record)
            .map_err(|e| Error::Log { path: self.store.path(), problem: format!("a line cannot be written: {e}") })?;
        let line = self.chain.seal(&json);
        self.store.append(&line, record.commits())?;
        self.observer.record(&record);
        Ok(())
    }

    /// Writes a line, unless the log holds it already.
    ///
    /// # Errors
    /// If the next line of the log does not fit, or the line cannot be written.
    pub(super) fn append_once(
        &mut self,
        fits: impl Fn(&Event) -> bool,
        wanted: &str,
        event: impl FnOnce() -> Event,
    ) -> Result<()> {
        if self.replayed(fits, wanted)?.is_none() {
            self.append(event())?;
        }
        Ok(())
    }

    /// Says how far a phase is.
    pub(super) fn progress(&mut self, phase: &'static str, done: usize, total: usize, tokens: usize) {
        self.observer.progress(&Progress { arm: self.arm, iteration: self.iteration, phase, done, total, tokens });
    }
}

fn seconds_since_1970() -> f64 {
    web_time::SystemTime::now().duration_since(web_time::UNIX_EPOCH).map_or(0.0, |elapsed| elapsed.as_secs_f64())
}
