//! An estimate as a point between the ends of its interval, on a scale that a column shares.

use egui::{CornerRadius, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::data::Estimate;
use crate::{
    format,
    view::{chart::extent, theme},
};

/// Height of a bar.
const HEIGHT: f32 = 18.0;

/// What a column's bars share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
    /// Where an upright line stands, such as at no difference.
    pub mark: Option<f64>,
    /// Whether numbers have a sign.
    pub signed: bool,
}

impl Scale {
    /// The scale that holds all of a column.
    pub fn of<'a>(estimates: impl Iterator<Item = &'a Estimate>, mark: Option<f64>, signed: bool) -> Self {
        let ends = estimates.flat_map(|estimate| [estimate.mean, estimate.low, estimate.high]).chain(mark);
        let Some((low, high)) = extent(ends) else { return Self { low: 0.0, high: 1.0, mark, signed } };
        let margin = if high > low { 0.06 * (high - low) } else { 0.5 };
        Self { low: low - margin, high: high + margin, mark, signed }
    }

    #[allow(clippy::cast_possible_truncation)] // a place on the screen
    fn share(&self, value: f64) -> f32 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0) as f32
    }

    /// A number as it stands beside a bar.
    pub fn number(&self, value: f64) -> String {
        let text = format::number(value);
        if self.signed && value.is_finite() && !text.starts_with('-') && text != "0.000" {
            format!("+{text}")
        } else {
            text
        }
    }
}

/// Draws an estimate; `meaning` is said to those who do not see it.
pub fn bar(ui: &mut Ui, width: f32, estimate: &Estimate, scale: &Scale, ink: egui::Color32, meaning: &str) {
    let palette = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::click());
    response
        .widget_info(|| WidgetInfo { value: Some(estimate.mean), ..WidgetInfo::labeled(Role::Meter, true, meaning) });
    if response.clicked() {
        response.request_focus();
    }
    let x = |value: f64| rect.left() + rect.width() * scale.share(value);
    let middle = rect.center().y;
    let painter = ui.painter();
    painter.hline(rect.x_range(), middle, Stroke::new(1.0, palette.border));
    if let Some(mark) = scale.mark {
        painter.vline(x(mark), rect.y_range(), Stroke::new(1.0, palette.muted));
    }
    if estimate.low.is_finite() && estimate.high.is_finite() {
        let span = egui::Rect::from_min_max(pos2(x(estimate.low), middle - 3.0), pos2(x(estimate.high), middle + 3.0));
        painter.rect_filled(span, CornerRadius::same(3), ink.gamma_multiply(0.35));
        for end in [estimate.low, estimate.high] {
            painter.vline(x(end), middle - 4.0..=middle + 4.0, Stroke::new(1.5, ink));
        }
    }
    painter.circle_filled(pos2(x(estimate.mean), middle), 4.0, ink);
    if response.has_focus() {
        let stroke = Stroke::new(2.0, palette.accent);
        painter.rect_stroke(rect.expand(2.0), CornerRadius::same(3), stroke, egui::StrokeKind::Outside);
    }
    response.on_hover_text(meaning);
}
