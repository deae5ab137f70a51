//! A study as LAMBDA's: who saw which ad, and who recalled it days later.

use serde::{Deserialize, Serialize};

use super::{
    ad::{Ad, Brief},
    author::seed_ad,
    memory::Terms,
    viewer::{Group, Viewer},
};
use crate::rng::{Purpose, Stream};

/// The size of a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StudyConfig {
    /// The seed of ads, viewers and answers.
    pub seed: u64,
    /// How many ads are shown.
    pub ads: usize,
    /// How many brands they are of; at most [`super::Brand::COUNT`].
    pub brands: usize,
    /// How many viewers there are, half of them in each group.
    pub viewers: usize,
    /// How many viewers of each group see an ad.
    pub viewers_each: usize,
}

impl Default for StudyConfig {
    /// A third of LAMBDA.
    fn default() -> Self {
        Self { seed: 1, ads: 735, brands: 92, viewers: 583, viewers_each: 8 }
    }
}

impl StudyConfig {
    /// The size of LAMBDA: 1,749 viewers, 2,205 ads, 276 brands (arXiv 2309.00378).
    #[must_use]
    pub fn full() -> Self {
        Self { ads: 2205, brands: 276, viewers: 1749, ..Self::default() }
    }
}

/// What a group of viewers recalled of an ad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Label {
    /// How many of them recalled it.
    pub recalled: u32,
    /// How many of them saw it.
    pub viewers: u32,
}

impl Label {
    /// The share that recalled it, between 0 and 1; 0 of nobody.
    #[must_use]
    pub fn score(self) -> f64 {
        if self.viewers == 0 { 0.0 } else { f64::from(self.recalled) / f64::from(self.viewers) }
    }

    /// The score as LAMBDA's two digits, 0 to 99.
    #[must_use]
    pub fn digits(self) -> u8 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 0 and 99
        let digits = (100.0 * self.score()).floor().clamp(0.0, 99.0) as u8;
        digits
    }
}

/// An ad of a study with what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudiedAd {
    /// What was asked for.
    pub brief: Brief,
    /// What was shown.
    pub ad: Ad,
    /// What each group recalled: A, then B. The groups share no viewer.
    pub labels: [Label; 2],
}

impl StudiedAd {
    /// What a group recalled.
    #[must_use]
    pub fn label(&self, group: Group) -> Label {
        match group {
            Group::A => self.labels[0],
            Group::B => self.labels[1],
        }
    }

    /// Whether its brand is one of those that nothing is learned from: the split is by brand.
    #[must_use]
    pub fn held_out(&self) -> bool {
        self.brief.brand.held_out()
    }
}

/// One viewer and one ad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// Index into [`Study::viewers`].
    pub viewer: usize,
    /// Index into [`Study::ads`].
    pub ad: usize,
    /// Whether the viewer said, before, to know the brand.
    pub knows_brand: bool,
    /// After how many days the viewer was asked, 1 to 3.
    pub days: u8,
    /// Whether the ad was recalled.
    pub recalled: bool,
}

/// All that is known after a study.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// Its size.
    pub config: StudyConfig,
    /// The viewers; those with an even index are group A.
    pub viewers: Vec<Viewer>,
    /// The ads with their labels.
    pub ads: Vec<StudiedAd>,
    /// Who recalled what, ad by ad.
    pub responses: Vec<Response>,
}

impl Study {
    /// Shows author-made ads of mixed quality to simulated viewers. The same for the same configuration.
    #[must_use]
    pub fn run(config: &StudyConfig) -> Self {
        let viewers: Vec<Viewer> = (0..config.viewers).map(|index| Viewer::draw(config.seed, index)).collect();
        let groups = [Group::A, Group::B]
            .map(|group| (0..viewers.len()).filter(|index| viewers[*index].group == group).collect::<Vec<_>>());
        let (mut ads, mut responses) = (Vec::with_capacity(config.ads), Vec::new());
        for index in 0..config.ads {
            let mut stream = Stream::new(config.seed, Purpose::Corpus, 10, index as u64);
            let (brief, ad) = seed_ad(config.brands, &mut stream);
            let logit = Terms::of(&brief, &ad).logit();
            let mut labels = [Label::default(); 2];
            for (group, label) in groups.iter().zip(&mut labels) {
                let mut audience = group.clone();
                stream.shuffle(&mut audience);
                for viewer in audience.into_iter().take(config.viewers_each) {
                    let answer = viewers[viewer].watch(brief.brand, logit, &mut stream);
                    label.viewers += 1;
                    label.recalled += u32::from(answer.recalled);
                    responses.push(Response {
                        viewer,
                        ad: index,
                        knows_brand: answer.knows_brand,
                        days: answer.days,
                        recalled: answer.recalled,
                    });
                }
            }
            ads.push(StudiedAd { brief, ad, labels });
        }
        Self { config: *config, viewers, ads, responses }
    }
}
