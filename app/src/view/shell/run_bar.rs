//! The run that panels show: what is being done with it, and what can be.

use egui::{Button, RichText, Ui};

use crate::{
    engine::{Command, Moment},
    format,
    view::{
        Action, Laboratory,
        icons::{self, Icon},
        session::{Session, State},
        theme,
        words::{self, t},
    },
};

/// Width of the list of runs.
const CHOOSER: f32 = 200.0;

/// The least width of the slider that winds through the log.
const SLIDER: f32 = 120.0;

impl Laboratory {
    pub(super) fn run_bar(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.horizontal_wrapped(|ui| {
            self.chooser(ui, actions);
            let Some(session) = self.current() else { return };
            state(ui, session);
            match session.state {
                State::Running => {
                    let pause = Button::new((icons::atom(Icon::Pause, 10.0), t("run.stop")));
                    if ui.add(pause).on_hover_text(t("run.stop_hint")).clicked() {
                        actions.push(Action::Stop(session.run));
                    }
                }
                State::Stopped => {
                    let resume = Button::new((icons::atom(Icon::Play, 10.0), t("run.resume")));
                    if ui.add(resume).on_hover_text(t("run.resume_hint")).clicked() {
                        actions.push(Action::Resume(session.run));
                    }
                }
                State::Failed(_) | State::Stopping | State::Watched | State::Finished => {}
            }
            if !session.working() && ui.button(t("run.close")).on_hover_text(t("run.close_hint")).clicked() {
                actions.push(Action::Close(session.run));
            }
            if !session.recorded() {
                self.keep_menu(ui, session, actions);
            }
            timeline(ui, session, actions);
        });
    }

    /// What can be done with a run as a whole.
    fn keep_menu(&self, ui: &mut Ui, session: &Session, actions: &mut Vec<Action>) {
        let menu = ui.menu_button(t("run.keep"), |ui| {
            let folder = || session.folder.clone();
            if ui.button(t("run.export")).on_hover_text(t("run.export_hint")).clicked() {
                actions.push(Action::Send(Command::Export { folder: folder() }));
            }
            if self.open.keeps() && !session.working() {
                ui.menu_button(t("run.delete"), |ui| {
                    if ui.button(t("run.delete_surely")).clicked() {
                        actions.push(Action::Close(session.run));
                        actions.push(Action::Send(Command::Delete { folder: folder() }));
                    }
                });
            }
        });
        menu.response.on_hover_text(t("run.keep_hint"));
    }

    fn chooser(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let current = self.current();
        let name = |session: &Session| {
            if session.recorded() { t("app.recorded").to_owned() } else { session.name().to_owned() }
        };
        let text = current.map_or_else(|| t("app.no_runs").to_owned(), name);
        let chosen = egui::ComboBox::from_id_salt("run").width(CHOOSER).truncate().selected_text(&text);
        let chosen = chosen.show_ui(ui, |ui| {
            ui.set_min_width(CHOOSER);
            for other in self.open.sessions() {
                let here = current.is_some_and(|current| current.run == other.run);
                let text = words::with("run.listed", &[("name", &name(other)), ("state", &state_of(other).1)]);
                if ui.selectable_label(here, text).on_hover_text(&other.folder).clicked() {
                    actions.push(Action::Show(other.run));
                }
            }
        });
        let label = words::with("run.choose_named", &[("name", &text)]);
        chosen.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &label));
        if let Some(session) = current {
            chosen.response.on_hover_text(&session.folder);
        }
    }
}

/// The mark and the words for what is being done with a run.
fn state_of(session: &Session) -> (Icon, &'static str) {
    match session.state {
        _ if session.playing() => (Icon::Play, t("run.playing")),
        State::Running => (Icon::Play, t("run.running")),
        State::Stopping => (Icon::Pause, t("run.stopping")),
        State::Stopped => (Icon::Pause, t("run.stopped")),
        State::Failed(_) => (Icon::Cross, t("run.failed")),
        State::Watched => (Icon::Eye, t("run.watched")),
        State::Finished => (Icon::Done, t("run.finished")),
    }
}

fn state(ui: &mut Ui, session: &Session) {
    let palette = theme::palette(ui);
    let (icon, text) = state_of(session);
    let color = match session.state {
        _ if session.playing() => palette.accent,
        State::Running => palette.accent,
        State::Stopping | State::Stopped => palette.warn,
        State::Failed(_) => palette.bad,
        State::Watched => palette.muted,
        State::Finished => palette.good,
    };
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.x = theme::sizes().step;
        icons::show(ui, icon, 11.0, color);
        ui.label(RichText::new(text).color(color));
    });
    if let Some(moment) = session.moment.as_ref().filter(|_| session.working()) {
        now(ui, moment);
    }
}

/// What the engine is doing at this moment.
fn now(ui: &mut Ui, moment: &Moment) {
    let arm = words::arm(moment.arm);
    let verb = words::known(&format!("verb.{}", moment.phase)).unwrap_or(&moment.phase);
    let iteration = match moment.iteration {
        0 => t("run.start").to_owned(),
        iteration => words::with("run.iteration_short", &[("iteration", &iteration)]),
    };
    let text = words::with(
        "run.now",
        &[("verb", &verb), ("iteration", &iteration), ("done", &moment.done), ("all", &moment.total)],
    );
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a speed
    let speed = format::count(moment.tokens_per_second as usize);
    let speed = words::with("run.tokens_per_second", &[("count", &speed)]);
    let detail = words::with("run.iteration", &[("arm", &arm), ("iteration", &moment.iteration)]);
    ui.label(text).on_hover_text(format!("{detail}\n{speed}"));
}

/// Winds through the log of a run.
fn timeline(ui: &mut Ui, session: &Session, actions: &mut Vec<Action>) {
    // Where one is going to, not how far the fold has come on the way there.
    let (shown, all) = (session.aim(), session.position().1);
    if all < 2 {
        return;
    }
    if session.working() {
        if shown < all && ui.button(t("run.follow")).on_hover_text(t("run.follow_hint")).clicked() {
            actions.push(Action::Seek(session.run, all));
        }
    } else {
        let (icon, text, on) =
            if session.playing() { (Icon::Pause, t("run.pause"), false) } else { (Icon::Play, t("run.play"), true) };
        if ui.add(Button::new((icons::atom(icon, 10.0), text))).on_hover_text(t("run.play_hint")).clicked() {
            actions.push(Action::Play(session.run, on));
        }
    }
    let mut line = shown;
    let lines = RichText::new(words::with("run.lines", &[("shown", &shown), ("all", &all)]));
    // As wide as what stands behind it leaves, in a row of its own where that is too little.
    let behind = egui::WidgetText::from(lines.clone())
        .into_galley(ui, Some(egui::TextWrapMode::Extend), f32::INFINITY, egui::TextStyle::Body)
        .size()
        .x
        + 2.0 * ui.spacing().item_spacing.x;
    if ui.available_size_before_wrap().x < SLIDER + behind {
        ui.end_row();
    }
    ui.spacing_mut().slider_width = (ui.available_size_before_wrap().x - behind).max(SLIDER);
    let label = words::with("run.timeline", &[("shown", &shown), ("all", &all)]);
    let slider = ui.add(egui::Slider::new(&mut line, 1..=all).show_value(false).trailing_fill(true));
    slider.widget_info(|| egui::WidgetInfo::slider(true, as_f64(shown), &label));
    slider.on_hover_text(&label);
    ui.weak(lines);
    if line != shown {
        actions.push(Action::Seek(session.run, line));
    }
}

#[allow(clippy::cast_precision_loss)] // a line count
fn as_f64(lines: usize) -> f64 {
    lines as f64
}
