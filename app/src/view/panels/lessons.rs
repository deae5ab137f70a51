//! The guided tour: six lessons that drive the window, each with an exercise whose right answer is
//! that of the run that is shown.

use egui::{Align, Button, Layout, RichText, ScrollArea, Ui};

use crate::{
    engine::RunId,
    view::{
        Scene, markdown, theme,
        words::{self, t},
    },
};

mod book;
mod exercise;
mod link;
mod question;

use book::{Lesson, lessons};
use exercise::Work;
use link::Link;
use question::Question;

/// The width of the list of lessons, in steps of the grid.
const LIST: f32 = 56.0;

/// Below this width, in steps of the grid, the list stands above the lesson.
const NARROW: f32 = 165.0;

/// The state of the panel.
#[derive(Debug, Default)]
pub struct Lessons {
    /// The lesson that is open.
    open: usize,
    /// What was answered, by lesson.
    work: Vec<Work>,
    /// The question of the open lesson, for a lesson and as much of a run.
    asked: Option<(Key, Question)>,
}

/// What a question depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    lesson: usize,
    run: Option<(RunId, usize)>,
}

impl Lessons {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        self.work.resize_with(lessons().len(), Work::default);
        let Some(lesson) = lessons().get(self.open) else { return };
        self.pose(lesson, scene);
        let step = theme::sizes().step;
        if ui.available_width() < NARROW * step {
            ui.horizontal_wrapped(|ui| self.list(ui));
            ui.separator();
            self.page(ui, lesson, scene);
        } else {
            ui.horizontal_top(|ui| {
                ui.allocate_ui_with_layout(
                    egui::vec2(LIST * step, ui.available_height()),
                    Layout::top_down_justified(Align::Min),
                    |ui| self.list(ui),
                );
                ui.separator();
                ui.vertical(|ui| self.page(ui, lesson, scene));
            });
        }
    }

    /// Computes the question again where the lesson or the run has changed. A verdict about
    /// another question does not stay.
    fn pose(&mut self, lesson: &Lesson, scene: &Scene<'_>) {
        let run = scene.current.and_then(|session| Some((session.run, session.view()?.lines)));
        let key = Key { lesson: self.open, run };
        if self.asked.as_ref().is_some_and(|(known, _)| *known == key) {
            return;
        }
        let question = Question::of(&lesson.exercise, scene.view());
        let same = self.asked.as_ref().is_some_and(|(known, old)| known.lesson == key.lesson && *old == question);
        if !same && let Some(work) = self.work.get_mut(self.open) {
            work.forget();
        }
        self.asked = Some((key, question));
    }

    fn list(&mut self, ui: &mut Ui) {
        let done = self.work.iter().filter(|work| work.done()).count();
        ui.label(RichText::new(t("lessons.title")).text_style(theme::title()));
        ui.weak(words::with("lessons.progress", &[("done", &done), ("all", &lessons().len())]));
        ui.add_space(theme::sizes().step);
        for (index, (lesson, work)) in lessons().iter().zip(&self.work).enumerate() {
            let values: [(&str, &dyn std::fmt::Display); 2] = [("number", &(index + 1)), ("title", &lesson.title)];
            let name = if work.done() {
                words::with("lessons.lesson_done", &values)
            } else {
                words::with("lessons.lesson", &values)
            };
            let text =
                if work.done() { RichText::new(&name).color(theme::palette(ui).good) } else { RichText::new(&name) };
            if ui.add(Button::selectable(index == self.open, text).wrap()).clicked() {
                self.open = index;
            }
        }
    }

    fn page(&mut self, ui: &mut Ui, lesson: &Lesson, scene: &mut Scene<'_>) {
        let mut pressed = None;
        let (open, work, asked) = (self.open, &mut self.work, &self.asked);
        let mut next = None;
        ScrollArea::vertical().id_salt(("lesson", open)).auto_shrink(false).show(ui, |ui| {
            pressed = markdown::ui(ui, &lesson.blocks);
            ui.add_space(theme::sizes().step * 3.0);
            if let (Some((_, question)), Some(work)) = (asked, work.get_mut(open)) {
                let run = scene.current.filter(|_| question.of_run).map(|session| session.name().to_owned());
                pressed = work.ui(ui, question, run.as_deref()).or(pressed.take());
            }
            ui.add_space(theme::sizes().step * 2.0);
            if let Some(following) = lessons().get(open + 1) {
                let text = words::with("lessons.next", &[("title", &following.title)]);
                if ui.button(text).clicked() {
                    next = Some(open + 1);
                }
            }
            ui.add_space(theme::sizes().step * 4.0);
        });
        self.open = next.unwrap_or(self.open);
        if let Some(link) = pressed.and_then(|address| Link::parse(&address)) {
            for action in link.actions(scene) {
                scene.ask(action);
            }
        }
    }
}

#[cfg(test)]
mod tests;
