//! A scene as a picture: a sketch of what its words say and of nothing else.

use egui::{
    Align2, Color32, CornerRadius, FontId, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};
use selfsame_core::world::ads::{
    Scene, Tag, spoken_phrase,
    words::{Complexity, Orientation, Thing, Valence},
};

use super::colour::{ink, mixed, on};
use crate::view::theme;

/// Height of the picture for its width, whatever is held how within it.
const SHAPE: f32 = 9.0 / 16.0;

/// Where the ground begins, from the top.
const HORIZON: f32 = 0.62;

/// Small things in a busy picture.
const CLUTTER: u16 = 34;

/// The most people that are drawn.
const MOST_PEOPLE: usize = 5;

/// Draws a scene in its width; `name` is read out.
pub fn picture(ui: &mut Ui, scene: &Scene, orientation: Orientation, width: f32, name: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(width, (width * SHAPE).round()), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, name));
    if ui.is_rect_visible(rect) {
        let palette = theme::palette(ui);
        let radius = CornerRadius::same(theme::sizes().radius);
        ui.painter().rect_filled(rect, radius, palette.pressed);
        let screen = held(rect, orientation);
        let sketch = Sketch { painter: ui.painter().with_clip_rect(screen.intersect(ui.clip_rect())), screen };
        sketch.background(scene);
        sketch.people(scene);
        sketch.things(scene);
        sketch.caption(scene);
        ui.painter().rect_stroke(rect, radius, Stroke::new(1.0, palette.border), StrokeKind::Inside);
    }
    response
}

/// The part of the picture that an orientation fills.
fn held(rect: Rect, orientation: Orientation) -> Rect {
    let share = match orientation {
        Orientation::Landscape => 1.0,
        Orientation::Square => SHAPE,
        Orientation::Portrait => SHAPE * SHAPE,
    };
    Rect::from_center_size(rect.center(), vec2(rect.width() * share, rect.height()))
}

struct Sketch {
    painter: Painter,
    screen: Rect,
}

impl Sketch {
    fn at(&self, x: f32, y: f32) -> Pos2 {
        pos2(self.screen.left() + x * self.screen.width(), self.screen.top() + y * self.screen.height())
    }

    /// Lengths are shares of the height, which is the same however the picture is held.
    fn length(&self, share: f32) -> f32 {
        share * self.screen.height()
    }

    fn background(&self, scene: &Scene) {
        let colors: Vec<Color32> = scene.background.iter().copied().map(ink).collect();
        let Some(first) = colors.first().copied() else { return };
        let second = colors.get(1).copied().unwrap_or_else(|| mixed(first, Color32::BLACK, 0.14));
        self.painter.rect_filled(self.screen, 0.0, first);
        let ground = Rect::from_min_max(self.at(0.0, HORIZON), self.screen.max);
        self.painter.rect_filled(ground, 0.0, second);
        if scene.complexity == Complexity::High {
            self.clutter(scene);
        }
    }

    /// What makes a picture busy, spread evenly and always the same (by the golden ratio).
    fn clutter(&self, scene: &Scene) {
        for (index, front) in (0..CLUTTER).zip(scene.foreground.iter().cycle()) {
            let number = f32::from(index);
            let (x, y) = ((number * 0.618_034).fract(), (number * 0.754_878).fract());
            let size = self.length(0.02 + 0.025 * (number * 0.569_84).fract());
            let color = ink(*front).gamma_multiply(0.75);
            let edge = Stroke::new(1.0, on(ink(*front)).gamma_multiply(0.35));
            if index % 2 == 0 {
                self.painter.circle(self.at(x, y), size, color, edge);
            } else {
                let thing = Rect::from_center_size(self.at(x, y), vec2(3.2 * size, 1.4 * size));
                self.painter.rect(thing, 1.0, color, edge, StrokeKind::Middle);
            }
        }
    }

    fn people(&self, scene: &Scene) {
        let number = |tag: &Tag| match tag {
            Tag::Thing(Thing::Couple) => 2,
            Tag::Thing(Thing::Crowd) => MOST_PEOPLE,
            Tag::Thing(thing) if thing.is_person() => 1,
            _ => 0,
        };
        let named: usize = scene.tags.iter().map(number).sum();
        let faces = usize::from(scene.faces);
        let count = named.max(faces).min(MOST_PEOPLE);
        let child = scene.tags.contains(&Tag::Thing(Thing::Child));
        let beside = scene.tags.iter().any(|tag| matches!(tag, Tag::Product(_)));
        let (middle, apart) = (if beside { 0.36 } else { 0.5 }, 0.27 * self.screen.height() / self.screen.width());
        #[allow(clippy::cast_precision_loss)] // a handful
        let left = |index: usize| middle + apart * (index as f32 - (count as f32 - 1.0) / 2.0);
        for (index, front) in (0..count).zip(scene.foreground.iter().cycle()) {
            let size = if child && index == 0 { 0.62 } else { 0.9 + 0.1 * f32::from(u8::from(index % 2 == 0)) };
            self.person(left(index), size, ink(*front), (index < faces).then_some(scene.emotion.valence()));
        }
    }

    /// Head and shoulders, with a face if it looks out of the picture.
    fn person(&self, x: f32, size: f32, color: Color32, face: Option<Valence>) {
        let head = self.length(0.125 * size);
        let edge = Stroke::new(1.5, on(color).gamma_multiply(0.5));
        let middle = self.at(x, 1.0 - 0.55 * size);
        let (width, top) = (self.length(0.36 * size), middle.y + 1.2 * head);
        let body = Rect::from_min_max(
            pos2(middle.x - width / 2.0, top),
            pos2(middle.x + width / 2.0, self.screen.max.y + 2.0),
        );
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a few points
        let round = (width / 2.4).clamp(0.0, 120.0) as u8;
        let shoulders = CornerRadius { nw: round, ne: round, sw: 0, se: 0 };
        self.painter.rect(body, shoulders, color, edge, StrokeKind::Middle);
        self.painter.circle(middle, head, color, edge);
        if let Some(valence) = face {
            features(&self.painter, middle, head, valence, on(color));
        }
    }

    /// Everything else as a plate with its word; products stand as boxes in front.
    fn things(&self, scene: &Scene) {
        let front = |index: usize| scene.foreground.iter().cycle().nth(index).copied().map(ink);
        let small = FontId::proportional(self.length(0.085).clamp(9.0, 22.0));
        let mut spot = self.at(0.0, 0.0) + vec2(self.length(0.05), self.length(0.05));
        let mut boxes = 0.0;
        for (index, tag) in scene.tags.iter().enumerate() {
            let Some(color) = front(index) else { continue };
            match tag {
                Tag::Product(_) => {
                    let text = self.painter.layout_no_wrap(tag.word().to_owned(), small.clone(), on(color));
                    let size = vec2((text.size().x + self.length(0.1)).max(self.length(0.36)), self.length(0.3));
                    let from = self.at(0.94, 0.93) - size - vec2(0.0, boxes);
                    let thing = Rect::from_min_size(from, size);
                    boxes += size.y + self.length(0.03);
                    self.plate(thing, color, self.length(0.04));
                    self.painter.galley(thing.center() - text.size() / 2.0, text, on(color));
                }
                Tag::Thing(thing) if thing.is_person() => {}
                Tag::Thing(_) => {
                    let text = self.painter.layout_no_wrap(tag.word().to_owned(), small.clone(), on(color));
                    let margin = self.length(0.035);
                    let plate = Rect::from_min_size(spot, text.size() + vec2(2.0 * margin, margin));
                    self.plate(plate, color, self.length(0.05));
                    self.painter.galley(plate.min + vec2(margin, margin / 2.0), text, on(color));
                    spot.x = plate.right() + margin;
                }
            }
        }
    }

    fn plate(&self, rect: Rect, color: Color32, radius: f32) {
        let edge = Stroke::new(1.5, on(color).gamma_multiply(0.5));
        self.painter.rect(rect, radius, color, edge, StrokeKind::Inside);
    }

    /// The text on the screen, as it would be.
    fn caption(&self, scene: &Scene) {
        let Some(text) = scene.text.map(spoken_phrase) else { return };
        let height = self.length(0.2);
        let bar = Rect::from_min_max(pos2(self.screen.left(), self.screen.bottom() - height), self.screen.max);
        self.painter.rect_filled(bar, 0.0, Color32::from_black_alpha(200));
        let font = FontId::proportional(self.length(0.115).clamp(10.0, 30.0));
        self.painter.text(bar.center(), Align2::CENTER_CENTER, text, font, Color32::WHITE);
    }
}

/// Eyes, and a mouth that says whether a feeling is a good one.
fn features(painter: &Painter, middle: Pos2, radius: f32, valence: Valence, color: Color32) {
    for side in [-0.38, 0.38] {
        painter.circle_filled(middle + vec2(side * radius, -0.18 * radius), 0.11 * radius, color);
    }
    let bend = match valence {
        Valence::Positive => 0.32,
        Valence::Neutral => 0.0,
        Valence::Negative => -0.32,
    };
    let mouth = [-1.0, -0.5, 0.0, 0.5, 1.0_f32].map(|along| {
        let deep = bend * (1.0 - along * along) - bend / 2.0;
        middle + vec2(0.42 * along * radius, (0.42 + deep) * radius)
    });
    painter.add(Shape::line(mouth.to_vec(), Stroke::new((0.13 * radius).max(1.2), color)));
}

/// A small face beside the word of a feeling.
pub fn feeling(ui: &mut Ui, valence: Valence) {
    let size = theme::sizes().text;
    let color = theme::palette(ui).text;
    let (rect, _) = ui.allocate_exact_size(vec2(size, size), Sense::hover());
    let radius = size / 2.0 - 0.5;
    ui.painter().circle_stroke(rect.center(), radius, Stroke::new(1.2, color));
    features(ui.painter(), rect.center(), radius, valence, color);
}
