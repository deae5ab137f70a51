//! All methods beside each other, as they were measured.

use egui::{RichText, ScrollArea, Ui};

use super::Panel;
use crate::view::{
    Action, Pick, Scene, markdown,
    section::title,
    theme,
    words::{t, with},
};

mod bar;
mod data;
mod file;
mod order;
pub mod shown;
mod table;

pub use data::{Atlas, Estimate, Row, Verdict};
use order::Order;

/// Below this width every method is a card instead of a row.
const NARROW: f32 = 700.0;

/// Wider tables are hard to follow from one side to the other.
const READABLE: f32 = 1500.0;

/// The state of the panel.
#[derive(Debug, Default)]
pub struct AtlasPanel {
    atlas: Option<Atlas>,
    /// Whether somebody looked for the one that is part of the program.
    looked: bool,
    problem: Option<String>,
    order: Order,
    /// The row whose details are shown, by its place in the atlas: several can be called the same.
    chosen: Option<usize>,
}

impl AtlasPanel {
    /// The atlas that is shown: one that was opened, or else the one that is part of the program.
    pub fn atlas(&mut self) -> Option<&Atlas> {
        if !self.looked {
            self.looked = true;
            self.atlas = self.atlas.take().or_else(Atlas::built_in);
        }
        self.atlas.as_ref()
    }

    /// Shows an atlas; what cannot be read leaves what is shown, and says so.
    pub fn open(&mut self, name: &str, text: &str) {
        match Atlas::parse(name, text) {
            Ok(atlas) => *self = Self { atlas: Some(atlas), looked: true, order: self.order, ..Self::default() },
            Err(problem) => {
                self.problem = Some(with("atlas.unreadable", &[("name", &name), ("problem", &problem)]));
            }
        }
    }

    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        self.atlas();
        ScrollArea::vertical().id_salt("atlas").auto_shrink(false).show(ui, |ui| {
            let room = ui.available_width() - theme::sizes().step * 3.0;
            ui.set_max_width(room.min(READABLE));
            title(ui, t("atlas.title"));
            if let Some(problem) = &self.problem {
                ui.colored_label(theme::palette(ui).bad, problem);
            }
            let Some(atlas) = &self.atlas else {
                empty(ui, scene);
                return;
            };
            ui.weak(t("atlas.subtitle"));
            ui.weak(t("atlas.budget"));
            ui.weak(t("atlas.table_sentence"));
            ui.horizontal_wrapped(|ui| {
                ui.weak(with("atlas.origin", &[("name", &atlas.origin), ("count", &atlas.rows.len())]));
                if !atlas.made.is_empty() {
                    ui.weak(&atlas.made);
                }
                open_button(ui, scene);
            });
            ui.add_space(theme::sizes().step);
            let rows = self.order.sorted(&atlas.rows);
            let chosen = self.chosen;
            let pressed = if ui.available_width() < NARROW {
                self.order.choose(ui);
                table::cards(ui, &rows, chosen)
            } else {
                table::ui(ui, &rows, &mut self.order, chosen)
            };
            if let Some(id) = pressed.page {
                scene.ask(Action::Method(id));
            }
            if pressed.details.is_some() {
                self.chosen = pressed.details.filter(|place| chosen != Some(*place));
            }
            ui.add_space(theme::sizes().step);
            ui.add(egui::Label::new(RichText::new(t("atlas.note")).color(theme::palette(ui).muted)).wrap());
            ui.add_space(theme::sizes().step * 4.0);
        });
    }
}

fn open_button(ui: &mut Ui, scene: &mut Scene<'_>) {
    if ui.button(t("atlas.open")).on_hover_text(t("atlas.open_hint")).clicked() {
        scene.ask(Action::Pick(Pick::Atlas));
    }
}

/// Where nothing was measured.
fn empty(ui: &mut Ui, scene: &mut Scene<'_>) {
    ui.add_space(theme::sizes().step * 6.0);
    ui.vertical_centered(|ui| {
        ui.set_max_width(520.0);
        ui.label(RichText::new(t("atlas.empty_title")).heading());
        ui.scope(|ui| {
            ui.visuals_mut().override_text_color = Some(theme::palette(ui).muted);
            markdown::sentence(ui, t("atlas.empty_text"));
        });
        ui.add_space(theme::sizes().step * 2.0);
        open_button(ui, scene);
        if ui.button(t("atlas.to_methods")).clicked() {
            scene.ask(Action::Go(Panel::Methods));
        }
    });
}

#[cfg(test)]
pub(crate) mod tests;
