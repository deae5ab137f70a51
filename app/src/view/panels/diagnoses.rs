//! What goes wrong in a run, with the evidence and the remedy.

mod card;
mod evidence;

use egui::{RichText, ScrollArea, Ui};

use crate::{
    diagnosis::{Detector, Diagnosis, Examination, Severity, registry},
    fold::RunView,
    format,
    view::{
        Scene,
        examined::Examined,
        session::{Session, State},
        shell, theme,
        words::{t, with},
    },
};

/// Findings that only say how far the log goes.
const HOW_FAR: &str = "unfinished";

/// The state of the panel.
#[derive(Debug, Default)]
pub struct Diagnoses {
    examined: Examined,
}

impl Diagnoses {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        let Some(session) = scene.current else {
            self.examined.forget();
            shell::empty(ui);
            return;
        };
        let Some(view) = session.view() else {
            self.examined.forget();
            ui.weak(session.problem().unwrap_or(t("iterations.waiting")));
            return;
        };
        self.examined.look(ui, session.run, view);
        let on_its_way = on_its_way(session);
        let nothing = Examination::default();
        let made = self.examined.examination();
        let examination = made.unwrap_or(&nothing);
        // That a run which goes on is not finished is no news.
        let found: Vec<&Diagnosis> =
            examination.found.iter().filter(|one| !(on_its_way && one.id == HOW_FAR)).collect();
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.label(RichText::new(t("diagnoses.title")).text_style(theme::title()));
            ui.weak(t("diagnoses.intro"));
            ui.add_space(theme::sizes().step);
            truth(ui, view);
            ui.add_space(theme::sizes().step * 2.0);
            // Facts about the run are not what a reader waits for.
            let alarms = found.iter().any(|one| one.severity > Severity::Note);
            if made.is_none() {
                message(ui, t("diagnoses.counting_title"), t("diagnoses.counting_text"));
            } else if pending(view) && !alarms {
                let text = with("diagnoses.pending_text", &[("lines", &format::count(view.lines))]);
                message(ui, t("diagnoses.pending_title"), &text);
            } else if found.is_empty() {
                message(ui, t("diagnoses.healthy_title"), t("diagnoses.healthy_text"));
            } else {
                let count = match found.len() {
                    1 => t("diagnoses.found_one").to_owned(),
                    many => with("diagnoses.found_many", &[("count", &many)]),
                };
                ui.heading(count);
            }
            for diagnosis in &found {
                ui.add_space(theme::sizes().step);
                card::ui(ui, scene, diagnosis);
            }
            ui.add_space(theme::sizes().step * 4.0);
            if made.is_some() {
                looked(ui, examination, &found);
            }
        });
    }
}

/// Whether more lines are to be expected.
fn on_its_way(session: &Session) -> bool {
    let (shown, all) = session.position();
    matches!(session.state, State::Running | State::Stopping) || shown < all
}

/// Whether the log is too short for most detectors.
fn pending(view: &RunView) -> bool {
    view.main().keys().all(|iteration| *iteration == 0)
}

/// The oracle's word beside everything the run says of itself.
fn truth(ui: &mut Ui, view: &RunView) {
    if !view.has_oracle() {
        ui.weak(t("diagnoses.no_oracle"));
        return;
    }
    let of = |iteration: u32| {
        let measurement = view.main().get(&iteration)?;
        Some([measurement.sampled.reward, measurement.greedy.reward].map(format::mean))
    };
    let Some([sampled, greedy]) = of(0) else {
        return;
    };
    let last = view.final_measurement().filter(|(iteration, _)| *iteration > 0);
    let text = match last.and_then(|(iteration, _)| Some((iteration, of(iteration)?))) {
        None => with("diagnoses.oracle_start", &[("sampled", &sampled), ("greedy", &greedy)]),
        Some((iteration, [sampled_to, greedy_to])) => with(
            "diagnoses.oracle",
            &[
                ("sampled_from", &sampled),
                ("sampled_to", &sampled_to),
                ("greedy_from", &greedy),
                ("greedy_to", &greedy_to),
                ("iteration", &iteration),
            ],
        ),
    };
    ui.label(text);
}

fn message(ui: &mut Ui, title: &str, text: &str) {
    theme::card(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.heading(title);
        ui.label(text);
    });
}

/// What was looked for, and with what result.
fn looked(ui: &mut Ui, examination: &Examination, found: &[&Diagnosis]) {
    ui.heading(t("diagnoses.looked_title"));
    let palette = theme::palette(ui);
    let word = |detector: &Detector| {
        if found.iter().any(|one| one.id == detector.id) {
            RichText::new(t("diagnoses.there")).color(palette.warn).strong()
        } else if examination.clear.iter().any(|one| one.id == detector.id) {
            RichText::new(t("diagnoses.clear")).color(palette.good)
        } else {
            RichText::new(t("diagnoses.unknown")).color(palette.muted)
        }
    };
    for detector in registry::ALL {
        ui.add_space(theme::sizes().step);
        ui.horizontal_wrapped(|ui| {
            ui.strong(detector.title());
            ui.label(word(detector));
        });
        ui.weak(detector.looks());
    }
}

#[cfg(test)]
mod tests;
