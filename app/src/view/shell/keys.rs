//! What the keyboard does everywhere.

use egui::{Context, Key, KeyboardShortcut, Modifiers, Ui, gui_zoom::kb_shortcuts};

use crate::view::{
    Action, Laboratory, Pick,
    panels::Panel,
    session::State,
    words::{self, t},
};

pub(super) const OPEN: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::O);
pub(super) const CLOSE_HELP: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::Escape);
const CLOSE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::W);
const PLAY: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::P);
const BACK: KeyboardShortcut = KeyboardShortcut::new(Modifiers::ALT, Key::ArrowLeft);
const ON: KeyboardShortcut = KeyboardShortcut::new(Modifiers::ALT, Key::ArrowRight);
const FIRST: KeyboardShortcut = KeyboardShortcut::new(Modifiers::ALT, Key::Home);
const LAST: KeyboardShortcut = KeyboardShortcut::new(Modifiers::ALT, Key::End);
const HELP: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::F1);
const ZONE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::F6);
/// The digits in the order of the keyboard, on which nought is the last, and then a letter.
pub(super) const OF_PANELS: [Key; 11] = [
    Key::Num1,
    Key::Num2,
    Key::Num3,
    Key::Num4,
    Key::Num5,
    Key::Num6,
    Key::Num7,
    Key::Num8,
    Key::Num9,
    Key::Num0,
    Key::G,
];

/// The keys that go to a panel.
pub(super) fn of_panel(panel: Panel) -> Option<KeyboardShortcut> {
    let index = Panel::ALL.iter().position(|other| *other == panel)?;
    Some(KeyboardShortcut::new(Modifiers::COMMAND, *OF_PANELS.get(index)?))
}

/// All keys with what they do.
pub(super) fn list(context: &Context) -> Vec<(String, String)> {
    let name = |keys: &KeyboardShortcut| context.format_shortcut(keys);
    let mut all: Vec<(String, String)> = Panel::ALL
        .into_iter()
        .filter_map(|panel| Some((name(&of_panel(panel)?), words::with("keys.panel", &[("panel", &panel.title())]))))
        .collect();
    let two = |a: &KeyboardShortcut, b: &KeyboardShortcut| format!("{}, {}", name(a), name(b));
    let mut add = |keys: String, text: &str| all.push((keys, text.to_owned()));
    add(name(&OPEN), t("keys.open"));
    add(name(&CLOSE), t("keys.close_run"));
    add(name(&PLAY), t("keys.play"));
    add(two(&BACK, &ON), t("keys.wind"));
    add(two(&FIRST, &LAST), t("keys.ends"));
    add(two(&kb_shortcuts::ZOOM_IN, &kb_shortcuts::ZOOM_OUT), t("keys.size"));
    add(name(&kb_shortcuts::ZOOM_RESET), t("keys.usual"));
    add(t("keys.tab_keys").to_owned(), t("keys.tab"));
    add(name(&ZONE), t("keys.zone"));
    add(t("keys.press_keys").to_owned(), t("keys.press"));
    add(format!("{}, ?", name(&HELP)), t("keys.help"));
    all
}

impl Laboratory {
    /// Does what the keyboard asks for, before anything else sees the keys.
    pub(super) fn keys(&mut self, ui: &Ui, actions: &mut Vec<Action>) {
        let pressed = |keys: &KeyboardShortcut| ui.input_mut(|input| input.consume_shortcut(keys));
        for panel in Panel::ALL {
            if of_panel(panel).is_some_and(|keys| pressed(&keys)) {
                actions.push(Action::Go(panel));
            }
        }
        if pressed(&OPEN) {
            actions.push(Action::Pick(Pick::Run));
        }
        // A question mark in a text is one.
        let asked = !ui.ctx().egui_wants_keyboard_input()
            && ui.input(|input| input.events.iter().any(|e| matches!(e, egui::Event::Text(text) if text == "?")));
        if pressed(&HELP) || asked {
            actions.push(Action::Help(!self.shell.help));
        }
        if pressed(&ZONE) {
            self.shell.zone = (self.shell.zone + 1) % self.shell.anchors.len();
            if let Some(id) = self.shell.anchors.get(self.shell.zone).copied().flatten() {
                ui.memory_mut(|memory| memory.request_focus(id));
            }
        }
        let Some(session) = self.current() else { return };
        let run = session.run;
        if pressed(&CLOSE) && !session.working() {
            actions.push(Action::Close(run));
        }
        if pressed(&PLAY) && session.state != State::Running {
            actions.push(Action::Play(run, !session.playing()));
        }
        // In a text field these move between words.
        if !ui.ctx().egui_wants_keyboard_input() {
            let (aim, all) = (session.aim(), session.position().1);
            for (keys, line) in [(BACK, aim.saturating_sub(1)), (ON, aim + 1), (FIRST, 1), (LAST, all)] {
                if pressed(&keys) {
                    actions.push(Action::Seek(run, line));
                }
            }
        }
    }
}
