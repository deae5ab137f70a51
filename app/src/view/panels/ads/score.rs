//! How memorable an ad is: what each Henry expects, with the interval that holds most of his probability, beside the
//! truth.

use egui::{Color32, CornerRadius, Label, Rect, RichText, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};
use selfsame_core::judge::Opinion;

use super::{
    gallery::{Piece, Spread},
    said::of_hundred,
};
use crate::view::{
    theme::{self, Palette},
    words::{t, with},
};

/// Height of a row.
const ROW: f32 = 24.0;

/// Room for a row's name and for its number.
const NAME: f32 = 172.0;
const NUMBER: f32 = 34.0;

/// Below this width names stand above their rows.
const NARROW: f32 = 420.0;

/// The places in the palette of the Henries and of the truth; shapes go with them, as in the charts.
pub const COLORS: [usize; 3] = [0, 1, 7];

/// The names of both Henries and of the truth.
pub fn names() -> [&'static str; 3] {
    [t("ads.henry"), t("ads.other"), t("ads.truth")]
}

/// Draws what is known, a row each.
pub fn rows(ui: &mut Ui, piece: &Piece, opinion: Option<&Opinion>) {
    let [henry, other, truth] = names();
    if let Some(spread) = piece.spreads[0] {
        row(ui, henry, spread, COLORS[0], opinion);
    }
    if let Some(spread) = piece.spreads[1] {
        row(ui, other, spread, COLORS[1], None);
    }
    let value = piece.memorability();
    row(ui, truth, Spread { expected: value, low: value, high: value }, COLORS[2], None);
}

/// Says in words what the rows show.
pub fn sentences(ui: &mut Ui, piece: &Piece) {
    let truth = of_hundred(piece.memorability());
    let text = match piece.spreads[0] {
        Some(spread) => with("ads.expects", &[("value", &of_hundred(spread.expected)), ("truth", &truth)]),
        None => with("ads.nobody_asked", &[("truth", &truth)]),
    };
    ui.add(Label::new(text).wrap());
    if piece.spreads.iter().any(Option::is_some) {
        ui.add(Label::new(RichText::new(t("ads.interval")).small().color(theme::palette(ui).muted)).wrap());
    }
}

/// What a row means, for reading aloud.
fn meaning(name: &str, spread: &Spread) -> String {
    let [value, low, high] = [spread.expected, spread.low, spread.high].map(of_hundred);
    if spread.low < spread.high {
        with("ads.row", &[("name", &name), ("value", &value), ("low", &low), ("high", &high)])
    } else {
        with("ads.row_truth", &[("name", &name), ("value", &value)])
    }
}

fn row(ui: &mut Ui, name: &str, spread: Spread, color: usize, opinion: Option<&Opinion>) {
    let (palette, size) = (theme::palette(ui), theme::sizes());
    let narrow = ui.available_width() < NARROW;
    if narrow {
        ui.small(name);
    }
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let said = meaning(name, &spread);
    response
        .widget_info(|| WidgetInfo { value: Some(spread.expected), ..WidgetInfo::labeled(Role::Meter, true, &said) });
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        let font = egui::FontId::proportional(size.text);
        if !narrow {
            painter.text(rect.left_center(), egui::Align2::LEFT_CENTER, name, font.clone(), palette.text);
        }
        let left = rect.left() + if narrow { 0.0 } else { NAME.min(0.4 * rect.width()) };
        let rail = Rect::from_min_max(pos2(left, rect.top() + 3.0), pos2(rect.right() - NUMBER, rect.bottom() - 3.0));
        painter.text(rect.right_center(), egui::Align2::RIGHT_CENTER, of_hundred(spread.expected), font, palette.text);
        draw(painter, rail, &spread, (color, opinion), &palette);
    }
    response.on_hover_text(said);
}

#[allow(clippy::cast_possible_truncation)] // places on the screen
fn draw(
    painter: &egui::Painter,
    rail: Rect,
    spread: &Spread,
    (color, opinion): (usize, Option<&Opinion>),
    palette: &Palette,
) {
    painter.rect_filled(rail, CornerRadius::same(3), palette.hover);
    let x = |share: f64| rail.left() + rail.width() * share.clamp(0.0, 1.0) as f32;
    for quarter in [0.25, 0.5, 0.75] {
        painter.vline(x(quarter), rail.y_range(), Stroke::new(1.0, palette.border));
    }
    let ink = palette.line(color);
    if let Some(opinion) = opinion {
        chances(painter, rail, opinion, ink.gamma_multiply(0.35));
    }
    let middle = rail.center().y;
    if spread.low < spread.high {
        let bar = Rect::from_min_max(pos2(x(spread.low), middle - 2.0), pos2(x(spread.high), middle + 2.0));
        painter.rect_filled(bar, 2.0, ink);
        for end in [bar.left(), bar.right()] {
            painter.vline(end, middle - 5.0..=middle + 5.0, Stroke::new(2.0, ink));
        }
    }
    let at = pos2(x(spread.expected), middle);
    let edge = Stroke::new(1.5, palette.raised);
    let corners = |list: &[(f32, f32)]| list.iter().map(|(x, y)| at + vec2(*x, *y)).collect::<Vec<_>>();
    let shape = match color % 4 {
        0 => Shape::circle_filled(at, 6.0, ink),
        1 => Shape::convex_polygon(corners(&[(-5.5, -5.5), (5.5, -5.5), (5.5, 5.5), (-5.5, 5.5)]), ink, edge),
        _ => Shape::convex_polygon(corners(&[(0.0, -7.5), (7.5, 0.0), (0.0, 7.5), (-7.5, 0.0)]), ink, edge),
    };
    painter.add(shape);
}

/// How probable each of the hundred numbers is, as low bars on the rail.
fn chances(painter: &egui::Painter, rail: Rect, opinion: &Opinion, ink: Color32) {
    let highest = opinion.chances().iter().copied().fold(f32::EPSILON, f32::max);
    let step = rail.width() / 100.0;
    for (number, chance) in (0_u8..).zip(opinion.chances()) {
        let left = rail.left() + step * f32::from(number);
        let top = rail.bottom() - rail.height() * chance / highest;
        painter.rect_filled(Rect::from_min_max(pos2(left, top), pos2(left + step, rail.bottom())), 0.0, ink);
    }
}
