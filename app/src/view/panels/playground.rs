//! Talk to models side by side.

use crate::view::Scene;

/// The state of the panel.
#[derive(Debug, Default)]
pub struct Playground {}

impl Playground {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut egui::Ui, scene: &mut Scene<'_>) {
        let _ = (ui, scene);
    }

    /// Tokens of an answer.
    pub fn said(&mut self, _slot: u32, _tokens: Vec<(String, f32)>, _done: bool, _problem: Option<String>) {}
}
