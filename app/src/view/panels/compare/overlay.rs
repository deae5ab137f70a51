//! The oracle's reward of several runs in one chart.

use egui::Ui;
use selfsame_core::{
    measure::{Mean, Measurement},
    run::Arm,
};

use super::choice::Named;
use crate::{
    comparison::{Group, spread_at},
    fold::RunView,
    view::{
        chart::{Chart, Dash, Series},
        words::{self, t, with},
    },
};

/// What the chart shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Overlay {
    /// Greedy answers instead of sampled ones.
    pub greedy: bool,
    /// The control lines too.
    pub arms: bool,
    /// Runs that differ only in their seed as one line.
    pub pooled: bool,
}

impl Overlay {
    /// What is chosen here, as far as there is a choice.
    pub fn ui(&mut self, ui: &mut Ui, controls: bool, seeds: bool) {
        ui.horizontal_wrapped(|ui| {
            ui.weak(t("compare.kind"));
            ui.selectable_value(&mut self.greedy, false, t("compare.sampled"));
            ui.selectable_value(&mut self.greedy, true, t("compare.greedy"));
            if controls {
                ui.separator();
                ui.checkbox(&mut self.arms, t("compare.arms")).on_hover_text(t("compare.arms_hint"));
            }
            if seeds {
                ui.separator();
                ui.checkbox(&mut self.pooled, t("compare.pooled")).on_hover_text(t("compare.pooled_hint"));
            }
        });
    }

    fn reward(self, measurement: &Measurement) -> Option<Mean> {
        let quality = if self.greedy { &measurement.greedy } else { &measurement.sampled };
        quality.reward.filter(|mean| mean.count > 0)
    }

    fn arms(self) -> &'static [Arm] {
        if self.arms { &[Arm::Main, Arm::RandomLabels, Arm::OracleLabels] } else { &[Arm::Main] }
    }

    /// Where the control lines are shown the dash tells the arms apart, elsewhere the runs.
    fn dash(self, arm: Arm, color: usize) -> Dash {
        const DASHES: [Dash; 3] = [Dash::Solid, Dash::Dashed, Dash::Dotted];
        match arm {
            Arm::Main if self.arms => Dash::Solid,
            Arm::Main => DASHES.get(color % DASHES.len()).copied().unwrap_or_default(),
            Arm::RandomLabels => Dash::Dashed,
            Arm::OracleLabels => Dash::Dotted,
        }
    }
}

/// The chart of the chosen runs. `groups` are theirs, by position.
#[must_use]
pub fn chart(overlay: Overlay, chosen: &[Named<'_>], groups: &[Group]) -> Chart {
    let views: Vec<&RunView> = chosen.iter().filter_map(|named| named.view).collect();
    let mut series = Vec::new();
    for group in groups {
        let members = group.runs.iter().filter_map(|index| chosen.get(*index));
        let pooled = overlay.pooled && group.seeds.len() > 1;
        for arm in overlay.arms() {
            if pooled {
                let Some(first) = members.clone().next() else { continue };
                let letters: Vec<&str> = members.clone().map(|named| named.letter.as_str()).collect();
                let name =
                    with("compare.pooled_line", &[("letters", &letters.join(", ")), ("seeds", &group.seeds.len())]);
                let points = first.view.map(RunView::iterations).unwrap_or_default().into_iter();
                let mean = |iteration: u32| {
                    let reward = |m: &Measurement| overlay.reward(m).map(|mean| mean.mean);
                    Some((iteration, spread_at(&views, group, *arm, iteration, reward)?.mean))
                };
                series.extend(line(overlay, name, *arm, first.color, points.filter_map(mean)));
            } else {
                for named in members.clone() {
                    let Some(view) = named.view else { continue };
                    let points = view.iterations().into_iter();
                    let mean = |iteration: u32| Some((iteration, overlay.reward(view.at(*arm, iteration)?)?));
                    series.extend(line(overlay, named.title(), *arm, named.color, points.filter_map(mean)));
                }
            }
        }
    }
    Chart {
        id: "compare-reward".to_owned(),
        title: if overlay.greedy { t("compare.overlay_greedy") } else { t("compare.overlay_sampled") }.to_owned(),
        x: t("compare.iteration_axis").to_owned(),
        y: t("compare.overlay_axis").to_owned(),
        series,
        whole_x: true,
        ..Chart::default()
    }
}

fn line(
    overlay: Overlay,
    run: String,
    arm: Arm,
    color: usize,
    points: impl Iterator<Item = (u32, Mean)>,
) -> Option<Series> {
    let points: Vec<(u32, Mean)> = points.collect();
    // All arms share the start: a control without anything else was not run.
    let only_start = arm != Arm::Main && points.iter().all(|(iteration, _)| *iteration == 0);
    (!points.is_empty() && !only_start).then(|| Series {
        name: match arm {
            Arm::Main => run,
            _ => with("compare.arm_line", &[("run", &run), ("arm", &words::arm(arm))]),
        },
        points: points.iter().map(|(iteration, mean)| [f64::from(*iteration), mean.mean]).collect(),
        errors: points.iter().map(|(_, mean)| mean.error).collect(),
        color,
        dash: overlay.dash(arm, color),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::{groups, tests::seeded};

    fn named(views: &[RunView]) -> Vec<Named<'_>> {
        let of = |(color, view): (usize, _)| Named {
            run: color as u64,
            letter: ["A", "B", "C"][color].to_owned(),
            name: "x".to_owned(),
            color,
            view: Some(view),
            problem: None,
        };
        views.iter().enumerate().map(of).collect()
    }

    fn drawn(overlay: Overlay, views: &[RunView]) -> Chart {
        chart(overlay, &named(views), &groups(&views.iter().collect::<Vec<_>>()))
    }

    #[test]
    fn a_line_for_each_run_and_its_controls() {
        let views = [seeded(1, 0.6), seeded(2, 0.7)];
        let plain = drawn(Overlay::default(), &views);
        assert_eq!(plain.series.len(), 2);
        assert_eq!(plain.series[1].points, [[0.0, 0.5], [1.0, 0.7]]);
        assert_eq!(plain.series[1].errors, [0.01, 0.01]);
        assert_ne!(plain.series[0].dash, plain.series[1].dash);
        // The oracle's labels were not run.
        let arms = drawn(Overlay { arms: true, ..Overlay::default() }, &views);
        assert_eq!(arms.series.len(), 4);
        assert!(arms.series.iter().any(|s| s.name == "A · x, random labels" && s.dash == Dash::Dashed));
        let greedy = drawn(Overlay { greedy: true, ..Overlay::default() }, &views);
        assert_eq!(greedy.series[0].points, [[0.0, 0.6], [1.0, 0.7]]);
    }

    #[test]
    fn seeds_as_one_line_have_the_error_that_seeds_show() {
        let views = [seeded(1, 0.6), seeded(2, 0.7)];
        let pooled = drawn(Overlay { pooled: true, ..Overlay::default() }, &views);
        assert_eq!(pooled.series.len(), 1);
        assert_eq!(pooled.series[0].name, "A, B: 2 seeds");
        assert!((pooled.series[0].points[1][1] - 0.65).abs() < 1e-12);
        // Deviation 0.0707 over √2; at the start both are the same.
        assert!((pooled.series[0].errors[1] - 0.05).abs() < 1e-12 && pooled.series[0].errors[0] == 0.0);
    }
}
