//! Tokens in a row, coloured by their log-probability and underlined by how little they were
//! expected, or coloured by what the recipe noted about each and underlined where that speaks against it.

use egui::{
    EventFilter, Id, Key, Rect, RichText, Role, Sense, Stroke, TextFormat, TextStyle, Ui, WidgetInfo,
    text::{CCursor, LayoutJob},
};

use super::tokens::{self, LEAST, Token};
use crate::{
    format,
    view::{
        theme::{self, Palette},
        words::{t, with},
    },
};

/// What tokens are coloured by.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Colouring {
    /// Their log-probability.
    #[default]
    Logprob,
    /// A noted series.
    Noted {
        /// Its name in the log.
        name: String,
        /// The number, without its sign, that is shown at full strength.
        largest: f32,
    },
}

/// How a token looks.
fn style(palette: &Palette, font: egui::FontId, token: &Token, colouring: &Colouring) -> TextFormat {
    match colouring {
        Colouring::Logprob => by_logprob(palette, font, token),
        Colouring::Noted { largest, .. } => by_noted(palette, font, token, *largest),
    }
}

/// The stronger the further from nought; below it also underlined.
fn by_noted(palette: &Palette, font: egui::FontId, token: &Token, largest: f32) -> TextFormat {
    let mut style = TextFormat::simple(font, if token.noted.is_some() { palette.text } else { palette.muted });
    if let Some(noted) = token.noted {
        let share = tokens::strength(noted, largest);
        let color = if share < 0.0 { palette.bad } else { palette.good };
        style.background = color.gamma_multiply(0.4 * share.abs());
        style.expand_bg = 2.0;
        if share < 0.0 {
            style.underline = Stroke::new(0.5 + 2.5 * share.abs(), color);
        }
    }
    style.italics = token.stop;
    style.line_height = Some(theme::sizes().mono * 1.9);
    style
}

fn by_logprob(palette: &Palette, font: egui::FontId, token: &Token) -> TextFormat {
    let mut style = TextFormat::simple(font, if token.logprob.is_some() { palette.text } else { palette.muted });
    if let Some(logprob) = token.logprob {
        let color = palette.scale(tokens::share(logprob));
        style.background = color.gamma_multiply(0.25);
        style.expand_bg = 2.0;
        let width = tokens::thickness(logprob);
        if width > 0.0 {
            style.underline = Stroke::new(width, color);
        }
    }
    style.italics = token.stop;
    style.line_height = Some(theme::sizes().mono * 1.9);
    style
}

/// What is said of a token.
#[must_use]
pub fn describe(tokens: &[Token], at: usize, colouring: &Colouring) -> String {
    let Some(token) = tokens.get(at) else { return String::new() };
    let what = with("answers.token_number", &[("at", &(at + 1)), ("all", &tokens.len()), ("text", &token.text)]);
    let number = match token.logprob {
        Some(logprob) => with(
            "answers.token_logprob",
            &[("logprob", &format::number(f64::from(logprob))), ("share", &format::number(f64::from(logprob).exp()))],
        ),
        None => t("answers.token_plain").to_owned(),
    };
    match (colouring, token.noted) {
        (Colouring::Noted { name, .. }, Some(noted)) => {
            let noted = format::significant(f64::from(noted));
            format!("{what}; {}; {number}", with("answers.token_noted", &[("name", name), ("value", &noted)]))
        }
        _ => format!("{what}; {number}"),
    }
}

/// Draws tokens. The pointer or the arrow keys tell the number of each.
pub fn ui(ui: &mut Ui, id: Id, name: &str, tokens: &[Token], colouring: &Colouring) {
    let palette = theme::palette(ui);
    let font = TextStyle::Monospace.resolve(ui.style());
    let mut job = LayoutJob::default();
    job.wrap.max_width = ui.available_width();
    let mut starts = Vec::with_capacity(tokens.len());
    let mut chars = 0;
    for token in tokens {
        starts.push(chars);
        job.append(&token.text, 0.0, style(&palette, font.clone(), token, colouring));
        job.append(" ", 0.0, TextFormat::simple(font.clone(), palette.muted));
        chars += token.text.chars().count() + 1;
    }
    let galley = ui.painter().layout_job(job);
    let (rect, _) = ui.allocate_exact_size(galley.size(), Sense::hover());
    let response = ui.interact(rect, id, Sense::click());
    let last = tokens.len().saturating_sub(1);
    let at_pointer = response.hover_pos().map(|pointer| {
        let char = galley.cursor_from_pos(pointer - rect.min).index.0;
        starts.partition_point(|start| *start <= char).saturating_sub(1).min(last)
    });
    let mut focused: usize = ui.data(|data| data.get_temp(id)).unwrap_or(0).min(last);
    if response.clicked() {
        response.request_focus();
        focused = at_pointer.unwrap_or(focused);
    }
    if response.has_focus() {
        let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        let pressed = |key| ui.input(|input| input.key_pressed(key));
        if pressed(Key::ArrowLeft) {
            focused = focused.saturating_sub(1);
        }
        if pressed(Key::ArrowRight) {
            focused = (focused + 1).min(last);
        }
    }
    ui.data_mut(|data| data.insert_temp(id, focused));
    response.widget_info(|| {
        let mut info =
            WidgetInfo::labeled(Role::List, true, format!("{name}: {}", describe(tokens, focused, colouring)));
        info.current_text_value = Some(galley.text().to_owned());
        info
    });
    let shown = at_pointer.or(response.has_focus().then_some(focused));
    ui.painter().galley(rect.min, galley.clone(), palette.text);
    if let Some((at, start)) = shown.and_then(|at| Some((at, *starts.get(at)?))) {
        let length = tokens.get(at).map_or(0, |token| token.text.chars().count());
        let corner = |char: usize| galley.pos_from_cursor(CCursor::new(char)).translate(rect.min.to_vec2());
        let (from, to) = (corner(start), corner(start + length));
        // A token that is broken over two lines is framed at its beginning only.
        let right = if to.top() > from.top() { rect.right() } else { to.right() };
        let frame = Rect::from_min_max(from.min, egui::pos2(right, from.bottom())).expand(1.0);
        ui.painter().rect_stroke(frame, 2.0, Stroke::new(1.5, palette.accent), egui::StrokeKind::Outside);
    }
    if response.has_focus() {
        ui.label(RichText::new(describe(tokens, focused, colouring)).small());
    }
    if let Some(at) = at_pointer {
        response.on_hover_text_at_pointer(describe(tokens, at, colouring));
    }
}

/// The scale of colours, with what stands for it besides colour.
pub fn legend(ui: &mut Ui, colouring: &Colouring) {
    let palette = theme::palette(ui);
    let (title, note) = match colouring {
        Colouring::Logprob => (t("answers.legend").to_owned(), t("answers.legend_note")),
        Colouring::Noted { name, .. } => {
            (with("answers.legend_noted", &[("name", name)]), t("answers.legend_noted_note"))
        }
    };
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(title).small());
        let font = TextStyle::Monospace.resolve(ui.style());
        let mut job = LayoutJob::default();
        job.wrap.max_width = ui.available_width();
        for (text, token) in samples(colouring) {
            let token = Token { text: format!(" {text} "), ..token };
            job.append(&token.text, 2.0 * theme::sizes().step, style(&palette, font.clone(), &token, colouring));
        }
        ui.label(job);
    });
    ui.label(RichText::new(note).small().color(palette.muted));
}

/// Tokens that stand for numbers of the scale, with these.
fn samples(colouring: &Colouring) -> Vec<(String, Token)> {
    let token = Token { text: String::new(), logprob: None, stop: false, noted: None };
    match colouring {
        Colouring::Logprob => [0.0, -0.5, -1.0, -2.0, -3.0, -4.0, LEAST]
            .into_iter()
            .map(|number| {
                let shown = format!("{number:.1}");
                let text = if number > LEAST { shown } else { with("answers.legend_least", &[("number", &shown)]) };
                (text, Token { logprob: Some(number), ..token.clone() })
            })
            .collect(),
        Colouring::Noted { largest, .. } => [-1.0, -0.5, 0.0, 0.5, 1.0]
            .into_iter()
            .map(|share| {
                let number = share * largest;
                (format::number(f64::from(number)), Token { noted: Some(number), ..token.clone() })
            })
            .collect(),
    }
}
