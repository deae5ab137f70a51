//! An ad as a storyboard: what it is for, how fast it cuts, and its scenes as cards.

use egui::{
    Align, Color32, CornerRadius, Label, Layout, Margin, Rect, RichText, Role, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};
use selfsame_core::world::ads::{
    Ad, Brief, Scene, Tag, Validity, listed, spoken, spoken_phrase,
    words::{Color, Pace},
};

use super::{colour, picture, said};
use crate::view::{
    theme,
    words::{t, with},
};

/// How much room a storyboard takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Cards with everything.
    Full,
    /// Small cards: pictures, feelings and voices.
    Small,
}

/// Widths of a card, at least and at most.
const FULL: (f32, f32) = (208.0, 400.0);
const SMALL: (f32, f32) = (132.0, 220.0);

/// Height of the strip of the pace.
const STRIP: f32 = 16.0;

/// Draws what an ad is for.
pub fn head(ui: &mut Ui, brief: Brief, ad: Option<&Ad>) {
    let palette = theme::palette(ui);
    let title = spoken(brief.title.word());
    let name = with("ads.head", &[("brand", &brief.brand), ("title", &title)]);
    let shown = ui.add(Label::new(RichText::new(&name).heading().strong()).wrap());
    shown.widget_info(|| WidgetInfo::labeled(Role::Heading, true, &name));
    let facts = with(
        "ads.facts",
        &[
            ("product", &brief.product.word()),
            ("industry", &brief.industry().word()),
            ("seconds", &brief.duration),
            ("orientation", &brief.orientation.word()),
        ],
    );
    ui.add(Label::new(RichText::new(facts).color(palette.muted)).wrap());
    if let Some(ad) = ad {
        validity(ui, brief, ad);
    }
}

/// Whether the ad does what its brief asks for.
fn validity(ui: &mut Ui, brief: Brief, ad: &Ad) {
    let palette = theme::palette(ui);
    let found = Validity::of(&brief, ad);
    let rows = [
        (found.names_brand, t("ads.names_brand"), t("ads.no_brand")),
        (!found.names_rival, "", t("ads.rival")),
        (found.shows_product, t("ads.shows_product"), t("ads.no_product")),
        (!found.shows_other, "", t("ads.other_product")),
    ];
    ui.horizontal_wrapped(|ui| {
        for (good, yes, no) in rows {
            let (mark, text, ink) = if good { ("√", yes, palette.good) } else { ("×", no, palette.bad) };
            if !text.is_empty() {
                let shown = ui.label(RichText::new(format!("{mark} {text}")).small().color(ink));
                shown.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
            }
        }
    });
}

/// Draws the scenes of an ad, and how fast it cuts.
pub fn ui(ui: &mut Ui, brief: Brief, ad: &Ad, detail: Detail) {
    strip(ui, ad);
    let gap = 2.0 * theme::sizes().step;
    let (least, most) = if detail == Detail::Full { FULL } else { SMALL };
    let room = ui.available_width();
    let (columns, width) = columns(room, gap, (least, most), ad.scenes.len());
    let count = ad.scenes.len();
    let cards: Vec<(usize, &Scene)> = (1..).zip(&ad.scenes).collect();
    for row in cards.chunks(columns) {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = gap;
            for (number, scene) in row {
                ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(Align::Min), |ui| {
                    card(ui, brief, (*number, count), scene, width, detail);
                });
            }
        });
    }
}

/// How many cards stand beside each other, and how wide each is.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a handful of cards
fn columns(room: f32, gap: f32, (least, most): (f32, f32), count: usize) -> (usize, f32) {
    let fit = ((room + gap) / (least + gap)).floor().max(1.0) as usize;
    let columns = fit.min(count).max(1);
    let width = (room - gap * (columns as f32 - 1.0)) / columns as f32;
    (columns, width.min(most).max(1.0))
}

fn card(ui: &mut Ui, brief: Brief, (number, of): (usize, usize), scene: &Scene, width: f32, detail: Detail) {
    let (palette, size) = (theme::palette(ui), theme::sizes());
    #[allow(clippy::cast_possible_truncation)] // a small number
    let margin = Margin::same((1.5 * size.step) as i8);
    let frame = egui::Frame::new()
        .fill(palette.raised)
        .stroke(Stroke::new(1.0, palette.border))
        .corner_radius(CornerRadius::same(size.radius))
        .inner_margin(margin);
    frame.show(ui, |ui| {
        let inner = width - margin.sum().x - 2.0;
        ui.set_width(inner);
        ui.spacing_mut().item_spacing.y = size.step;
        let name = said::scene(number, of, scene);
        picture::picture(ui, scene, brief.orientation, inner, &name);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = size.step;
            ui.strong(number.to_string());
            picture::feeling(ui, scene.emotion.valence());
            ui.label(scene.emotion.word());
            if detail == Detail::Full {
                ui.weak(with("ads.tone", &[("tone", &scene.tone.word())]));
            }
        });
        if detail == Detail::Full {
            swatches(ui, scene);
            ui.add(Label::new(listed(scene.tags.iter().copied().map(Tag::word))).wrap());
            let facts = [said::faces(scene.faces), said::complexity(scene.complexity).to_owned()].join(", ");
            ui.add(Label::new(RichText::new(facts).small().color(palette.muted)).wrap());
        }
        let said = [("ads.on_screen", scene.text), ("ads.voice", scene.voice)];
        for (key, phrase) in said.into_iter().skip(usize::from(detail == Detail::Small)) {
            if let Some(phrase) = phrase {
                let text = with(key, &[("text", &spoken_phrase(phrase))]);
                ui.add(Label::new(RichText::new(text).italics()).wrap());
            }
        }
    });
}

/// The colours of a scene, each with its word: those in front, then those behind.
fn swatches(ui: &mut Ui, scene: &Scene) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(theme::sizes().step, 0.0);
        for color in &scene.foreground {
            swatch(ui, *color);
        }
        ui.weak(t("ads.on"));
        for color in &scene.background {
            swatch(ui, *color);
        }
    });
}

fn swatch(ui: &mut Ui, color: Color) {
    let (palette, size) = (theme::palette(ui), theme::sizes().small);
    let (rect, _) = ui.allocate_exact_size(vec2(size, size), Sense::hover());
    ui.painter().rect(rect, 3.0, colour::ink(color), Stroke::new(1.0, palette.muted), StrokeKind::Inside);
    ui.label(color.word());
}

/// How fast the ad cuts, as a strip of film: the more pieces, the faster. Scenes begin where a number stands.
fn strip(ui: &mut Ui, ad: &Ad) {
    let (palette, size) = (theme::palette(ui), theme::sizes());
    let pieces: u16 = match ad.pace {
        Pace::Low => 2,
        Pace::Medium => 4,
        Pace::High => 9,
    };
    let name = with("ads.pace", &[("pace", &said::pace(ad.pace))]);
    ui.add(Label::new(RichText::new(&name).small().color(palette.muted)).wrap());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), STRIP), Sense::hover());
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Figure, true, with("ads.pace_strip", &[("pace", &said::pace(ad.pace))]))
    });
    if !ui.is_rect_visible(rect) {
        return;
    }
    let painter = ui.painter();
    painter.rect_filled(rect, CornerRadius::same(3), palette.pressed);
    let scenes = ad.scenes.iter().map(|scene| scene.background.first().map_or(Color32::GRAY, |c| colour::ink(*c)));
    #[allow(clippy::cast_precision_loss)] // a handful of scenes
    let each = rect.width() / ad.scenes.len().max(1) as f32;
    let mut left = rect.left();
    for (number, ink) in (1_usize..).zip(scenes) {
        let cut = each / f32::from(pieces);
        for piece in 0..pieces {
            let from = left + cut * f32::from(piece);
            let shown = if piece % 2 == 0 { ink } else { colour::mixed(ink, colour::on(ink), 0.22) };
            let frame =
                Rect::from_min_max(pos2(from + 0.5, rect.top() + 2.0), pos2(from + cut - 0.5, rect.bottom() - 2.0));
            painter.rect_filled(frame, CornerRadius::same(1), shown);
        }
        painter.vline(left, rect.y_range(), Stroke::new(2.0, palette.text));
        let font = egui::FontId::proportional(size.small - 1.0);
        let spot = pos2(left + 4.0, rect.center().y);
        painter.text(spot, egui::Align2::LEFT_CENTER, number.to_string(), font, colour::on(ink));
        left += each;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_fill_the_room_and_never_more() {
        for (room, count) in [(320.0, 3), (700.0, 3), (1100.0, 4), (3800.0, 4), (100.0, 2)] {
            let (columns, width) = columns(room, 8.0, FULL, count);
            #[allow(clippy::cast_precision_loss)] // a handful
            let taken = width * columns as f32 + 8.0 * (columns as f32 - 1.0);
            assert!((1..=count).contains(&columns) && taken <= room + 0.5, "{room}: {columns} of {width}");
        }
        assert_eq!(columns(320.0, 8.0, FULL, 3).0, 1);
        assert_eq!(columns(1100.0, 8.0, FULL, 4).0, 4);
    }
}
