//! A number for each two judges, as a square of shaded cells that can be read one by one.

use egui::{
    Align2, Color32, CornerRadius, FontId, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::findings::Square;
use crate::{
    format,
    view::{
        theme::{self, Palette},
        words::t,
    },
};

/// Widths of a column, at least and at most.
const COLUMN: (f32, f32) = (68.0, 104.0);

/// Height of a row.
const ROW: f32 = 38.0;

/// How much of the colour the darkest cell has: the text on it stays readable.
const SHADE: f32 = 0.45;

/// A square to draw.
pub struct Matrix<'a> {
    /// Tells matrices apart.
    pub id: &'a str,
    /// The numbers.
    pub square: &'a Square,
    /// The oracle's number for each judge, beside the square.
    pub truth: Option<Vec<String>>,
    /// Says in words what a cell means.
    pub explain: &'a dyn Fn(&str, &str, f64) -> String,
}

impl Matrix<'_> {
    /// Draws it.
    pub fn ui(&self, ui: &mut Ui) {
        let mut explained = None;
        egui::ScrollArea::horizontal().id_salt(self.id).show(ui, |ui| explained = self.cells(ui));
        ui.weak(explained.unwrap_or_else(|| t("judges.cell_hint").to_owned()));
    }

    /// Draws the cells. What the cell under the pointer or with the focus means.
    #[allow(clippy::cast_precision_loss)] // a handful of judges
    fn cells(&self, ui: &mut Ui) -> Option<String> {
        let palette = theme::palette(ui);
        let size = theme::sizes();
        let (text, small) = (FontId::proportional(size.text), FontId::proportional(size.small));
        let names = &self.square.names;
        let labels: Vec<_> =
            names.iter().map(|name| ui.painter().layout_no_wrap(name.clone(), text.clone(), palette.text)).collect();
        let left = labels.iter().map(|label| label.size().x).fold(0.0, f32::max) + 3.0 * size.step;
        let columns = names.len() + usize::from(self.truth.is_some());
        let width = ((ui.available_width() - left) / columns.max(1) as f32).clamp(COLUMN.0, COLUMN.1);
        let truth_name = self.truth.as_ref().map(|_| t("judges.right").to_owned());
        let heads: Vec<_> = names
            .iter()
            .chain(&truth_name)
            .map(|name| ui.painter().layout(name.clone(), small.clone(), palette.muted, width - size.step))
            .collect();
        let top = heads.iter().map(|head| head.size().y).fold(0.0, f32::max) + size.step;
        let whole = vec2(left + width * columns as f32, top + ROW * names.len() as f32);
        let (area, _) = ui.allocate_exact_size(whole, Sense::hover());
        let at = |column: usize, row: usize| {
            let corner = area.min + vec2(left + width * column as f32, top + ROW * row as f32);
            Rect::from_min_size(corner, Vec2::new(width, ROW)).shrink(1.0)
        };
        for (column, head) in heads.into_iter().enumerate() {
            let x = at(column, 0).center().x - head.size().x / 2.0;
            ui.painter().galley(pos2(x, area.top() + top - size.step - head.size().y), head, palette.muted);
        }
        for (row, label) in labels.into_iter().enumerate() {
            let y = at(0, row).center().y - label.size().y / 2.0;
            ui.painter().galley(pos2(area.left(), y), label, palette.text);
        }
        let mut explained = None;
        for (row, (name, values)) in names.iter().zip(&self.square.values).enumerate() {
            for (column, (other, value)) in names.iter().zip(values).enumerate() {
                let rect = at(column, row);
                let Some(value) = *value else {
                    ui.painter().text(
                        rect.center(),
                        Align2::CENTER_CENTER,
                        format::NOTHING,
                        text.clone(),
                        palette.muted,
                    );
                    continue;
                };
                let meaning = (self.explain)(name, other, value);
                let response = ui.interact(rect, ui.scope_id().with((self.id, row, column)), Sense::click());
                response.widget_info(|| WidgetInfo::labeled(Role::Cell, true, &meaning));
                if response.clicked() {
                    response.request_focus();
                }
                let lit = response.hovered() || response.has_focus();
                paint(ui, rect, value, row == column, &palette);
                if lit {
                    let radius = CornerRadius::same(size.radius / 2);
                    ui.painter().rect_stroke(rect, radius, Stroke::new(2.0, palette.accent), StrokeKind::Inside);
                    explained = Some(meaning);
                }
            }
            if let Some(truth) = self.truth.as_ref().and_then(|truth| truth.get(row)) {
                let place = at(names.len(), row).center();
                ui.painter().text(place, Align2::CENTER_CENTER, truth, small.clone(), palette.text);
            }
        }
        explained
    }
}

/// Paints a cell; a number below nought also has another colour besides its sign.
#[allow(clippy::cast_possible_truncation)] // a shade
fn paint(ui: &Ui, rect: Rect, value: f64, diagonal: bool, palette: &Palette) {
    let full = if value < 0.0 { palette.bad } else { palette.accent };
    let shade = if diagonal { 0.0 } else { SHADE * value.abs().min(1.0) as f32 };
    let fill: Color32 = palette.raised.lerp_to_gamma(full, shade);
    let radius = CornerRadius::same(theme::sizes().radius / 2);
    ui.painter().rect(rect, radius, fill, Stroke::new(1.0, palette.border), StrokeKind::Inside);
    let color = if diagonal { palette.muted } else { palette.text };
    let font = FontId::proportional(theme::sizes().text);
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, format::number(value), font, color);
}
