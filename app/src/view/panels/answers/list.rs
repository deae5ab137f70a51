//! The list: however many rows there are, only those in sight are worked out and drawn.

use egui::{
    EventFilter, FontSelection, Id, Key, Rect, Role, ScrollArea, Sense, Stroke, TextFormat, TextStyle, TextWrapMode,
    Ui, WidgetInfo, WidgetText,
    text::{LayoutJob, TextWrapping},
    vec2,
};

use super::{index::RowId, summary::Summary};
use crate::view::{theme, words::t};

/// The height of a row.
fn row_height() -> f32 {
    let size = theme::sizes();
    1.4 * (size.text + size.small) + 3.0 * size.step
}

/// Where the focus of a row lives.
fn focus(row: RowId) -> Id {
    Id::unique(("answers-row", row))
}

/// Draws the rows in sight. Returns the row that was picked.
pub fn ui(
    ui: &mut Ui,
    rows: &[RowId],
    selected: Option<RowId>,
    scroll: bool,
    mut summary: impl FnMut(RowId) -> Summary,
) -> Option<RowId> {
    let height = row_height();
    let mut picked = None;
    ScrollArea::vertical().id_salt("answers-rows").auto_shrink([false, false]).show_viewport(ui, |ui, seen| {
        #[allow(clippy::cast_precision_loss)] // a place on the screen
        let place = |at: usize| at as f32 * height;
        ui.set_height(place(rows.len()));
        let area = ui.max_rect();
        let rect =
            |at: usize| Rect::from_x_y_ranges(area.x_range(), area.top() + place(at)..=area.top() + place(at + 1));
        if let Some(at) = selected.filter(|_| scroll).and_then(|row| rows.binary_search(&row).ok()) {
            ui.scroll_to_rect(rect(at), None);
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // rows in sight
        let (first, last) = ((seen.min.y / height).floor() as usize, (seen.max.y / height).ceil() as usize);
        let in_sight = first.min(rows.len())..last.min(rows.len());
        for (at, row) in rows.iter().enumerate().take(in_sight.end).skip(in_sight.start) {
            let summary = summary(*row);
            let response = ui.interact(rect(at), focus(*row), Sense::click());
            let chosen = selected == Some(*row);
            response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, chosen, &summary.name));
            draw(ui, rect(at), &response, chosen, &summary);
            if response.clicked() {
                response.request_focus();
                picked = Some(*row);
            }
            if response.has_focus() {
                let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
                ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
                let pressed = |key| ui.input(|input| input.key_pressed(key));
                let next = match (pressed(Key::ArrowUp), pressed(Key::ArrowDown)) {
                    (true, false) => at.checked_sub(1),
                    (false, true) => Some(at + 1),
                    _ => None,
                };
                picked = next.and_then(|next| rows.get(next)).copied().or(picked);
            }
            response.on_hover_text(&summary.name);
        }
        if let Some(row) = picked {
            ui.memory_mut(|memory| memory.request_focus(focus(row)));
        }
    });
    picked
}

fn draw(ui: &Ui, rect: Rect, response: &egui::Response, chosen: bool, summary: &Summary) {
    let (palette, size) = (theme::palette(ui), theme::sizes());
    let fill = match (chosen, response.hovered()) {
        (true, _) => Some(palette.pressed),
        (false, true) => Some(palette.hover),
        (false, false) => None,
    };
    let shape = rect.shrink2(vec2(0.0, 1.0));
    if let Some(fill) = fill {
        ui.painter().rect_filled(shape, size.radius, fill);
    }
    if chosen {
        let bar = Rect::from_min_size(shape.min, vec2(3.0, shape.height()));
        ui.painter().rect_filled(bar, 1.0, palette.accent);
    }
    if response.has_focus() {
        let stroke = Stroke::new(2.0, palette.accent);
        ui.painter().rect_stroke(shape, size.radius, stroke, egui::StrokeKind::Inside);
    }
    let left = rect.min + vec2(2.5 * size.step, 1.5 * size.step);
    let width = (rect.width() - 5.0 * size.step).max(1.0);
    let prompt = WidgetText::from(summary.prompt.as_str()).into_galley(
        ui,
        Some(TextWrapMode::Truncate),
        width,
        FontSelection::Style(TextStyle::Body),
    );
    ui.painter().galley(left, prompt, palette.text);
    let mut line = LayoutJob { wrap: TextWrapping::truncate_at_width(width), ..LayoutJob::default() };
    let font = TextStyle::Small.resolve(ui.style());
    let mut add = |text: &str, color| {
        let space = if line.text.is_empty() { 0.0 } else { 2.0 * size.step };
        line.append(text, space, TextFormat::simple(font.clone(), color));
    };
    // Marks first: they are never cut off.
    if summary.split {
        add(t("answers.mark_split"), palette.warn);
    }
    if summary.wrong > 0 {
        add(t("answers.mark_wrong"), palette.bad);
    }
    if !summary.pairs.is_empty() {
        add(&summary.pairs, if summary.kept == Some(true) { palette.good } else { palette.muted });
    }
    for fact in &summary.facts {
        add(fact, palette.muted);
    }
    let line = ui.painter().layout_job(line);
    ui.painter().galley(left + vec2(0.0, 1.4 * size.text + 0.5 * size.step), line, palette.muted);
}
