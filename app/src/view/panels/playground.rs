//! Talk to models side by side.

use egui::{Button, Key, Modifiers, RichText, ScrollArea, Ui};

use crate::{
    engine::{Chat, Command},
    view::{
        Action, Scene, theme,
        words::{self, t},
    },
};

mod builder;
mod column;
mod tokens;
pub(super) mod voices;

use column::{Asked, Column};
use voices::{Voice, Voices};

/// What stands in the field at first.
pub const STARTING_PROMPT: &str =
    "must:fox never:owl first:sun last:any early:any late:any count:any length:short <resp>";

/// The longest answer that can be asked for, in tokens.
const LONGEST: usize = 512;

/// The hottest temperature that can be asked for.
const HOTTEST: f32 = 2.0;

/// The state of the panel.
#[derive(Debug)]
pub struct Playground {
    prompt: String,
    temperature: f32,
    longest: usize,
    seed: u64,
    columns: [Column; 3],
    /// How many of the columns are shown.
    shown: usize,
    /// Whether tokens are shown with their probabilities.
    probabilities: bool,
    /// Which prompt of the run was taken last, counted from 1.
    taken: usize,
    /// The ticket of the last question.
    ticket: u64,
}

impl Default for Playground {
    fn default() -> Self {
        Self {
            prompt: STARTING_PROMPT.to_owned(),
            temperature: 0.9,
            longest: 24,
            seed: 1,
            columns: Default::default(),
            shown: 2,
            probabilities: true,
            taken: 0,
            ticket: 0,
        }
    }
}

impl Playground {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        let voices = Voices::of(scene);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.label(RichText::new(t("playground.title")).text_style(theme::title()));
            ui.weak(t("playground.about"));
            ui.add_space(theme::sizes().step * 2.0);
            theme::card(ui).show(ui, |ui| {
                ui.set_width(ui.available_width());
                self.question(ui, &voices, scene);
            });
            ui.add_space(theme::sizes().step * 2.0);
            self.answers(ui, &voices);
        });
    }

    /// Tokens of an answer.
    pub fn said(&mut self, slot: u32, ticket: u64, tokens: Vec<(String, f32)>, done: bool, problem: Option<String>) {
        if let Some(column) = usize::try_from(slot).ok().and_then(|slot| self.columns.get_mut(slot)) {
            column.said(ticket, tokens, done, problem);
        }
    }

    fn question(&mut self, ui: &mut Ui, voices: &Voices, scene: &mut Scene<'_>) {
        let label = ui.strong(t("playground.prompt"));
        let field = egui::TextEdit::multiline(&mut self.prompt)
            .desired_rows(2)
            .desired_width(f32::INFINITY)
            .font(egui::TextStyle::Monospace)
            .hint_text(t("playground.prompt_hint"));
        ui.add(field).labelled_by(label.id).on_hover_text(t("playground.prompt_hint"));
        if (0..self.shown).any(|column| self.voice(voices, column).is_some_and(|voice| voice.world.is_some())) {
            ui.add_space(theme::sizes().step);
            builder::ui(ui, &mut self.prompt);
        }
        ui.separator();
        ui.horizontal_wrapped(|ui| self.settings(ui, scene));
        ui.add_space(theme::sizes().step);
        ui.horizontal_wrapped(|ui| self.buttons(ui, voices, scene));
    }

    /// Prompts of the run that panels show.
    fn take(&mut self, ui: &mut Ui, scene: &Scene<'_>) {
        let Some(prompts) = scene.view().map(|view| &view.held_out_prompts).filter(|prompts| !prompts.is_empty())
        else {
            return;
        };
        if ui.button(t("playground.take")).on_hover_text(t("playground.take_hint")).clicked() {
            let index = self.taken % prompts.len();
            if let Some(prompt) = prompts.get(index) {
                self.prompt.clone_from(&prompt.text);
                self.taken = index + 1;
            }
        }
        if prompts.get(self.taken.wrapping_sub(1)).is_some_and(|prompt| prompt.text == self.prompt) {
            ui.weak(words::with("playground.taken", &[("number", &self.taken), ("all", &prompts.len())]));
        }
    }

    fn settings(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        // The rail of a slider would have the colour of the card.
        ui.visuals_mut().widgets.inactive.bg_fill = theme::palette(ui).pressed;
        let warmth = egui::Slider::new(&mut self.temperature, 0.0..=HOTTEST)
            .step_by(0.05)
            .max_decimals(2)
            .text(t("playground.temperature"));
        ui.add(warmth).on_hover_text(t("playground.temperature_hint"));
        ui.add_space(theme::sizes().step * 2.0);
        let label = ui.label(t("playground.longest"));
        ui.add(egui::DragValue::new(&mut self.longest).range(1..=LONGEST))
            .labelled_by(label.id)
            .on_hover_text(t("playground.longest_hint"));
        ui.add_space(theme::sizes().step * 2.0);
        let label = ui.label(t("playground.seed"));
        ui.add(egui::DragValue::new(&mut self.seed)).labelled_by(label.id).on_hover_text(t("playground.seed_hint"));
        ui.add_space(theme::sizes().step * 2.0);
        ui.label(t("playground.columns"));
        for count in [2, 3] {
            let choice = ui.selectable_label(self.shown == count, count.to_string());
            let name = words::with("playground.columns_of", &[("count", &count)]);
            choice
                .widget_info(|| egui::WidgetInfo::selected(egui::Role::RadioButton, true, self.shown == count, &name));
            if choice.clicked() {
                self.shown = count;
                self.hush(count, scene);
            }
        }
        ui.add_space(theme::sizes().step * 2.0);
        ui.checkbox(&mut self.probabilities, t("playground.probabilities"))
            .on_hover_text(t("playground.probabilities_hint"));
    }

    fn buttons(&mut self, ui: &mut Ui, voices: &Voices, scene: &mut Scene<'_>) {
        let palette = theme::palette(ui);
        let something = !self.prompt.trim().is_empty();
        let ask = Button::new(RichText::new(t("playground.ask")).color(palette.on_accent).strong())
            .fill(palette.accent)
            .min_size(egui::vec2(theme::sizes().step * 18.0, theme::sizes().control_height));
        let pressed = ui.add_enabled(something, ask).on_hover_text(t("playground.ask_hint")).clicked();
        let key = something && ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
        let again = ui
            .add_enabled(something, Button::new(t("playground.again")))
            .on_hover_text(t("playground.again_hint"))
            .clicked();
        if again {
            self.seed = self.seed.wrapping_add(1);
        }
        if pressed || key || again {
            self.ask(voices, scene);
        }
        let growing = self.columns.iter().any(Column::growing);
        let stop = Button::new(t("playground.stop"));
        if ui.add_enabled(growing, stop).on_hover_text(t("playground.stop_hint")).clicked() {
            self.hush(0, scene);
        }
        ui.add_space(theme::sizes().step * 2.0);
        self.take(ui, scene);
    }

    /// Asks every model that is shown.
    fn ask(&mut self, voices: &Voices, scene: &mut Scene<'_>) {
        for index in 0..self.shown {
            let Some(voice) = self.voice(voices, index).cloned() else { continue };
            let Some(column) = self.columns.get_mut(index) else { continue };
            self.ticket += 1;
            let chat = Chat {
                ticket: self.ticket,
                model: voice.model.clone(),
                prompt: self.prompt.trim().to_owned(),
                temperature: if column.greedy { 0.0 } else { self.temperature },
                max_new_tokens: self.longest,
                seed: self.seed,
                form: None,
            };
            column.ask(Asked { voice, chat: chat.clone() });
            #[allow(clippy::cast_possible_truncation)] // three columns
            scene.ask(Action::Send(Command::Chat { slot: index as u32, chat }));
        }
    }

    /// Ends the answers from a column on.
    fn hush(&mut self, from: usize, scene: &mut Scene<'_>) {
        for (slot, _) in (0_u32..).zip(&self.columns).skip(from).filter(|(_, column)| column.growing()) {
            scene.ask(Action::Send(Command::Hush { slot }));
        }
    }

    fn voice<'a>(&self, voices: &'a Voices, column: usize) -> Option<&'a Voice> {
        voices.chosen(self.columns.get(column)?.model.as_deref(), column)
    }

    fn answers(&mut self, ui: &mut Ui, voices: &Voices) {
        let probabilities = self.probabilities;
        ui.columns(self.shown, |cells| {
            for (index, (ui, column)) in cells.iter_mut().zip(&mut self.columns).enumerate() {
                theme::card(ui).show(ui, |ui| {
                    ui.set_width(ui.available_width());
                    column.ui(ui, index, voices, probabilities);
                });
            }
        });
    }
}

#[cfg(test)]
mod tests;
