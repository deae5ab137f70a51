//! Runs beside each other.

use crate::view::Scene;

/// The state of the panel.
#[derive(Debug, Default)]
pub struct Compare {}

impl Compare {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut egui::Ui, scene: &mut Scene<'_>) {
        let _ = (ui, scene);
    }
}
