//! Tables with a column for each run.

use egui::{RichText, Ui, vec2};

use super::choice::Named;
use crate::{
    comparison::{Row, Setting, shown},
    view::{theme, words::t},
};

/// A table that can be wider than the panel.
pub fn table(ui: &mut Ui, id: &str, head: &[String], rows: impl FnOnce(&mut Ui)) {
    let step = theme::sizes().step;
    egui::ScrollArea::horizontal().id_salt(id).show(ui, |ui| {
        egui::Grid::new(id).striped(true).spacing(vec2(step * 6.0, step * 1.5)).show(ui, |ui| {
            for name in head {
                ui.label(RichText::new(name).strong());
            }
            ui.end_row();
            rows(ui);
        });
    });
}

fn head(first: &str, chosen: &[Named<'_>]) -> Vec<String> {
    std::iter::once(first.to_owned()).chain(chosen.iter().map(Named::title)).collect()
}

/// The final figures.
pub fn figures(ui: &mut Ui, chosen: &[Named<'_>], rows: &[Row]) {
    table(ui, "compare-figures", &head(t("compare.figure"), chosen), |ui| {
        for row in rows {
            ui.label(row.figure.name());
            for text in row.texts() {
                ui.label(text);
            }
            ui.end_row();
        }
    });
}

/// The settings in which the runs differ.
pub fn settings(ui: &mut Ui, chosen: &[Named<'_>], settings: &[Setting]) {
    if settings.is_empty() {
        return;
    }
    table(ui, "compare-settings", &head(t("compare.setting"), chosen), |ui| {
        for setting in settings {
            ui.label(RichText::new(&setting.name).monospace());
            for value in &setting.values {
                ui.label(shown(value.as_ref()));
            }
            ui.end_row();
        }
    });
}
