//! The loop, drawn.

use egui::{Color32, CornerRadius, FontId, Painter, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::flow::Flow;
use crate::{
    fold::Verb,
    format,
    view::{
        theme::{self, Palette, Sizes},
        words::{self, t},
    },
};

/// Draws the six verbs with what went through them. One may be lit; `live` says that it is being
/// done, not shown.
pub fn ui(ui: &mut Ui, flow: &Flow, lit: Option<Verb>, live: bool) {
    let (palette, size) = (theme::palette(ui), theme::sizes());
    let width = ui.available_width();
    let (back, node_height) = (6.0 * size.step, 3.0 * size.step + 2.4 * size.small + size.text + 1.3 * size.title);
    let (rect, _) = ui.allocate_exact_size(vec2(width, node_height + back), Sense::hover());
    let gap = 5.0 * size.step;
    let node_width = (width - 5.0 * gap) / 6.0;
    let mut left = rect.left();
    let mut nodes = Vec::new();
    for verb in Verb::ALL {
        let node = Rect::from_min_size(pos2(left, rect.top()), vec2(node_width, node_height));
        nodes.push((verb, node));
        left += node_width + gap;
    }
    for (_, node) in nodes.iter().take(5) {
        arrow(ui.painter(), [node.right_center(), node.right_center() + vec2(gap, 0.0)], palette.muted);
    }
    if let (Some((_, first)), Some((_, last))) = (nodes.first(), nodes.last()) {
        way_back(ui, *first, *last, back, &palette, size);
    }
    for (verb, node) in nodes {
        let on = lit == Some(verb);
        draw(ui, node, verb, flow.at(verb), on.then_some(live), &palette, size);
        // Read as one thing, and reached by Tab like everything else.
        let response = ui.interact(node, ui.scope_id().with(verb.id()), Sense::focusable_noninteractive());
        let name = spoken(verb, flow.at(verb), on.then_some(live));
        response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, &name));
        if response.has_focus() {
            let around = node.expand(2.0);
            ui.painter().rect_stroke(around, size.radius, Stroke::new(2.0, palette.accent), StrokeKind::Outside);
        }
        response.on_hover_text(explained(verb));
    }
}

/// The name of a verb.
pub fn name(verb: Verb) -> &'static str {
    words::known(&format!("verb.{}", verb.id())).unwrap_or(verb.id())
}

/// What is counted at a verb.
fn unit(verb: Verb) -> &'static str {
    match verb {
        Verb::Prompt => t("iterations.prompts"),
        Verb::Sample => t("iterations.answers"),
        Verb::Judge => t("iterations.verdicts"),
        Verb::Select => t("iterations.pairs"),
        Verb::Learn => t("iterations.steps"),
        Verb::Measure => t("iterations.held_out"),
    }
}

fn explained(verb: Verb) -> &'static str {
    match verb {
        Verb::Prompt => t("iterations.prompt_hint"),
        Verb::Sample => t("iterations.sample_hint"),
        Verb::Judge => t("iterations.judge_hint"),
        Verb::Select => t("iterations.select_hint"),
        Verb::Learn => t("iterations.learn_hint"),
        Verb::Measure => t("iterations.measure_hint"),
    }
}

fn mark(lit: Option<bool>) -> &'static str {
    match lit {
        Some(true) => t("iterations.now"),
        Some(false) => t("iterations.here"),
        None => "",
    }
}

fn spoken(verb: Verb, count: usize, lit: Option<bool>) -> String {
    let counted: &dyn std::fmt::Display = &format::count(count);
    let text = words::with("iterations.spoken", &[("verb", &name(verb)), ("count", counted), ("unit", &unit(verb))]);
    if lit.is_some() { format!("{text} ({})", mark(lit)) } else { text }
}

fn draw(ui: &Ui, node: Rect, verb: Verb, count: usize, lit: Option<bool>, palette: &Palette, size: Sizes) {
    let (fill, text, quiet) = match lit {
        Some(_) => (palette.accent, palette.on_accent, palette.on_accent),
        None if count == 0 => (palette.panel, palette.muted, palette.muted),
        None => (palette.raised, palette.text, palette.muted),
    };
    let border = if lit.is_some() { palette.accent } else { palette.border };
    let painter = ui.painter().with_clip_rect(node.expand(1.0).intersect(ui.clip_rect()));
    painter.rect(node, CornerRadius::same(size.radius), fill, Stroke::new(1.0, border), StrokeKind::Inside);
    let number = if count == 0 { format::NOTHING.to_owned() } else { format::count(count) };
    let mut y = node.top() + 1.5 * size.step;
    for (line, font, color) in [
        (mark(lit), FontId::proportional(size.small), text),
        (name(verb), FontId::proportional(size.text), text),
        (number.as_str(), FontId::proportional(size.title), text),
        (unit(verb), FontId::proportional(size.small), quiet),
    ] {
        let (height, is_small) = (font.size * 1.2, font.size <= size.small);
        let galley = painter.layout_no_wrap(line.to_owned(), font, color);
        // A long word is made smaller rather than cut off; small ones that could not be read are only spoken.
        let fits = (node.width() - 2.0 * size.step) / galley.size().x.max(1.0);
        let galley = if fits < 1.0 {
            let smaller = FontId::proportional(height / 1.2 * fits);
            painter.layout_no_wrap(line.to_owned(), smaller, color)
        } else {
            galley
        };
        if fits > 0.6 || !is_small {
            painter.galley(pos2(node.center().x - galley.size().x / 2.0, y), galley, color);
        }
        y += height;
    }
}

/// An arrow from one place to another.
pub fn arrow(painter: &Painter, [from, to]: [egui::Pos2; 2], color: Color32) {
    let stroke = Stroke::new(1.5, color);
    let along = (to - from).normalized();
    let aside = along.rot90();
    let (from, to) = (from + 3.0 * along, to - 3.0 * along);
    painter.line_segment([from, to], stroke);
    for side in [1.0, -1.0] {
        painter.line_segment([to, to - 5.0 * along + side * 4.0 * aside], stroke);
    }
}

/// From the last verb to the first: the next iteration.
pub fn way_back(ui: &Ui, first: Rect, last: Rect, height: f32, palette: &Palette, size: Sizes) {
    let low = first.bottom() + 0.6 * height;
    let (from, to) = (last.center_bottom() + vec2(0.0, 3.0), first.center_bottom());
    let stroke = Stroke::new(1.5, palette.muted);
    let painter = ui.painter();
    painter.line(vec![from, pos2(from.x, low), pos2(to.x, low)], stroke);
    arrow(painter, [pos2(to.x, low + 3.0), to], palette.muted);
    let text = painter.layout_no_wrap(
        t("iterations.next_iteration").to_owned(),
        FontId::proportional(size.small),
        palette.muted,
    );
    let at = pos2(f32::midpoint(from.x, to.x) - text.size().x / 2.0, low - text.size().y / 2.0);
    painter.rect_filled(Rect::from_min_size(at, text.size()).expand2(vec2(6.0, 0.0)), 0.0, palette.panel);
    painter.galley(at, text, palette.muted);
}
