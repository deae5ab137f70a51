//! Ads of AdWorld for marketers and teachers: written for a brief and shown as storyboards, how memorable they are and
//! why, what becomes of them round by round, and a blind test.

use egui::{Label, RichText, ScrollArea, Ui};
use selfsame_core::judge::Opinion;

use crate::{
    engine::RunId,
    fold::RunView,
    recorded,
    view::{
        Scene, theme,
        words::{t, with},
    },
};

mod blind;
mod colour;
mod drivers;
mod drives;
mod gallery;
mod picture;
mod rounds;
mod said;
mod score;
mod storyboard;
mod studio;
mod tokens;
mod work;

use gallery::Gallery;

/// The first slot of the panel's questions to the engine; those before it are the playground's. The slots of an ad are
/// told apart by what is left of `work::SLOTS`, which it is a multiple of.
pub const FIRST_SLOT: u32 = 16;

/// The parts of the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Part {
    /// Write ads for a brief.
    #[default]
    Studio,
    /// Before and after.
    Rounds,
    /// Guess which ad is remembered.
    Blind,
}

impl Part {
    const ALL: [Self; 3] = [Self::Studio, Self::Rounds, Self::Blind];

    fn title(self) -> &'static str {
        match self {
            Self::Studio => t("ads.studio"),
            Self::Rounds => t("ads.rounds"),
            Self::Blind => t("ads.blind"),
        }
    }
}

/// What the gallery was made of.
type Stamp = (Option<RunId>, (usize, usize));

/// The state of the panel.
#[derive(Default)]
pub struct AdsPanel {
    part: Part,
    studio: studio::Studio,
    rounds: rounds::Rounds,
    blind: blind::Blind,
    /// The ads of the run that is shown, or else of the recorded one.
    gallery: Option<(Stamp, Gallery)>,
}

impl AdsPanel {
    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui, scene: &mut Scene<'_>) {
        let (view, run) = shown(scene);
        self.look(view, run);
        ScrollArea::vertical().id_salt("ads").auto_shrink(false).show(ui, |ui| {
            // The bar of the scroll area lies over its right edge.
            ui.set_max_width(ui.available_width() - 3.0 * theme::sizes().step);
            ui.label(RichText::new(t("ads.title")).text_style(theme::title()));
            ui.add(Label::new(RichText::new(t("ads.about")).color(theme::palette(ui).muted)).wrap());
            self.parts(ui);
            if self.part != Part::Studio {
                source(ui, scene, run);
            }
            ui.add_space(theme::sizes().step);
            let gallery = self.gallery.as_ref().map(|(_, gallery)| gallery);
            match (self.part, view.zip(gallery)) {
                (Part::Studio, _) => {
                    let session = scene.current.filter(|session| Some(session.run) == run);
                    let run = session.map_or(t("ads.recorded_run"), |session| session.name());
                    self.studio.ui(ui, scene, (gallery, run));
                }
                (_, None) => {
                    ui.label(t("ads.no_ads"));
                }
                (Part::Rounds, Some((view, gallery))) => self.rounds.ui(ui, scene, view, gallery),
                (Part::Blind, Some((_, gallery))) => self.blind.ui(ui, run, gallery),
            }
            ui.add_space(theme::sizes().step * 4.0);
        });
    }

    /// Takes tokens of an ad that is being written.
    pub fn said(&mut self, ticket: u64, tokens: &[(String, f32)], done: bool, problem: Option<String>) {
        self.studio.said(ticket, tokens, done, problem);
    }

    /// Takes what a Henry thinks.
    pub fn rated(&mut self, ticket: u64, opinions: Vec<Opinion>, done: bool, problem: Option<String>) {
        self.studio.rated(ticket, opinions, done, problem);
    }

    /// Reads the ads of a run where there are new ones.
    fn look(&mut self, view: Option<&RunView>, run: Option<RunId>) {
        let Some(view) = view else {
            self.gallery = None;
            return;
        };
        let stamp = (run, Gallery::stamp(view));
        if self.gallery.as_ref().is_none_or(|(of, _)| *of != stamp) {
            self.gallery = Gallery::of(view).map(|gallery| (stamp, gallery));
        }
    }

    fn parts(&mut self, ui: &mut Ui) {
        ui.horizontal_wrapped(|ui| {
            for part in Part::ALL {
                let chosen = part == self.part;
                let tab = ui.selectable_label(chosen, part.title());
                tab.widget_info(|| egui::WidgetInfo::selected(egui::Role::RadioButton, true, chosen, part.title()));
                if tab.clicked() {
                    self.part = part;
                }
            }
        });
    }
}

/// The run whose ads are shown: the one in front where it has some, or else the recorded one.
fn shown<'a>(scene: &Scene<'a>) -> (Option<&'a RunView>, Option<RunId>) {
    let current = scene.current.and_then(|session| Some((session.view()?, session.run)));
    match current.filter(|(view, _)| Gallery::has_ads(view)) {
        Some((view, run)) => (Some(view), Some(run)),
        None => (recorded::ads::view(), None),
    }
}

/// Says whose ads these are.
fn source(ui: &mut Ui, scene: &Scene<'_>, run: Option<RunId>) {
    let session = scene.current.filter(|session| Some(session.run) == run);
    let text = match session {
        Some(session) if session.working() => with("ads.of_live_run", &[("run", &session.name())]),
        Some(session) => with("ads.of_run", &[("run", &session.name())]),
        None => t("ads.of_recorded").to_owned(),
    };
    ui.add(Label::new(text).wrap());
}

#[cfg(test)]
mod tests;
