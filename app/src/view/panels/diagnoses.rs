//! What goes wrong in a run, with the evidence and the remedy.

mod card;
mod evidence;

use egui::{RichText, ScrollArea, Ui};

use crate::{
    diagnosis::{Detector, Diagnosis, Examination, Memory, Severity, registry},
    engine::RunId,
    fold::RunView,
    format,
    view::{
        Scene,
        session::{PORTION, Session, State},
        shell, theme,
        words::{t, with},
    },
};

/// Seconds between two looks at a log that grows.
const BETWEEN_LOOKS: f64 = 0.5;

/// Findings that only say how far the log goes.
const HOW_FAR: &str = "unfinished";

/// The state of the panel.
#[derive(Debug, Default)]
pub struct Diagnoses {
    memory: Memory,
    /// The last examination of this run; `None` before the first is complete.
    examination: Option<Examination>,
    /// Of which run and how many lines it is, or will be.
    of: Option<(RunId, usize)>,
    /// Whether there is more to count for it.
    counting: bool,
    /// When it was made.
    made: f64,
}

impl Diagnoses {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        let Some((session, view)) = scene.current.and_then(|session| Some((session, session.view()?))) else {
            self.of = None;
            shell::empty(ui);
            return;
        };
        self.look(ui, session.run, view);
        let on_its_way = on_its_way(session);
        let nothing = Examination::default();
        let examination = self.examination.as_ref().unwrap_or(&nothing);
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
            if self.examination.is_none() {
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
            if self.examination.is_some() {
                looked(ui, examination, &found);
            }
        });
    }

    /// Examines the log again where it changed, but not in every frame of a film. Answers are counted over
    /// several frames, so that none takes long.
    fn look(&mut self, ui: &Ui, run: RunId, view: &RunView) {
        let now = ui.input(|input| input.time);
        let of = Some((run, view.lines));
        if self.of == of && !self.counting {
            return;
        }
        let same = self.of.is_some_and(|(known, _)| known == run);
        if !same {
            self.memory.forget();
            self.examination = None;
        } else if !self.counting && now - self.made < BETWEEN_LOOKS {
            ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(BETWEEN_LOOKS));
            return;
        }
        let made = self.memory.look(view, PORTION);
        self.counting = made.is_none();
        self.examination = made.or(self.examination.take());
        (self.of, self.made) = (of, now);
        if self.counting {
            ui.ctx().request_repaint();
        }
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
