//! The frame around the panels: navigation, the run that is shown, notices.

use egui::{Align, Button, Key, Layout, Modifiers, RichText, Ui};

use super::{
    Action, Laboratory, Pick, Scene,
    panels::Panel,
    session::{Session, State},
    theme,
    words::{self, t},
};
use crate::engine::{Command, Request};

/// Seconds for which a notice stays.
const NOTICE_SECONDS: f64 = 12.0;

/// Below this width the navigation stands above the panel instead of beside it.
const NARROW: f32 = 760.0;

impl Laboratory {
    /// Draws everything. To be called once a frame.
    pub fn ui(&mut self, ui: &mut Ui) {
        let now = ui.input(|input| input.time);
        let passed = f64::from(ui.input(|input| input.stable_dt));
        self.now = now;
        self.listen(now);
        let mut playing = false;
        for session in &mut self.sessions {
            playing |= session.pass(passed);
        }
        if playing {
            ui.ctx().request_repaint();
        }
        let mut actions = Vec::new();
        self.keys(ui, &mut actions);
        let narrow = ui.available_width() < NARROW;
        egui::Panel::top("top").show(ui, |ui| self.top(ui, narrow, &mut actions));
        if !narrow {
            egui::Panel::left("rail").resizable(false).exact_size(theme::sizes().rail).show(ui, |ui| {
                ui.add_space(theme::sizes().step * 2.0);
                ui.with_layout(Layout::top_down_justified(Align::Min), |ui| self.rail(ui, &mut actions));
            });
        }
        egui::CentralPanel::default().show(ui, |ui| {
            self.notices(ui, now);
            let current = self.sessions.iter().find(|session| Some(session.run) == self.current);
            let mut scene = Scene { sessions: &self.sessions, current, actions: &mut actions };
            self.panels.ui(self.panel, ui, &mut scene);
        });
        for action in actions {
            self.act(action, now);
        }
    }

    /// Ctrl and a digit goes to a panel.
    fn keys(&self, ui: &Ui, actions: &mut Vec<Action>) {
        const DIGITS: [Key; 8] =
            [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8];
        for (key, panel) in DIGITS.into_iter().zip(Panel::ALL) {
            if ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, key)) {
                actions.push(Action::Go(panel));
            }
        }
    }

    fn top(&self, ui: &mut Ui, narrow: bool, actions: &mut Vec<Action>) {
        ui.add_space(theme::sizes().step);
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(t("app.name")).heading().strong());
            let palette = theme::palette(ui);
            let working = self.sessions.iter().any(|s| matches!(s.state, State::Running | State::Stopping));
            let run = Button::new(RichText::new(t("app.run_demo")).color(palette.on_accent).strong())
                .fill(palette.accent)
                .min_size(egui::vec2(72.0, theme::sizes().control_height));
            if ui.add_enabled(!working, run).on_hover_text(t("app.run_demo_hint")).clicked() {
                actions.push(Action::Send(Command::Start { request: Request::new("scir") }));
                actions.push(Action::Go(Panel::Iterations));
            }
            if ui.button(t("app.open_run")).on_hover_text(t("app.open_run_hint")).clicked() {
                actions.push(Action::Pick(Pick::Run));
            }
            ui.separator();
            self.run_bar(ui, actions);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let dark = ui.visuals().dark_mode;
                let other = if dark { t("app.light") } else { t("app.dark") };
                if ui.button(other).on_hover_text(t("app.mode_hint")).clicked() {
                    let mode = if dark { egui::Theme::Light } else { egui::Theme::Dark };
                    ui.ctx().set_theme(mode);
                }
            });
        });
        if narrow {
            ui.horizontal_wrapped(|ui| self.rail(ui, actions));
        }
        ui.add_space(theme::sizes().step);
    }

    /// The run that panels show, and what can be done with it.
    fn run_bar(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let Some(session) = self.sessions.iter().find(|session| Some(session.run) == self.current) else {
            ui.weak(t("app.no_runs"));
            return;
        };
        let chosen = egui::ComboBox::from_id_salt("run").selected_text(session.name()).show_ui(ui, |ui| {
            for other in &self.sessions {
                if ui.selectable_label(other.run == session.run, other.name()).clicked() {
                    actions.push(Action::Show(other.run));
                }
            }
        });
        chosen.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, t("run.choose")));
        ui.label(state_text(ui, session));
        match session.state {
            State::Running => {
                if ui.button(t("run.stop")).on_hover_text(t("run.stop_hint")).clicked() {
                    actions.push(Action::Stop(session.run));
                }
            }
            State::Stopped | State::Failed(_) => {
                if ui.button(t("run.resume")).on_hover_text(t("run.resume_hint")).clicked() {
                    actions.push(Action::Resume(session.run));
                }
            }
            State::Stopping | State::Watched | State::Finished => {}
        }
        timeline(ui, session, actions);
        if !matches!(session.state, State::Running | State::Stopping)
            && ui.button(t("run.close")).on_hover_text(t("run.close_hint")).clicked()
        {
            actions.push(Action::Close(session.run));
        }
    }

    fn rail(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        for panel in Panel::ALL {
            if ui.selectable_label(panel == self.panel, panel.title()).clicked() {
                actions.push(Action::Go(panel));
            }
        }
    }

    fn notices(&mut self, ui: &mut Ui, now: f64) {
        self.notices.retain(|(since, _)| now - since < NOTICE_SECONDS);
        let mut dismissed = None;
        for (index, (_, text)) in self.notices.iter().enumerate() {
            theme::card(ui).show(ui, |ui| {
                ui.horizontal_wrapped(|ui| {
                    ui.colored_label(theme::palette(ui).warn, text);
                    if ui.small_button(t("app.dismiss")).clicked() {
                        dismissed = Some(index);
                    }
                });
            });
        }
        if let Some(index) = dismissed {
            self.notices.remove(index);
        }
        if !self.notices.is_empty() {
            ui.ctx().request_repaint_after(std::time::Duration::from_secs(1));
        }
    }
}

/// What is being done with a run, in its colour.
fn state_text(ui: &Ui, session: &Session) -> RichText {
    let palette = theme::palette(ui);
    match &session.state {
        State::Running => RichText::new(t("run.running")).color(palette.accent),
        State::Stopping => RichText::new(t("run.stopping")).color(palette.warn),
        State::Stopped => RichText::new(t("run.stopped")).color(palette.warn),
        State::Failed(problem) => RichText::new(format!("{}: {problem}", t("run.failed"))).color(palette.bad),
        State::Watched => RichText::new(t("run.watched")).color(palette.muted),
        State::Finished => RichText::new(t("run.finished")).color(palette.good),
    }
}

/// Winds through the log of a run.
fn timeline(ui: &mut Ui, session: &Session, actions: &mut Vec<Action>) {
    let (shown, all) = session.position();
    if all < 2 {
        return;
    }
    let (text, on) = if session.playing() { (t("run.pause"), false) } else { (t("run.play"), true) };
    if session.state != State::Running && ui.button(text).clicked() {
        actions.push(Action::Play(session.run, on));
    }
    let mut line = shown;
    ui.spacing_mut().slider_width = 160.0;
    let label = words::with("run.timeline", &[("shown", &shown), ("all", &all)]);
    let slider = ui.add(egui::Slider::new(&mut line, 1..=all).show_value(false)).on_hover_text(&label);
    slider.widget_info(|| egui::WidgetInfo::slider(true, all_as_f64(shown), &label));
    if line != shown {
        actions.push(Action::Seek(session.run, line));
    }
}

#[allow(clippy::cast_precision_loss)] // a line count
fn all_as_f64(lines: usize) -> f64 {
    lines as f64
}

/// What a panel shows where there is no run, or nothing of it yet.
pub fn empty(ui: &mut Ui) {
    ui.add_space(theme::sizes().step * 10.0);
    ui.vertical_centered(|ui| {
        ui.label(RichText::new(t("app.empty_title")).heading());
        ui.weak(t("app.empty_text"));
    });
}
