//! A share between 0 and 1 as a bar, with a mark where it would mean nothing.

use egui::{CornerRadius, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::{format, view::theme};

/// Height of a bar.
const HEIGHT: f32 = 14.0;

/// Widths of a bar, at least and at most.
const WIDTH: (f32, f32) = (90.0, 260.0);

/// One share.
pub struct Meter<'a> {
    /// Whose it is.
    pub name: &'a str,
    /// The share.
    pub share: f64,
    /// What it is to be compared with.
    pub mark: Option<f64>,
    /// Its colour, by its place in the palette.
    pub color: usize,
    /// Whether it deserves a look.
    pub alarming: bool,
    /// What it means, for hovering and reading aloud.
    pub meaning: String,
    /// The oracle's number for the same judge, or what stands in its place.
    pub truth: String,
}

/// Draws shares below each other, under the names of the columns.
pub fn meters(ui: &mut Ui, id: &str, heads: [&str; 4], meters: &[Meter<'_>]) {
    let width = (ui.available_width() * 0.35).clamp(WIDTH.0, WIDTH.1);
    let grid = egui::Grid::new(id).num_columns(4).spacing(vec2(theme::sizes().step * 4.0, theme::sizes().step * 1.5));
    egui::ScrollArea::horizontal().id_salt(id).show(ui, |ui| {
        grid.show(ui, |ui| {
            for head in heads {
                ui.weak(head);
            }
            ui.end_row();
            for meter in meters {
                ui.label(meter.name);
                bar(ui, meter, width);
                let warn = theme::palette(ui).warn;
                let text = format::number(meter.share);
                if meter.alarming {
                    ui.colored_label(warn, format!("{text} !"));
                } else {
                    ui.label(text);
                }
                ui.label(&meter.truth);
                ui.end_row();
            }
        });
    });
}

#[allow(clippy::cast_possible_truncation)] // a place on the screen
fn bar(ui: &mut Ui, meter: &Meter<'_>, width: f32) {
    let palette = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::click());
    response.widget_info(|| WidgetInfo {
        value: Some(meter.share),
        ..WidgetInfo::labeled(Role::Meter, true, &meter.meaning)
    });
    if response.clicked() {
        response.request_focus();
    }
    let radius = CornerRadius::same(3);
    ui.painter().rect_filled(rect, radius, palette.hover);
    let x = |share: f64| rect.left() + rect.width() * share.clamp(0.0, 1.0) as f32;
    let filled = Rect::from_min_max(rect.min, pos2(x(meter.share), rect.bottom()));
    ui.painter().rect_filled(filled, radius, palette.line(meter.color));
    if let Some(mark) = meter.mark {
        ui.painter().vline(x(mark), rect.expand(2.0).y_range(), Stroke::new(2.0, palette.text));
    }
    if response.has_focus() {
        let stroke = Stroke::new(2.0, palette.accent);
        ui.painter().rect_stroke(rect.expand(2.0), radius, stroke, egui::StrokeKind::Outside);
    }
    response.on_hover_text(&meter.meaning);
}
