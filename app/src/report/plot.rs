//! Line plots as SVG, drawn by hand: nothing is fetched and nothing is executed.

use std::fmt::Write;

use crate::{format::escape, view::chart::extent};

/// One point, with half the height of its error bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Upwards.
    pub y: f64,
    /// Half the height of the error bar; 0 draws none.
    pub error: f64,
}

/// A line with a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Its points from left to right.
    pub points: Vec<Point>,
}

/// A plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// Tells apart the parts of several plots on a page.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// The horizontal axis.
    pub x: String,
    /// The vertical axis.
    pub y: String,
    /// A value to draw a line at, such as the accuracy of a coin.
    pub baseline: Option<f64>,
    /// The lines.
    pub series: Vec<Series>,
}

/// Lines can be told apart without colours, by their dashes and marks.
const STYLES: usize = 6;
const DASHES: [&str; STYLES] = ["", "6 4", "2 3", "10 4 2 4", "12 5", "4 2"];

/// Points of a line beyond this number are averaged.
const MOST_POINTS: usize = 240;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 520.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 254.0;

impl Plot {
    /// The plot as an SVG element; nothing if there is no point to draw.
    #[must_use]
    pub fn svg(&self) -> String {
        let series: Vec<Series> = self.series.iter().map(thin).filter(|series| !series.points.is_empty()).collect();
        let points = || series.iter().flat_map(|series| &series.points);
        let xs = range(points().map(|p| p.x));
        let ys = range(points().flat_map(|p| [p.y - p.error, p.y + p.error]).chain(self.baseline));
        let (Some(xs), Some(ys)) = (xs, ys) else {
            return String::new();
        };
        // Iterations and steps are whole.
        let (x_ticks, y_ticks) = (ticks(xs, 7, 1.0), ticks(ys, 6, 0.0));
        let (xs, ys) = (widen(xs, &x_ticks), widen(ys, &y_ticks));
        let px = |x: f64| LEFT + (x - xs.0) / (xs.1 - xs.0) * (RIGHT - LEFT);
        let py = |y: f64| BOTTOM - (y - ys.0) / (ys.1 - ys.0) * (BOTTOM - TOP);
        let id = escape(&self.id);
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\
             <title id=\"{id}-title\">{}</title><desc id=\"{id}-desc\">{}</desc>",
            escape(&self.title),
            escape(&self.description(&series)),
        );
        for tick in &y_ticks {
            let y = py(*tick);
            svg += &format!("<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/>");
            svg += &format!(
                "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 7.0,
                y + 4.0,
                label(*tick, &y_ticks)
            );
        }
        for tick in &x_ticks {
            let x = px(*tick);
            svg += &format!("<path class=\"axis\" d=\"M{x:.1} {BOTTOM}v5\"/>");
            svg += &format!(
                "<text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                BOTTOM + 19.0,
                label(*tick, &x_ticks)
            );
        }
        svg += &format!("<path class=\"axis\" d=\"M{LEFT} {TOP}V{BOTTOM}H{RIGHT}\"/>");
        let middle = f64::midpoint(TOP, BOTTOM);
        svg += &format!(
            "<text class=\"name\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            f64::midpoint(LEFT, RIGHT),
            HEIGHT - 8.0,
            escape(&self.x)
        );
        svg += &format!(
            "<text class=\"name\" transform=\"translate(14 {middle:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            escape(&self.y)
        );
        if let Some(baseline) = self.baseline {
            svg += &format!("<path class=\"baseline\" d=\"M{LEFT} {:.1}H{RIGHT}\"/>", py(baseline));
        }
        for (index, series) in series.iter().enumerate() {
            let dodged = |x: f64| px(x) + dodge(index, series);
            line(&mut svg, index, series, &dodged, &py);
        }
        svg + "</svg>"
    }

    /// What a plot shows, for those who do not see it.
    fn description(&self, series: &[Series]) -> String {
        let mut text = format!("{} over {}.", self.y, self.x);
        for Series { name, points } in series {
            if let (Some(first), Some(last)) = (points.first(), points.last()) {
                let _ = write!(text, " {name}: from {:.3} at {} to {:.3} at {}.", first.y, first.x, last.y, last.x);
            }
        }
        text
    }
}

/// How far a line is moved aside, so that error bars at the same place do not hide each other.
#[allow(clippy::cast_precision_loss)] // a handful of lines
fn dodge(index: usize, series: &Series) -> f64 {
    let bars = series.points.iter().any(|point| point.error > 0.0);
    if bars { (index % STYLES) as f64 * 4.0 - 8.0 } else { 0.0 }
}

fn line(svg: &mut String, index: usize, series: &Series, px: &impl Fn(f64) -> f64, py: &impl Fn(f64) -> f64) {
    let style = index % STYLES;
    let mut path = String::new();
    let mut bars = String::new();
    for (at, point) in series.points.iter().enumerate() {
        let (x, y) = (px(point.x), py(point.y));
        path += &format!("{}{x:.1} {y:.1}", if at == 0 { "M" } else { "L" });
        if point.error > 0.0 {
            let (low, high) = (py(point.y - point.error), py(point.y + point.error));
            bars += &format!("M{x:.1} {low:.1}V{high:.1}M{:.1} {low:.1}h6M{:.1} {high:.1}h6", x - 3.0, x - 3.0);
        }
    }
    let dashes = DASHES[style];
    *svg += &format!("<g class=\"s{style}\"><path d=\"{path}\" stroke-dasharray=\"{dashes}\"/>");
    if !bars.is_empty() {
        *svg += &format!("<path class=\"bars\" d=\"{bars}\"/>");
    }
    // Marks on long lines would only hide them.
    if series.points.len() <= 24 {
        for point in &series.points {
            *svg += &mark(style, px(point.x), py(point.y));
        }
    }
    #[allow(clippy::cast_precision_loss)] // a handful of lines
    let y = TOP + 10.0 + 20.0 * index as f64;
    *svg += &format!("<path d=\"M{} {y}h34\" stroke-dasharray=\"{dashes}\"/>", RIGHT + 16.0);
    *svg += &mark(style, RIGHT + 33.0, y);
    *svg +=
        &format!("<text class=\"tick\" x=\"{}\" y=\"{}\">{}</text></g>", RIGHT + 58.0, y + 4.0, escape(&series.name));
}

fn mark(style: usize, x: f64, y: f64) -> String {
    let shape = match style % 4 {
        0 => format!("M{:.1} {y:.1}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0", x - 3.5),
        1 => format!("M{:.1} {:.1}h7v7h-7z", x - 3.5, y - 3.5),
        2 => format!("M{x:.1} {:.1}l4 7.5h-8z", y - 4.5),
        _ => format!("M{x:.1} {:.1}l4.5 4.5l-4.5 4.5l-4.5 -4.5z", y - 4.5),
    };
    format!("<path class=\"mark\" d=\"{shape}\"/>")
}

/// At most [`MOST_POINTS`] points, each the mean of its neighbours; points that are not numbers are
/// left out.
#[allow(clippy::cast_precision_loss)] // point counts
fn thin(series: &Series) -> Series {
    let finite: Vec<Point> = series.points.iter().filter(|p| p.x.is_finite() && p.y.is_finite()).copied().collect();
    let size = finite.len().div_ceil(MOST_POINTS).max(1);
    let points = finite.chunks(size).map(|chunk| {
        let mean = |of: fn(&Point) -> f64| chunk.iter().map(of).sum::<f64>() / chunk.len() as f64;
        let error = mean(|p| p.error);
        Point { x: mean(|p| p.x), y: mean(|p| p.y), error: if error.is_finite() { error } else { 0.0 } }
    });
    Series { name: series.name.clone(), points: points.collect() }
}

fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = extent(values)?;
    Some(if low < high { (low, high) } else { (low - 0.5, high + 0.5) })
}

/// Round numbers from just below a range to just above it, about `count` of them and at least
/// `least` apart.
fn ticks((low, high): (f64, f64), count: u32, least: f64) -> Vec<f64> {
    let rough = ((high - low) / f64::from(count)).max(least);
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= rough).unwrap_or(10.0) * power;
    let first = (low / step).floor();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a handful
    let number = ((high / step).ceil() - first).round().clamp(1.0, 50.0) as u32;
    (0..=number).map(|index| (first + f64::from(index)) * step).collect()
}

fn widen(range: (f64, f64), ticks: &[f64]) -> (f64, f64) {
    let low = ticks.first().map_or(range.0, |tick| tick.min(range.0));
    let high = ticks.last().map_or(range.1, |tick| tick.max(range.1));
    (low, high)
}

/// A tick with as many decimals as the distance to the next one needs.
fn label(tick: f64, ticks: &[f64]) -> String {
    let step = if let [first, second, ..] = ticks { second - first } else { 1.0 };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // clamped
    let decimals = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    // Minus nought would be an odd label.
    let tick = if tick.abs() < step / 1e6 { 0.0 } else { tick };
    format!("{tick:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(points: Vec<Point>) -> Plot {
        let series = vec![Series { name: "a<b".to_owned(), points }];
        Plot {
            id: "p".to_owned(),
            title: "T".to_owned(),
            x: "iteration".to_owned(),
            y: "reward".to_owned(),
            baseline: None,
            series,
        }
    }

    fn point(x: f64, y: f64) -> Point {
        Point { x, y, error: 0.1 }
    }

    #[test]
    fn ticks_are_round_and_cover_the_range() {
        let of = |low, high| {
            ticks((low, high), 6, 0.0).iter().map(|t| label(*t, &ticks((low, high), 6, 0.0))).collect::<Vec<_>>()
        };
        assert_eq!(of(0.0, 3.0), ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5", "3.0"]);
        assert_eq!(of(0.51, 0.58).first().map(String::as_str), Some("0.50"));
        assert_eq!(of(-1.0, 1.0)[2], "0.0");
        assert_eq!(ticks((0.0, 3.0), 7, 1.0), [0.0, 1.0, 2.0, 3.0]);
    }

    #[test]
    fn a_plot_is_titled_described_and_escaped() {
        let svg = plot(vec![point(0.0, 0.5), point(1.0, 0.75)]).svg();
        assert!(
            svg.contains("<title id=\"p-title\">T</title>") && svg.contains("a&lt;b: from 0.500 at 0 to 0.750 at 1.")
        );
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn odd_numbers_are_survived() {
        assert_eq!(plot(Vec::new()).svg(), "");
        assert_eq!(plot(vec![point(0.0, f64::NAN)]).svg(), "");
        let single = plot(vec![point(0.0, 0.5)]).svg();
        assert!(single.contains("</svg>") && !single.contains("NaN"));
        let broken = plot(vec![Point { x: 0.0, y: 1.0, error: f64::NAN }, point(1.0, f64::INFINITY)]).svg();
        assert!(broken.contains("</svg>") && !broken.contains("NaN"));
    }

    #[test]
    fn long_lines_are_thinned() {
        let long = plot((0..5000).map(|x| point(f64::from(x), 1.0)).collect());
        assert!(thin(&long.series[0]).points.len() <= MOST_POINTS);
    }
}
