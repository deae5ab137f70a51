//! One finding: how much it matters, what was found, what to do, and the evidence.

use egui::{CornerRadius, Frame, Margin, RichText, Stroke, Ui};

use super::evidence;
use crate::{
    diagnosis::{Diagnosis, Place, Severity, registry},
    view::{
        Action, Scene, markdown,
        panels::Panel,
        theme,
        words::{t, with},
    },
};

/// Draws a finding as a card.
pub(super) fn ui(ui: &mut Ui, scene: &mut Scene<'_>, diagnosis: &Diagnosis) {
    let title = registry::by_id(diagnosis.id).map_or(diagnosis.id, |detector| detector.title());
    ui.push_id(diagnosis.id, |ui| {
        theme::card(ui).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal_wrapped(|ui| {
                badge(ui, diagnosis.severity);
                ui.label(RichText::new(title).heading());
            });
            markdown::sentence(ui, &diagnosis.sentence);
            ui.add_space(theme::sizes().step);
            ui.strong(t("diagnoses.remedy"));
            markdown::sentence(ui, &diagnosis.remedy);
            ui.add_space(theme::sizes().step);
            let panel = panel(diagnosis.place);
            let go = ui.button(with("diagnoses.go", &[("panel", &panel.title())]));
            // Several cards can lead to the same panel; only their titles tell the buttons apart.
            let name = format!("{}: {title}", with("diagnoses.go", &[("panel", &panel.title())]));
            go.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
            if go.clicked() {
                scene.ask(Action::Go(panel));
            }
            if !diagnosis.evidence.is_empty() {
                egui::CollapsingHeader::new(t("diagnoses.evidence"))
                    .default_open(diagnosis.severity > Severity::Note)
                    .show(ui, |ui| evidence::ui(ui, scene, diagnosis));
            }
        });
    });
}

/// The panel in which something can be seen.
fn panel(place: Place) -> Panel {
    match place {
        Place::Iterations => Panel::Iterations,
        Place::Answers => Panel::Answers,
        Place::Judges => Panel::Judges,
        Place::Compose => Panel::Compose,
    }
}

/// The severity as a word in a frame that is the heavier the more it matters.
fn badge(ui: &mut Ui, severity: Severity) {
    let (palette, size) = (theme::palette(ui), theme::sizes());
    let (fill, line, text) = match severity {
        Severity::Serious => (palette.bad, palette.bad, palette.raised),
        Severity::Warning => (palette.raised, palette.warn, palette.warn),
        Severity::Note => (palette.raised, palette.border, palette.muted),
    };
    Frame::new()
        .fill(fill)
        .stroke(Stroke::new(1.5, line))
        .corner_radius(CornerRadius::same(size.radius))
        .inner_margin(Margin::symmetric(6, 2))
        .show(ui, |ui| {
            ui.label(RichText::new(severity.word()).color(text).strong());
        });
}
