//! The memorability function `m*`: what makes an ad of this world stay in memory, term by term.
//!
//! `m* = σ(sum of terms)`. The directions are those that LAMBDA reports (arXiv 2309.00378): fast pace up, people
//! above objects, negative emotions above positive ones, food, entertainment and technology up, length without
//! effect. The sizes, and the interactions, are ours: **all of this is synthetic**.

use super::{
    ad::{Ad, Brief, Scene},
    words::{Complexity, Emotion, Industry, Pace, Valence},
};

/// The logistic function.
pub(super) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// What each part of an ad adds to the logit of its memorability.
///
/// | term | value |
/// |---|---|
/// | base | −0.9 |
/// | brand | 0.3 times a standard normal number of the brand's own |
/// | industry | food and entertainment 0.35, technology 0.25, beauty −0.15, home −0.2, health −0.25, finance −0.35 |
/// | pace | low −0.15, medium 0.1, high 0.45 |
/// | people | 0.8 times the share of scenes with people |
/// | emotion | 0.7 times the share of negative scenes, −0.2 times the share of flat ones |
/// | clutter | −0.6 times the share of busy scenes |
/// | naming | 0.3 for the brand on screen in the first scene, 0.3 in the last; −1.2 if named nowhere |
/// | rival | −1.5 if another brand is named |
/// | arc | 0.5 if a positive scene follows a negative one |
/// | frame | 0.15 if the brand is on screen first *and* last |
/// | rush | −0.5 times the share of busy scenes at a high pace |
/// | sour | −0.3 if the last scene is negative |
/// | sameness | −0.5 times the share of scenes whose tags and emotion were there before |
///
/// Duration, orientation, title, product, tone, colours and voice-over lines add nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[allow(missing_docs)] // the table above says what each is
pub struct Terms {
    pub base: f64,
    pub brand: f64,
    pub industry: f64,
    pub pace: f64,
    pub people: f64,
    pub emotion: f64,
    pub clutter: f64,
    pub naming: f64,
    pub rival: f64,
    pub arc: f64,
    pub frame: f64,
    pub rush: f64,
    pub sour: f64,
    pub sameness: f64,
}

impl Terms {
    /// The terms of an ad that answers a brief. Outside the world they are asked for with an oracle's key: see
    /// [`super::Ads::memorability`].
    pub(super) fn of(brief: &Brief, ad: &Ad) -> Self {
        let brand = brief.brand;
        let share = |is: &dyn Fn(&Scene) -> bool| {
            #[allow(clippy::cast_precision_loss)] // a handful of scenes
            let share = ad.scenes.iter().filter(|scene| is(scene)).count() as f64 / ad.scenes.len().max(1) as f64;
            share
        };
        let feels = |scene: &Scene, valence| scene.emotion.valence() == valence;
        let busy = share(&|scene| scene.complexity == Complexity::High);
        let first = ad.scenes.first().is_some_and(|scene| scene.shows(brand));
        let last = ad.scenes.last().is_some_and(|scene| scene.shows(brand));
        let named = ad.scenes.iter().flat_map(Scene::brands);
        let (own, rival) = named.fold((false, false), |(own, rival), of| (own || of == brand, rival || of != brand));
        let first_negative = ad.scenes.iter().position(|scene| feels(scene, Valence::Negative));
        let arc =
            first_negative.is_some_and(|at| ad.scenes.iter().skip(at).any(|scene| feels(scene, Valence::Positive)));
        let repeats = |index: usize, scene: &Scene| {
            ad.scenes.iter().take(index).any(|other| other.tags == scene.tags && other.emotion == scene.emotion)
        };
        #[allow(clippy::cast_precision_loss)] // a handful of scenes
        let sameness = ad.scenes.iter().enumerate().filter(|(index, scene)| repeats(*index, scene)).count() as f64
            / ad.scenes.len().max(1) as f64;
        let when = |is: bool, value: f64| if is { value } else { 0.0 };
        Self {
            base: -0.9,
            brand: 0.3 * brand.pull(),
            industry: industry(brief.industry()),
            pace: match ad.pace {
                Pace::Low => -0.15,
                Pace::Medium => 0.1,
                Pace::High => 0.45,
            },
            people: 0.8 * share(&Scene::has_people),
            emotion: 0.7 * share(&|scene| feels(scene, Valence::Negative))
                - 0.2 * share(&|scene| scene.emotion == Emotion::Flat),
            clutter: -0.6 * busy,
            naming: when(first, 0.3) + when(last, 0.3) + when(!own, -1.2),
            rival: when(rival, -1.5),
            arc: when(arc, 0.5),
            frame: when(first && last, 0.15),
            rush: when(ad.pace == Pace::High, -0.5 * busy),
            sour: when(ad.scenes.last().is_some_and(|scene| feels(scene, Valence::Negative)), -0.3),
            sameness: -0.5 * sameness,
        }
    }

    /// The terms by their names, in the order of the table.
    #[must_use]
    pub fn named(&self) -> [(&'static str, f64); 14] {
        [
            ("base", self.base),
            ("brand", self.brand),
            ("industry", self.industry),
            ("pace", self.pace),
            ("people", self.people),
            ("emotion", self.emotion),
            ("clutter", self.clutter),
            ("naming", self.naming),
            ("rival", self.rival),
            ("arc", self.arc),
            ("frame", self.frame),
            ("rush", self.rush),
            ("sour", self.sour),
            ("sameness", self.sameness),
        ]
    }

    /// Their sum.
    #[must_use]
    pub fn logit(&self) -> f64 {
        self.named().iter().map(|(_, value)| value).sum()
    }

    /// The memorability `m*`, between 0 and 1.
    #[must_use]
    pub fn memorability(&self) -> f64 {
        sigmoid(self.logit())
    }
}

fn industry(industry: Industry) -> f64 {
    match industry {
        Industry::Food | Industry::Entertainment => 0.35,
        Industry::Technology => 0.25,
        Industry::Cars | Industry::Fashion | Industry::Travel => 0.0,
        Industry::Beauty => -0.15,
        Industry::Home => -0.2,
        Industry::Health => -0.25,
        Industry::Finance => -0.35,
    }
}
