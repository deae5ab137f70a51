//! Tokens with the probability that the model itself gave them: as a number, as a bar and as a
//! colour.

use egui::{CornerRadius, FontId, Rect, Sense, Ui, pos2, vec2};

use crate::{
    format,
    view::{
        theme,
        words::{self, t},
    },
};

/// Stands for a token that is only blanks.
const BLANK: &str = "·";

/// How strongly the colour shows behind a token.
const TINT: f32 = 0.16;

/// Draws the tokens of an answer.
pub fn ui(ui: &mut Ui, tokens: &[(String, f32)], done: bool) {
    let step = theme::sizes().step;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(step / 2.0, step);
        for (index, (text, logprob)) in tokens.iter().enumerate() {
            let last = done && index + 1 == tokens.len();
            token(ui, text, *logprob, last);
        }
    });
}

/// A token as it is written in a cell: white space at its ends has no room there.
fn written(text: &str, last: bool) -> String {
    match text.trim_matches(' ') {
        "" if text.is_empty() && last => t("playground.end").to_owned(),
        "" if text.is_empty() => t("playground.unfinished").to_owned(),
        "" => BLANK.to_owned(),
        word => word.replace('\n', "\\n").replace('\t', "\\t"),
    }
}

fn token(ui: &mut Ui, text: &str, logprob: f32, last: bool) {
    let (palette, sizes) = (theme::palette(ui), theme::sizes());
    let probability = logprob.exp().clamp(0.0, 1.0);
    let percent = std::format!("{:.0}", 100.0 * probability);
    let written = written(text, last);
    let end = text.is_empty();
    let word = ui.painter().layout_no_wrap(
        written.clone(),
        FontId::monospace(sizes.mono),
        if end { palette.muted } else { palette.text },
    );
    let number = ui.painter().layout_no_wrap(percent.clone(), FontId::proportional(sizes.small), palette.muted);
    let bar = sizes.step * 0.75;
    let width = word.size().x.max(number.size().x) + 2.0 * sizes.step;
    let height = word.size().y + number.size().y + bar + sizes.step;
    let (place, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    if ui.is_rect_visible(place) {
        let color = palette.scale(probability);
        let painter = ui.painter();
        painter.rect_filled(place, CornerRadius::same(sizes.radius / 2), color.gamma_multiply(TINT));
        let middle = |size: egui::Vec2, top: f32| pos2(place.center().x - size.x / 2.0, top);
        let top = place.top() + sizes.step / 2.0;
        painter.galley(middle(word.size(), top), word.clone(), palette.text);
        let under = top + word.size().y;
        let whole = Rect::from_min_size(pos2(place.left(), under), vec2(width, bar));
        painter.rect_filled(whole, CornerRadius::ZERO, palette.border);
        let part = Rect::from_min_size(whole.min, vec2(width * probability, bar));
        painter.rect_filled(part, CornerRadius::ZERO, color);
        painter.galley(middle(number.size(), under + bar), number.clone(), palette.muted);
    }
    let name = words::with("playground.token", &[("text", &written), ("percent", &percent)]);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &name));
    let hint = words::with("playground.token_hint", &[("logprob", &format::number(f64::from(logprob)))]);
    response.on_hover_text(hint);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_can_be_seen() {
        assert_eq!(written(" fox", false), "fox");
        assert_eq!(written("a\n", false), "a\\n");
        assert_eq!(written(" ", false), BLANK);
        assert_eq!(written("", true), t("playground.end"));
        assert_eq!(written("", false), t("playground.unfinished"));
    }
}
