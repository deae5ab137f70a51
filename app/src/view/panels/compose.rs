//! Ask for a run: recipe, model, prompts, settings, what it will need.

use std::rc::Rc;

use egui::{RichText, ScrollArea, Ui};

use crate::{
    engine::{Command, Planned},
    view::{
        Action, Pick, Scene,
        session::Session,
        theme,
        words::{self, t},
    },
};

mod check;
mod draft;
mod dropped;
mod fields;
mod planning;
mod side;
mod subject;
#[cfg(test)]
mod tests;

use check::{Checked, plain};
use draft::Draft;
use dropped::Dropped;
use fields::Fields;
use planning::Planning;
use side::Side;

/// From this width on, what the run needs stands beside the settings instead of below them.
const WIDE: f32 = 980.0;

/// Width of what stands beside the settings.
const SIDE: f32 = 360.0;

/// Longer lines are hard to read.
const READABLE: f32 = 960.0;

/// The state of the panel.
#[derive(Debug, Default)]
pub struct Compose {
    draft: Draft,
    checked: Option<(Draft, Rc<Checked>)>,
    planning: Planning,
    fields: Fields,
    side: Side,
}

impl Compose {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        self.take_dropped(ui, scene);
        let checked = self.checked();
        self.plan(ui, &checked, scene);
        let wide = ui.available_width() >= WIDE;
        if wide {
            egui::Panel::right("compose_side").resizable(false).exact_size(SIDE).show(ui, |ui| {
                ScrollArea::vertical().id_salt("compose_side").auto_shrink(false).show(ui, |ui| {
                    ui.set_max_width(ui.available_width() - theme::sizes().step * 2.0);
                    ui.add_space(theme::sizes().step);
                    side::start(ui, &checked, &mut self.planning, scene);
                    self.side.files(ui, &mut self.draft, &checked, scene);
                });
            });
        } else {
            egui::Panel::bottom("compose_start").resizable(false).show(ui, |ui| {
                ui.add_space(theme::sizes().step);
                side::start(ui, &checked, &mut self.planning, scene);
                ui.add_space(theme::sizes().step);
            });
        }
        egui::CentralPanel::default().frame(egui::Frame::NONE).show(ui, |ui| {
            ScrollArea::vertical().id_salt("compose_main").auto_shrink(false).show(ui, |ui| {
                // The bar of the scroll area lies over its right edge.
                let room = ui.available_width() - theme::sizes().step * 3.0;
                ui.set_max_width(room.min(READABLE));
                self.head(ui, scene);
                subject::recipes(ui, &mut self.draft);
                subject::subject(ui, &mut self.draft, &checked, scene);
                self.fields.ui(ui, &mut self.draft, &checked);
                if !wide {
                    self.side.files(ui, &mut self.draft, &checked, scene);
                }
                ui.add_space(theme::sizes().step * 4.0);
            });
        });
    }

    /// What the person picked.
    pub fn picked(&mut self, what: Pick, path: &str) {
        match what {
            Pick::Model => path.clone_into(&mut self.draft.model),
            Pick::Base => path.clone_into(&mut self.draft.base),
            Pick::Out => path.clone_into(&mut self.draft.out),
            Pick::Data => {
                path.clone_into(&mut self.draft.data);
                self.draft.from_file = true;
            }
            Pick::Run | Pick::Packed | Pick::Atlas => {}
        }
    }

    /// Chooses a recipe; everything else stays as it was written.
    pub fn choose(&mut self, recipe: &str) {
        recipe.clone_into(&mut self.draft.recipe);
    }

    /// Takes the prompts from a world.
    pub fn choose_world(&mut self, world: &str) {
        self.draft.from_file = false;
        subject::take_world(&mut self.draft, world);
    }

    /// What the engine thinks of a request.
    pub fn planned(&mut self, ticket: u64, plan: Result<Planned, String>) {
        self.planning.planned(ticket, plan.map_err(|problem| plain(&problem).to_owned()));
    }

    /// The draft looked through; looked through again only if it has changed.
    fn checked(&mut self) -> Rc<Checked> {
        match &self.checked {
            Some((of, checked)) if *of == self.draft => Rc::clone(checked),
            _ => {
                let checked = Rc::new(Checked::of(&self.draft));
                self.checked = Some((self.draft.clone(), Rc::clone(&checked)));
                checked
            }
        }
    }

    /// Asks the engine once the person has paused. While a run is worked on it is left alone: the
    /// short probe would slow both.
    fn plan(&mut self, ui: &Ui, checked: &Checked, scene: &mut Scene<'_>) {
        if !checked.problems.is_empty() || side::working(scene.sessions).is_some() {
            return;
        }
        let now = ui.input(|input| input.time);
        match self.planning.due(&checked.request, now) {
            Some(wait) if wait > 0.0 => ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(wait)),
            Some(_) => {
                let ticket = self.planning.ask(&checked.request);
                scene.ask(Action::Send(Command::Plan { ticket, request: checked.request.clone() }));
            }
            None => {}
        }
    }

    fn take_dropped(&mut self, ui: &Ui, scene: &mut Scene<'_>) {
        let files = ui.input(|input| input.raw.dropped_files.clone());
        for file in files {
            match Dropped::of(file.path()) {
                Some(Dropped::Model(folder)) => self.picked(Pick::Model, &folder),
                Some(Dropped::Data(file)) => self.picked(Pick::Data, &file),
                None => {
                    let name = file.path().display();
                    scene.ask(Action::Notice(words::with("compose.drop_unknown", &[("name", &name)])));
                }
            }
        }
    }

    fn head(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        ui.label(RichText::new(t("compose.title")).text_style(theme::title()));
        if ui.input(|input| !input.raw.hovered_files.is_empty()) {
            ui.colored_label(theme::palette(ui).accent, t("compose.drop_hint"));
        } else {
            ui.weak(t("compose.intro"));
        }
        ui.horizontal_wrapped(|ui| {
            let open: Vec<&Session> = scene.sessions.iter().filter(|session| session.view().is_some()).collect();
            let mut again = None;
            ui.add_enabled_ui(!open.is_empty(), |ui| {
                ui.menu_button(t("compose.again"), |ui| {
                    for session in &open {
                        if ui.button(session.name()).clicked() {
                            again = session.view();
                        }
                    }
                })
                .response
                .on_hover_text(t("compose.again_hint"))
                .on_disabled_hover_text(t("compose.again_none"));
            });
            match again.map(|view| Draft::again(&view.manifest)) {
                Some(Ok(draft)) => self.draft = draft,
                Some(Err(problem)) => scene.ask(Action::Notice(plain(&problem.line()).to_owned())),
                None => {}
            }
            let reset = ui.button(t("compose.reset_all")).on_hover_text(t("compose.reset_all_hint"));
            if reset.clicked() {
                self.draft = Draft::default();
            }
        });
        ui.add_space(theme::sizes().step);
    }
}
