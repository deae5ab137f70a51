//! The chart on the screen: painting, zooming, panning and reading points, by pointer and keyboard.

use egui::{CursorIcon, EventFilter, Key, PointerButton, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo, vec2};

use super::{
    Chart, hover,
    picture::{self, Look, Picture},
    pixels::shapes,
    state::{self, Bounds, State},
    tracks::{self, Track},
};
use crate::view::{
    theme::{self, Palette},
    words::t,
};

/// Draws what is between title and end, and lets the person look closer.
pub fn plot(chart: &Chart, ui: &mut Ui, height: f32, state: &mut State) {
    let response = ui.allocate_response(vec2(ui.available_width(), height), Sense::click_and_drag());
    let rect = response.rect;
    let mut said = None;
    if ui.is_rect_visible(rect) {
        let palette = theme::palette(ui);
        let smoothing = state::smoothing(ui.ctx());
        let tracks = tracks::of(chart, state, smoothing);
        let picture = picture::layout(chart, &tracks, state, &Look::screen(rect), &palette);
        let painter = ui.painter_at(rect);
        painter.rect_filled(picture.plot, 0.0, picture.ground);
        painter.extend(shapes(ui.ctx(), &picture.frame));
        painter.with_clip_rect(picture.plot).extend(shapes(ui.ctx(), &picture.data));
        if tracks.iter().all(|track| track.pieces.is_empty()) {
            let text = if chart.series.is_empty() { t("chart.empty") } else { t("chart.all_hidden") };
            let font = egui::TextStyle::Body.resolve(ui.style());
            painter.text(picture.plot.center(), egui::Align2::CENTER_CENTER, text, font, palette.muted);
        }
        look_closer(ui, &response, &picture, state, &palette);
        by_keyboard(ui, &response, &picture, &tracks, state);
        let pointed = response.hover_pos().and_then(|pointer| hover::nearest(&picture, &tracks, pointer));
        if response.clicked() {
            response.request_focus();
            state.cursor = pointed.or(state.cursor);
        }
        let meant = pointed.or(state.cursor.filter(|_| response.has_focus()));
        if let Some((series, at)) = meant {
            said = hover::read_out(chart, series, at, smoothing);
            if let Some(text) = &said {
                show_point(ui, chart, &picture, &tracks, (series, at), text, &palette);
            }
        }
        if response.has_focus() {
            painter.rect_stroke(rect, 2.0, Stroke::new(1.0, palette.accent), egui::StrokeKind::Inside);
        }
    }
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Figure, true, chart.description());
        info.current_text_value.clone_from(&said);
        info
    });
}

/// Dragging moves, dragging with the other button draws a box to zoom into, the wheel with Ctrl (or
/// two fingers) zooms, a double click shows everything again.
fn look_closer(ui: &Ui, response: &Response, picture: &Picture, state: &mut State, palette: &Palette) {
    let plot = picture.plot;
    let now = picture.bounds;
    if response.dragged_by(PointerButton::Primary) {
        let delta = response.drag_delta();
        let share = |moved: f32, length: f32| f64::from(moved / length.max(1.0));
        state.view = Some(now.moved(-share(delta.x, plot.width()), share(delta.y, plot.height())));
        ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
    }
    if let Some(pointer) = response.hover_pos().filter(|pointer| plot.contains(*pointer)) {
        let zoom = ui.input(egui::InputState::zoom_delta);
        if (zoom - 1.0).abs() > 1e-4 {
            state.view = Some(now.zoomed(f64::from(zoom), picture.place(pointer)));
        }
    }
    if response.drag_started_by(PointerButton::Secondary) {
        state.boxed = response.interact_pointer_pos();
    }
    if let (Some(from), Some(to)) = (state.boxed, response.interact_pointer_pos()) {
        let chosen = Rect::from_two_pos(from, to).intersect(plot);
        ui.painter().rect_stroke(chosen, 0.0, Stroke::new(1.0, palette.accent), egui::StrokeKind::Inside);
        if response.drag_stopped_by(PointerButton::Secondary) {
            let (low, high) = (picture.place(chosen.left_bottom()), picture.place(chosen.right_top()));
            let view = Bounds { x: [low[0], high[0]], y: [low[1], high[1]] };
            // A click that slipped is no box.
            if chosen.width() > 4.0 && chosen.height() > 4.0 && view.sound() {
                state.view = Some(view);
            }
        }
    }
    if !response.dragged_by(PointerButton::Secondary) {
        state.boxed = None;
    }
    if response.double_clicked() {
        state.view = None;
    }
}

/// Arrows go from point to point and from line to line; plus, minus and 0 zoom.
fn by_keyboard(ui: &Ui, response: &Response, picture: &Picture, tracks: &[Track], state: &mut State) {
    if !response.has_focus() {
        return;
    }
    let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
    let pressed = |key| ui.input(|input| input.key_pressed(key));
    let zoom = |factor| Some(picture.bounds.zoomed(factor, picture.bounds.middle()));
    if pressed(Key::Plus) || pressed(Key::Equals) {
        state.view = zoom(1.25);
    }
    if pressed(Key::Minus) {
        state.view = zoom(0.8);
    }
    if pressed(Key::Num0) {
        state.view = None;
    }
    let along = i32::from(pressed(Key::ArrowRight)) - i32::from(pressed(Key::ArrowLeft));
    let across = i32::from(pressed(Key::ArrowDown)) - i32::from(pressed(Key::ArrowUp));
    if along != 0 || across != 0 {
        state.cursor = moved(tracks, state.cursor, along, across);
    }
}

/// The point that is some points further, or on another line as near as can be.
pub fn moved(tracks: &[Track], from: Option<(usize, usize)>, along: i32, across: i32) -> Option<(usize, usize)> {
    let mut lines: Vec<usize> = tracks.iter().map(|track| track.series).collect();
    lines.sort_unstable();
    lines.dedup();
    let first = || {
        let line = *lines.first()?;
        let track = tracks.iter().find(|track| track.series == line)?;
        Some((line, track.places().next()?.at))
    };
    let Some((line, at)) = from.filter(|(line, _)| lines.contains(line)) else {
        return first();
    };
    let places: Vec<_> = tracks.iter().find(|track| track.series == line)?.places().collect();
    let Some(position) = places.iter().position(|place| place.at == at) else {
        return first();
    };
    if across != 0 {
        let index = lines.iter().position(|other| *other == line)?;
        let next = *lines.get(step(index, across, lines.len()))?;
        let x = places.get(position)?.x;
        return Some((next, hover::at_x(tracks, next, x)?));
    }
    Some((line, places.get(step(position, along, places.len()))?.at))
}

fn step(from: usize, by: i32, length: usize) -> usize {
    let by = isize::try_from(by).unwrap_or(0);
    from.saturating_add_signed(by).min(length.saturating_sub(1))
}

/// A ring around a point, and what is said about it beside it.
fn show_point(
    ui: &Ui,
    chart: &Chart,
    picture: &Picture,
    tracks: &[Track],
    (series, at): (usize, usize),
    text: &str,
    palette: &Palette,
) {
    let place = tracks.iter().filter(|track| track.series == series).flat_map(Track::places).find(|p| p.at == at);
    let Some(place) = place else { return };
    let spot = picture.spot(place.x, place.y);
    let painter = ui.painter().with_clip_rect(picture.rect.intersect(ui.clip_rect()));
    let ink = chart.series.get(series).map_or(palette.text, |series| palette.line(series.color));
    painter.circle_stroke(spot, 6.0, Stroke::new(2.0, ink));
    let size = theme::sizes();
    let font = egui::FontId::proportional(size.small);
    let width = (picture.plot.width() - 4.0 * size.step).max(40.0);
    let galley = painter.layout(text.to_owned(), font, palette.text, width);
    let outer = galley.size() + vec2(4.0, 2.0) * size.step;
    // Beside the point where there is room, never outside the chart.
    let mut corner = spot + vec2(3.0 * size.step, -outer.y - 2.0 * size.step);
    if corner.x + outer.x > picture.rect.right() {
        corner.x = spot.x - outer.x - 3.0 * size.step;
    }
    corner.x = corner.x.clamp(picture.rect.left(), (picture.rect.right() - outer.x).max(picture.rect.left()));
    if corner.y < picture.rect.top() {
        corner.y = spot.y + 3.0 * size.step;
    }
    let card = Rect::from_min_size(corner, outer);
    painter.rect(card, size.radius, palette.panel, Stroke::new(1.0, palette.border), egui::StrokeKind::Inside);
    painter.galley(corner + vec2(2.0, 1.0) * size.step, galley, palette.text);
}
