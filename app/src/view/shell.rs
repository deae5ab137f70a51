//! The frame around the panels: what can be begun and opened, the run that is shown, navigation,
//! notices, keys.

use egui::{Id, RichText, Sense, Ui};

use super::{Laboratory, Scene, theme, words::t};

mod keys;
mod notices;
mod rail;
mod run_bar;
mod top;

/// Below this width the navigation stands above the panel instead of beside it.
const NARROW: f32 = 760.0;

/// What the frame itself remembers.
#[derive(Debug, Default)]
pub(super) struct Shell {
    /// Whether the list of keys is shown.
    pub(super) help: bool,
    /// Where F6 was last: the top, the navigation, the panel.
    zone: usize,
    /// The first thing to reach in each of them, as the last frame had it.
    anchors: [Option<Id>; 3],
}

impl Laboratory {
    /// Draws everything. To be called once a frame.
    pub fn ui(&mut self, ui: &mut Ui) {
        let now = ui.input(|input| input.time);
        let passed = f64::from(ui.input(|input| input.stable_dt));
        self.now = now;
        self.listen(now);
        let mut playing = false;
        for session in self.open.sessions_mut() {
            playing |= session.pass(passed);
        }
        if playing {
            ui.ctx().request_repaint();
        }
        let mut actions = Vec::new();
        self.keys(ui, &mut actions);
        let narrow = ui.available_width() < NARROW;
        egui::Panel::top("top").frame(bar(ui)).show_separator_line(false).show(ui, |ui| self.top(ui, &mut actions));
        if !self.open.sessions().is_empty() {
            egui::Panel::top("run").frame(bar(ui)).show(ui, |ui| self.run_bar(ui, &mut actions));
        }
        if narrow {
            egui::Panel::top("rail").frame(bar(ui)).show(ui, |ui| {
                ui.horizontal_wrapped(|ui| self.rail(ui, narrow, &mut actions));
            });
        } else {
            let width = theme::sizes().rail;
            egui::Panel::left("rail").resizable(false).exact_size(width).show(ui, |ui| {
                ui.add_space(theme::sizes().step * 2.0);
                egui::ScrollArea::vertical().show(ui, |ui| {
                    let layout = egui::Layout::top_down_justified(egui::Align::Min);
                    ui.with_layout(layout, |ui| self.rail(ui, narrow, &mut actions));
                });
            });
        }
        egui::CentralPanel::default().show(ui, |ui| {
            // Where F6 leads, so that Tab goes on into the panel; screen readers say where they are.
            let start = egui::Rect::from_min_size(ui.cursor().min, egui::Vec2::ZERO);
            let id = Id::unique("panel");
            let anchor = ui.interact(start, id, Sense::focusable_noninteractive());
            anchor.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Pane, true, t("app.panel")));
            self.shell.anchors[2] = Some(id);
            self.failure(ui, &mut actions);
            let (sessions, current) = (self.open.sessions(), self.open.current());
            let mut scene = Scene { sessions, current, actions: &mut actions };
            self.panels.ui(self.panel, ui, &mut scene);
        });
        self.notices(ui, now);
        self.help(ui, &mut actions);
        self.saving(ui, &mut actions);
        for action in actions {
            self.act(action, now);
        }
    }

    /// While the window waits for what is being saved.
    fn saving(&self, ui: &Ui, actions: &mut Vec<super::Action>) {
        if !self.closing {
            return;
        }
        egui::Modal::new(Id::unique("saving")).show(ui.ctx(), |ui| {
            ui.set_max_width(380.0);
            ui.horizontal(|ui| {
                ui.spinner();
                ui.label(RichText::new(t("app.saving")).heading());
            });
            ui.label(t("app.saving_text"));
            ui.add_space(theme::sizes().step);
            if ui.button(t("app.close_at_once")).on_hover_text(t("app.close_at_once_hint")).clicked() {
                actions.push(super::Action::Quit);
            }
        });
    }
}

/// The frame of a bar at the top.
fn bar(ui: &Ui) -> egui::Frame {
    let step = theme::sizes().step;
    #[allow(clippy::cast_possible_truncation)] // a small number
    let margin = egui::Margin::symmetric((3.0 * step) as i8, (1.5 * step) as i8);
    egui::Frame::new().fill(theme::palette(ui).panel).inner_margin(margin)
}

/// What a panel shows where there is no run, or nothing of it yet.
pub fn empty(ui: &mut Ui) {
    ui.add_space(theme::sizes().step * 10.0);
    ui.vertical_centered(|ui| {
        ui.set_max_width(480.0);
        ui.label(RichText::new(t("app.empty_title")).heading());
        ui.weak(t("app.empty_text"));
    });
}

#[cfg(test)]
mod tests;
