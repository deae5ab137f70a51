//! A chart of things with names: a row each, with a value and its interval. It uses the marks of the other charts,
//! so that it too can be painted on a screen; what is needed of it so far is a picture for a page or a slide.

use egui::{Align2, Pos2, Rect, pos2, vec2};

use super::{
    Dash, axis,
    picture::{Mark, Picture, Shape, text_width},
    state::Bounds,
    svg,
};
use crate::view::theme::{self, Palette};

/// The width of the picture, in points.
const WIDTH: f32 = 960.0;

/// The height of a row, in points.
const ROW: f32 = 26.0;

/// A row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dot {
    /// Its name.
    pub name: String,
    /// Its value.
    pub at: f64,
    /// The interval of the value.
    pub interval: [f64; 2],
    /// What stands at its right end, such as the value in digits.
    pub text: String,
    /// Its colour, by its place in the palette.
    pub color: usize,
    /// Whether it is drawn hollow, as what is not sure.
    pub hollow: bool,
}

/// A chart of rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dots {
    /// The name of exported files.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// A sentence under the title; can be empty.
    pub note: String,
    /// What the values are.
    pub x: String,
    /// An upright line, such as no effect at all.
    pub zero: Option<f64>,
    /// The rows, from the top.
    pub rows: Vec<Dot>,
}

impl Dots {
    /// The chart as an SVG file.
    #[must_use]
    pub fn svg(&self, palette: &Palette) -> String {
        svg::svg(&self.layout(palette), &self.title, &self.description())
    }

    /// The chart as a part of an HTML page, on which it is the only one of its id.
    #[must_use]
    pub fn inline(&self, palette: &Palette) -> String {
        let file = self.svg(palette);
        let element = file.find("<svg").and_then(|start| file.get(start..)).unwrap_or_default();
        element
            .replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1)
            .replace("id=\"plot\"", &format!("id=\"plot-{}\"", self.id))
            .replace("url(#plot)", &format!("url(#plot-{})", self.id))
    }

    /// What the chart shows, for those who do not see it.
    #[must_use]
    pub fn description(&self) -> String {
        let rows = self.rows.iter().map(|row| {
            format!(" {}: {} ({} to {}).", row.name, number(row.at), number(row.interval[0]), number(row.interval[1]))
        });
        format!("{}. {}.{}", self.title, self.x, rows.collect::<String>())
    }

    fn layout(&self, palette: &Palette) -> Picture {
        let size = theme::sizes().small;
        let mut frame = Vec::new();
        let mut text = |at: Pos2, anchor, text: &str, size, ink| {
            frame.push(Mark::Text { at, anchor, text: text.to_owned(), size, ink, turned: false });
        };
        let mut top = 22.0;
        text(pos2(12.0, top), Align2::LEFT_CENTER, &self.title, theme::sizes().heading * 0.9, palette.text);
        if !self.note.is_empty() {
            top += 20.0;
            text(pos2(12.0, top), Align2::LEFT_CENTER, &self.note, size, palette.muted);
        }
        top += 18.0;
        #[allow(clippy::cast_precision_loss)] // a handful of rows
        let bottom = top + ROW * self.rows.len() as f32 + 6.0;
        let widest = |of: fn(&Dot) -> &str| self.rows.iter().map(|row| text_width(of(row), size)).fold(0.0, f32::max);
        let left = (24.0 + widest(|row| &row.name)).min(0.6 * WIDTH);
        let right = (WIDTH - 24.0 - widest(|row| &row.text)).max(left + 80.0);
        let plot = Rect::from_min_max(pos2(left, top), pos2(right, bottom));
        let bounds = Bounds { x: self.range(), y: [0.0, 1.0] };
        let mut picture = Picture {
            rect: Rect::from_min_size(Pos2::ZERO, vec2(WIDTH, bottom + 3.6 * size)),
            plot,
            bounds,
            unit: 1.0,
            ground: palette.panel,
            frame: Vec::new(),
            data: Vec::new(),
        };
        let line = |points, width, ink, dash| Mark::Line { points, width, ink, dash };
        let mut lines = Vec::new();
        for tick in axis::linear(bounds.x, f64::from(plot.width() / (6.0 * size)), false) {
            let x = picture.spot(tick.at, 0.0).x;
            let grid = palette.border.gamma_multiply(0.7);
            lines.push(line(vec![pos2(x, top), pos2(x, bottom)], 1.0, grid, Dash::Solid));
            text(pos2(x, bottom + 6.0), Align2::CENTER_TOP, &tick.label, size, palette.muted);
        }
        lines.push(line(vec![plot.left_bottom(), plot.right_bottom()], 1.0, palette.muted, Dash::Solid));
        let below = pos2(plot.center().x, picture.rect.bottom() - 4.0);
        text(below, Align2::CENTER_BOTTOM, &self.x, size, palette.text);
        if let Some(zero) = self.zero {
            let x = picture.spot(zero, 0.0).x;
            picture.data.push(line(vec![pos2(x, top), pos2(x, bottom)], 1.5, palette.muted, Dash::Dashed));
        }
        let mut y = top + 3.0 + ROW / 2.0;
        for row in &self.rows {
            let ink = palette.line(row.color);
            text(pos2(left - 10.0, y), Align2::RIGHT_CENTER, &row.name, size, palette.text);
            text(pos2(right + 10.0, y), Align2::LEFT_CENTER, &row.text, size, palette.muted);
            let spot = |x: f64| pos2(picture.spot(x, 0.0).x, y);
            let [low, high, at] = [row.interval[0], row.interval[1], row.at].map(spot);
            if row.interval.iter().all(|end| end.is_finite()) {
                let bar = |end: Pos2| line(vec![end - vec2(0.0, 4.0), end + vec2(0.0, 4.0)], 2.0, ink, Dash::Solid);
                picture.data.extend([line(vec![low, high], 2.0, ink, Dash::Solid), bar(low), bar(high)]);
            }
            if row.at.is_finite() {
                picture.data.push(Mark::Dot { shape: Shape::Disc(at, 5.0), ink });
                let hole = Mark::Dot { shape: Shape::Disc(at, 3.0), ink: palette.panel };
                picture.data.extend(row.hollow.then_some(hole));
            }
            y += ROW;
        }
        frame.splice(0..0, lines);
        picture.frame = frame;
        picture
    }

    /// Everything that is drawn, with a margin.
    fn range(&self) -> [f64; 2] {
        let values = self.rows.iter().flat_map(|row| [row.at, row.interval[0], row.interval[1]]).chain(self.zero);
        let Some((low, high)) = axis::extent(values) else { return [0.0, 1.0] };
        match high - low {
            width if width > 1e-9 => [low - 0.04 * width, high + 0.04 * width],
            0.0 => [low - 0.5, high + 0.5],
            _ => [0.0, 1.0],
        }
    }
}

fn number(value: f64) -> String {
    crate::format::number(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Dots {
        let row = |name: &str, at: f64, hollow| Dot {
            name: name.to_owned(),
            at,
            interval: [at - 0.1, at + 0.2],
            text: format!("{at:.2}"),
            color: 0,
            hollow,
        };
        Dots {
            id: "effects".to_owned(),
            title: "Fast & slow".to_owned(),
            x: "difference".to_owned(),
            zero: Some(0.0),
            rows: vec![row("a<b", 0.3, false), row("tone", -0.05, true)],
            ..Dots::default()
        }
    }

    #[test]
    fn every_row_is_drawn_named_and_described() {
        let palette = theme::of_mode(false);
        let svg = chart().svg(&palette);
        assert_eq!(svg.matches("<circle").count(), 3, "a full dot, and a hollow one of two");
        assert!(svg.contains("Fast &amp; slow") && svg.contains("a&lt;b: 0.300 (0.200 to 0.500)."), "{svg}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        let inline = chart().inline(&palette);
        assert!(inline.starts_with("<svg") && !inline.contains("http") && inline.contains("url(#plot-effects)"));
        // Values are where the ticks say: nought left of 0.3, right of -0.05.
        let picture = chart().layout(&palette);
        let [left, zero, right] = [-0.05, 0.0, 0.3].map(|x| picture.spot(x, 0.0).x);
        assert!(left < zero && zero < right && picture.plot.left() < left && right < picture.plot.right());
    }

    #[test]
    fn odd_numbers_are_survived() {
        let palette = theme::of_mode(false);
        let none = Dots::default().svg(&palette);
        let mut odd = chart();
        odd.rows[0].interval = [f64::NAN, f64::INFINITY];
        odd.rows.truncate(1);
        for svg in [none, odd.svg(&palette)] {
            assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
