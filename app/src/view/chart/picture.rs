//! The layout of a chart as lines, bands, dots and texts, which the screen, the SVG and the PNG
//! draw each in its own way.

use egui::{Align2, Color32, Pos2, Rect, Vec2, pos2, vec2};

use super::{
    Chart, Dash, axis,
    axis::Tick,
    state::{Bounds, State},
    theme::{self, Palette},
    tracks::{Place, Track, thin},
};

/// Points of a line up to which each is marked and has an error bar instead of a band.
const MARKED: usize = 40;

/// The buckets of a thinned line; more would not be seen.
const BUCKETS: usize = 1200;

/// The size of an exported chart, in points.
const PRINTED: Vec2 = vec2(960.0, 540.0);

/// Where and how large a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// All of it.
    pub rect: Rect,
    /// The length of what is one point on the screen.
    pub unit: f32,
    /// Whether title and legend are part of it.
    pub titled: bool,
}

impl Look {
    /// On the screen, where title and legend are widgets.
    pub fn screen(rect: Rect) -> Self {
        Self { rect, unit: 1.0, titled: false }
    }

    /// For a file.
    pub fn printed(unit: f32) -> Self {
        Self { rect: Rect::from_min_size(Pos2::ZERO, PRINTED * unit), unit, titled: true }
    }
}

/// Something to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A line.
    Line {
        /// Its points.
        points: Vec<Pos2>,
        /// Its width.
        width: f32,
        /// Its colour.
        ink: Color32,
        /// Its dash.
        dash: Dash,
    },
    /// The space between two lines over the same x.
    Band {
        /// The line above.
        upper: Vec<Pos2>,
        /// The line below.
        lower: Vec<Pos2>,
        /// Its colour.
        ink: Color32,
    },
    /// A filled shape with few corners.
    Dot {
        /// Its corners, or its middle if it is round.
        shape: Shape,
        /// Its colour.
        ink: Color32,
    },
    /// A text of one line.
    Text {
        /// Where its anchor is.
        at: Pos2,
        /// Which point of it is there.
        anchor: Align2,
        /// The text.
        text: String,
        /// Its height.
        size: f32,
        /// Its colour.
        ink: Color32,
        /// Whether it is read from below.
        turned: bool,
    },
}

/// The shape of a point.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A disc with a radius.
    Disc(Pos2, f32),
    /// A convex polygon.
    Corners(Vec<Pos2>),
}

/// A chart laid out.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// All of it.
    pub rect: Rect,
    /// What is between the axes; the data are clipped to it.
    pub plot: Rect,
    /// What the plot's edges stand for.
    pub bounds: Bounds,
    /// The length of what is one point on the screen.
    pub unit: f32,
    /// The colour behind everything.
    pub ground: Color32,
    /// Axes, grid and texts.
    pub frame: Vec<Mark>,
    /// What is between the axes.
    pub data: Vec<Mark>,
}

impl Picture {
    /// Where a place of axis space is.
    pub fn spot(&self, x: f64, y: f64) -> Pos2 {
        let share = |[low, high]: [f64; 2], value: f64| {
            #[allow(clippy::cast_possible_truncation)] // far outside is far outside
            let share = ((value - low) / (high - low)).clamp(-1e4, 1e4) as f32;
            share
        };
        pos2(
            self.plot.left() + share(self.bounds.x, x) * self.plot.width(),
            self.plot.bottom() - share(self.bounds.y, y) * self.plot.height(),
        )
    }

    /// The place of axis space at a spot.
    pub fn place(&self, spot: Pos2) -> [f64; 2] {
        let along = |[low, high]: [f64; 2], share: f32| low + f64::from(share) * (high - low);
        [
            along(self.bounds.x, (spot.x - self.plot.left()) / self.plot.width().max(1.0)),
            along(self.bounds.y, (self.plot.bottom() - spot.y) / self.plot.height().max(1.0)),
        ]
    }
}

/// Lays out a chart.
pub fn layout(chart: &Chart, tracks: &[Track], state: &State, look: &Look, palette: &Palette) -> Picture {
    let bounds = state.view.filter(|view| view.sound()).unwrap_or_else(|| everything(chart, tracks, state.log));
    let (unit, size) = (look.unit, theme::sizes().small * look.unit);
    let mut frame = Vec::new();
    let mut top = look.rect.top() + 6.0 * unit;
    if look.titled {
        top = title_and_legend(chart, state, look, palette, &mut frame);
    }
    let bottom = look.rect.bottom() - 3.4 * size;
    let y_ticks = if state.log {
        axis::logarithmic(bounds.y, f64::from((bottom - top) / (3.0 * size)))
    } else {
        axis::linear(bounds.y, f64::from((bottom - top) / (3.0 * size)), false)
    };
    let widest = y_ticks.iter().map(|tick| text_width(&tick.label, size)).fold(2.0 * size, f32::max);
    let left = look.rect.left() + 2.2 * size + widest;
    let plot = Rect::from_min_max(
        pos2(left, top),
        pos2((look.rect.right() - 8.0 * unit).max(left + 1.0), bottom.max(top + 1.0)),
    );
    let x_ticks = axis::linear(bounds.x, f64::from(plot.width() / (6.0 * size)), chart.whole_x);
    let mut picture = Picture {
        rect: look.rect,
        plot,
        bounds,
        unit,
        ground: if look.titled { palette.panel } else { palette.raised },
        frame,
        data: Vec::new(),
    };
    axes(&mut picture, chart, &x_ticks, &y_ticks, size, palette);
    levels_and_marks(&mut picture, chart, state.log, size, palette);
    for track in tracks {
        match chart.bars {
            Some(width) => {
                let floor = if state.log { picture.plot.bottom() } else { picture.spot(0.0, 0.0).y };
                draw_bars(&mut picture, track, (width, floor), palette);
            }
            None => draw_track(&mut picture, track, palette),
        }
    }
    picture
}

/// The bounds that hold all data and levels, with a margin.
fn everything(chart: &Chart, tracks: &[Track], log: bool) -> Bounds {
    let places = || tracks.iter().flat_map(Track::places);
    let levels = chart.levels.iter().map(|(y, _)| if log { y.log10() } else { *y });
    let half = chart.bars.unwrap_or_default() / 2.0;
    let x = range(places().flat_map(|place| [place.x - half, place.x + half]), 0.03);
    let y = range(places().filter(|p| p.y.is_finite()).flat_map(|p| [p.y, p.low, p.high]).chain(levels), 0.08);
    // Bars stand on the axis.
    let y = if chart.bars.is_some() && !log { [0.0, y[1]] } else { y };
    Bounds { x, y }
}

fn range(values: impl Iterator<Item = f64>, margin: f64) -> [f64; 2] {
    let Some((low, high)) = axis::extent(values) else { return [0.0, 1.0] };
    let width = high - low;
    // A single value, or one that only rounding moves, stands in the middle.
    let margin = if width > 1e-9 * low.abs().max(high.abs()) && width > 1e-12 {
        margin * width
    } else if low == 0.0 {
        0.5
    } else {
        (0.1 * low.abs()).max(1e-9)
    };
    [low - margin, high + margin]
}

/// An estimate that needs no font: what is drawn elsewhere has other fonts anyway.
pub fn text_width(text: &str, size: f32) -> f32 {
    #[allow(clippy::cast_precision_loss)] // short texts
    let characters = text.chars().count() as f32;
    0.56 * size * characters
}

/// Draws both and returns where the plot can begin.
fn title_and_legend(chart: &Chart, state: &State, look: &Look, palette: &Palette, frame: &mut Vec<Mark>) -> f32 {
    let (unit, size) = (look.unit, theme::sizes().small * look.unit);
    let left = look.rect.left() + 12.0 * unit;
    let mut y = look.rect.top() + 22.0 * unit;
    let mut text = |at: Pos2, text: &str, size: f32, ink: Color32| {
        frame.push(Mark::Text { at, anchor: Align2::LEFT_CENTER, text: text.to_owned(), size, ink, turned: false });
    };
    text(pos2(left, y), &chart.title, theme::sizes().heading * unit * 0.9, palette.text);
    if !chart.note.is_empty() {
        y += 20.0 * unit;
        text(pos2(left, y), &chart.note, size, palette.muted);
    }
    y += 24.0 * unit;
    let mut x = left;
    let mut samples = Vec::new();
    for series in chart.series.iter().filter(|series| !state.hidden.contains(&series.name)) {
        let width = 40.0 * unit + text_width(&series.name, size) + 16.0 * unit;
        if x > left && x + width > look.rect.right() {
            (x, y) = (left, y + 1.6 * size);
        }
        text(pos2(x + 40.0 * unit, y), &series.name, size, palette.text);
        let rect = Rect::from_center_size(pos2(x + 16.0 * unit, y), vec2(32.0, 12.0) * unit);
        samples.extend(sample(rect, unit, series.color, series.dash, palette));
        x += width;
    }
    frame.extend(samples);
    y + 16.0 * unit
}

/// A piece of a line with its point, as legends show it.
pub fn sample(rect: Rect, unit: f32, color: usize, dash: Dash, palette: &Palette) -> Vec<Mark> {
    let ink = palette.line(color);
    let points = vec![rect.left_center(), rect.right_center()];
    vec![
        Mark::Line { points, width: 2.0 * unit, ink, dash },
        Mark::Dot { shape: dot(rect.center(), 4.0 * unit, color), ink },
    ]
}

fn axes(picture: &mut Picture, chart: &Chart, x_ticks: &[Tick], y_ticks: &[Tick], size: f32, palette: &Palette) {
    let (plot, unit) = (picture.plot, picture.unit);
    let line = |points: Vec<Pos2>, ink| Mark::Line { points, width: unit, ink, dash: Dash::Solid };
    let text =
        |at, anchor, text: &str, ink, turned| Mark::Text { at, anchor, text: text.to_owned(), size, ink, turned };
    let mut marks = Vec::new();
    for tick in y_ticks {
        let y = picture.spot(0.0, tick.at).y;
        marks.push(line(vec![pos2(plot.left(), y), pos2(plot.right(), y)], palette.border.gamma_multiply(0.7)));
        marks.push(text(pos2(plot.left() - 6.0 * unit, y), Align2::RIGHT_CENTER, &tick.label, palette.muted, false));
    }
    for tick in x_ticks {
        let x = picture.spot(tick.at, 0.0).x;
        marks.push(line(vec![pos2(x, plot.bottom()), pos2(x, plot.bottom() + 4.0 * unit)], palette.muted));
        marks.push(text(pos2(x, plot.bottom() + 6.0 * unit), Align2::CENTER_TOP, &tick.label, palette.muted, false));
    }
    marks.push(line(vec![plot.left_top(), plot.left_bottom(), plot.right_bottom()], palette.muted));
    let below = pos2(plot.center().x, picture.rect.bottom() - 2.0 * unit);
    marks.push(text(below, Align2::CENTER_BOTTOM, &chart.x, palette.text, false));
    let beside = pos2(picture.rect.left() + 0.8 * size, plot.center().y);
    marks.push(text(beside, Align2::CENTER_CENTER, &chart.y, palette.text, true));
    picture.frame.extend(marks);
}

fn levels_and_marks(picture: &mut Picture, chart: &Chart, log: bool, size: f32, palette: &Palette) {
    let (plot, unit) = (picture.plot, picture.unit);
    let text = |at, anchor, text: &str| Mark::Text {
        at,
        anchor,
        text: text.to_owned(),
        size: 0.9 * size,
        ink: palette.muted,
        turned: false,
    };
    let mut data = Vec::new();
    for (level, name) in &chart.levels {
        let y = picture.spot(0.0, if log { level.log10() } else { *level }).y;
        let points = vec![pos2(plot.left(), y), pos2(plot.right(), y)];
        data.push(Mark::Line { points, width: unit, ink: palette.muted, dash: Dash::Dashed });
        data.push(text(pos2(plot.right() - 4.0 * unit, y - 2.0 * unit), Align2::RIGHT_BOTTOM, name));
    }
    // Names stand in the first of two rows where the one before has ended; lines are always drawn.
    let mut free = [f32::NEG_INFINITY; 2];
    for (at, name) in &chart.marks {
        let x = picture.spot(*at, 0.0).x;
        let points = vec![pos2(x, plot.top()), pos2(x, plot.bottom())];
        data.push(Mark::Line { points, width: unit, ink: palette.border, dash: Dash::Solid });
        let mut y = plot.top() + 2.0 * unit;
        for end in &mut free {
            if x >= *end {
                data.push(text(pos2(x + 3.0 * unit, y), Align2::LEFT_TOP, name));
                *end = x + text_width(name, 0.9 * size) + 8.0 * unit;
                break;
            }
            y += 1.1 * size;
        }
    }
    picture.data.extend(data);
}

fn draw_track(picture: &mut Picture, track: &Track, palette: &Palette) {
    let unit = picture.unit;
    let ink = palette.line(track.color).gamma_multiply(if track.faint { 0.35 } else { 1.0 });
    let few = track.places().count() <= MARKED;
    for piece in &track.pieces {
        let seen = thin(in_view(piece, picture.bounds.x), BUCKETS);
        let line = |height: fn(&Place) -> f64| seen.iter().map(|p| picture.spot(p.x, height(p))).collect::<Vec<_>>();
        let points = line(|place| place.y);
        let mut marks = Vec::new();
        let uncertain = seen.iter().any(|place| place.high > place.low);
        if uncertain && !few {
            let ink = ink.gamma_multiply(0.25);
            marks.push(Mark::Band { upper: line(|place| place.high), lower: line(|place| place.low), ink });
        }
        if uncertain && few {
            for place in seen.iter().filter(|place| place.high > place.low) {
                let (low, high) = (picture.spot(place.x, place.low), picture.spot(place.x, place.high));
                for points in [vec![low, high], cap(low, unit), cap(high, unit)] {
                    marks.push(Mark::Line { points, width: unit, ink, dash: Dash::Solid });
                }
            }
        }
        if points.len() > 1 {
            marks.push(Mark::Line { points: points.clone(), width: 2.0 * unit, ink, dash: track.dash });
        }
        // A lone point would be no line at all.
        if (few && !track.faint) || points.len() == 1 {
            marks.extend(points.iter().map(|at| Mark::Dot { shape: dot(*at, 3.5 * unit, track.color), ink }));
        }
        picture.data.extend(marks);
    }
}

/// Bars on nought; a dashed track is their outline only, so that it can be seen through the others.
fn draw_bars(picture: &mut Picture, track: &Track, (width, floor): (f64, f32), palette: &Palette) {
    let ink = palette.line(track.color);
    let mut stairs = Vec::new();
    for place in track.places() {
        let (left, right) =
            (picture.spot(place.x - width / 2.0, place.y), picture.spot(place.x + width / 2.0, place.y));
        stairs.extend([left, right]);
        if track.dash == Dash::Solid {
            let lower = vec![pos2(left.x, floor), pos2(right.x, floor)];
            picture.data.push(Mark::Band { upper: vec![left, right], lower, ink: ink.gamma_multiply(0.35) });
        }
    }
    if let (Some(first), Some(last)) = (stairs.first().copied(), stairs.last().copied()) {
        stairs.insert(0, pos2(first.x, floor));
        stairs.push(pos2(last.x, floor));
        picture.data.push(Mark::Line { points: stairs, width: 1.5 * picture.unit, ink, dash: track.dash });
    }
}

fn cap(at: Pos2, unit: f32) -> Vec<Pos2> {
    vec![pos2(at.x - 3.0 * unit, at.y), pos2(at.x + 3.0 * unit, at.y)]
}

/// What of a piece is between left and right, with a neighbour on each side.
fn in_view(piece: &[Place], [left, right]: [f64; 2]) -> &[Place] {
    let first = piece.partition_point(|place| place.x < left).saturating_sub(1);
    let end = piece.partition_point(|place| place.x <= right).saturating_add(1).min(piece.len());
    piece.get(first..end.max(first)).unwrap_or_default()
}

/// The shape of a line's points: it goes with the colour, for those who do not see colours.
fn dot(at: Pos2, radius: f32, color: usize) -> Shape {
    let corners = |list: &[(f32, f32)]| {
        Shape::Corners(list.iter().map(|(x, y)| pos2(at.x + x * radius, at.y + y * radius)).collect())
    };
    match color % 4 {
        0 => Shape::Disc(at, radius),
        1 => corners(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
        2 => corners(&[(0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)]),
        _ => corners(&[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)]),
    }
}
