//! A part of a panel: a card with a heading, a sentence that says what it means, and a body.

use egui::{Align, Layout, RichText, Role, Sense, TextStyle, TextWrapMode, Ui, WidgetInfo, WidgetText, vec2};

use super::theme;

/// From this width on two columns of cards stand side by side.
const TWO_COLUMNS: f32 = 960.0;

/// Draws a card.
pub fn section(ui: &mut Ui, title: &str, sentence: &str, body: impl FnOnce(&mut Ui)) {
    theme::card(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.label(RichText::new(title).heading());
        if !sentence.is_empty() {
            ui.label(sentence);
        }
        body(ui);
    });
    ui.add_space(theme::sizes().step);
}

/// Draws two groups of cards, side by side where there is room and below each other elsewhere.
pub fn two_columns(ui: &mut Ui, first: impl FnOnce(&mut Ui), second: impl FnOnce(&mut Ui)) {
    if ui.available_width() < TWO_COLUMNS {
        first(ui);
        second(ui);
        return;
    }
    ui.columns(2, |columns| {
        if let [left, right] = columns {
            // Columns are justified by default, and so would be every line of text in them.
            left.with_layout(Layout::top_down(Align::Min), first);
            right.with_layout(Layout::top_down(Align::Min), second);
        }
    });
}

/// The name of a panel.
pub fn title(ui: &mut Ui, text: &str) {
    // By its size, not by the style of that name: that one is missing where the theme is not
    // installed yet.
    ui.label(RichText::new(text).size(theme::sizes().title).strong());
}

/// A phrase on a ground of its own. It is measured first: a frame would not go to the next line.
pub fn chip(ui: &mut Ui, phrase: &str) {
    let (palette, size) = (theme::palette(ui), theme::sizes());
    let padding = vec2(2.0 * size.step, size.step);
    let width = ui.max_rect().width() - 2.0 * padding.x;
    let text = WidgetText::from(phrase).into_galley(ui, Some(TextWrapMode::Truncate), width, TextStyle::Body);
    let (rect, response) = ui.allocate_exact_size(text.size() + 2.0 * padding, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, phrase));
    ui.painter().rect_filled(rect, size.radius, palette.hover);
    ui.painter().galley(rect.min + padding, text, palette.text);
}
