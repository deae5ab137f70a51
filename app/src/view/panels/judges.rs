//! How far the judges deserve trust: agreement, accuracy, calibration, biases.

use crate::view::Scene;

/// The state of the panel.
#[derive(Debug, Default)]
pub struct Judges {}

impl Judges {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut egui::Ui, scene: &mut Scene<'_>) {
        let _ = (ui, scene);
    }
}
