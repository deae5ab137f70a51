//! The judges over iterations.

use selfsame_core::measure::{JudgeQuality, Mean, Measurement};

use super::findings::{Pairs, flips};
use crate::{
    fold::RunView,
    view::{
        chart::{Chart, Dash, Series},
        words::{t, with},
    },
};

/// The lines of a chart, by name, each with a number per iteration.
struct Lines<'a> {
    view: &'a RunView,
    series: Vec<Series>,
}

impl<'a> Lines<'a> {
    fn new(view: &'a RunView) -> Self {
        Self { view, series: Vec::new() }
    }

    /// Adds a line where there is anything to draw.
    fn add(&mut self, name: String, color: usize, dash: Dash, pick: impl Fn(&Measurement) -> Option<(f64, f64)>) {
        let found: Vec<(u32, (f64, f64))> =
            self.view.main().iter().filter_map(|(iteration, m)| Some((*iteration, pick(m)?))).collect();
        if found.is_empty() {
            return;
        }
        self.series.push(Series {
            name,
            points: found.iter().map(|(iteration, (value, _))| [f64::from(*iteration), *value]).collect(),
            errors: found.iter().map(|(_, (_, error))| *error).collect(),
            color,
            dash,
        });
    }

    fn chart(self, id: &str, title: &str, y: &str) -> Option<Chart> {
        (!self.series.is_empty()).then(|| Chart {
            id: id.to_owned(),
            title: title.to_owned(),
            x: t("judges.iteration_axis").to_owned(),
            y: y.to_owned(),
            series: self.series,
            whole_x: true,
            ..Chart::default()
        })
    }
}

fn pair(mean: Mean) -> Option<(f64, f64)> {
    (mean.count > 0).then_some((mean.mean, mean.error))
}

/// All charts that have something to show.
#[must_use]
pub fn charts(view: &RunView, pairs: Pairs) -> Vec<Chart> {
    [accuracy(view, pairs), agreement(view, pairs), biases(view)].into_iter().flatten().collect()
}

fn accuracy(view: &RunView, pairs: Pairs) -> Option<Chart> {
    let mut lines = Lines::new(view);
    for (color, judge) in view.judges().into_iter().enumerate() {
        let name = judge.clone();
        lines.add(judge, color, Dash::Dashed, move |m| pair(*pairs.quality(m)?.accuracy.get(&name)?));
    }
    let chart = lines.chart("judges-accuracy", t("judges.trend_accuracy"), t("judges.share_right"))?;
    Some(Chart { levels: vec![(0.5, t("judges.coin").to_owned())], ..chart })
}

/// How often all agree, with what that is worth beside it.
fn agreement(view: &RunView, pairs: Pairs) -> Option<Chart> {
    let mut lines = Lines::new(view);
    let mut add = |name: &'static str, color, dash, pick: fn(&JudgeQuality) -> Option<(f64, f64)>| {
        lines.add(name.to_owned(), color, dash, move |m| pick(pairs.quality(m)?));
    };
    add(t("judges.all_agree"), 0, Dash::Solid, |q| Some((q.kept, 0.0)));
    add(t("judges.right_there"), 1, Dash::Dotted, |q| pair(q.kept_accuracy?));
    add(t("judges.right_elsewhere"), 2, Dash::Dotted, |q| pair(q.dropped_accuracy?));
    lines.chart("judges-agreement", t("judges.trend_agreement"), t("judges.share_pairs"))
}

fn biases(view: &RunView) -> Option<Chart> {
    let mut lines = Lines::new(view);
    let names = view.judges();
    for (color, judge) in names.iter().enumerate() {
        lines.add(with("judges.trend_longer", &[("judge", judge)]), color, Dash::Dashed, |m| {
            m.prefers_longer.get(judge).map(|share| (*share, 0.0))
        });
        lines.add(with("judges.trend_flips", &[("judge", judge)]), color, Dash::Solid, |m| {
            flips(m, &names, judge).map(|share| (share, 0.0))
        });
    }
    lines.chart("judges-biases", t("judges.trend_biases"), t("judges.share_pairs"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fold::tests::without_oracle, view::panels::judges::tests::rich_view};

    #[test]
    fn a_line_for_each_judge_with_its_errors() {
        let charts = charts(&rich_view(), Pairs::OnPolicy);
        assert_eq!(charts.len(), 3);
        let accuracy = &charts[0];
        let names: Vec<&str> = accuracy.series.iter().map(|series| series.name.as_str()).collect();
        assert_eq!(names, ["content", "content (pairwise)", "implicit"]);
        assert_eq!(accuracy.series[0].points, [[0.0, 0.7], [1.0, 0.7]]);
        assert_eq!(accuracy.series[0].errors, [0.02, 0.02]);
        assert_eq!(charts[1].series.len(), 3);
        // A judge has the same colour everywhere.
        let flips = charts[2].series.iter().find(|series| series.dash == Dash::Solid).unwrap();
        assert_eq!((flips.name.as_str(), flips.color), ("content (pairwise): changes with the order", 1));
    }

    #[test]
    fn without_a_world_agreement_and_biases_are_left() {
        let view = RunView::of(&without_oracle()).unwrap();
        let charts = charts(&view, Pairs::OnPolicy);
        let ids: Vec<&str> = charts.iter().map(|chart| chart.id.as_str()).collect();
        assert_eq!(ids, ["judges-agreement", "judges-biases"]);
        assert_eq!(charts[0].series.len(), 1);
    }
}
