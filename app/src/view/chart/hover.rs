//! Which point is meant, and what is said about it.

use egui::Pos2;

use super::{
    Chart,
    axis::plain,
    picture::Picture,
    tracks::{self, Place, Track},
};
use crate::{format::significant, view::words};

/// Beyond this distance, in points, no point is meant.
const REACH: f32 = 48.0;

/// The series and the point that are nearest to the pointer. Faint lines are read too: they are the
/// data.
pub fn nearest(picture: &Picture, tracks: &[Track], pointer: Pos2) -> Option<(usize, usize)> {
    if !picture.plot.contains(pointer) {
        return None;
    }
    let distance = |place: &Place| picture.spot(place.x, place.y).distance(pointer);
    tracks
        .iter()
        .flat_map(|track| track.places().map(move |place| (distance(place), track.series, place.at)))
        .filter(|(distance, ..)| *distance <= REACH)
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, series, at)| (series, at))
}

/// The point of a line that is nearest to an x.
pub fn at_x(tracks: &[Track], series: usize, x: f64) -> Option<usize> {
    let track = tracks.iter().find(|track| track.series == series)?;
    track.places().min_by(|a, b| (a.x - x).abs().total_cmp(&(b.x - x).abs())).map(|place| place.at)
}

/// What is said about a point: line, value with its standard error, where it is.
pub fn read_out(chart: &Chart, series: usize, at: usize, smoothing: f64) -> Option<String> {
    let line = chart.series.get(series)?;
    let [x, y] = line.points.get(at)?;
    let name: &dyn std::fmt::Display = &line.name;
    let (x, y) = (plain(*x), significant(*y));
    let mut text = match line.errors.get(at).filter(|error| error.is_finite()) {
        Some(error) => words::with(
            "chart.point_error",
            &[("name", name), ("axis", &chart.x), ("x", &x), ("y", &y), ("error", &significant(*error))],
        ),
        None => words::with("chart.point", &[("name", name), ("axis", &chart.x), ("x", &x), ("y", &y)]),
    };
    if chart.steps && smoothing > 0.0 {
        let values: Vec<f64> = line.points.iter().map(|point| point[1]).collect();
        let smoothed = super::smooth::smooth(&values, smoothing, &tracks::restarts(chart, line));
        let value = smoothed.get(at).map_or_else(String::new, |value| significant(*value));
        text += &words::with("chart.point_smoothed", &[("value", &value)]);
    }
    Some(text)
}
