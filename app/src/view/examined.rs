//! The examination of the run that is shown, kept up to date over the frames.

use egui::Ui;

use super::{gate::Gate, session::PORTION};
use crate::{
    diagnosis::{Examination, Memory},
    engine::RunId,
    fold::RunView,
};

/// An examination that follows its run.
#[derive(Debug, Default)]
pub(super) struct Examined {
    memory: Memory,
    /// The last examination of this run; `None` before the first is complete.
    examination: Option<Examination>,
    /// Of which run and how many lines it is, or will be.
    gate: Gate<RunId, usize>,
    /// Whether there is more to count for it.
    counting: bool,
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
        self.gate.forget();
    }

    /// Examines the log again where it changed, but not in every frame of a film. Answers are counted over
    /// several frames, so that none takes long.
    pub(super) fn look(&mut self, ui: &Ui, run: RunId, view: &RunView) {
        let same = self.gate.of() == Some(&run);
        let due = self.gate.passes(ui.ctx(), run, view.lines, view.finished);
        if !same {
            self.memory.forget();
            self.examination = None;
        } else if !due && !self.counting {
            return;
        }
        let made = self.memory.look(view, PORTION);
        self.counting = made.is_none();
        self.examination = made.or(self.examination.take());
        if self.counting {
            ui.ctx().request_repaint();
        }
    }
}
