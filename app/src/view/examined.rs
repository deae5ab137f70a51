//! The examination of the run that is shown, kept up to date over the frames.

use std::time::Duration;

use egui::Ui;

use super::session::PORTION;
use crate::{
    diagnosis::{Examination, Memory},
    engine::RunId,
    fold::RunView,
};

/// Seconds between two looks at a log that grows.
const BETWEEN_LOOKS: f64 = 0.5;

/// An examination that follows its run.
#[derive(Debug, Default)]
pub(super) struct Examined {
    memory: Memory,
    /// The last examination of this run; `None` before the first is complete.
    examination: Option<Examination>,
    /// Of which run and how many lines it is, or will be.
    of: Option<(RunId, usize)>,
    /// Whether there is more to count for it.
    counting: bool,
    /// When it was made.
    made: f64,
}

impl Examined {
    /// The last examination; `None` before the first is complete.
    pub(super) fn examination(&self) -> Option<&Examination> {
        self.examination.as_ref()
    }

    /// What the last look cost, in answers.
    #[cfg(test)]
    pub(super) fn spent(&self) -> usize {
        self.memory.spent()
    }

    /// Forgets the run, because none is shown.
    pub(super) fn forget(&mut self) {
        self.of = None;
    }

    /// Examines the log again where it changed, but not in every frame of a film. Answers are counted over
    /// several frames, so that none takes long.
    pub(super) fn look(&mut self, ui: &Ui, run: RunId, view: &RunView) {
        let now = ui.input(|input| input.time);
        let of = Some((run, view.lines));
        if self.of == of && !self.counting {
            return;
        }
        let same = self.of.is_some_and(|(known, _)| known == run);
        if !same {
            self.memory.forget();
            self.examination = None;
        } else if !self.counting && now - self.made < BETWEEN_LOOKS {
            ui.ctx().request_repaint_after(Duration::from_secs_f64(BETWEEN_LOOKS));
            return;
        }
        let made = self.memory.look(view, PORTION);
        self.counting = made.is_none();
        self.examination = made.or(self.examination.take());
        (self.of, self.made) = (of, now);
        if self.counting {
            ui.ctx().request_repaint();
        }
    }
}
