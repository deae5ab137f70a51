//! *AdWorld*: write an ad that people remember days later.
//!
//! A prompt is a [`Brief`] (brand, industry, product, title, duration, orientation); an answer is an [`Ad`] (pace,
//! and scenes with tags, colours, tone, emotion, faces, complexity, text and voice-over) in its token form, which
//! [`Ad::tokens`] writes and [`Ad::parse`] reads: at most 100 tokens with the brief. The truth is a memorability
//! function `m*` of documented [`Terms`]; simulated viewers recall an ad with a probability around it. The form of
//! the data is that of LAMBDA (Long-Term Ad Memorability, arXiv 2309.00378); everything in it is **synthetic**.
//!
//! What a predictor learns from is a [`Study`]: [`StudiedAd`]s with a [`Label`] by each of two disjoint [`Group`]s
//! of viewers. Nothing of a brand that is [`Brand::held_out`] is to be learned from: the split is by brand. Who may
//! ask for the truth has an [`OracleKey`](super::OracleKey).

mod ad;
mod author;
mod brand;
mod memory;
mod study;
mod token_form;
mod viewer;
pub mod words;

pub use ad::{Ad, Brief, MOST_COLORS, MOST_FACES, MOST_SCENES, MOST_TAGS, Phrase, Scene, Tag};
pub use brand::Brand;
pub use memory::Terms;
pub use study::{Label, Response, StudiedAd, Study, StudyConfig};
pub use token_form::RESPOND;
pub use viewer::{BLOCKERS, Group, Viewer};

use super::OracleKey;

/// The world; it has no settings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ads;

impl Ads {
    /// The true memorability of an ad, term by term. Only `measure` can make the key.
    #[must_use]
    pub fn memorability(_key: &OracleKey, brief: &Brief, ad: &Ad) -> Terms {
        Terms::of(brief, ad)
    }
}
