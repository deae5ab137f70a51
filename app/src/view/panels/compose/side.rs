//! What the run will need, its beginning, and the same as a command line and as a file.

use egui::{Button, CollapsingHeader, RichText, ScrollArea, TextEdit, Ui};
use selfsame_core::recipe::by_id;

use super::{
    check::{Checked, plain},
    draft::{self, Draft},
    fields::code,
    planning::{Known, Planning},
    subject::{note, problem, section},
};
use crate::{
    engine::{Command, Planned},
    format,
    view::{
        Action, Scene,
        panels::Panel,
        session::{Session, State},
        theme,
        words::{self, t},
    },
};

/// Height of the texts of files.
const FILE: f32 = 220.0;

/// What belongs to files.
#[derive(Debug, Default)]
pub struct Side {
    /// A text to be loaded.
    text: String,
    /// Why it was not, or that it was.
    outcome: Option<Result<(), String>>,
}

/// The run that is being worked on, if one is.
#[must_use]
pub fn working(sessions: &[Session]) -> Option<&Session> {
    sessions.iter().find(|session| matches!(session.state, State::Running | State::Stopping))
}

/// Why the run cannot begin.
fn obstacle(checked: &Checked, known: Known<'_>) -> Option<String> {
    match (checked.problems.as_slice(), known) {
        ([], Known::Refused(problem)) => Some(problem.to_owned()),
        ([], _) => None,
        ([only], _) => Some(only.line()),
        ([first, rest @ ..], _) => {
            Some(words::with("compose.and_more", &[("first", &first.line()), ("count", &rest.len())]))
        }
    }
}

/// What the run needs, and the button that begins it.
pub fn start(ui: &mut Ui, checked: &Checked, planning: &mut Planning, scene: &mut Scene<'_>) {
    let palette = theme::palette(ui);
    let known = planning.known(&checked.request);
    let obstacle = obstacle(checked, known);
    let mut ask = false;
    theme::card(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        if let Some(session) = working(scene.sessions) {
            let text = words::with("compose.working", &[("name", &session.name())]);
            ui.colored_label(palette.warn, text);
        }
        needs(ui, checked, known);
        ui.horizontal_wrapped(|ui| {
            let ready = obstacle.is_none();
            // A button that cannot be pressed is not filled, so that its text stays readable.
            let text = RichText::new(t("compose.start")).strong();
            let button =
                if ready { Button::new(text.color(palette.on_accent)).fill(palette.accent) } else { Button::new(text) };
            let size = egui::vec2(96.0, theme::sizes().control_height);
            let start = ui.add_enabled(ready, button.min_size(size));
            if start.on_disabled_hover_text(obstacle.as_deref().unwrap_or_default()).clicked() {
                scene.ask(Action::Send(Command::Start { request: checked.request.clone() }));
                scene.ask(Action::Go(Panel::Iterations));
            }
            let valid = checked.problems.is_empty();
            let plan = ui.add_enabled(valid, Button::new(t("compose.plan")));
            ask = plan.on_hover_text(t("compose.plan_hint")).clicked();
        });
        if let Some(reason) = &obstacle {
            problem(ui, reason);
        }
    });
    if ask {
        let ticket = planning.ask(&checked.request);
        scene.ask(Action::Send(Command::Plan { ticket, request: checked.request.clone() }));
    }
}

impl Side {
    /// The command line, and the settings as a file.
    pub fn files(&mut self, ui: &mut Ui, draft: &mut Draft, checked: &Checked, scene: &mut Scene<'_>) {
        section(ui, t("compose.command"), |ui| {
            let line = checked.request.command_line();
            code(ui, &line);
            ui.add_space(theme::sizes().step);
            if ui.button(t("compose.copy_command")).clicked() {
                ui.ctx().copy_text(line);
            }
            if !checked.problems.is_empty() {
                note(ui, t("compose.command_partial"));
            }
        });
        section(ui, t("compose.file"), |ui| {
            CollapsingHeader::new(t("compose.file_show")).id_salt("compose_file").show_unindented(ui, |ui| {
                file(ui, checked, scene);
            });
            CollapsingHeader::new(t("compose.file_load")).id_salt("compose_load").show_unindented(ui, |ui| {
                self.load(ui, draft);
            });
        });
    }

    /// A field for a text with settings.
    fn load(&mut self, ui: &mut Ui, draft: &mut Draft) {
        note(ui, t("compose.load_note"));
        ScrollArea::vertical().id_salt("compose_load_text").max_height(FILE).show(ui, |ui| {
            let field = TextEdit::multiline(&mut self.text).code_editor().desired_rows(6).desired_width(f32::INFINITY);
            let response = ui.add(field).accessible_name(t("compose.load_text"));
            if response.changed() {
                self.outcome = None;
            }
        });
        let filled = !self.text.trim().is_empty();
        if ui.add_enabled(filled, Button::new(t("compose.load"))).clicked() {
            let loaded = draft.load(&self.text, t("compose.load_text"));
            self.outcome = Some(loaded.map_err(|error| plain(&error.line()).to_owned()));
        }
        match &self.outcome {
            Some(Err(message)) => problem(ui, message),
            Some(Ok(())) => {
                ui.colored_label(theme::palette(ui).good, t("compose.loaded"));
            }
            None => {}
        }
    }
}

/// What the engine said about the request.
fn needs(ui: &mut Ui, checked: &Checked, known: Known<'_>) {
    match known {
        Known::Needs(planned) => facts(ui, planned),
        Known::Asked => {
            ui.weak(t("compose.planning"));
        }
        // It stands below, as the reason why the run cannot begin.
        Known::Refused(_) => {}
        Known::Nothing if checked.problems.is_empty() => {
            ui.weak(t("compose.not_planned"));
        }
        Known::Nothing => {
            ui.weak(t("compose.plan_after"));
        }
    }
}

fn facts(ui: &mut Ui, planned: &Planned) {
    for (name, value) in [
        (t("compose.plan_device"), planned.device.clone()),
        (t("compose.plan_memory"), format::bytes(planned.memory)),
        (t("compose.plan_weights"), format::bytes(planned.weights)),
        (t("compose.plan_time"), words::with("compose.about", &[("time", &format::duration(planned.seconds))])),
    ] {
        ui.horizontal_wrapped(|ui| {
            ui.weak(name);
            ui.strong(value);
        });
    }
    for text in &planned.notes {
        note(ui, text);
    }
}

/// The settings as a file.
fn file(ui: &mut Ui, checked: &Checked, scene: &mut Scene<'_>) {
    let written = match (by_id(&checked.request.recipe), &checked.settings) {
        (Ok(entry), Some(settings)) => draft::file(entry, &checked.request, settings),
        _ => {
            ui.weak(t("compose.file_after"));
            return;
        }
    };
    let text = match written {
        Ok(text) => text,
        Err(error) => return problem(ui, plain(&error.line())),
    };
    note(ui, t("compose.file_note"));
    ui.horizontal_wrapped(|ui| {
        if ui.button(t("compose.file_save")).clicked() {
            let name = format!("{}.toml", checked.request.recipe);
            scene.ask(Action::Save { name, bytes: text.clone().into_bytes() });
        }
        if ui.button(t("compose.file_copy")).clicked() {
            ui.ctx().copy_text(text.clone());
        }
    });
    ScrollArea::vertical().id_salt("compose_file_text").max_height(FILE).show(ui, |ui| {
        let mut shown = text.as_str();
        let field = TextEdit::multiline(&mut shown).code_editor().desired_width(f32::INFINITY);
        ui.add(field).accessible_name(t("compose.file_show"));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Request;

    #[test]
    fn the_reason_names_the_field() {
        let mut draft = Draft::of(&Request::new("srlm"));
        assert_eq!(obstacle(&Checked::of(&draft), Known::Asked), None);
        assert_eq!(obstacle(&Checked::of(&draft), Known::Refused("no model")).as_deref(), Some("no model"));
        draft.edits.extend([("loop.samples".to_owned(), "1".to_owned())]);
        let one = obstacle(&Checked::of(&draft), Known::Refused("old")).unwrap();
        assert_eq!(one, "loop.samples: must be a whole number from 2 to 64");
        draft.seed.clear();
        assert!(obstacle(&Checked::of(&draft), Known::Nothing).unwrap().contains("1 more"));
    }
}
