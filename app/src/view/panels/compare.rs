//! Runs beside each other.

use std::collections::BTreeSet;

use egui::Ui;
use selfsame_core::run::Arm;

mod choice;
mod differing;
pub mod overlay;
mod seeds;
mod tables;
#[cfg(test)]
mod tests;

use crate::{
    comparison::{self, Group, Row, Setting},
    engine::RunId,
    fold::RunView,
    view::{
        Scene,
        chart::Chart,
        gate::Gate,
        section::{section, title},
        shell,
        words::{t, with},
    },
};
use choice::Named;
use overlay::Overlay;

/// Height of the chart.
const CHART: f32 = 320.0;

/// What the figures on the screen are of: the runs with what they are called, and what the chart shows.
type Of = (Vec<(RunId, String)>, Overlay);

/// Everything that is computed.
#[derive(Debug)]
struct Shown {
    chart: Chart,
    figures: Vec<Row>,
    settings: Vec<Setting>,
    groups: Vec<Group>,
    notes: Vec<String>,
}

/// The state of the panel.
#[derive(Debug, Default)]
pub struct Compare {
    /// The open runs that do not stand beside the others; new ones do.
    left_out: BTreeSet<RunId>,
    overlay: Overlay,
    /// The two runs of the difference.
    two: [Option<RunId>; 2],
    /// By how many lines each run has.
    gate: Gate<Of, Vec<usize>>,
    shown: Option<Shown>,
}

impl Compare {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        if scene.sessions.is_empty() {
            shell::empty(ui);
            return;
        }
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            title(ui, t("compare.title"));
            let named = choice::named(scene.sessions);
            section(ui, t("compare.runs"), t("compare.runs_hint"), |ui| choice::list(ui, &named, &mut self.left_out));
            let chosen: Vec<Named<'_>> =
                named.into_iter().filter(|named| named.view.is_some() && !self.left_out.contains(&named.run)).collect();
            if chosen.is_empty() {
                ui.weak(t("compare.none_chosen"));
                return;
            }
            self.refresh(ui, &chosen);
            self.cards(ui, scene, &chosen);
        });
    }

    /// Computes what is shown, unless it is already.
    fn refresh(&mut self, ui: &Ui, chosen: &[Named<'_>]) {
        let views: Vec<&RunView> = chosen.iter().filter_map(|named| named.view).collect();
        let of = (chosen.iter().map(|named| (named.run, named.title())).collect(), self.overlay);
        let lines = views.iter().map(|view| view.lines).collect();
        if !self.gate.passes(ui.ctx(), of, lines, views.iter().all(|view| view.finished)) {
            return;
        }
        let groups = comparison::groups(&views);
        self.shown = Some(Shown {
            chart: overlay::chart(self.overlay, chosen, &groups),
            figures: comparison::figures(&views),
            // It is TOML that the log was read from; were it not, there would be nothing to list.
            settings: comparison::differences(&views).unwrap_or_default(),
            groups,
            notes: notes(chosen, &views),
        });
    }

    fn cards(&mut self, ui: &mut Ui, scene: &mut Scene<'_>, chosen: &[Named<'_>]) {
        let Self { shown: Some(shown), overlay, two, .. } = self else { return };
        let palette = crate::view::theme::palette(ui);
        for note in &shown.notes {
            ui.colored_label(palette.warn, note);
        }
        let oracle = chosen.iter().any(|named| named.view.is_some_and(RunView::has_oracle));
        let sentence = if oracle { t("compare.overlay_sentence") } else { t("compare.no_oracle") };
        section(ui, t("compare.overlay_title"), sentence, |ui| {
            if oracle {
                let controls = chosen.iter().filter_map(|named| named.view).any(|v| v.measured_arms() != [Arm::Main]);
                let seeds = shown.groups.iter().any(|group| group.seeds.len() > 1);
                overlay.ui(ui, controls, seeds);
                shown.chart.show(ui, scene, CHART);
            }
        });
        section(ui, t("compare.figures_title"), t("compare.figures_sentence"), |ui| {
            tables::figures(ui, chosen, &shown.figures);
            if oracle {
                ui.weak(t("compare.figures_note"));
            }
        });
        if chosen.len() < 2 {
            ui.weak(t("compare.one_chosen"));
            return;
        }
        differing::ui(ui, chosen, &shown.figures, two);
        seeds::ui(ui, chosen, &shown.groups);
        let sentence =
            if shown.settings.is_empty() { t("compare.settings_same") } else { t("compare.settings_sentence") };
        section(ui, t("compare.settings_title"), sentence, |ui| tables::settings(ui, chosen, &shown.settings));
    }
}

/// What one should know before believing the figures.
fn notes(chosen: &[Named<'_>], views: &[&RunView]) -> Vec<String> {
    let those = |wanted: &dyn Fn(&RunView) -> bool| {
        let names = chosen.iter().filter(|named| named.view.is_some_and(wanted)).map(Named::title);
        names.collect::<Vec<_>>().join(", ")
    };
    let unfinished = those(&|view| !view.finished);
    let without = those(&|view| !view.has_oracle());
    let oracle = views.iter().any(|view| view.has_oracle());
    [
        (!unfinished.is_empty()).then(|| with("compare.unfinished", &[("runs", &unfinished)])),
        (oracle && !without.is_empty()).then(|| with("compare.some_without", &[("runs", &without)])),
        (!comparison::measured_alike(views)).then(|| t("compare.unlike").to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}
