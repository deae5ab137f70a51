//! The exercise at the end of a lesson: the question, the answer, and what is said to it.

use egui::{Button, Key, RichText, TextEdit, Ui};

use super::{
    Asked,
    progress::{Answered, LONGEST},
    question::{Right, number},
};
use crate::view::{
    markdown, theme,
    words::{self, t},
};

/// What somebody has answered.
#[derive(Debug, Default)]
pub struct Work(Answered);

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
        self.0.done
    }

    /// What is to be remembered; `None` where nothing was answered.
    pub fn answered(&self) -> Option<&Answered> {
        Some(&self.0).filter(|answered| **answered != Answered::default())
    }

    /// Goes on from what is remembered.
    pub fn restore(&mut self, answered: &Answered) {
        let bounded = |text: &str| -> String { text.chars().take(LONGEST).collect() };
        let (question, text) = (bounded(&answered.question), bounded(&answered.text));
        self.0 = Answered { question, text, ..*answered };
    }

    /// Draws the exercise; `run` is the name of the run it is about. Returns the link that was pressed.
    ///
    /// An answer to another question is not shown, and stays until this one is answered: a run that is
    /// wound back and forth, or read anew, changes its questions for a while.
    pub fn ui(&mut self, ui: &mut Ui, asked: &Asked, run: Option<&str>) -> Option<String> {
        let question = &asked.question;
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
            let entered = self.answer(ui, asked);
            ui.add_space(step);
            if ui.add(Button::new(t("lessons.check"))).clicked() || entered {
                let given = self.give(asked);
                given.checked = true;
                given.done |= said(given, &question.answer) == Said::Right;
            }
            self.feedback(ui, asked);
        });
        pressed
    }

    /// The answer to this question, where there is one.
    fn given(&self, asked: &Asked) -> Option<&Answered> {
        Some(&self.0).filter(|given| given.question == asked.mark)
    }

    /// The same, to be changed; an answer to another question is forgotten for it.
    fn give(&mut self, asked: &Asked) -> &mut Answered {
        if self.given(asked).is_none() {
            self.0 = Answered { done: self.0.done, question: asked.mark.clone(), ..Answered::default() };
        }
        &mut self.0
    }

    /// The choices or the field; true when Enter was pressed in it.
    fn answer(&mut self, ui: &mut Ui, asked: &Asked) -> bool {
        match &asked.question.answer {
            Right::Choice(options) => {
                // An empty circle would have the colour of the card.
                ui.visuals_mut().widgets.inactive.bg_fill = theme::palette(ui).pressed;
                let choice = self.given(asked).and_then(|given| given.choice);
                for (index, (text, _)) in options.iter().enumerate() {
                    if ui.radio(choice == Some(index), text).clicked() {
                        let given = self.give(asked);
                        (given.choice, given.checked) = (Some(index), false);
                    }
                }
                false
            }
            Right::Number { .. } => {
                let mut entered = false;
                ui.horizontal(|ui| {
                    let label = ui.label(t("lessons.answer"));
                    let width = theme::sizes().step * 30.0;
                    let mut text = self.given(asked).map(|given| given.text.clone()).unwrap_or_default();
                    let field = ui.add(TextEdit::singleline(&mut text).char_limit(LONGEST).desired_width(width));
                    if field.changed() {
                        let given = self.give(asked);
                        (given.text, given.checked) = (text, false);
                    }
                    entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
                    field.labelled_by(label.id);
                });
                entered
            }
        }
    }

    fn feedback(&self, ui: &mut Ui, asked: &Asked) {
        let (palette, question) = (theme::palette(ui), &asked.question);
        let Some(given) = self.given(asked).filter(|given| given.checked) else { return };
        let (color, head, text) = match said(given, &question.answer) {
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

/// What is to be said to an answer.
fn said(given: &Answered, right: &Right) -> Said {
    let verdict = |right| if right { Said::Right } else { Said::Wrong };
    match right {
        Right::Choice(_) => given.choice.map_or(Said::NoChoice, |choice| verdict(right.chosen(choice))),
        Right::Number { .. } => number(&given.text).map_or(Said::NoNumber, |number| verdict(right.near(number))),
    }
}
