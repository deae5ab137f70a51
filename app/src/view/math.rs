//! Equations, typeset in a small notation of our own: `L = −log σ( β(h_w − h_l) )`. What stands in the
//! source is Unicode; `_` and `^` lower and raise what follows, `\frac{a}{b}` is a fraction, `\hat{r}` wears a
//! hat, and below `\sum`, `\max` and `\argmax` stands what they run over.

mod layout;
mod parse;

use egui::{Role, Sense, Ui, WidgetInfo, vec2};

use super::theme;
use layout::{Pen, Piece};

pub use parse::{Equation, parse, plain};

/// Text of an equation over running text.
const LARGER: f32 = 1.15;

/// Equations are not made smaller than this share, however narrow the window is.
const SMALLEST: f32 = 0.6;

/// Draws equations below each other. A line that is too wide goes on below, before one of its signs.
pub fn ui(ui: &mut Ui, equations: &[Equation]) {
    let step = theme::sizes().step;
    for equation in equations {
        let room = ui.available_width() - 4.0 * step;
        let size = theme::sizes().text * LARGER;
        let widest = |size: f32| {
            let pen = Pen::new(ui, size);
            equation.parts().map(|part| pen.row(part).width).fold(0.0, f32::max)
        };
        let fit = (room / widest(size).max(1.0)).clamp(SMALLEST, 1.0);
        let lines = lines(ui, equation, size * fit, room);
        let gap = 1.5 * step;
        let height: f32 = lines.iter().map(|line| line.1.height() + gap).sum();
        let width = lines.iter().map(|(indent, line)| indent + line.width).fold(0.0, f32::max);
        let (rect, response) = ui.allocate_exact_size(vec2(width + 2.0 * step, height + gap), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Math, true, plain(equation)));
        let mut y = rect.top() + gap;
        for (indent, line) in &lines {
            line.paint(ui.painter(), egui::pos2(rect.left() + 2.0 * step + indent, y + line.ascent));
            y += line.height() + gap;
        }
    }
}

/// The lines that an equation takes, each with where it begins.
fn lines(ui: &Ui, equation: &Equation, size: f32, room: f32) -> Vec<(f32, Piece)> {
    let pen = Pen::new(ui, size);
    let (space, indent) = (0.28 * size, 1.6 * size);
    let mut lines: Vec<(f32, Piece)> = Vec::new();
    for part in equation.parts() {
        let piece = pen.row(part);
        match lines.last_mut() {
            Some((begin, line)) if *begin + line.width + space + piece.width <= room => line.append(space, piece),
            Some(_) => lines.push((indent, piece)),
            None => lines.push((0.0, piece)),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use egui_kittest::{Harness, kittest::Queryable};

    use super::*;

    const WIDE: &str =
        r"L = −log σ( β(h_w − h_l) ) + α · \frac{β}{2} · \sum_{t=1}^{T} \hat{r}_t log π_θ(y_t | x, y_{<t})";

    #[test]
    fn an_equation_is_read_out_and_fits_at_any_width() {
        for width in [330.0_f32, 700.0, 1800.0] {
            let equations = parse(WIDE);
            let mut harness =
                Harness::builder().with_size([width, 500.0]).with_context_setup(theme::install).build_ui(|ui| {
                    super::ui(ui, &equations);
                });
            harness.run();
            let node = harness.get_by_role(Role::Math);
            assert!(node.rect().right() <= width, "{:?} in {width}", node.rect());
            let low = node.rect().height() < 50.0;
            assert_eq!(low, width > 600.0, "{:?} in {width}", node.rect());
            harness.get_by_label("L = −log σ( β(h_w − h_l) ) + α · (β)/(2) · ∑_(t=1)^T r̂_t log π_θ(y_t | x, y_(<t))");
        }
    }

    #[test]
    fn what_is_lowered_is_lower_and_smaller() {
        let mut harness = Harness::builder().with_context_setup(theme::install).build_ui(|ui| {
            let pen = Pen::new(ui, 16.0);
            let of = |text: &str| pen.row(parse(text)[0].parts().next().unwrap());
            let (alone, lowered, raised, fraction) = (of("x"), of("x_t"), of("x^2"), of(r"\frac{x}{2}"));
            assert!(lowered.width > alone.width && lowered.descent > alone.descent);
            assert!(raised.ascent > alone.ascent);
            assert!(fraction.height() > 1.5 * alone.height() && fraction.width < 3.0 * alone.width);
            assert!(of(r"\hat{r}").ascent >= of("r").ascent);
            assert!(of(r"\sum_{t=1}^{T}").height() > of("∑").height());
        });
        harness.run();
    }
}
