//! What drives a score, word by word on the very text that Henry reads: each word stands on a colour for what it adds to
//! or takes from what he expects, over a mark for what it truly does, with the number beside it where it is not small.
//! What the words of an aspect do together stands beside the truth's own terms.

use egui::{Color32, Label, Rect, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use selfsame_core::{
    measure::explanation::{Explained, Side},
    world::ads::Aspect,
};

use super::{colour, gallery::Piece, said, studio::waiting, work::Wording};
use crate::{
    explanation::Explanation,
    format,
    view::{
        theme::{self, Palette},
        words::{t, with},
    },
};

/// From so much on a word's number stands beside it.
const WORTH_A_NUMBER: f64 = 0.005;

/// The least that the strongest colour stands for.
const LEAST_SCALE: f64 = 0.01;

/// Room around a word.
const AROUND: egui::Vec2 = vec2(5.0, 3.0);

/// Height of the mark of the truth.
const MARK: f32 = 4.0;

/// Patches of the legend on either side of nothing.
const PATCHES: i32 = 6;

/// The places in the palette of what adds and of what takes: they differ for eyes of every kind.
const INKS: [usize; 2] = [0, 1];

/// A word with its share of what Henry expects, and the true one.
type Word<'a> = (&'a str, [f64; 2]);

/// Draws the part of an ad.
pub fn ui(ui: &mut Ui, piece: &Piece, wording: &Wording, going_on: bool) {
    ui.separator();
    ui.label(RichText::new(t("ads.by_token")).heading());
    let Some(explained) = &wording.explained else {
        let (done, all) = wording.progress();
        if going_on {
            waiting(ui, &with("ads.explaining", &[("done", &done), ("all", &all)]));
        } else {
            ui.weak(t("ads.stopped"));
        }
        return;
    };
    ui.add(Label::new(t("ads.by_token_sentence")).wrap());
    let text = said::read(piece.brief, &piece.ad);
    let shares = explained.said.iter().zip(&explained.truth).map(|(said, truth)| [*said, *truth]);
    let mut rest: Vec<Word<'_>> = text.split_whitespace().zip(shares).collect();
    let scale = rest.iter().flat_map(|(_, both)| both).map(|share| share.abs()).fold(LEAST_SCALE, f64::max);
    legend(ui, scale);
    // The brief, the pace, and every scene begin a line.
    let begins = |word: &str| word == "<scene>" || word.starts_with("pace:");
    while !rest.is_empty() {
        let end = rest.iter().skip(1).position(|(word, _)| begins(word)).map_or(rest.len(), |at| at + 1);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(3.0, 3.0);
            rest.drain(..end).for_each(|one| word(ui, one, scale));
        });
    }
    aspects(ui, explained);
}

/// What the words of each aspect add together, beside the truth's terms, and how well the two agree elsewhere.
fn aspects(ui: &mut Ui, explained: &Explained) {
    ui.add_space(theme::sizes().step);
    ui.strong(t("ads.by_aspect"));
    let measured = Explanation::shipped();
    egui::Grid::new(ui.scope_id().with("aspects")).num_columns(4).striped(true).spacing(vec2(14.0, 4.0)).show(
        ui,
        |ui| {
            for heading in [t("ads.aspect"), t("ads.aspect_henry"), t("ads.aspect_truth"), t("ads.aspect_rho")] {
                ui.small(heading);
            }
            ui.end_row();
            for side in &explained.sides {
                aspect(ui, side, measured);
            }
        },
    );
    if let Some(note) = measured.and_then(note) {
        ui.add(Label::new(RichText::new(note).small().color(theme::palette(ui).muted)).wrap());
    }
}

fn aspect(ui: &mut Ui, side: &Side, measured: Option<&Explanation>) {
    let name = match side.aspect {
        Aspect::Brand => t("ads.aspect_brand"),
        Aspect::Pace => t("ads.aspect_pace"),
        Aspect::People => t("ads.aspect_people"),
        Aspect::Emotion => t("ads.aspect_emotion"),
        Aspect::Clutter => t("ads.aspect_clutter"),
        Aspect::Naming => t("ads.aspect_naming"),
    };
    let rho = measured.and_then(|measured| measured.rho(side.aspect));
    let rho = rho.map_or_else(|| format::NOTHING.to_owned(), |rho| format!("{:.2}", rho.value));
    let [said, truth] = [said::points(side.said), format!("{:+.2}", side.truth)];
    let values: [(&str, &dyn std::fmt::Display); 4] =
        [("what", &name), ("henry", &said), ("truth", &truth), ("rho", &rho)];
    let row = with("ads.aspect_row", &values);
    ui.label(name).widget_info(|| WidgetInfo::labeled(Role::ListItem, true, &row));
    for cell in [said, truth, rho] {
        ui.monospace(cell);
    }
    ui.end_row();
}

/// How far explanations can be trusted.
fn note(measured: &Explanation) -> Option<String> {
    let [words, all] = [measured.agreement.words?, measured.agreement.all?];
    let [rho, low, high] = [all.value, all.low, all.high].map(|value| format!("{value:.2}"));
    let [of_words, words_low, words_high] = [words.value, words.low, words.high].map(|value| format!("{value:.2}"));
    let [heard, idle] =
        [measured.agreement.heard, measured.agreement.idle].map(|value| format!("{:.1}", 100.0 * value));
    let values: [(&str, &dyn std::fmt::Display); 9] = [
        ("ads", &measured.ads),
        ("words", &of_words),
        ("words_low", &words_low),
        ("words_high", &words_high),
        ("rho", &rho),
        ("low", &low),
        ("high", &high),
        ("heard", &heard),
        ("idle", &idle),
    ];
    Some(with("ads.measured", &values))
}

/// The colour of a share, where `scale` is the strongest one.
#[allow(clippy::cast_possible_truncation)] // a colour
fn ink(palette: &Palette, share: f64, scale: f64) -> Color32 {
    let strength = (share.abs() / scale).clamp(0.0, 1.0) as f32;
    colour::mixed(palette.raised, palette.line(INKS[usize::from(share < 0.0)]), strength)
}

fn word(ui: &mut Ui, (text, [share, truth]): Word<'_>, scale: f64) {
    let palette = theme::palette(ui);
    let fill = ink(&palette, share, scale);
    let color = colour::on(fill);
    let number = if share.abs() < WORTH_A_NUMBER { String::new() } else { format!(" {}", said::points(share)) };
    let size = theme::sizes().text;
    let [name, number] = [(text.to_owned(), size), (number, 0.8 * size)]
        .map(|(text, size)| ui.painter().layout_no_wrap(text, egui::FontId::proportional(size), color));
    let wanted = vec2(name.size().x + number.size().x, name.size().y + MARK) + 2.0 * AROUND;
    let (rect, response) = ui.allocate_exact_size(wanted, Sense::hover());
    let values: [(&str, &dyn std::fmt::Display); 3] =
        [("word", &text), ("henry", &said::points(share)), ("truth", &said::points(truth))];
    let said = with("ads.token", &values);
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, &said));
    if ui.is_rect_visible(rect) {
        let (solid, mark) = rect.split_top_bottom_at_y(rect.bottom() - MARK);
        ui.painter().rect_filled(solid, 3.0, fill);
        ui.painter().rect_filled(mark.shrink2(vec2(2.0, 0.5)), 0.0, ink(&palette, truth, scale));
        let at = solid.min + AROUND;
        let behind = pos2(at.x + name.size().x, at.y + name.size().y - number.size().y);
        ui.painter().galley(at, name, color);
        ui.painter().galley(behind, number, color);
    }
    response.on_hover_text(said);
}

/// What the colours stand for.
#[allow(clippy::cast_precision_loss)] // a handful of patches
fn legend(ui: &mut Ui, scale: f64) {
    let palette = theme::palette(ui);
    let [low, high] = [-scale, scale].map(said::points);
    let said = with("ads.legend", &[("low", &low), ("high", &high)]);
    ui.horizontal_wrapped(|ui| {
        ui.small(&low);
        let (rect, response) = ui.allocate_exact_size(vec2(180.0_f32.min(ui.available_width()), 12.0), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, &said));
        let width = rect.width() / (2 * PATCHES + 1) as f32;
        for patch in -PATCHES..=PATCHES {
            let left = rect.left() + width * (patch + PATCHES) as f32;
            let fill = ink(&palette, scale * f64::from(patch) / f64::from(PATCHES), scale);
            let patch = Rect::from_min_max(pos2(left, rect.top()), pos2(left + width, rect.bottom()));
            ui.painter().rect_filled(patch, 0.0, fill);
        }
        ui.painter().rect_stroke(rect, 0.0, egui::Stroke::new(1.0, palette.border), egui::StrokeKind::Outside);
        ui.small(&high);
        response.on_hover_text(said);
    });
}
