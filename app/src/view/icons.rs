//! Small pictures, drawn with strokes in the colour of the text beside them: the fonts that every
//! program has know no lesson and no scale. Words always stand beside them.

use egui::{Atom, Color32, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

use super::panels::Panel;

/// What can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// A panel.
    Panel(Panel),
    /// Something goes on.
    Play,
    /// It stands still for a moment.
    Pause,
    /// It was done.
    Done,
    /// It went wrong, or is to be closed.
    Cross,
    /// Somebody looks at it.
    Eye,
    /// It is not decided.
    Open,
}

/// Draws an icon into a square.
pub fn draw(painter: &Painter, square: Rect, icon: Icon, color: Color32) {
    let pen = Pen { painter, square, stroke: Stroke::new((square.width() / 11.0).max(1.2), color) };
    match icon {
        Icon::Panel(panel) => pen.panel(panel),
        Icon::Play => pen.filled(&[[0.25, 0.12], [0.9, 0.5], [0.25, 0.88]]),
        Icon::Pause => {
            pen.filled(&[[0.2, 0.15], [0.4, 0.15], [0.4, 0.85], [0.2, 0.85]]);
            pen.filled(&[[0.6, 0.15], [0.8, 0.15], [0.8, 0.85], [0.6, 0.85]]);
        }
        Icon::Done => pen.line(&[[0.12, 0.55], [0.4, 0.82], [0.9, 0.2]]),
        Icon::Cross => {
            pen.line(&[[0.2, 0.2], [0.8, 0.8]]);
            pen.line(&[[0.8, 0.2], [0.2, 0.8]]);
        }
        Icon::Open => pen.ring([0.5, 0.5], 0.36),
        Icon::Eye => {
            pen.line(&[[0.02, 0.5], [0.25, 0.27], [0.5, 0.19], [0.75, 0.27], [0.98, 0.5]]);
            pen.line(&[[0.02, 0.5], [0.25, 0.73], [0.5, 0.81], [0.75, 0.73], [0.98, 0.5]]);
            pen.dot([0.5, 0.5], 0.14);
        }
    }
}

/// Draws in shares of the square.
struct Pen<'a> {
    painter: &'a Painter,
    square: Rect,
    stroke: Stroke,
}

impl Pen<'_> {
    fn at(&self, [x, y]: [f32; 2]) -> Pos2 {
        pos2(self.square.left() + x * self.square.width(), self.square.top() + y * self.square.height())
    }

    fn line(&self, points: &[[f32; 2]]) {
        self.painter.add(Shape::line(points.iter().map(|p| self.at(*p)).collect(), self.stroke));
    }

    fn closed(&self, points: &[[f32; 2]]) {
        self.painter.add(Shape::closed_line(points.iter().map(|p| self.at(*p)).collect(), self.stroke));
    }

    fn filled(&self, points: &[[f32; 2]]) {
        let points = points.iter().map(|p| self.at(*p)).collect();
        self.painter.add(Shape::convex_polygon(points, self.stroke.color, Stroke::NONE));
    }

    fn dot(&self, at: [f32; 2], radius: f32) {
        self.painter.circle_filled(self.at(at), radius * self.square.width(), self.stroke.color);
    }

    fn ring(&self, at: [f32; 2], radius: f32) {
        self.painter.circle_stroke(self.at(at), radius * self.square.width(), self.stroke);
    }

    fn frame(&self, from: [f32; 2], to: [f32; 2]) {
        let rect = Rect::from_two_pos(self.at(from), self.at(to));
        self.painter.rect_stroke(rect, 2.0, self.stroke, egui::StrokeKind::Middle);
    }

    fn panel(&self, panel: Panel) {
        match panel {
            // An open book.
            Panel::Lessons => {
                self.line(&[[0.5, 0.25], [0.3, 0.15], [0.05, 0.2], [0.05, 0.8], [0.3, 0.75], [0.5, 0.85]]);
                self.line(&[[0.5, 0.25], [0.7, 0.15], [0.95, 0.2], [0.95, 0.8], [0.7, 0.75], [0.5, 0.85]]);
                self.line(&[[0.5, 0.25], [0.5, 0.85]]);
            }
            // Three sliders.
            Panel::Compose => {
                for (y, x) in [(0.2, 0.7), (0.5, 0.3), (0.8, 0.58)] {
                    self.line(&[[0.05, y], [0.95, y]]);
                    self.dot([x, y], 0.13);
                }
            }
            // A loop.
            Panel::Iterations => {
                let around = |from: u8, to: u8| -> Vec<[f32; 2]> {
                    (from..=to)
                        .map(|step| {
                            let angle = std::f32::consts::TAU * f32::from(step) / 24.0;
                            [0.5 + 0.38 * angle.cos(), 0.5 + 0.38 * angle.sin()]
                        })
                        .collect()
                };
                self.line(&around(1, 11));
                self.line(&around(13, 23));
                self.filled(&[[0.72, 0.56], [1.0, 0.56], [0.86, 0.34]]);
                self.filled(&[[0.0, 0.44], [0.28, 0.44], [0.14, 0.66]]);
            }
            // Two sheets with lines of text.
            Panel::Answers => {
                self.frame([0.05, 0.12], [0.45, 0.88]);
                self.frame([0.55, 0.12], [0.95, 0.88]);
                for y in [0.35, 0.55] {
                    self.line(&[[0.15, y], [0.35, y]]);
                    self.line(&[[0.65, y], [0.85, y]]);
                }
            }
            // A pair of scales.
            Panel::Judges => {
                self.line(&[[0.5, 0.08], [0.5, 0.88]]);
                self.line(&[[0.28, 0.9], [0.72, 0.9]]);
                self.line(&[[0.12, 0.2], [0.88, 0.2]]);
                for x in [0.12, 0.88] {
                    self.closed(&[[x - 0.12, 0.58], [x, 0.22], [x + 0.12, 0.58]]);
                }
            }
            // A magnifying glass.
            Panel::Diagnoses => {
                self.ring([0.42, 0.42], 0.3);
                self.line(&[[0.64, 0.64], [0.94, 0.94]]);
            }
            // Two curves.
            Panel::Compare => {
                self.line(&[[0.06, 0.06], [0.06, 0.94], [0.96, 0.94]]);
                self.line(&[[0.2, 0.75], [0.45, 0.5], [0.65, 0.58], [0.92, 0.2]]);
                self.line(&[[0.2, 0.55], [0.5, 0.74], [0.92, 0.64]]);
            }
            // A formula: a fraction with a sum.
            Panel::Methods => {
                self.line(&[[0.42, 0.14], [0.08, 0.14], [0.3, 0.5], [0.08, 0.86], [0.42, 0.86]]);
                self.line(&[[0.56, 0.5], [0.96, 0.5]]);
                self.dot([0.76, 0.24], 0.09);
                self.dot([0.76, 0.76], 0.09);
            }
            // Intervals around a line.
            Panel::Atlas => {
                self.line(&[[0.42, 0.06], [0.42, 0.94]]);
                for (y, from, to) in [(0.22, 0.5, 0.96), (0.5, 0.2, 0.66), (0.78, 0.04, 0.34)] {
                    self.line(&[[from, y], [to, y]]);
                    self.dot([f32::midpoint(from, to), y], 0.1);
                }
            }
            // A storyboard: a frame with a sun over a hill, and lines below.
            Panel::Ads => {
                self.frame([0.06, 0.1], [0.94, 0.66]);
                self.line(&[[0.1, 0.6], [0.38, 0.34], [0.6, 0.58], [0.74, 0.46], [0.9, 0.6]]);
                self.dot([0.72, 0.27], 0.07);
                self.line(&[[0.06, 0.8], [0.94, 0.8]]);
                self.line(&[[0.06, 0.94], [0.6, 0.94]]);
            }
            // A speech bubble.
            Panel::Playground => {
                self.closed(&[
                    [0.06, 0.14],
                    [0.94, 0.14],
                    [0.94, 0.7],
                    [0.5, 0.7],
                    [0.26, 0.92],
                    [0.26, 0.7],
                    [0.06, 0.7],
                ]);
                for x in [0.3, 0.5, 0.7] {
                    self.dot([x, 0.42], 0.06);
                }
            }
        }
    }
}

/// An icon as part of a button, in the colour of its text.
#[must_use]
pub fn atom(icon: Icon, size: f32) -> Atom<'static> {
    Atom::paint(vec2(size, size), move |ui, args| draw(ui.painter(), args.rect, icon, args.fallback_text_color))
}

/// Takes the room of an icon in a row and draws it.
pub fn show(ui: &mut egui::Ui, icon: Icon, size: f32, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(size, size), egui::Sense::hover());
    draw(ui.painter(), rect, icon, color);
}
