//! Ask for a run: recipe, model, prompts, settings, what it will need.

use crate::view::Scene;

/// The state of the panel.
#[derive(Debug, Default)]
pub struct Compose {}

impl Compose {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut egui::Ui, scene: &mut Scene<'_>) {
        let _ = (ui, scene);
    }

    /// What the person picked.
    pub fn picked(&mut self, _what: crate::view::Pick, _path: &str) {}

    /// What the engine thinks of a request.
    pub fn planned(&mut self, _ticket: u64, _plan: Result<crate::engine::Planned, String>) {}
}
