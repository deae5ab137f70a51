//! A number for each two of some things, such as judges, as a square of shaded cells that can be read one by one.

use egui::{
    Align2, Color32, CornerRadius, FontId, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::theme::{self, Palette};
use crate::format;

/// Widths of a column, at least and at most.
const COLUMN: (f32, f32) = (68.0, 104.0);

/// Height of a row.
const ROW: f32 = 38.0;

/// How much of the colour the darkest cell has: the text on it stays readable.
const SHADE: f32 = 0.45;

/// A number for each two.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Square {
    /// What has numbers.
    pub names: Vec<String>,
    /// Rows and columns in the order of the names.
    pub values: Vec<Vec<Option<f64>>>,
}

impl Square {
    /// The square of these numbers.
    pub fn of(names: &[String], value: impl Fn(&str, &str) -> Option<f64>) -> Self {
        let row = |name: &String| names.iter().map(|other| value(name, other)).collect();
        Self { names: names.to_vec(), values: names.iter().map(row).collect() }
    }

    /// The numbers of two that are not the same, each two once.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str, f64)> {
        self.names.iter().zip(&self.values).enumerate().flat_map(move |(index, (name, row))| {
            let others = self.names.iter().zip(row).skip(index + 1);
            others.filter_map(move |(other, value)| Some((name.as_str(), other.as_str(), (*value)?)))
        })
    }
}

/// A square to draw.
pub struct Matrix<'a> {
    /// Tells matrices apart.
    pub id: &'a str,
    /// The numbers.
    pub square: &'a Square,
    /// What is seen while no cell is pointed at.
    pub hint: &'a str,
    /// A number of its own for each row, beside the square, below this heading.
    pub beside: Option<(&'a str, Vec<String>)>,
    /// Says in words what a cell means.
    pub explain: &'a dyn Fn(&str, &str, f64) -> String,
}

impl Matrix<'_> {
    /// Draws it.
    pub fn ui(&self, ui: &mut Ui) {
        let mut explained = None;
        egui::ScrollArea::horizontal().id_salt(self.id).show(ui, |ui| explained = self.cells(ui));
        ui.weak(explained.unwrap_or_else(|| self.hint.to_owned()));
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
        let columns = names.len() + usize::from(self.beside.is_some());
        let width = ((ui.available_width() - left) / columns.max(1) as f32).clamp(COLUMN.0, COLUMN.1);
        let beside = self.beside.as_ref().map(|(heading, _)| (*heading).to_owned());
        let heads: Vec<_> = names
            .iter()
            .chain(&beside)
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
            if let Some(number) = self.beside.as_ref().and_then(|(_, numbers)| numbers.get(row)) {
                let place = at(names.len(), row).center();
                ui.painter().text(place, Align2::CENTER_CENTER, number, small.clone(), palette.text);
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
