//! The bar at the top: what can be begun and opened, how it looks, the keys.

use egui::{Align, Button, Layout, RichText, ThemePreference, Ui, gui_zoom};

use crate::{
    engine::Command,
    view::{
        Action, Laboratory, Pick,
        icons::{self, Icon},
        session::Session,
        theme,
        words::{self, t},
    },
};

use super::keys::{CLOSE_HELP, OPEN};

/// Narrower bars leave out the program's name.
const WITH_NAME: f32 = 400.0;

/// Width of a menu.
const MENU: f32 = 280.0;

impl Laboratory {
    pub(super) fn top(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.horizontal_wrapped(|ui| {
            // On a telephone what can be pressed needs the room.
            if ui.available_width() > WITH_NAME {
                ui.label(RichText::new(t("app.name")).heading().strong());
                ui.add_space(theme::sizes().step * 2.0);
            }
            let palette = theme::palette(ui);
            let working = self.open.sessions().iter().any(Session::working);
            let text = RichText::new(t("app.run_demo")).color(palette.on_accent).strong();
            let on_accent = palette.on_accent;
            let icon = egui::Atom::paint(egui::vec2(11.0, 11.0), move |ui, args| {
                icons::draw(ui.painter(), args.rect, Icon::Play, on_accent);
            });
            let run = Button::new((icon, text))
                .fill(palette.accent)
                .min_size(egui::vec2(96.0, theme::sizes().control_height + 4.0));
            let awaited = self.demo.pressed();
            let hint = match (working, awaited) {
                (true, _) => t("app.run_demo_working"),
                (_, true) => t("app.run_demo_awaited"),
                _ => t("app.run_demo_hint"),
            };
            let free = !working && !awaited;
            let run = ui.add_enabled(free, run).on_hover_text(hint).on_disabled_hover_text(hint);
            self.shell.anchors[0] = Some(run.id);
            if run.clicked() {
                actions.push(Action::Demo);
            }
            if awaited {
                ui.weak(t("app.run_demo_awaited"));
            }
            self.open_menu(ui, actions);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.button(t("app.keys")).on_hover_text(t("app.keys_hint")).clicked() {
                    actions.push(Action::Help(!self.shell.help));
                }
                view_menu(ui);
            });
        });
    }

    /// What can be opened: a folder, the runs that were open lately, the recorded run.
    fn open_menu(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let menu = ui.menu_button(t("app.open"), |ui| {
            ui.set_min_width(MENU);
            let shortcut = ui.ctx().format_shortcut(&OPEN);
            if ui.add(Button::new(t("app.open_run")).shortcut_text(shortcut)).clicked() {
                actions.push(Action::Pick(Pick::Run));
            }
            if ui.button(t("app.open_packed")).on_hover_text(t("app.open_packed_hint")).clicked() {
                actions.push(Action::Pick(Pick::Packed));
            }
            if ui.button(t("app.recorded")).on_hover_text(t("app.recorded_hint")).clicked() {
                actions.push(Action::Recorded);
            }
            ui.separator();
            let open = |folder: &str| self.open.sessions().iter().find(|session| session.folder == folder);
            ui.weak(if self.open.recent().is_empty() { t("app.recent_none") } else { t("app.recent") });
            for folder in self.open.recent() {
                if ui.add(Button::new(short(folder)).truncate()).on_hover_text(folder).clicked() {
                    actions.push(match open(folder) {
                        Some(session) => Action::Show(session.run),
                        None => Action::Send(Command::Open { folder: folder.clone() }),
                    });
                }
            }
        });
        menu.response.on_hover_text(t("app.open_hint"));
    }
}

/// The last part of a path; the whole is shown on hover.
fn short(folder: &str) -> &str {
    folder.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or(folder)
}

/// Light and dark, and the size of everything.
fn view_menu(ui: &mut Ui) {
    let menu = ui.menu_button(t("app.view"), |ui| {
        ui.set_min_width(MENU * 0.7);
        ui.weak(t("app.colours"));
        let preference = ui.ctx().options(|options| options.theme_preference);
        for (theme, text) in [
            (ThemePreference::Light, t("app.light")),
            (ThemePreference::Dark, t("app.dark")),
            (ThemePreference::System, t("app.system")),
        ] {
            if ui.selectable_label(theme == preference, text).clicked() {
                ui.ctx().set_theme(theme);
            }
        }
        ui.separator();
        #[allow(clippy::cast_possible_truncation)] // a percentage
        let percent = (ui.ctx().zoom_factor() * 100.0).round() as i32;
        ui.weak(words::with("app.size", &[("percent", &percent)]));
        let shortcut = |ui: &Ui, keys| ui.ctx().format_shortcut(&keys);
        let larger = Button::new(t("app.larger")).shortcut_text(shortcut(ui, gui_zoom::kb_shortcuts::ZOOM_IN));
        if ui.add(larger).clicked() {
            gui_zoom::zoom_in(ui.ctx());
        }
        let smaller = Button::new(t("app.smaller")).shortcut_text(shortcut(ui, gui_zoom::kb_shortcuts::ZOOM_OUT));
        if ui.add(smaller).clicked() {
            gui_zoom::zoom_out(ui.ctx());
        }
        let usual = Button::new(t("app.usual")).shortcut_text(shortcut(ui, gui_zoom::kb_shortcuts::ZOOM_RESET));
        if ui.add(usual).clicked() {
            ui.ctx().set_zoom_factor(1.0);
        }
    });
    menu.response.on_hover_text(t("app.view_hint"));
}

impl Laboratory {
    /// The list of keys, over everything.
    pub(super) fn help(&self, ui: &Ui, actions: &mut Vec<Action>) {
        if !self.shell.help {
            return;
        }
        let modal = egui::Modal::new(egui::Id::unique("keys")).show(ui.ctx(), |ui| {
            ui.set_max_width(460.0);
            ui.label(RichText::new(t("keys.title")).heading());
            ui.add_space(theme::sizes().step);
            // A list is no control: its rows may be close.
            ui.spacing_mut().interact_size.y = 0.0;
            egui::ScrollArea::vertical().max_height(ui.ctx().content_rect().height() - 160.0).show(ui, |ui| {
                egui::Grid::new("keys").num_columns(2).spacing([24.0, 6.0]).show(ui, |ui| {
                    for (keys, text) in super::keys::list(ui.ctx()) {
                        ui.monospace(keys);
                        ui.label(text);
                        ui.end_row();
                    }
                });
            });
            ui.separator();
            ui.spacing_mut().interact_size.y = theme::sizes().control_height;
            ui.horizontal(|ui| {
                let close = ui.add(Button::new(t("keys.close")).shortcut_text(ui.ctx().format_shortcut(&CLOSE_HELP)));
                ui.weak(words::with("app.version", &[("version", &env!("CARGO_PKG_VERSION"))]));
                close.clicked()
            })
            .inner
        });
        if modal.inner || modal.should_close() {
            actions.push(Action::Help(false));
        }
    }
}
