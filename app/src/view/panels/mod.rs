//! The panels, one file or folder each.

pub mod ads;
pub mod answers;
pub mod atlas;
pub mod compare;
pub mod compose;
pub mod diagnoses;
pub mod iterations;
pub mod judges;
pub mod lessons;
pub mod methods;
pub mod playground;
#[cfg(test)]
mod stage;

use super::{Scene, words};

/// Which panel is in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Panel {
    /// Ask for a run.
    Compose,
    /// The loop and its charts.
    #[default]
    Iterations,
    /// Prompts, answers, verdicts.
    Answers,
    /// How far the judges deserve trust.
    Judges,
    /// Several runs beside each other.
    Compare,
    /// What goes wrong.
    Diagnoses,
    /// Talk to the models.
    Playground,
    /// The guided tour.
    Lessons,
    /// A page for every method.
    Methods,
    /// All methods as they were measured.
    Atlas,
    /// Ads as storyboards.
    Ads,
}

impl Panel {
    /// All, in the order of the navigation.
    pub const ALL: [Self; 11] = [
        Self::Lessons,
        Self::Methods,
        Self::Compose,
        Self::Iterations,
        Self::Answers,
        Self::Judges,
        Self::Diagnoses,
        Self::Compare,
        Self::Atlas,
        Self::Playground,
        Self::Ads,
    ];

    /// The name in lessons and settings.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Compose => "compose",
            Self::Iterations => "iterations",
            Self::Answers => "answers",
            Self::Judges => "judges",
            Self::Compare => "compare",
            Self::Diagnoses => "diagnoses",
            Self::Playground => "playground",
            Self::Lessons => "lessons",
            Self::Methods => "methods",
            Self::Atlas => "atlas",
            Self::Ads => "ads",
        }
    }

    /// The panel of a name.
    #[must_use]
    pub fn by_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|panel| panel.id() == id)
    }

    /// The name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        words::known(&format!("{}.title", self.id())).unwrap_or(self.id())
    }
}

/// The state of all panels.
#[derive(Default)]
pub struct Panels {
    /// See [`Panel::Compose`].
    pub compose: compose::Compose,
    /// See [`Panel::Iterations`].
    pub iterations: iterations::Iterations,
    /// See [`Panel::Answers`].
    pub answers: answers::Answers,
    /// See [`Panel::Judges`].
    pub judges: judges::Judges,
    /// See [`Panel::Compare`].
    pub compare: compare::Compare,
    /// See [`Panel::Diagnoses`].
    pub diagnoses: diagnoses::Diagnoses,
    /// See [`Panel::Playground`].
    pub playground: playground::Playground,
    /// See [`Panel::Lessons`].
    pub lessons: lessons::Lessons,
    /// See [`Panel::Methods`].
    pub methods: methods::Methods,
    /// See [`Panel::Atlas`].
    pub atlas: atlas::AtlasPanel,
    /// See [`Panel::Ads`].
    pub ads: ads::AdsPanel,
}

impl Panels {
    pub(super) fn ui(&mut self, panel: Panel, ui: &mut egui::Ui, scene: &mut Scene<'_>) {
        match panel {
            Panel::Compose => self.compose.ui(ui, scene),
            Panel::Iterations => self.iterations.ui(ui, scene),
            Panel::Answers => self.answers.ui(ui, scene),
            Panel::Judges => self.judges.ui(ui, scene),
            Panel::Compare => self.compare.ui(ui, scene),
            Panel::Diagnoses => self.diagnoses.ui(ui, scene),
            Panel::Playground => self.playground.ui(ui, scene),
            Panel::Lessons => self.lessons.ui(ui, scene),
            Panel::Methods => self.methods.ui(ui, scene, self.atlas.atlas()),
            Panel::Atlas => self.atlas.ui(ui, scene),
            Panel::Ads => self.ads.ui(ui, scene),
        }
    }
}
