//! How far the judges deserve trust: agreement, accuracy, calibration, biases.

use egui::{Role, Ui, WidgetInfo};
use selfsame_core::run::Arm;

pub mod calibration;
mod cards;
pub mod findings;
mod meter;
mod reliability;
pub mod sentences;
#[cfg(test)]
pub(crate) mod tests;
pub mod trends;

use crate::{
    engine::RunId,
    fold::RunView,
    view::{
        Scene,
        chart::Chart,
        gate::Gate,
        section::{section, title, two_columns},
        shell, theme,
        words::{t, with},
    },
};
use calibration::Axis;
use findings::{Findings, Learned, Pairs};

/// Height of a chart over iterations.
const CHART: f32 = 220.0;

/// What the findings on the screen are of: the run, the iteration, and what was chosen.
type Of = (RunId, u32, Pairs, Axis);

/// The state of the panel.
#[derive(Debug, Default)]
pub struct Judges {
    /// The iteration that was chosen; the last one if none was, or if the run does not have it.
    iteration: Option<u32>,
    pairs: Pairs,
    axis: Axis,
    /// The judge in the calibration diagram.
    judge: Option<String>,
    /// By how many measurements there are: nothing between two changes what is found.
    found: Gate<Of, usize>,
    shown: Option<(Findings, Vec<Chart>)>,
    /// By how many pairs and steps the iteration has. The tally costs a grade of every answer and is not to be
    /// repeated for every line of the log.
    tallied: Gate<(RunId, u32), (usize, usize)>,
    learned: Option<Learned>,
}

impl Judges {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        let Some(session) = scene.current else {
            shell::empty(ui);
            return;
        };
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            title(ui, t("judges.title"));
            let palette = theme::palette(ui);
            if let Some(problem) = session.problem() {
                ui.colored_label(palette.bad, problem);
            }
            let iterations: Vec<u32> = session.view().map(|v| v.main().keys().copied().collect()).unwrap_or_default();
            let Some((view, last)) = session.view().zip(iterations.last()) else {
                ui.weak(t("judges.unmeasured"));
                return;
            };
            let iteration = self.iteration.filter(|chosen| iterations.contains(chosen)).unwrap_or(*last);
            self.choose(ui, &iterations, iteration);
            self.refresh(ui, session.run, view, iteration);
            self.cards(ui, scene);
        });
    }

    /// Computes what is shown, unless it is already.
    fn refresh(&mut self, ui: &Ui, run: RunId, view: &RunView, iteration: u32) {
        let same_run = self.found.of().is_some_and(|(of, ..)| *of == run);
        let of = (run, iteration, self.pairs, self.axis);
        if self.found.passes(ui.ctx(), of, view.main().len(), view.finished) {
            let findings = Findings::of(view, iteration, self.pairs, self.axis);
            self.shown = findings.map(|findings| (findings, trends::charts(view, self.pairs)));
            if let (false, Some((_, charts))) = (same_run, &self.shown) {
                for chart in charts {
                    chart.forget_zoom(ui.ctx());
                }
            }
        }
        let main = view.arms.get(&Arm::Main);
        let pairs = main.and_then(|main| main.iterations.get(&iteration)).map_or(0, |of| of.pairs.len());
        let phases = main.into_iter().flat_map(|main| &main.phases).filter(|phase| phase.iteration == iteration);
        let steps = phases.map(|phase| phase.steps.len()).sum();
        if self.tallied.passes(ui.ctx(), (run, iteration), (pairs, steps), view.finished) {
            self.learned = Learned::of(view, iteration);
        }
    }

    /// Which iteration, and which pairs.
    fn choose(&mut self, ui: &mut Ui, iterations: &[u32], iteration: u32) {
        let name = |iteration: u32| match iteration {
            0 => t("judges.at_start").to_owned(),
            later => with("judges.after", &[("iteration", &later)]),
        };
        let earlier = iterations.iter().rev().find(|other| **other < iteration).copied();
        let later = iterations.iter().find(|other| **other > iteration).copied();
        ui.horizontal_wrapped(|ui| {
            if ui.add_enabled(earlier.is_some(), egui::Button::new(t("judges.earlier"))).clicked() {
                self.iteration = earlier;
            }
            let combo = egui::ComboBox::from_id_salt("judges-iteration").selected_text(name(iteration));
            let combo = combo.show_ui(ui, |ui| {
                for other in iterations {
                    if ui.selectable_label(*other == iteration, name(*other)).clicked() {
                        self.iteration = Some(*other);
                    }
                }
            });
            combo.response.widget_info(|| WidgetInfo {
                current_text_value: Some(name(iteration)),
                ..WidgetInfo::labeled(Role::ComboBox, true, t("judges.choose_iteration"))
            });
            if ui.add_enabled(later.is_some(), egui::Button::new(t("judges.later"))).clicked() {
                // Whoever comes to the end follows the run again.
                self.iteration = later.filter(|later| Some(later) != iterations.last());
            }
            ui.separator();
            ui.weak(t("judges.pairs_of"));
            let own = ui.selectable_value(&mut self.pairs, Pairs::OnPolicy, t("judges.own_answers"));
            own.on_hover_text(t("judges.own_answers_hint"));
            let fixed = ui.selectable_value(&mut self.pairs, Pairs::Fixed, t("judges.start_answers"));
            fixed.on_hover_text(t("judges.start_answers_hint"));
        });
    }

    fn cards(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        let Self { shown: Some((findings, charts)), learned, axis, judge, .. } = self else { return };
        let learned = learned.as_ref();
        ui.weak(with("judges.counted", &[("pairs", &crate::format::count(findings.count))]));
        two_columns(
            ui,
            |ui| {
                cards::accuracy(ui, findings);
                cards::agreement(ui, findings);
                cards::kendall(ui, findings);
            },
            |ui| {
                cards::kept(ui, findings, learned);
                cards::calibration(ui, findings, axis, judge);
            },
        );
        two_columns(ui, |ui| cards::swaps(ui, findings), |ui| cards::length(ui, findings));
        if !charts.is_empty() {
            section(ui, t("judges.trends_title"), "", |ui| {
                for chart in charts.iter() {
                    chart.show(ui, scene, CHART);
                }
            });
        }
    }
}
