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
mod progress;
mod question;

use book::{Lesson, lessons};
use exercise::Work;
use link::Link;
use question::Question;

pub use progress::{Answered, Progress, sound};

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
    /// The question of the open lesson.
    asked: Option<Asked>,
}

/// A question that was asked.
#[derive(Debug)]
struct Asked {
    /// For which lesson and as much of a run.
    key: Key,
    question: Question,
    /// See [`Question::mark`].
    mark: String,
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

    /// What is to be remembered.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let answered = lessons().iter().zip(&self.work);
        Progress {
            open: lessons().get(self.open).filter(|_| self.open > 0).map(|lesson| lesson.name.to_owned()),
            lessons: answered
                .filter_map(|(lesson, work)| Some((lesson.name.to_owned(), work.answered()?.clone())))
                .collect(),
        }
    }

    /// Goes on from what is remembered. Lessons that there are not are not kept.
    pub fn restore(&mut self, progress: &Progress) {
        let open = lessons().iter().position(|lesson| Some(lesson.name) == progress.open.as_deref());
        self.open = open.unwrap_or_default();
        self.work.resize_with(lessons().len(), Work::default);
        for (lesson, work) in lessons().iter().zip(&mut self.work) {
            work.restore(progress.lessons.get(lesson.name).unwrap_or(&Answered::default()));
        }
    }

    /// Computes the question again where the lesson or the run has changed.
    fn pose(&mut self, lesson: &Lesson, scene: &Scene<'_>) {
        let run = scene.current.and_then(|session| Some((session.run, session.view()?.lines)));
        let key = Key { lesson: self.open, run };
        if self.asked.as_ref().is_some_and(|asked| asked.key == key) {
            return;
        }
        let question = Question::of(&lesson.exercise, scene.view());
        self.asked = Some(Asked { key, mark: question.mark(), question });
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
            if let (Some(asked), Some(work)) = (asked, work.get_mut(open)) {
                let run = scene.current.filter(|_| asked.question.of_run).map(|session| session.name().to_owned());
                pressed = work.ui(ui, asked, run.as_deref()).or(pressed.take());
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
