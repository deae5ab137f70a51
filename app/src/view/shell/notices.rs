//! What the person is told: in a corner, above everything, without moving anything.

use egui::{Align2, Area, Id, Order, RichText, Ui, Vec2};

use crate::view::{
    Action, Laboratory,
    icons::{self, Icon},
    session::State,
    theme,
    words::t,
};

/// Seconds for which a notice stays that is not about a problem.
const SECONDS: f64 = 12.0;

/// How many notices are shown; older ones go.
const MOST: usize = 4;

const WIDTH: f32 = 360.0;

impl Laboratory {
    pub(super) fn notices(&mut self, ui: &Ui, now: f64) {
        self.notices.retain(|notice| notice.problem || now - notice.since < SECONDS);
        let surplus = self.notices.len().saturating_sub(MOST);
        self.notices.drain(..surplus);
        if self.notices.is_empty() {
            return;
        }
        let mut dismissed = None;
        let margin = -4.0 * theme::sizes().step;
        let area = Area::new(Id::unique("notices")).order(Order::Foreground);
        area.anchor(Align2::RIGHT_BOTTOM, Vec2::splat(margin)).show(ui.ctx(), |ui| {
            ui.set_width(WIDTH.min(ui.ctx().content_rect().width() + 2.0 * margin));
            for (index, notice) in self.notices.iter().enumerate() {
                theme::card(ui).shadow(ui.visuals().popup_shadow).show(ui, |ui| {
                    ui.set_width(ui.available_width());
                    ui.horizontal(|ui| {
                        let palette = theme::palette(ui);
                        let title = if notice.problem { t("app.problem") } else { t("app.notice") };
                        if notice.problem {
                            icons::show(ui, Icon::Cross, 12.0, palette.bad);
                        }
                        let color = if notice.problem { palette.bad } else { palette.muted };
                        ui.label(RichText::new(title).color(color).strong());
                        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                            if ui.small_button(t("app.dismiss")).clicked() {
                                dismissed = Some(index);
                            }
                        });
                    });
                    ui.add(egui::Label::new(notice.text.as_str()).wrap());
                });
            }
        });
        if let Some(index) = dismissed {
            self.notices.remove(index);
        }
        if self.notices.iter().any(|notice| !notice.problem) {
            ui.ctx().request_repaint_after(std::time::Duration::from_secs(1));
        }
    }

    /// Why the run that is shown failed, above its panel.
    pub(super) fn failure(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let Some(session) = self.current() else { return };
        let problem = match (&session.state, session.problem()) {
            (State::Failed(problem), _) => problem.as_str(),
            (_, Some(problem)) => problem,
            _ => return,
        };
        let palette = theme::palette(ui);
        theme::card(ui).stroke(egui::Stroke::new(1.0, palette.bad)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal(|ui| {
                icons::show(ui, Icon::Cross, 12.0, palette.bad);
                ui.label(RichText::new(t("run.failed_title")).color(palette.bad).strong());
            });
            ui.add(egui::Label::new(problem).wrap());
            ui.weak(t("run.failed_text"));
            ui.horizontal(|ui| {
                if ui.button(t("run.resume")).on_hover_text(t("run.resume_hint")).clicked() {
                    actions.push(Action::Resume(session.run));
                }
                if ui.button(t("run.close")).on_hover_text(t("run.close_hint")).clicked() {
                    actions.push(Action::Close(session.run));
                }
            });
        });
        ui.add_space(theme::sizes().step * 2.0);
    }
}
