//! The loop as six verbs, and charts over iterations and steps.

use crate::view::Scene;

/// The state of the panel.
#[derive(Debug, Default)]
pub struct Iterations {}

impl Iterations {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut egui::Ui, scene: &mut Scene<'_>) {
        let _ = (ui, scene);
    }
}
