//! What goes wrong in a run, with the evidence and the remedy.

use crate::view::Scene;

/// The state of the panel.
#[derive(Debug, Default)]
pub struct Diagnoses {}

impl Diagnoses {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut egui::Ui, scene: &mut Scene<'_>) {
        let _ = (ui, scene);
    }
}
