//! Charts over iterations: the oracle and the control lines, what the judges think, how answers look.

use selfsame_core::{
    measure::{JudgeQuality, Mean, Measurement},
    run::Arm,
};

use crate::{
    fold::RunView,
    view::{
        chart::{Chart, Dash, Series},
        words::{self, t},
    },
};

/// The place of the oracle's own line in the palette; it is always dotted.
const ORACLE: usize = 7;

/// All of them, the oracle's first.
pub fn charts(view: &RunView) -> Vec<Chart> {
    let mut charts = Vec::new();
    if view.has_oracle() {
        charts.push(of_arms(view, "reward-sampled", t("iterations.reward_sampled"), t("iterations.reward"), |m| {
            m.sampled.reward
        }));
        charts.push(of_arms(view, "reward-greedy", t("iterations.reward_greedy"), t("iterations.reward"), |m| {
            m.greedy.reward
        }));
        charts.push(accuracy(view, true));
        charts.push(accuracy(view, false));
    }
    charts.push(agreement(view));
    if view.has_oracle() {
        charts.push(worth(view));
    }
    let plain = |value: f64| Some(Mean { mean: value, error: f64::NAN, count: 1 });
    charts
        .push(of_arms(view, "length", t("iterations.length_of"), t("iterations.tokens"), |m| plain(m.sampled.length)));
    charts.push(of_arms(view, "distinct-2", t("iterations.distinct_of"), t("iterations.share"), |m| {
        plain(m.sampled.distinct2)
    }));
    charts.push(of_arms(view, "kl-to-start", t("iterations.kl_of"), t("iterations.nats"), |m| plain(m.kl_to_start)));
    charts
}

fn chart(id: &str, title: &str, y: &str, mut series: Vec<Series>) -> Chart {
    series.retain(|line| !line.points.is_empty());
    Chart {
        id: id.to_owned(),
        title: title.to_owned(),
        x: t("iterations.axis").to_owned(),
        y: y.to_owned(),
        whole_x: true,
        series,
        ..Chart::default()
    }
}

/// A line of a mean over iterations; errors that are no numbers are not drawn.
fn line(name: &str, color: usize, dash: Dash, means: impl Iterator<Item = (u32, Mean)>) -> Series {
    let means: Vec<(u32, Mean)> = means.filter(|(_, mean)| mean.count > 0).collect();
    Series {
        name: name.to_owned(),
        points: means.iter().map(|(iteration, mean)| [f64::from(*iteration), mean.mean]).collect(),
        errors: if means.iter().any(|(_, mean)| mean.error.is_finite()) {
            means.iter().map(|(_, mean)| mean.error).collect()
        } else {
            Vec::new()
        },
        color,
        dash,
    }
}

/// A number of the measurements, for the run and its control lines.
fn of_arms(view: &RunView, id: &str, title: &str, y: &str, number: impl Fn(&Measurement) -> Option<Mean>) -> Chart {
    let lines =
        [(Arm::Main, 0, Dash::Solid), (Arm::RandomLabels, 1, Dash::Dashed), (Arm::OracleLabels, 2, Dash::Dotted)];
    let measured = view.measured_arms();
    let series = lines.into_iter().filter(|(arm, ..)| measured.contains(arm)).map(|(arm, color, dash)| {
        let means = view.iterations().into_iter().filter_map(|at| Some((at, number(view.at(arm, at)?)?)));
        line(words::arm(arm), color, dash, means)
    });
    chart(id, title, y, series.collect())
}

/// The oracle's reward of the run, to stand beside what judges think.
pub fn oracle(view: &RunView) -> Series {
    let rewards = view.main().iter().filter_map(|(iteration, m)| Some((*iteration, m.sampled.reward?)));
    line(t("iterations.oracle_line"), ORACLE, Dash::Dotted, rewards)
}

fn qualities(view: &RunView) -> impl Iterator<Item = (u32, &JudgeQuality)> {
    view.main().iter().filter_map(|(iteration, m)| Some((*iteration, m.on_policy.as_ref()?)))
}

fn accuracy(view: &RunView, on_policy: bool) -> Chart {
    let iterations: Vec<u32> = view.main().keys().copied().collect();
    let judges = view.judges().into_iter().enumerate().map(|(index, judge)| {
        let means = iterations.iter().filter_map(|at| Some((*at, view.accuracy(&judge, *at, on_policy)?)));
        judge_line(&judge, index, means)
    });
    let series = judges.chain([oracle(view)]).collect();
    let (id, title) = if on_policy {
        ("accuracy-on-policy", t("iterations.accuracy_on_policy"))
    } else {
        ("accuracy-fixed", t("iterations.accuracy_fixed"))
    };
    let coin = vec![(0.5, t("iterations.coin").to_owned())];
    Chart { levels: coin, ..chart(id, title, t("iterations.share"), series) }
}

/// How often judges agree: all that a run without a world knows.
fn agreement(view: &RunView) -> Chart {
    let plain = |mean: f64| Mean { mean, error: f64::NAN, count: 1 };
    let kept = line(t("iterations.kept"), 0, Dash::Solid, qualities(view).map(|(at, of)| (at, plain(of.kept))));
    let mut series = vec![kept];
    for (index, judge) in view.judges().iter().enumerate() {
        let with_others = qualities(view).filter_map(|(at, of)| Some((at, plain(others(of, judge)?))));
        let name = words::with("iterations.with_others", &[("judge", judge)]);
        series.push(judge_line(&name, index + 1, with_others));
    }
    series.push(oracle(view));
    let note = if view.has_oracle() { "" } else { t("iterations.nobody_knows") };
    Chart { note: note.to_owned(), ..chart("agreement", t("iterations.agreement"), t("iterations.share"), series) }
}

/// The line of a judge: told apart from the others by colour and shape, and where these begin again
/// by its dash.
fn judge_line(name: &str, index: usize, means: impl Iterator<Item = (u32, Mean)>) -> Series {
    line(name, index % ORACLE, if index < ORACLE { Dash::Dashed } else { Dash::Solid }, means)
}

/// How often a judge prefers the same answer as another, on average over the others.
#[allow(clippy::cast_precision_loss)] // a handful of judges
fn others(of: &JudgeQuality, judge: &str) -> Option<f64> {
    let row = of.agreement.get(judge)?;
    let shares: Vec<f64> = row.iter().filter(|(other, _)| other.as_str() != judge).map(|(_, share)| *share).collect();
    (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
}

/// How often the oracle agrees with what the judges agree on.
fn worth(view: &RunView) -> Chart {
    let of =
        |number: fn(&JudgeQuality) -> Option<Mean>| qualities(view).filter_map(move |(at, q)| Some((at, number(q)?)));
    let labels = view.main().iter().filter_map(|(at, m)| Some((*at, m.label_accuracy?)));
    let series = vec![
        line(t("iterations.kept_right"), 2, Dash::Solid, of(|quality| quality.kept_accuracy)),
        line(t("iterations.dropped_right"), 1, Dash::Dashed, of(|quality| quality.dropped_accuracy)),
        line(t("iterations.labels_right"), 3, Dash::Solid, labels),
        oracle(view),
    ];
    let coin = vec![(0.5, t("iterations.coin").to_owned())];
    Chart { levels: coin, ..chart("agreement-worth", t("iterations.worth"), t("iterations.share"), series) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::tests::{synthetic, without_oracle};

    #[test]
    fn control_lines_share_the_start_and_have_errors() {
        let charts = charts(&RunView::of(&synthetic()).unwrap());
        let sampled = &charts[0];
        assert_eq!(sampled.series.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["run", "random labels"]);
        assert_eq!(sampled.series[0].points, [[0.0, 0.5], [1.0, 0.6]]);
        assert_eq!(sampled.series[1].points, [[0.0, 0.5], [1.0, 0.49]]);
        assert_eq!(sampled.series[0].errors, [0.01, 0.01]);
        assert_eq!((sampled.series[0].dash, sampled.series[1].dash), (Dash::Solid, Dash::Dashed));
        assert!((charts[1].series[0].points[1][1] - 0.7).abs() < 1e-12);
    }

    #[test]
    fn the_oracle_stands_beside_every_internal_signal() {
        let charts = charts(&RunView::of(&synthetic()).unwrap());
        for id in ["accuracy-on-policy", "accuracy-fixed", "agreement", "agreement-worth"] {
            let chart = charts.iter().find(|chart| chart.id == id).unwrap();
            let oracle = chart.series.last().unwrap();
            assert_eq!((oracle.name.as_str(), oracle.dash), ("oracle reward", Dash::Dotted));
            assert_eq!(oracle.points, [[0.0, 0.5], [1.0, 0.6]]);
            assert!(chart.series.len() > 1);
        }
    }

    #[test]
    fn without_a_world_there_is_no_oracle_line() {
        let charts = charts(&RunView::of(&without_oracle()).unwrap());
        let ids: Vec<&str> = charts.iter().map(|chart| chart.id.as_str()).collect();
        assert_eq!(ids, ["agreement", "length", "distinct-2", "kl-to-start"]);
        assert!(charts[0].note.contains("nobody knows"));
        assert!(charts[0].series.iter().all(|line| !line.name.contains("oracle")));
    }
}
