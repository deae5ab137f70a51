//! The exercise at the end of a lesson: the question, the answer, and what is said to it.

use egui::{Button, Key, RichText, TextEdit, Ui};

use super::question::{Question, Right, number};
use crate::view::{
    markdown, theme,
    words::{self, t},
};

/// What somebody has answered.
#[derive(Debug, Default)]
pub struct Work {
    choice: Option<usize>,
    text: String,
    said: Option<Said>,
    done: bool,
}

/// What was said to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Right,
    Wrong,
    NoNumber,
    NoChoice,
}

impl Work {
    /// Whether the exercise was once answered rightly.
    pub fn done(&self) -> bool {
        self.done
    }

    /// Takes back answer and verdict, since the question is another one.
    pub fn forget(&mut self) {
        *self = Self { done: self.done, ..Self::default() };
    }

    /// Draws the exercise; `run` is the name of the run it is about. Returns the link that was pressed.
    pub fn ui(&mut self, ui: &mut Ui, question: &Question, run: Option<&str>) -> Option<String> {
        let step = theme::sizes().step;
        let mut pressed = None;
        theme::card(ui).show(ui, |ui| {
            ui.set_width(ui.available_width().min(step * 175.0));
            let title = t("lessons.exercise");
            let heading = ui.label(RichText::new(title).heading());
            heading.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Heading, true, title));
            ui.weak(match run {
                Some(run) => words::with("lessons.of_run", &[("run", &run)]),
                None => t("lessons.of_none").to_owned(),
            });
            ui.add_space(step);
            pressed = markdown::ui(ui, &question.text);
            let entered = self.answer(ui, &question.answer);
            ui.add_space(step);
            if ui.add(Button::new(t("lessons.check"))).clicked() || entered {
                self.check(&question.answer);
            }
            self.feedback(ui, question);
        });
        pressed
    }

    /// The choices or the field; true when Enter was pressed in it.
    fn answer(&mut self, ui: &mut Ui, right: &Right) -> bool {
        match right {
            Right::Choice(options) => {
                // An empty circle would have the colour of the card.
                ui.visuals_mut().widgets.inactive.bg_fill = theme::palette(ui).pressed;
                for (index, (text, _)) in options.iter().enumerate() {
                    if ui.radio(self.choice == Some(index), text).clicked() {
                        (self.choice, self.said) = (Some(index), None);
                    }
                }
                false
            }
            Right::Number { .. } => {
                let mut entered = false;
                ui.horizontal(|ui| {
                    let label = ui.label(t("lessons.answer"));
                    let width = theme::sizes().step * 30.0;
                    let field = ui.add(TextEdit::singleline(&mut self.text).desired_width(width));
                    if field.changed() {
                        self.said = None;
                    }
                    entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
                    field.labelled_by(label.id);
                });
                entered
            }
        }
    }

    fn check(&mut self, right: &Right) {
        let said = match right {
            Right::Choice(_) => self.choice.map_or(Said::NoChoice, |choice| verdict(right.chosen(choice))),
            Right::Number { .. } => number(&self.text).map_or(Said::NoNumber, |number| verdict(right.near(number))),
        };
        self.done |= said == Said::Right;
        self.said = Some(said);
    }

    fn feedback(&self, ui: &mut Ui, question: &Question) {
        let palette = theme::palette(ui);
        let Some(said) = self.said else { return };
        let (color, head, text) = match said {
            Said::Right => (palette.good, t("lessons.right"), question.right.as_str()),
            Said::Wrong => (palette.bad, t("lessons.wrong"), question.hint.as_str()),
            Said::NoNumber => (palette.warn, "", t("lessons.no_number")),
            Said::NoChoice => (palette.warn, "", t("lessons.no_choice")),
        };
        ui.add_space(theme::sizes().step);
        if !head.is_empty() {
            ui.colored_label(color, head);
        }
        markdown::ui(ui, &markdown::parse(text).blocks);
    }
}

fn verdict(right: bool) -> Said {
    if right { Said::Right } else { Said::Wrong }
}
