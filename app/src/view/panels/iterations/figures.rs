//! The numbers of the iteration that is shown.

use egui::{RichText, Ui};
use selfsame_core::run::Arm;

use crate::{
    fold::RunView,
    format,
    view::{theme, words::t},
};

/// The room that a figure with its name needs, in points.
const WIDTH: f32 = 180.0;

/// Draws what was measured after an iteration; nothing before it was.
pub fn ui(ui: &mut Ui, view: &RunView, arm: Arm, iteration: u32) {
    let Some(measured) = view.at(arm, iteration) else { return };
    let mut figures = Vec::new();
    if view.has_oracle() {
        figures.push((t("iterations.reward_sampled"), format::mean(measured.sampled.reward)));
        figures.push((t("iterations.reward_greedy"), format::mean(measured.greedy.reward)));
        if measured.label_accuracy.is_some() {
            figures.push((t("iterations.labels_figure"), format::mean(measured.label_accuracy)));
        }
    } else {
        figures.push((t("iterations.reward_sampled"), t("iterations.unknown").to_owned()));
    }
    if let Some(judged) = &measured.on_policy {
        figures.push((t("iterations.kept_figure"), format::number(judged.kept)));
    }
    figures.push((t("iterations.length"), format::tenths(measured.sampled.length)));
    figures.push((t("iterations.distinct"), format::number(measured.sampled.distinct2)));
    figures.push((t("iterations.kl"), format::number(measured.kl_to_start)));
    // As many in a row as there is room for, all equally wide.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a handful
    let columns = ((ui.available_width() / WIDTH) as usize).clamp(1, figures.len());
    for row in figures.chunks(columns) {
        ui.columns(columns, |columns| {
            for (ui, (name, value)) in columns.iter_mut().zip(row) {
                ui.spacing_mut().item_spacing.y = 0.0;
                let label = ui.label(RichText::new(*name).small().color(theme::palette(ui).muted));
                if *name == t("iterations.kl") {
                    label.on_hover_text(t("iterations.kl_hint"));
                }
                ui.label(RichText::new(value).strong().monospace());
            }
        });
    }
}
