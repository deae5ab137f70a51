//! The numbers behind a finding, as lines over iterations or steps, or as rows.

use crate::view::words::t;

/// The most points a line of evidence keeps: a chart in a card shows no more.
const POINTS: usize = 240;

/// The numbers behind a finding.
#[derive(Debug, Clone, PartialEq)]
pub enum Evidence {
    /// Lines over iterations or steps.
    Lines(Lines),
    /// Example rows.
    Rows(Rows),
}

/// Lines in one chart.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lines {
    /// What they show.
    pub title: &'static str,
    /// What is to the right; only whole numbers are.
    pub x: &'static str,
    /// What is upwards.
    pub y: &'static str,
    /// The lines.
    pub traces: Vec<Trace>,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// What the finding is about.
    #[default]
    Signal,
    /// The truth, to compare with.
    Oracle,
    /// A level to compare with, such as a coin's.
    Level,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trace {
    /// Its name.
    pub name: String,
    /// Its points, by rising x.
    pub points: Vec<[f64; 2]>,
    /// One standard error of each point, where it is known.
    pub errors: Vec<f64>,
    /// What it is.
    pub kind: Kind,
}

/// Example rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    /// What they show.
    pub title: &'static str,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, each as long as `columns`.
    pub rows: Vec<Vec<String>>,
}

impl Evidence {
    /// Example answers, each row a prompt and an answer.
    pub(super) fn answers(title: &'static str, rows: Vec<Vec<String>>) -> Self {
        let columns = [t("diagnosis.column.prompt"), t("diagnosis.column.answer")].map(str::to_owned).to_vec();
        Self::Rows(Rows { title, columns, rows })
    }
}

impl Trace {
    /// A line of the signal.
    pub(super) fn signal(name: impl Into<String>, points: Vec<[f64; 2]>) -> Self {
        Self { name: name.into(), points: thinned(points), ..Self::default() }
    }

    /// A line of the truth.
    pub(super) fn oracle(name: impl Into<String>, points: Vec<[f64; 2]>) -> Self {
        Self { kind: Kind::Oracle, ..Self::signal(name, points) }
    }

    /// A level over the same range as other lines.
    pub(super) fn level(name: impl Into<String>, value: f64, others: &[Self]) -> Self {
        let xs = || others.iter().flat_map(|trace| trace.points.iter().map(|point| point[0]));
        let (low, high) = (xs().fold(f64::INFINITY, f64::min), xs().fold(f64::NEG_INFINITY, f64::max));
        let points = if low.is_finite() { vec![[low, value], [high, value]] } else { Vec::new() };
        Self { kind: Kind::Level, ..Self::signal(name, points) }
    }
}

/// Means of neighbours, so that at most [`POINTS`] are left.
#[allow(clippy::cast_precision_loss)] // a handful of neighbours
fn thinned(points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    let group = points.len().div_ceil(POINTS);
    if group <= 1 {
        return points;
    }
    let mean = |of: &[[f64; 2]], axis: usize| {
        of.iter().filter_map(|point| point.get(axis)).sum::<f64>() / of.len().max(1) as f64
    };
    points.chunks(group).map(|of| [mean(of, 0), mean(of, 1)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_thinned_to_their_means() {
        let points: Vec<[f64; 2]> = (0..1000).map(|x| [f64::from(x), f64::from(x % 2)]).collect();
        let thin = thinned(points);
        assert!(thin.len() <= POINTS && thin.len() > POINTS / 2, "{}", thin.len());
        assert!((thin[0][0] - 2.0).abs() < 1e-9 && thin.iter().all(|point| (0.3..=0.7).contains(&point[1])));
    }
}
