//! Briefs and ads as data.

use serde::{Deserialize, Serialize};

use super::{
    brand::Brand,
    words::{Color, Complexity, Emotion, Industry, Line, Orientation, Pace, Product, Thing, Title, Tone},
};

/// The most scenes an ad has.
pub const MOST_SCENES: usize = 4;

/// The most tags a scene has.
pub const MOST_TAGS: usize = 3;

/// The most colours the foreground, or the background, of a scene has.
pub const MOST_COLORS: usize = 2;

/// The most faces that are counted in a scene.
pub const MOST_FACES: u8 = 3;

/// What an advertiser asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brief {
    /// Whose ad it is to be. Its industry goes with it.
    pub brand: Brand,
    /// What the ad is for.
    pub product: Product,
    /// What the ad is called.
    pub title: Title,
    /// How long it is, in seconds; one of [`super::words::DURATIONS`].
    pub duration: u16,
    /// How the picture is held.
    pub orientation: Orientation,
}

impl Brief {
    /// The industry of its brand.
    #[must_use]
    pub fn industry(&self) -> Industry {
        self.brand.industry()
    }
}

/// An ad: an answer to a [`Brief`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ad {
    /// How fast it cuts.
    pub pace: Pace,
    /// Its scenes in order, one to [`MOST_SCENES`].
    pub scenes: Vec<Scene>,
}

/// A scene of an ad.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    /// What is to be seen, one to [`MOST_TAGS`].
    pub tags: Vec<Tag>,
    /// Colours in front, one to [`MOST_COLORS`].
    pub foreground: Vec<Color>,
    /// Colours behind, one to [`MOST_COLORS`].
    pub background: Vec<Color>,
    /// The dominant tone.
    pub tone: Tone,
    /// What it makes one feel.
    pub emotion: Emotion,
    /// How many faces look out of it, at most [`MOST_FACES`].
    pub faces: u8,
    /// How much there is to see.
    pub complexity: Complexity,
    /// The text on the screen.
    pub text: Option<Phrase>,
    /// What the voice-over says.
    pub voice: Option<Phrase>,
}

/// Something that is to be seen in a scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Tag {
    /// A product, of whatever industry.
    Product(Product),
    /// Anything else.
    Thing(Thing),
}

impl Tag {
    /// Its word in the token form.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Product(product) => product.word(),
            Self::Thing(thing) => thing.word(),
        }
    }

    /// The tag of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Product::of(word).map(Self::Product).or_else(|| Thing::of(word).map(Self::Thing))
    }
}

/// What is shown as text, or spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Phrase {
    /// The name of a brand, and be it another's.
    Brand(Brand),
    /// Anything else.
    Line(Line),
}

impl Phrase {
    /// Its word in the token form.
    #[must_use]
    pub fn word(self) -> String {
        match self {
            Self::Brand(brand) => brand.name(),
            Self::Line(line) => line.word().to_owned(),
        }
    }

    /// The phrase of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Line::of(word).map(Self::Line).or_else(|| Brand::of(word).map(Self::Brand))
    }
}

impl Scene {
    /// Whether a person is in it: as a tag, or as a face.
    #[must_use]
    pub fn has_people(&self) -> bool {
        self.faces > 0 || self.tags.iter().any(|tag| matches!(tag, Tag::Thing(thing) if thing.is_person()))
    }

    /// The brands that it names, on the screen first.
    pub fn brands(&self) -> impl Iterator<Item = Brand> {
        [self.text, self.voice].into_iter().filter_map(|phrase| match phrase {
            Some(Phrase::Brand(brand)) => Some(brand),
            _ => None,
        })
    }

    /// Whether its text is the name of the brand.
    #[must_use]
    pub fn shows(&self, brand: Brand) -> bool {
        self.text == Some(Phrase::Brand(brand))
    }
}
