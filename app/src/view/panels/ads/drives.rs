//! What drives a score, shown: for every scene and every word by how much Henry expects more with it than without, beside
//! what is true.

use egui::{Label, Rect, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::{
    drivers::{Agreement, Effect},
    gallery::Piece,
    said::points,
    score::names,
    studio::waiting,
    work::Driving,
};
use crate::{
    format,
    view::{
        theme,
        words::{t, with},
    },
};

/// Words that are shown.
const SHOWN: usize = 12;

/// Height of a row.
const ROW: f32 = 26.0;

/// Room for numbers right of a row.
const NUMBERS: f32 = 92.0;

/// Below this width names stand above their rows.
const NARROW: f32 = 460.0;

/// Draws the part of an ad.
pub fn ui(ui: &mut Ui, piece: &Piece, driving: &Driving, going_on: bool) {
    ui.separator();
    ui.label(RichText::new(t("ads.drives")).heading());
    let Some(effects) = &driving.effects else {
        let (done, all) = driving.progress();
        if going_on {
            waiting(ui, &with("ads.driving", &[("done", &done), ("all", &all)]));
        } else {
            ui.weak(t("ads.stopped"));
        }
        return;
    };
    ui.add(Label::new(t("ads.drives_sentence")).wrap());
    agreement(ui, effects);
    let scale = effects.iter().flat_map(|effect| [effect.henry.abs(), effect.truth.abs()]).fold(0.01, f64::max);
    let scenes: Vec<&Effect> = effects.iter().filter(|effect| effect.whole).collect();
    ui.strong(t("ads.by_scene"));
    if scenes.is_empty() {
        ui.weak(t("ads.one_scene"));
    }
    for effect in scenes {
        row(ui, effect, scale);
    }
    let mut words: Vec<&Effect> = effects.iter().filter(|effect| !effect.whole).collect();
    words.sort_by(|a, b| b.henry.abs().total_cmp(&a.henry.abs()));
    ui.strong(with("ads.by_word", &[("shown", &words.len().min(SHOWN)), ("all", &words.len())]));
    for effect in words.into_iter().take(SHOWN) {
        row(ui, effect, scale);
    }
    terms(ui, piece);
}

/// How well Henry's reasons agree with the true ones.
fn agreement(ui: &mut Ui, effects: &[Effect]) {
    let found = Agreement::of(effects);
    let rank = found.rank.map_or_else(|| format::NOTHING.to_owned(), |rank| format!("{rank:.2}"));
    let text = with(
        "ads.agreement",
        &[("rank", &rank), ("words", &found.words), ("matter", &found.matter), ("right", &found.right)],
    );
    let shown = ui.add(Label::new(RichText::new(&text).strong()).wrap());
    shown.widget_info(|| WidgetInfo::labeled(Role::Figure, true, &text));
}

/// The truth's own terms, as far as they are not nought.
fn terms(ui: &mut Ui, piece: &Piece) {
    ui.add_space(theme::sizes().step);
    ui.strong(t("ads.terms"));
    let named = piece.truth.named();
    let parts: Vec<String> =
        named.iter().filter(|(_, value)| *value != 0.0).map(|(name, value)| format!("{name} {value:+.2}")).collect();
    ui.add(Label::new(RichText::new(parts.join("   ")).monospace()).wrap());
    ui.add(Label::new(RichText::new(t("ads.terms_note")).small().color(theme::palette(ui).muted)).wrap());
}

#[allow(clippy::cast_possible_truncation)] // places on the screen
fn row(ui: &mut Ui, effect: &Effect, scale: f64) {
    let (palette, size) = (theme::palette(ui), theme::sizes());
    let narrow = ui.available_width() < NARROW;
    if narrow {
        ui.small(&effect.name);
    }
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let [henry, truth] = [effect.henry, effect.truth].map(points);
    let said = with("ads.effect", &[("what", &effect.name), ("henry", &henry), ("truth", &truth)]);
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, &said));
    if ui.is_rect_visible(rect) {
        let painter = ui.painter();
        let font = egui::FontId::proportional(size.text);
        let left = if narrow { rect.left() } else { rect.left() + 0.42 * rect.width() };
        if !narrow {
            let clip = Rect::from_min_max(rect.min, pos2(left - 6.0, rect.bottom()));
            let name = painter.with_clip_rect(clip.intersect(ui.clip_rect()));
            name.text(rect.left_center(), egui::Align2::LEFT_CENTER, &effect.name, font.clone(), palette.text);
        }
        let numbers = format!("{henry} / {truth}");
        painter.text(rect.right_center(), egui::Align2::RIGHT_CENTER, numbers, font, palette.muted);
        let rail = Rect::from_min_max(pos2(left, rect.top() + 2.0), pos2(rect.right() - NUMBERS, rect.bottom() - 2.0));
        let x = |value: f64| rail.center().x + 0.5 * rail.width() * (value / scale).clamp(-1.0, 1.0) as f32;
        painter.rect_filled(rail, 3.0, palette.hover);
        let between = |value: f64, top: f32, bottom: f32| {
            Rect::from_x_y_ranges(
                x(value.min(0.0))..=x(value.max(0.0)),
                rail.top() + top * rail.height()..=rail.top() + bottom * rail.height(),
            )
        };
        painter.rect_filled(between(effect.henry, 0.08, 0.5), 1.0, palette.line(0));
        // The truth is hollow: told apart without colours.
        let stroke = Stroke::new(1.5, palette.line(7));
        painter.rect_stroke(between(effect.truth, 0.58, 0.92), 1.0, stroke, egui::StrokeKind::Inside);
        painter.vline(rail.center().x, rail.y_range(), Stroke::new(1.0, palette.muted));
    }
    let [name, _, true_name] = names();
    response.on_hover_text(format!("{said} ({name} / {true_name})"));
}
