//! The loop as six verbs, and charts over iterations and steps.

mod figures;
mod flow;
mod noted;
mod over_iterations;
mod over_steps;
mod progress;
pub(super) mod verbs;
mod wins;

use std::collections::{BTreeMap, BTreeSet};

use egui::{RichText, ScrollArea, Ui};
use selfsame_core::run::Arm;

use crate::{
    diagnosis::Diagnosis,
    engine::RunId,
    fold::{Reached, RunView, Verb},
    view::{
        Scene,
        chart::Chart,
        examined::Examined,
        gate::Gate,
        markdown,
        matrix::Square,
        session::{Session, State},
        shell, theme,
        words::{self, t},
    },
};
use flow::Flow;
use over_steps::StepChart;
use progress::Pace;

/// Above this width, in points, charts stand in two columns; above the second in three.
const COLUMNS: [f32; 2] = [860.0, 1560.0];

/// The state of the panel.
#[derive(Debug, Default)]
pub struct Iterations {
    /// The iteration whose counts are shown; the newest if absent.
    chosen: Option<(Arm, u32)>,
    /// The step charts that are shown; a few telling ones until somebody chooses.
    metrics: Option<BTreeSet<String>>,
    pace: Pace,
    examined: Examined,
    /// Of which run and how many lines what is made of the fold is.
    gate: Gate<RunId, usize>,
    folded: Option<Folded>,
}

/// What is made of a fold.
#[derive(Debug)]
struct Folded {
    run: RunId,
    flows: BTreeMap<(Arm, u32), Flow>,
    over_iterations: Vec<Chart>,
    over_steps: Vec<StepChart>,
    /// What the recipe noted, for the iteration that is shown.
    noted: (Option<(Arm, u32)>, Noted),
}

/// What a recipe noted, as it is drawn.
#[derive(Debug)]
struct Noted {
    wins: Option<Square>,
    charts: Vec<Chart>,
}

impl Noted {
    fn of(view: &RunView, shown: Option<(Arm, u32)>) -> Self {
        let arm = shown.map_or(Arm::Main, |(arm, _)| arm);
        Self { wins: wins::square(view, arm), charts: noted::charts(view, shown) }
    }
}

impl Folded {
    fn of(run: RunId, view: &RunView, shown: Option<(Arm, u32)>) -> Self {
        Self {
            run,
            flows: flow::all(view),
            over_iterations: over_iterations::charts(view),
            over_steps: over_steps::charts(view),
            noted: (shown, Noted::of(view, shown)),
        }
    }
}

impl Iterations {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        let Some(session) = scene.current else {
            shell::empty(ui);
            return;
        };
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            unreadable(ui, session);
            let Some(view) = session.view() else {
                if session.problem().is_none() {
                    ui.weak(t("iterations.waiting"));
                }
                return;
            };
            self.fold(ui, session, view);
            self.examined.look(ui, session.run, view);
            let now = now(session, view);
            let shown = self.selector(ui, view, now);
            if let Some(folded) = &self.folded {
                let flow = shown.and_then(|key| folded.flows.get(&key)).copied().unwrap_or_default();
                let lit = now.filter(|reached| Some((reached.arm, reached.iteration)) == shown).map(|now| now.verb);
                verbs::ui(ui, &flow, lit, session.state == State::Running);
            }
            self.pace.ui(ui, session);
            if let Some((arm, iteration)) = shown {
                figures::ui(ui, view, arm, iteration);
            }
            self.note(view, shown);
            self.charts(ui, view, scene);
        });
    }

    /// Brings what is made of the fold up to date.
    fn fold(&mut self, ui: &Ui, session: &Session, view: &RunView) {
        if !self.gate.passes(ui.ctx(), session.run, view.lines, view.finished) {
            return;
        }
        let same_run = self.folded.as_ref().is_some_and(|folded| folded.run == session.run);
        let shown = self.folded.as_ref().filter(|_| same_run).and_then(|folded| folded.noted.0);
        let folded = Folded::of(session.run, view, shown);
        if !same_run {
            self.chosen = None;
            let steps = folded.over_steps.iter().map(|step| &step.chart);
            folded
                .over_iterations
                .iter()
                .chain(&folded.noted.1.charts)
                .chain(steps)
                .for_each(|chart| chart.forget_zoom(ui.ctx()));
        }
        // A film that was wound back may not have come to what was chosen.
        self.chosen = self.chosen.filter(|key| folded.flows.contains_key(key));
        self.folded = Some(folded);
    }

    /// Lets the person choose an iteration; returns the one that is shown.
    fn selector(&mut self, ui: &mut Ui, view: &RunView, now: Option<Reached>) -> Option<(Arm, u32)> {
        let flows = &self.folded.as_ref()?.flows;
        let newest = now.map(|now| (now.arm, now.iteration)).filter(|key| flows.contains_key(key));
        let newest = newest.or_else(|| flows.keys().rfind(|(arm, _)| *arm == Arm::Main).copied())?;
        let shown = self.chosen.unwrap_or(newest);
        let mut chosen = self.chosen;
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(t("iterations.loop")).heading());
            let position = flows.keys().position(|key| *key == shown);
            let at = |by: isize| flows.keys().nth(position?.checked_add_signed(by)?).copied();
            for (text, hint, to) in [("‹", t("iterations.previous"), at(-1)), ("›", t("iterations.next"), at(1))] {
                let button = ui.add_enabled(to.is_some(), egui::Button::new(text)).on_hover_text(hint);
                button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, to.is_some(), hint));
                if button.clicked() {
                    chosen = to;
                }
            }
            let combo = egui::ComboBox::from_id_salt("iteration")
                .width(240.0)
                .selected_text(name(view, shown))
                .show_ui(ui, |ui| {
                    for key in flows.keys() {
                        if ui.selectable_label(*key == shown, name(view, *key)).clicked() {
                            chosen = Some(*key);
                        }
                    }
                });
            combo.response.widget_info(|| {
                let mut info = egui::WidgetInfo::labeled(egui::Role::ComboBox, true, t("iterations.choose"));
                info.current_text_value = Some(name(view, shown));
                info
            });
            let mut follow = chosen.is_none();
            if ui.checkbox(&mut follow, t("iterations.follow")).on_hover_text(t("iterations.follow_hint")).changed() {
                chosen = (!follow).then_some(shown);
            }
        });
        self.chosen = chosen;
        Some(shown)
    }

    /// Brings what the recipe noted to the iteration that is shown.
    fn note(&mut self, view: &RunView, shown: Option<(Arm, u32)>) {
        if let Some(folded) = self.folded.as_mut().filter(|folded| folded.noted.0 != shown) {
            folded.noted = (shown, Noted::of(view, shown));
        }
    }

    fn charts(&mut self, ui: &mut Ui, view: &RunView, scene: &mut Scene<'_>) {
        let Some(folded) = &self.folded else { return };
        let columns = 1 + COLUMNS.iter().filter(|width| ui.available_width() >= **width).count();
        warnings(ui, self.examined.examination().map_or(&[], |examination| &examination.found));
        section(ui, t("iterations.over_iterations"));
        if !view.has_oracle() {
            ui.label(t("iterations.nobody_knows"));
        }
        grid(ui, scene, columns, &folded.over_iterations.iter().collect::<Vec<_>>());
        let (_, noted) = &folded.noted;
        if noted.wins.is_some() || !noted.charts.is_empty() {
            section(ui, t("iterations.noted"));
            noted.wins.iter().for_each(|square| wins::ui(ui, square));
            grid(ui, scene, columns, &noted.charts.iter().collect::<Vec<_>>());
        }
        section(ui, t("iterations.over_steps"));
        let shown = over_steps::choose(ui, &folded.over_steps, &mut self.metrics);
        grid(ui, scene, columns, &shown);
    }
}

/// Where the run is: what is being done, or else what was done last.
fn now(session: &Session, view: &RunView) -> Option<Reached> {
    let (shown, all) = session.position();
    let at_end = shown == all;
    let moment = session.moment.as_ref().filter(|moment| at_end && moment.done < moment.total);
    let live = moment.and_then(|moment| {
        Some(Reached { arm: moment.arm, iteration: moment.iteration, verb: Verb::of_phase(&moment.phase)? })
    });
    live.or(view.reached.filter(|_| !view.finished))
}

/// An iteration of an arm, for people.
fn name(view: &RunView, (arm, iteration): (Arm, u32)) -> String {
    if iteration == 0 {
        return t("run.start").to_owned();
    }
    let arm = words::arm(arm);
    let settings = &view.manifest.parameters;
    let all = settings.get("loop").and_then(|settings| settings.get("iterations"));
    match all.and_then(toml::Value::as_integer) {
        Some(all) => {
            let of = words::with("run.iteration_of", &[("iteration", &iteration), ("all", &all)]);
            words::with("iterations.of_arm", &[("arm", &arm), ("iteration", &of)])
        }
        None => words::with("run.iteration", &[("arm", &arm), ("iteration", &iteration)]),
    }
}

/// Why the log cannot be shown.
fn unreadable(ui: &mut Ui, session: &Session) {
    if let Some(problem) = session.problem() {
        theme::card(ui).show(ui, |ui| {
            ui.colored_label(theme::palette(ui).bad, words::with("iterations.unreadable", &[("problem", &problem)]));
        });
    }
}

fn section(ui: &mut Ui, title: &str) {
    ui.add_space(3.0 * theme::sizes().step);
    ui.label(RichText::new(title).heading());
}

fn warnings(ui: &mut Ui, warnings: &[Diagnosis]) {
    if warnings.is_empty() {
        return;
    }
    ui.add_space(theme::sizes().step);
    theme::card(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.colored_label(theme::palette(ui).warn, RichText::new(t("iterations.warnings")).strong());
        for warning in warnings {
            markdown::sentence(ui, &words::with("iterations.warning", &[("text", &warning.sentence)]));
        }
    });
}

/// Charts side by side, row by row.
fn grid(ui: &mut Ui, scene: &mut Scene<'_>, columns: usize, charts: &[&Chart]) {
    let columns = columns.max(1);
    #[allow(clippy::cast_precision_loss)] // two or three
    let height = (ui.available_width() / columns as f32 * 0.42).clamp(190.0, 420.0);
    for row in charts.chunks(columns) {
        ui.columns(columns, |columns| {
            for (ui, chart) in columns.iter_mut().zip(row) {
                theme::card(ui).show(ui, |ui| {
                    ui.set_width(ui.available_width());
                    chart.show(ui, scene, height);
                });
            }
        });
    }
}

#[cfg(test)]
mod tests;
