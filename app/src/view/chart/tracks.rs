//! What is drawn of a chart's lines: transformed to axis space, smoothed, with gaps where there is
//! no number.

use super::{Chart, Dash, Series, smooth::smooth, state::State};

/// A point in axis space.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Its position in the series.
    pub at: usize,
    /// To the right.
    pub x: f64,
    /// Upwards.
    pub y: f64,
    /// The lower end of its error bar; `y` where there is none.
    pub low: f64,
    /// The upper end of its error bar.
    pub high: f64,
}

/// A line to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// The position of its series in the chart.
    pub series: usize,
    /// Its colour, by its place in the palette.
    pub color: usize,
    /// Its dash.
    pub dash: Dash,
    /// Whether it only stands behind its smoothed line.
    pub faint: bool,
    /// Its pieces, between which there is no number.
    pub pieces: Vec<Vec<Place>>,
}

impl Track {
    /// All its points.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.pieces.iter().flatten()
    }
}

/// The lines of a chart that are not hidden; smoothed ones come after those they are made of.
pub fn of(chart: &Chart, state: &State, smoothing: f64) -> Vec<Track> {
    let smoothed = chart.steps && smoothing > 0.0;
    let mut tracks = Vec::new();
    for (index, series) in chart.series.iter().enumerate().filter(|(_, s)| !state.hidden.contains(&s.name)) {
        let track = |faint, ys: &[f64], errors: &[f64]| Track {
            series: index,
            color: series.color,
            dash: series.dash,
            faint,
            pieces: pieces(series, ys, errors, state.log),
        };
        let raw: Vec<f64> = series.points.iter().map(|point| point[1]).collect();
        tracks.push(track(smoothed, &raw, &series.errors));
        if smoothed {
            tracks.push(track(false, &smooth(&raw, smoothing, &restarts(chart, series)), &[]));
        }
    }
    // Faint lines must not hide others.
    tracks.sort_by_key(|track| !track.faint);
    tracks
}

/// The first points at or after each mark.
pub fn restarts(chart: &Chart, series: &Series) -> Vec<usize> {
    chart.marks.iter().map(|(x, _)| series.points.partition_point(|point| point[0] < *x)).collect()
}

fn pieces(series: &Series, ys: &[f64], errors: &[f64], log: bool) -> Vec<Vec<Place>> {
    let height = |y: f64| if log { y.log10() } else { y };
    let mut pieces = vec![Vec::new()];
    for (at, (point, y)) in series.points.iter().zip(ys).enumerate() {
        let error = errors.get(at).copied().filter(|error| error.is_finite()).unwrap_or(0.0);
        let place = Place { at, x: point[0], y: height(*y), low: height(y - error), high: height(y + error) };
        if !(place.x.is_finite() && place.y.is_finite()) {
            pieces.push(Vec::new());
            continue;
        }
        // On a log axis the lower half of a bar may go down without end: it is left out.
        let low = if place.low.is_finite() { place.low } else { place.y };
        if let Some(piece) = pieces.last_mut() {
            piece.push(Place { low, ..place });
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// At most about `2 * buckets` points of a piece, the lowest and the highest of each bucket: peaks
/// stay to be seen.
pub fn thin(piece: &[Place], buckets: usize) -> Vec<Place> {
    let size = piece.len().div_ceil(buckets.max(1));
    if size <= 2 {
        return piece.to_vec();
    }
    let mut kept = Vec::new();
    for bucket in piece.chunks(size) {
        let least = bucket.iter().min_by(|a, b| a.y.total_cmp(&b.y));
        let most = bucket.iter().max_by(|a, b| a.y.total_cmp(&b.y));
        if let (Some(least), Some(most)) = (least, most) {
            let (first, second) = if least.at <= most.at { (least, most) } else { (most, least) };
            kept.push(*first);
            if first.at != second.at {
                kept.push(*second);
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(points: Vec<[f64; 2]>, errors: Vec<f64>) -> Chart {
        Chart {
            steps: true,
            series: vec![Series { name: "loss".to_owned(), points, errors, ..Series::default() }],
            ..Chart::default()
        }
    }

    #[test]
    fn lines_break_where_there_is_no_number() {
        let chart = chart(vec![[0.0, 1.0], [1.0, f64::NAN], [2.0, 3.0]], Vec::new());
        let tracks = of(&chart, &State::default(), 0.0);
        assert_eq!(tracks[0].pieces.len(), 2);
        // The logarithm of what is not positive is no number either.
        let log = State { log: true, ..State::default() };
        let chart = self::chart(vec![[0.0, -1.0], [1.0, 0.0], [2.0, 100.0]], vec![0.0, 0.0, 200.0]);
        let tracks = of(&chart, &log, 0.0);
        let places: Vec<&Place> = tracks[0].places().collect();
        assert_eq!(places.len(), 1);
        assert_eq!((places[0].at, places[0].y, places[0].low), (2, 2.0, 2.0));
        assert!((places[0].high - 300_f64.log10()).abs() < 1e-12);
    }

    #[test]
    fn the_raw_line_stands_faint_behind_the_smoothed_one() {
        let chart = chart(vec![[0.0, 1.0], [1.0, 3.0]], Vec::new());
        let tracks = of(&chart, &State::default(), 0.5);
        assert_eq!(tracks.iter().map(|track| track.faint).collect::<Vec<_>>(), [true, false]);
        let hidden = State { hidden: ["loss".to_owned()].into(), ..State::default() };
        assert!(of(&chart, &hidden, 0.5).is_empty());
        let still = Chart { steps: false, ..chart };
        assert_eq!(of(&still, &State::default(), 0.5).len(), 1);
    }

    #[test]
    fn smoothing_begins_anew_with_the_first_point_after_a_mark() {
        let mut chart = chart((1..=4).map(|x| [f64::from(x), if x > 2 { 0.0 } else { 10.0 }]).collect(), Vec::new());
        chart.marks = vec![(0.5, String::new()), (2.5, String::new())];
        assert_eq!(restarts(&chart, &chart.series[0]), [0, 2]);
        let ys: Vec<f64> = of(&chart, &State::default(), 0.9)[1].places().map(|place| place.y).collect();
        assert!((ys[1] - 10.0).abs() < 1e-9 && ys[2..] == [0.0, 0.0], "{ys:?}");
    }

    #[test]
    fn thinning_keeps_peaks_and_order() {
        let mut points: Vec<[f64; 2]> = (0..100_000).map(|x| [f64::from(x), f64::from(x % 7)]).collect();
        points[54_321][1] = 1000.0;
        let chart = chart(points, Vec::new());
        let tracks = of(&chart, &State::default(), 0.0);
        let thinned = thin(&tracks[0].pieces[0], 500);
        assert!(thinned.len() <= 1000);
        assert!(thinned.iter().any(|place| place.at == 54_321));
        assert!(thinned.windows(2).all(|two| two[0].at < two[1].at));
    }
}
