//! What the recipe noted on its way, as charts: a line of what has one number an iteration, a histogram of what
//! has many.

use selfsame_core::run::Arm;

use super::{over_iterations::oracle, wins};
use crate::{
    fold::{
        RunView,
        noted::{Kind, Noted},
    },
    format,
    view::{
        chart::{Chart, Dash, Series},
        words::{self, t, with},
    },
};

/// Bars of a histogram, at most.
const BARS: usize = 24;

/// Series that are parts of one whole share a chart.
const TOGETHER: [(&str, &[&str]); 1] = [("who won", &["own over own", "teacher over own", "own over teacher"])];

/// A chart for each series; histograms are of the iteration that is shown, or else of the last one that has any.
pub fn charts(view: &RunView, shown: Option<(Arm, u32)>) -> Vec<Chart> {
    let arm = shown.map_or(Arm::Main, |(arm, _)| arm);
    let noted = view.noted(arm);
    let iteration = shown.map_or(u32::MAX, |(_, iteration)| iteration);
    let mut charts: Vec<Chart> = Vec::new();
    for series in noted.iter().filter(|series| series.name != wins::NAME) {
        let together = TOGETHER.iter().find(|(_, parts)| parts.contains(&series.name));
        let chart = match (series.kind(), together) {
            (Kind::Single, Some((whole, parts))) if parts.first() == Some(&series.name) => {
                let parts: Vec<&Noted<'_>> = noted.iter().filter(|other| parts.contains(&other.name)).collect();
                line(view, whole, &parts)
            }
            (Kind::Single, Some(_)) => continue,
            (Kind::Single, None) => line(view, series.name, &[series]),
            (Kind::Row, _) => places(series).or_else(|| row(series)),
            (Kind::Many, _) => histogram(series, iteration),
        };
        charts.extend(chart);
    }
    charts
}

/// A word of the table about a series: the one of its whole name, or of the longest beginning of it that has one.
/// What follows that beginning stands where the word has `{rest}`.
fn word(name: &str, what: &str) -> Option<String> {
    let parts: Vec<String> = name
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    (1..=parts.len()).rev().find_map(|count| {
        let word = words::known(&format!("noted.{}.{what}", parts.get(..count)?.join("_")))?;
        let rest: Vec<&str> = name.split_whitespace().skip(count).collect();
        Some(word.replace("{rest}", &rest.join(" ")).trim_end().to_owned())
    })
}

fn title(name: &str) -> String {
    word(name, "title").unwrap_or_else(|| {
        let mut letters = name.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    })
}

/// What the series is, and then what its numbers say.
fn note(name: &str, numbers: &str) -> String {
    let about = word(name, "sentence").unwrap_or_else(|| t("iterations.noted_unknown").to_owned());
    format!("{about} {numbers}").trim().to_owned()
}

fn axis(name: &str, otherwise: &str) -> String {
    word(name, "axis").unwrap_or_else(|| otherwise.to_owned())
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e6 { format!("{value:.0}") } else { format::significant(value) }
}

fn line(view: &RunView, name: &str, parts: &[&Noted<'_>]) -> Option<Chart> {
    let of = |part: &Noted<'_>| -> Vec<[f64; 2]> {
        let numbers = part.of.iter().filter_map(|(at, _)| Some([f64::from(*at), *part.numbers(*at).first()?]));
        numbers.collect()
    };
    let mut series: Vec<Series> = parts
        .iter()
        .enumerate()
        .map(|(color, part)| Series { name: part.name.to_owned(), points: of(part), color, ..Series::default() })
        .filter(|series| !series.points.is_empty())
        .collect();
    let (first, last) = series.first().and_then(|s| Some((*s.points.first()?, *s.points.last()?)))?;
    let said = match parts {
        [_] if series.first().is_some_and(|s| s.points.len() > 1) => with(
            "iterations.noted_single",
            &[("from", &number(first[1])), ("first", &first[0]), ("to", &number(last[1])), ("last", &last[0])],
        ),
        [_] => with("iterations.noted_once", &[("value", &number(first[1])), ("iteration", &first[0])]),
        _ => String::new(),
    };
    // Beside a share stands what it may be mistaken for.
    let share = series.iter().flat_map(|s| &s.points).all(|point| (0.0..=1.0).contains(&point[1]));
    if share && view.has_oracle() {
        series.push(oracle(view));
    }
    Some(Chart {
        id: format!("noted-{name}"),
        title: title(name),
        x: t("iterations.axis").to_owned(),
        y: axis(name, if share { t("iterations.share") } else { t("iterations.value") }),
        note: note(name, &said),
        whole_x: true,
        series,
        ..Chart::default()
    })
}

/// The iteration that is meant: the one that is shown, or the last one before it that has numbers, or the first.
fn meant(series: &Noted<'_>, shown: u32) -> Option<u32> {
    let has = |at: &u32| !series.numbers(*at).is_empty();
    let all: Vec<u32> = series.of.iter().map(|(at, _)| *at).filter(has).collect();
    all.iter().rev().find(|at| **at <= shown).or(all.first()).copied()
}

/// The iteration before one, to compare with.
fn before(series: &Noted<'_>, iteration: u32) -> Option<u32> {
    series.of.iter().map(|(at, _)| *at).filter(|at| *at < iteration && !series.numbers(*at).is_empty()).max()
}

/// An iteration as a series or a policy is called.
pub fn named(iteration: u32) -> String {
    with("iterations.noted_iteration", &[("iteration", &iteration)])
}

/// A few numbers, each with a name: a line for each.
fn places(series: &Noted<'_>) -> Option<Chart> {
    let names = word(series.name, "places")?;
    let of = |place: usize| -> Vec<[f64; 2]> {
        series.of.iter().filter_map(|(at, values)| Some([f64::from(*at), f64::from(*values.get(place)?)])).collect()
    };
    let line = |(place, name): (usize, &str)| Series {
        name: name.to_owned(),
        points: of(place),
        color: place,
        ..Series::default()
    };
    let mut lines: Vec<Series> = names.split('|').enumerate().map(line).collect();
    lines.retain(|line| !line.points.is_empty());
    Some(Chart {
        id: format!("noted-{}", series.name),
        title: title(series.name),
        x: t("iterations.axis").to_owned(),
        y: axis(series.name, t("iterations.value")),
        note: note(series.name, ""),
        whole_x: true,
        series: lines,
        ..Chart::default()
    })
}

/// A few numbers beside each other: a line for each iteration.
#[allow(clippy::cast_precision_loss)] // a handful
fn row(series: &Noted<'_>) -> Option<Chart> {
    let line = |(color, (at, values)): (usize, &(u32, std::borrow::Cow<'_, [f32]>))| Series {
        name: named(*at),
        points: values.iter().enumerate().map(|(place, value)| [place as f64, f64::from(*value)]).collect(),
        color,
        ..Series::default()
    };
    let lines: Vec<Series> = series.of.iter().enumerate().map(line).filter(|line| !line.points.is_empty()).collect();
    (!lines.is_empty()).then(|| Chart {
        id: format!("noted-{}", series.name),
        title: title(series.name),
        x: axis(series.name, t("iterations.noted_place")),
        y: t("iterations.value").to_owned(),
        note: note(series.name, ""),
        whole_x: true,
        series: lines,
        ..Chart::default()
    })
}

/// How often which numbers are there.
fn histogram(series: &Noted<'_>, shown: u32) -> Option<Chart> {
    let iteration = meant(series, shown)?;
    let numbers = series.numbers(iteration);
    let earlier = before(series, iteration).map(|at| (at, series.numbers(at)));
    let bins = Bins::of(numbers.iter().chain(earlier.iter().flat_map(|(_, numbers)| numbers)));
    let bars = |at: u32, numbers: &[f64], color, dash| Series {
        name: named(at),
        points: bins.shares(numbers),
        color,
        dash,
        ..Series::default()
    };
    let mut lines = vec![bars(iteration, &numbers, 0, Dash::Solid)];
    lines.extend(earlier.as_ref().map(|(at, numbers)| bars(*at, numbers, 1, Dash::Dashed)));
    Some(Chart {
        id: format!("noted-{}", series.name),
        title: title(series.name),
        x: axis(series.name, series.name),
        y: t("iterations.noted_share").to_owned(),
        note: note(series.name, &spread(series, iteration, numbers)),
        bars: Some(bins.width),
        series: lines,
        ..Chart::default()
    })
}

/// Where the numbers lie, in a sentence.
fn spread(series: &Noted<'_>, iteration: u32, mut numbers: Vec<f64>) -> String {
    numbers.sort_by(f64::total_cmp);
    let at = |quarter: usize| numbers.get((numbers.len() - 1) * quarter / 4).copied().unwrap_or(f64::NAN);
    let count = format::count(numbers.len());
    let mut said = with(
        "iterations.noted_many",
        &[
            ("iteration", &iteration),
            ("count", &count),
            ("low", &number(at(1))),
            ("middle", &number(at(2))),
            ("high", &number(at(3))),
        ],
    );
    let missing = series.count(iteration) - numbers.len();
    if missing > 0 {
        said = format!("{said} {}", with("iterations.noted_missing", &[("count", &format::count(missing))]));
    }
    said
}

/// Where the bars of a histogram stand.
struct Bins {
    low: f64,
    width: f64,
    count: usize,
}

impl Bins {
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a few bars
    fn of<'a>(numbers: impl Iterator<Item = &'a f64> + Clone) -> Self {
        let (low, high) =
            numbers.clone().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), n| (low.min(*n), high.max(*n)));
        let whole = numbers.clone().all(|number| number.fract() == 0.0);
        if whole && high - low < BARS as f64 {
            // A bar around each.
            return Self { low: low - 0.5, width: 1.0, count: (high - low) as usize + 1 };
        }
        let count = (numbers.count() as f64).sqrt().ceil().clamp(5.0, BARS as f64);
        let (low, high) = if low >= 0.0 && high <= 1.0 && high - low > 0.3 { (0.0, 1.0) } else { (low, high) };
        let spread = if high > low { high - low } else { low.abs().max(1.0) * 1e-3 };
        Self { low, width: spread / count, count: count as usize }
    }

    /// The middle of each bar, and the share of the numbers that it holds.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a few bars
    fn shares(&self, numbers: &[f64]) -> Vec<[f64; 2]> {
        let mut counts = vec![0_usize; self.count];
        for number in numbers {
            let bar = (((number - self.low) / self.width) as usize).min(self.count.saturating_sub(1));
            if let Some(count) = counts.get_mut(bar) {
                *count += 1;
            }
        }
        let share = |count: usize| count as f64 / numbers.len().max(1) as f64;
        counts
            .into_iter()
            .enumerate()
            .map(|(bar, count)| [self.low + (bar as f64 + 0.5) * self.width, share(count)])
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::tests::{note, synthetic};

    fn view() -> RunView {
        let mut records = synthetic();
        let many: Vec<f32> = (0_u8..100).map(|n| f32::from(n) / 100.0).collect();
        let notes = [
            note(1, "consistency", &many),
            note(1, "mean consistency", &[0.5]),
            note(1, "own over own", &[3.0]),
            note(1, "teacher over own", &[5.0]),
            note(1, "own over teacher", &[1.0]),
            note(1, "temperature of content", &[1.75]),
            note(1, "something new", &[-2.5]),
            note(2, "consistency", &[-1.0, 0.9, 0.9, 0.9, 0.7, 0.9, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]),
            note(2, "mean consistency", &[0.75]),
            note(2, "reward at goal", &[0.1, 0.5, 0.7]),
            note(1, "wins against iterates", &[0.5, 0.6]),
            note(2, "wins against iterates", &[0.5, 0.6, 0.4]),
            note(1, "something that grows", &[0.5, 0.6]),
            note(2, "something that grows", &[0.5, 0.6, 0.4]),
            note(1, "copy rate", &[0.75, 0.25]),
            note(2, "copy rate", &[0.5, 0.25]),
        ];
        records.splice(12..12, notes);
        RunView::of(&records).unwrap()
    }

    fn of<'a>(charts: &'a [Chart], title: &str) -> &'a Chart {
        charts.iter().find(|chart| chart.title == title).unwrap_or_else(|| panic!("no chart {title}"))
    }

    #[test]
    fn one_number_an_iteration_is_a_line_with_a_sentence() {
        let charts = charts(&view(), None);
        let mean = charts.iter().find(|chart| chart.id == "noted-mean consistency").unwrap();
        assert_eq!(mean.series[0].points, [[1.0, 0.5], [2.0, 0.75]]);
        assert_eq!(mean.series[1].name, "oracle reward", "beside a share stands the oracle");
        assert!(mean.note.ends_with("It went from 0.5000 in iteration 1 to 0.7500 in iteration 2."), "{}", mean.note);
        let unknown = of(&charts, "Something new");
        assert_eq!(unknown.series.len(), 1, "no share, no oracle");
        assert!(unknown.note.contains("-2.5"), "{}", unknown.note);
        assert!(of(&charts, "Temperature of the judge content").note.len() > 40);
    }

    #[test]
    fn parts_of_a_whole_share_a_chart() {
        let charts = charts(&view(), None);
        let whole = charts.iter().find(|chart| chart.id == "noted-who won").unwrap();
        let names: Vec<&str> = whole.series.iter().map(|series| series.name.as_str()).collect();
        assert_eq!(names, ["own over own", "teacher over own", "own over teacher"]);
        assert_eq!(charts.iter().filter(|chart| chart.title.contains("over")).count(), 1);
    }

    #[test]
    fn many_numbers_are_a_histogram_of_the_iteration_that_is_shown() {
        let view = view();
        let of = |shown| charts(&view, shown).into_iter().find(|chart| chart.id == "noted-consistency").unwrap();
        let second = of(None);
        assert_eq!(second.bars.map(|width| (width * 1e4).round()), Some(909.0));
        let total: f64 = second.series[0].points.iter().map(|point| point[1]).sum();
        assert!((total - 1.0).abs() < 1e-9);
        assert_eq!(second.series.len(), 2, "with the iteration before it");
        assert!(second.note.contains("13 numbers") && second.note.contains("1 have none"), "{}", second.note);
        let first = of(Some((Arm::Main, 1)));
        assert_eq!(first.series.len(), 1);
        assert!(first.note.contains("between 0.2400 and 0.7400"), "{}", first.note);
        assert!(charts(&view, Some((Arm::RandomLabels, 1))).is_empty());
    }

    #[test]
    fn a_few_numbers_stand_beside_each_other() {
        let charts = charts(&view(), None);
        let goals = charts.iter().find(|chart| chart.id == "noted-reward at goal").unwrap();
        let points = &goals.series[0].points;
        assert_eq!((points.len(), points[2][0]), (3, 2.0));
        assert_eq!((goals.x.as_str(), goals.bars), ("goal", None));
        assert!(charts.iter().all(|chart| chart.id != "noted-wins against iterates"), "that is a square");
        // A row that grows has a line for each iteration; a named place a line over them.
        let grown = of(&charts, "Something that grows");
        assert_eq!(grown.series.iter().map(|line| line.points.len()).collect::<Vec<_>>(), [2, 3]);
        let copied = of(&charts, "How much is copied from the bad answer");
        assert_eq!(copied.series[0].name, "when it can be read");
        assert_eq!(copied.series[0].points, [[1.0, 0.75], [2.0, 0.5]]);
    }

    #[test]
    fn bars_hold_every_number_once() {
        for numbers in [vec![1.0, 2.0, 2.0, 7.0], vec![0.3; 9], vec![-1e6, 1e6], vec![5.0]] {
            let bins = Bins::of(numbers.iter());
            let shares = bins.shares(&numbers);
            assert!((shares.iter().map(|share| share[1]).sum::<f64>() - 1.0).abs() < 1e-9, "{numbers:?}");
            assert!(shares.len() <= BARS, "{numbers:?}");
        }
        assert_eq!(Bins::of([1.0, 2.0, 7.0].iter()).shares(&[1.0, 7.0])[6], [7.0, 0.5]);
    }
}
