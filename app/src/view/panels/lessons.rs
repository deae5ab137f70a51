//! The guided tour.

use crate::view::Scene;

/// The state of the panel.
#[derive(Debug, Default)]
pub struct Lessons {}

impl Lessons {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut egui::Ui, scene: &mut Scene<'_>) {
        let _ = (ui, scene);
    }
}
