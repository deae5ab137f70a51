//! Prompts, their answers side by side, and what the judges thought of them.

use crate::view::Scene;

/// The state of the panel.
#[derive(Debug, Default)]
pub struct Answers {}

impl Answers {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut egui::Ui, scene: &mut Scene<'_>) {
        let _ = (ui, scene);
    }
}
