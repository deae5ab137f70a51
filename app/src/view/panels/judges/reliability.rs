//! The reliability diagram: how often it was so, over how sure the judge was.

use egui::{Align2, CornerRadius, FontId, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::calibration::{Axis, Bin, Calibration};
use crate::{
    format::{self, number},
    view::{
        theme,
        words::{t, with},
    },
};

/// Height of the diagram, and of the strip of counts below it.
const HEIGHT: (f32, f32) = (210.0, 34.0);

/// Room for numbers to the left.
const LEFT: f32 = 34.0;

/// Widest useful diagram.
const WIDEST: f32 = 520.0;

/// Draws the diagram of a judge in its colour.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // places on the screen
pub fn diagram(ui: &mut Ui, judge: &str, calibration: &Calibration, color: usize) {
    let palette = theme::palette(ui);
    let size = theme::sizes();
    let small = FontId::proportional(size.small);
    let line = size.small + 2.0 * size.step;
    ui.weak(match calibration.axis {
        Axis::Confidence => t("judges.diagram_confidence"),
        Axis::First => t("judges.diagram_first"),
    });
    let width = ui.available_width().min(WIDEST);
    let (area, _) = ui.allocate_exact_size(vec2(width, HEIGHT.0 + HEIGHT.1 + line), Sense::hover());
    let top = area.top() + size.step;
    let plot = Rect::from_min_max(pos2(area.left() + LEFT, top), pos2(area.right() - LEFT, top + HEIGHT.0));
    let strip = Rect::from_min_max(
        pos2(plot.left(), plot.bottom() + size.step),
        pos2(plot.right(), plot.bottom() + HEIGHT.1 - size.step),
    );
    let (low, high) = calibration.axis.range();
    let x = |said: f64| plot.left() + plot.width() * ((said - low) / (high - low)) as f32;
    let y = |so: f64| plot.bottom() - plot.height() * so as f32;
    let painter = ui.painter().clone();
    painter.rect(plot, CornerRadius::ZERO, palette.panel, Stroke::new(1.0, palette.border), StrokeKind::Inside);
    for quarter in [0.0, 0.25, 0.5, 0.75, 1.0] {
        painter.hline(plot.x_range(), y(quarter), Stroke::new(0.5, palette.border));
        let place = pos2(plot.left() - size.step, y(quarter));
        painter.text(place, Align2::RIGHT_CENTER, format!("{quarter:.2}"), small.clone(), palette.muted);
    }
    for fifth in [0.0, 0.2, 0.4, 0.6, 0.8, 1.0] {
        let said = low + (high - low) * fifth;
        let place = pos2(x(said), strip.bottom() + size.step);
        painter.text(place, Align2::CENTER_TOP, format!("{said:.1}"), small.clone(), palette.muted);
    }
    let truth = [pos2(x(low), y(low)), pos2(x(high), y(high))];
    painter.extend(Shape::dashed_line(&truth, Stroke::new(1.5, palette.muted), 6.0, 4.0));
    let most = calibration.bins.iter().map(|bin| bin.pairs).max().unwrap_or(0).max(1) as f32;
    let mut explained = None;
    for (index, bin) in calibration.bins.iter().enumerate() {
        let Some((from, to)) = bin.interval() else { continue };
        let (start, end) = calibration.ends(index);
        let column = Rect::from_min_max(pos2(x(start), plot.top()), pos2(x(end), strip.bottom()));
        let response = ui.interact(column, ui.scope_id().with(("bin", judge, index)), Sense::click());
        let meaning = meaning(calibration.axis, bin, (start, end), (from, to));
        response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, &meaning));
        if response.clicked() {
            response.request_focus();
        }
        if response.hovered() || response.has_focus() {
            painter.rect_filled(column, CornerRadius::same(3), palette.accent.gamma_multiply(0.15));
            explained = Some(meaning);
        }
        let tall = strip.height() * bin.pairs as f32 / most;
        let count = Rect::from_min_max(pos2(x(start) + 1.0, strip.bottom() - tall), pos2(x(end) - 1.0, strip.bottom()));
        painter.rect_filled(count, CornerRadius::ZERO, palette.border);
        let middle = x(bin.said());
        let stroke = Stroke::new(1.5, palette.line(color));
        painter.vline(middle, y(to)..=y(from), stroke);
        for end in [from, to] {
            painter.hline(middle - 4.0..=middle + 4.0, y(end), stroke);
        }
        painter.circle_filled(pos2(middle, y(bin.share())), 4.5, palette.line(color));
    }
    ui.weak(explained.unwrap_or_else(|| t("judges.diagram_hint").to_owned()));
}

/// What a bin means.
fn meaning(axis: Axis, bin: &Bin, ends: (f64, f64), interval: (f64, f64)) -> String {
    let two = |value: f64| format!("{value:.2}");
    let values: [(&str, &dyn std::fmt::Display); 6] = [
        ("start", &two(ends.0)),
        ("end", &two(ends.1)),
        ("pairs", &format::count(bin.pairs)),
        ("so", &number(bin.share())),
        ("low", &two(interval.0)),
        ("high", &two(interval.1)),
    ];
    match axis {
        Axis::Confidence => with("judges.bin_confidence", &values),
        Axis::First => with("judges.bin_first", &values),
    }
}
