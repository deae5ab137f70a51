//! Numbers that the log keeps under a name: judges' scores, and the notes that a recipe leaves. What the log holds of
//! them is read back, what it lacks is computed and written.

use super::{Event, Lab};
use crate::Result;

impl Lab {
    /// Writes numbers that a recipe selects or labels by to the log.
    ///
    /// # Errors
    /// If the log does not fit.
    pub fn note(&mut self, name: &str, values: Vec<f32>) -> Result<()> {
        if self.replayed_note(name)?.is_none() {
            self.append(Event::Noted { name: name.to_owned(), values })?;
        }
        Ok(())
    }

    /// The numbers that the log holds next under a name, if this run is still replaying.
    ///
    /// # Errors
    /// If the next line of the log is another.
    pub(super) fn replayed_note(&mut self, name: &str) -> Result<Option<Vec<f32>>> {
        let fits = |e: &Event| matches!(e, Event::Noted { name: n, .. } if n == name);
        Ok(match self.replayed(fits, &format!("the note `{name}`"))? {
            Some(Event::Noted { values, .. }) => Some(values),
            _ => None,
        })
    }

    /// Writes numbers to the log and hands them back.
    ///
    /// # Errors
    /// If the log cannot be written.
    pub(super) fn noted(&mut self, name: &str, values: Vec<f32>) -> Result<Vec<f32>> {
        self.append(Event::Noted { name: name.to_owned(), values: values.clone() })?;
        Ok(values)
    }

    /// Writes numbers under several names that follow each other in the log, where it does not hold them all: a power
    /// failure can have come between two. They are computed only where some are missing.
    ///
    /// # Errors
    /// If the log does not fit, or as `compute`.
    pub(super) async fn note_missing(
        &mut self,
        names: &[&str],
        compute: impl AsyncFnOnce(&mut Self) -> Result<Vec<Vec<f32>>>,
    ) -> Result<()> {
        let mut held = 0;
        while held < names.len() && self.replayed_note(names[held])?.is_some() {
            held += 1;
        }
        if held < names.len() {
            let mut computed = compute(self).await?.into_iter().skip(held);
            for name in &names[held..] {
                self.noted(name, computed.next().unwrap_or_default())?;
            }
        }
        Ok(())
    }

    pub(super) fn replayed_scores(&mut self, name: &str) -> Result<Option<Vec<Vec<f32>>>> {
        let fits = |e: &Event| matches!(e, Event::Judged { judge, .. } if judge == name);
        Ok(match self.replayed(fits, "a judgement")? {
            Some(Event::Judged { scores, .. }) => Some(scores),
            _ => None,
        })
    }

    pub(super) fn judged(&mut self, name: &str, scores: Vec<Vec<f32>>, count: usize) -> Result<Vec<Vec<f32>>> {
        self.progress("judge", count, count, 0);
        self.append(Event::Judged { judge: name.to_owned(), scores: scores.clone() })?;
        Ok(scores)
    }
}
