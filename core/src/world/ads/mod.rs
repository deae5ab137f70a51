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
//! ask for the truth has an [`OracleKey`].

// A brief is small by chance; it is handed on like the ad that it belongs to.
#![allow(clippy::trivially_copy_pass_by_ref)]

mod ad;
mod author;
mod brand;
mod check;
mod corpus;
mod field;
mod form;
mod memory;
mod study;
mod token_form;
mod verbal;
mod viewer;
mod vocabulary;
pub mod words;

pub use ad::{Ad, Brief, MOST_COLORS, MOST_FACES, MOST_SCENES, MOST_TAGS, Phrase, Scene, Tag};
pub use brand::Brand;
pub use check::{Diversity, Validity, similarity, template};
pub use field::{Aspect, Field, MOST_OTHERS, Replaced, replaced};
pub use form::grammar;
pub use memory::Terms;
pub use study::{Label, Response, StudiedAd, Study, StudyConfig};
pub use token_form::RESPOND;
pub use verbal::{listed, read_verbal, spoken, spoken_phrase, verbalise};
pub use viewer::{BLOCKERS, Group, Viewer};
pub use vocabulary::{tokenizer_json, tokens};

use super::{Demonstration, Grade, Judgement, OracleKey, Split, World};
use crate::{Result, judge::JudgePrompt, prompt::Prompt, rng::Stream, sample::Grammar, text::Tokenizer};

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

impl World for Ads {
    fn name(&self) -> &'static str {
        "ads"
    }

    fn tokenizer_json(&self) -> String {
        tokenizer_json()
    }

    /// None: every word stands for itself.
    fn compositional_parts(&self) -> Vec<(usize, usize)> {
        Vec::new()
    }

    /// Two ads of [`MOST_SCENES`] full scenes with their brief and seven questions have 158 tokens.
    fn context(&self) -> usize {
        160
    }

    /// Briefs of brands that may be learned from: what is a token to a model of whole words it can only write if it
    /// ever wrote it. Those to measure on are drawn apart from them, and nothing else keeps them apart: of the 200 of a
    /// run one was among the 800 of its four iterations in one run of five, and 15 to 24 among the shipped starter's
    /// demonstrations.
    fn prompts(&self, seed: u64, split: Split, count: usize) -> Vec<Prompt> {
        split.prompts(seed, count, |stream| Brief::draw(Brand::COUNT, |brand| !brand.held_out(), stream).prompt())
    }

    fn judge_prompts(&self) -> Vec<JudgePrompt> {
        corpus::judge_prompts()
    }

    fn language(&self, seed: u64, count: usize) -> Vec<Demonstration> {
        corpus::language(seed, count)
    }

    fn demonstrations(&self, seed: u64, count: usize) -> Vec<Demonstration> {
        corpus::demonstrations(seed, count)
    }

    fn judgements(&self, seed: u64, count: usize, noise: f64) -> Vec<Judgement> {
        corpus::judgements(seed, count, noise)
    }

    fn preferences(&self, seed: u64, count: usize, noise: f64) -> Vec<(String, String, String)> {
        corpus::preferences(seed, count, noise)
    }

    fn grammar(&self, tokenizer: &Tokenizer) -> Result<Option<Grammar>> {
        grammar(tokenizer).map(Some)
    }

    /// An ad by a good author, who does not know `m*` either.
    fn teach(&self, _key: &OracleKey, prompt: &str, stream: &mut Stream) -> Option<String> {
        Some(corpus::lesson(&Brief::parse(prompt).ok()?, stream))
    }

    /// The true memorability; 0 for what is not an ad. All is met where the ad is as the brief asks.
    fn grade(&self, _key: &OracleKey, prompt: &str, answer: &str) -> Grade {
        match Brief::parse(prompt).and_then(|brief| Ok((brief, Ad::parse(answer)?))) {
            Ok((brief, ad)) => {
                Grade { reward: Terms::of(&brief, &ad).memorability(), all_met: Validity::of(&brief, &ad).fits() }
            }
            Err(_) => Grade { reward: 0.0, all_met: false },
        }
    }
}

#[cfg(test)]
mod tests;
