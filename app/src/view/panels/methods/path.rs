//! The place of a method on the loop: all six verbs, with a phrase each, and those it changes lit.

use std::sync::Arc;

use egui::{
    CornerRadius, FontId, Galley, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, text::LayoutJob, vec2,
};

use super::{
    super::iterations::verbs::{arrow, name, way_back},
    book::{Page, Part},
};
use crate::{
    fold::Verb,
    view::{
        theme::{self, Palette},
        words::{t, with},
    },
};

/// Below this width the verbs stand below each other.
const ROW: f32 = 720.0;

/// How much of the accent a lit verb has.
const LIT: f32 = 0.13;

/// Draws the loop.
pub fn ui(ui: &mut Ui, page: &Page) {
    if ui.available_width() < ROW { column(ui, page) } else { row(ui, page) }
}

fn row(ui: &mut Ui, page: &Page) {
    let size = theme::sizes();
    let (gap, back) = (4.0 * size.step, 6.0 * size.step);
    let width = (ui.available_width() - 5.0 * gap) / 6.0;
    let texts: Vec<Texts> =
        page.parts.iter().map(|(verb, part)| Texts::of(ui, *verb, part, width - 4.0 * size.step)).collect();
    let height = texts.iter().map(Texts::stacked).fold(0.0, f32::max) + 4.0 * size.step;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height + back), Sense::hover());
    let palette = theme::palette(ui);
    let mut left = rect.left();
    let mut nodes = Vec::new();
    for texts in &texts {
        let node = Rect::from_min_size(pos2(left, rect.top()), vec2(width, height));
        frame(ui, node, texts, &palette);
        let at = node.min + vec2(2.0, 2.0) * size.step;
        texts.paint(ui, [at, at + vec2(0.0, texts.head())]);
        left += width + gap;
        nodes.push(node);
    }
    for node in nodes.iter().take(5) {
        arrow(ui.painter(), [node.right_center(), node.right_center() + vec2(gap, 0.0)], palette.muted);
    }
    if let (Some(first), Some(last)) = (nodes.first(), nodes.last()) {
        way_back(ui, *first, *last, back, &palette, size);
    }
}

fn column(ui: &mut Ui, page: &Page) {
    let size = theme::sizes();
    let (gap, back) = (4.0 * size.step, 5.0 * size.step);
    let width = ui.available_width() - back;
    let names = (0.3 * width).clamp(72.0, 160.0);
    let phrases = width - names - 5.0 * size.step;
    let texts: Vec<Texts> = page.parts.iter().map(|(verb, part)| Texts::of(ui, *verb, part, phrases)).collect();
    let heights: Vec<f32> = texts.iter().map(|texts| texts.beside() + 3.0 * size.step).collect();
    let all = heights.iter().sum::<f32>() + gap * 5.0;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), all), Sense::hover());
    let palette = theme::palette(ui);
    let mut top = rect.top();
    let mut nodes: Vec<Rect> = Vec::new();
    for (texts, height) in texts.iter().zip(heights) {
        let node = Rect::from_min_size(pos2(rect.left() + back, top), vec2(width, height));
        frame(ui, node, texts, &palette);
        let at = node.min + vec2(2.0, 1.5) * size.step;
        texts.paint(ui, [at, at + vec2(names, 0.0)]);
        if let Some(before) = nodes.last() {
            let x = node.center().x;
            arrow(ui.painter(), [pos2(x, before.bottom()), pos2(x, node.top())], palette.muted);
        }
        top += height + gap;
        nodes.push(node);
    }
    if let (Some(first), Some(last)) = (nodes.first(), nodes.last()) {
        let x = rect.left() + 0.4 * back;
        let stroke = Stroke::new(1.5, palette.muted);
        ui.painter().line(vec![last.left_center(), pos2(x, last.center().y), pos2(x, first.center().y)], stroke);
        arrow(ui.painter(), [pos2(x - 3.0, first.center().y), first.left_center()], palette.muted);
    }
}

/// What stands in a node.
struct Texts {
    verb: Verb,
    changed: bool,
    name: Arc<Galley>,
    mark: Option<Arc<Galley>>,
    phrase: Arc<Galley>,
    spoken: String,
}

impl Texts {
    fn of(ui: &Ui, verb: Verb, part: &Part, width: f32) -> Self {
        let (palette, size) = (theme::palette(ui), theme::sizes());
        let painter = ui.painter();
        let font = FontId::proportional(size.text);
        let ink = if part.changed { palette.text } else { palette.muted };
        let mark = part.changed.then(|| {
            painter.layout_no_wrap(t("methods.changed").to_owned(), FontId::proportional(size.small), palette.accent)
        });
        let mut job = LayoutJob::simple(part.says.clone(), FontId::proportional(size.small), ink, width);
        for section in &mut job.sections {
            section.format.line_height = Some(1.3 * size.small);
        }
        let values: [(&str, &dyn std::fmt::Display); 2] = [("verb", &name(verb)), ("phrase", &part.says)];
        Self {
            verb,
            changed: part.changed,
            name: painter.layout_no_wrap(name(verb).to_owned(), font, ink),
            mark,
            phrase: painter.layout_job(job),
            spoken: if part.changed { with("methods.verb_changed", &values) } else { with("methods.verb", &values) },
        }
    }

    /// The height of name and mark.
    fn head(&self) -> f32 {
        // As high where there is no mark, so that phrases stand on one line.
        self.name.size().y + 1.25 * theme::sizes().small + theme::sizes().step
    }

    /// The height with the phrase below the name.
    fn stacked(&self) -> f32 {
        self.head() + self.phrase.size().y
    }

    /// The height with the phrase beside the name.
    fn beside(&self) -> f32 {
        let mark = self.mark.as_ref().map_or(0.0, |mark| mark.size().y);
        (self.name.size().y + mark).max(self.phrase.size().y)
    }

    fn paint(&self, ui: &Ui, [name, phrase]: [egui::Pos2; 2]) {
        let ink = theme::palette(ui).text;
        ui.painter().galley(name, Arc::clone(&self.name), ink);
        if let Some(mark) = &self.mark {
            ui.painter().galley(name + vec2(0.0, self.name.size().y), Arc::clone(mark), ink);
        }
        ui.painter().galley(phrase, Arc::clone(&self.phrase), ink);
    }
}

/// The frame of a node, which is read as one thing and reached by Tab.
fn frame(ui: &Ui, node: Rect, texts: &Texts, palette: &Palette) {
    let size = theme::sizes();
    let radius = CornerRadius::same(size.radius);
    let (fill, border) = if texts.changed {
        (palette.raised.lerp_to_gamma(palette.accent, LIT), Stroke::new(1.5, palette.accent))
    } else {
        (palette.panel, Stroke::new(1.0, palette.border))
    };
    ui.painter().rect(node, radius, fill, border, StrokeKind::Inside);
    let response = ui.interact(node, ui.scope_id().with(texts.verb.id()), Sense::focusable_noninteractive());
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, &texts.spoken));
    if response.has_focus() {
        ui.painter().rect_stroke(node.expand(2.0), radius, Stroke::new(2.0, palette.accent), StrokeKind::Outside);
    }
}
