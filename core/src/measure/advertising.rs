//! What generated ads of the world `ads` are worth beside those that authors made for the same briefs. For measuring
//! and showing: no recipe sees it.

use super::{
    bootstrap::Interval,
    memorability::{ad_quality, truths},
    reliability::{ceiling, spearman_brown, split_half},
};
use crate::{
    judge::Opinion,
    rng::{Purpose, Stream},
    select::Candidates,
    world::ads::{Ad, Brief, Group, Label, StudiedAd, Terms},
};

/// Random halves of the viewers that agreement is averaged over.
const HALVES: usize = 50;

/// The figures of [`ad_figures`] in their order, as the log names them.
pub const AD_FIGURES: [&str; 10] = [
    "ads: true memorability",
    "ads: memorability of the originals",
    "ads: gain over the originals",
    "ads: expected by the selecting Henry",
    "ads: expected by the other Henry",
    "ads: selecting Henry minus truth",
    "ads: other Henry minus truth",
    "ads: brand kept",
    "ads: as the brief asks",
    "ads: templates (distinct, most frequent, alike)",
];

/// What [`each_ad`] gives in its order, as the log names it after every measurement of ads.
pub const EACH_AD: [&str; 6] = [
    "each ad: expected by the selecting Henry",
    "each ad: lower end of the selecting Henry",
    "each ad: upper end of the selecting Henry",
    "each ad: expected by the other Henry",
    "each ad: lower end of the other Henry",
    "each ad: upper end of the other Henry",
];

/// The same of the ads that the start drew, before anybody could be asked.
pub const EACH_AD_OF_START: [&str; 6] = [
    "each ad of the start: expected by the selecting Henry",
    "each ad of the start: lower end of the selecting Henry",
    "each ad of the start: upper end of the selecting Henry",
    "each ad of the start: expected by the other Henry",
    "each ad of the start: lower end of the other Henry",
    "each ad of the start: upper end of the other Henry",
];

/// How much of a Henry's probability lies between the ends of an ad's interval.
pub const WITHIN: f64 = 0.8;

/// The figures of [`henry_figures`] in their order, as the log names them.
pub const HENRY_FIGURES: [&str; 5] = [
    "henry: selecting, rank correlation with the truth",
    "henry: other, rank correlation with the truth",
    "henry: selecting, rank correlation with its viewers",
    "henry: length alone, rank correlation with the truth",
    "viewers: halves agree, all agree, the most that can be reached",
];

/// How well two models predict studied ads of brands that they never learned from: Spearman's ρ with the ends of its
/// 95 % interval, beside that of the length; and how well the selecting one's viewers agree: one half with the other,
/// the whole with as many others (Spearman and Brown), and what a perfect predictor would reach with their labels.
/// `expected` is what each model expects of every ad.
#[must_use]
pub fn henry_figures(studied: &[&StudiedAd], expected: &[Vec<f32>; 2], seed: u64) -> Vec<Vec<f32>> {
    let ads: Vec<(&Brief, &Ad)> = studied.iter().map(|studied| (&studied.brief, &studied.ad)).collect();
    let truth: Vec<f64> = truths(&ads).iter().map(Terms::memorability).collect();
    let viewers: Vec<f64> = studied.iter().map(|studied| studied.label(Group::A).score()).collect();
    #[allow(clippy::cast_precision_loss)] // word counts
    let lengths: Vec<f64> = ads.iter().map(|(_, ad)| ad.tokens().split_whitespace().count() as f64).collect();
    let [selecting, other] = [0, 1].map(|which| expected[which].iter().map(|e| f64::from(*e)).collect::<Vec<f64>>());
    let pairs = [(&selecting, &truth), (&other, &truth), (&selecting, &viewers), (&lengths, &truth)];
    let rhos =
        pairs.iter().map(|(first, second)| Interval::of_spearman(first, second, seed).map_or_else(Vec::new, ends));
    rhos.chain([agreement(studied, seed)]).collect()
}

/// How well the viewers of group A agree; nothing where too few saw an ad.
fn agreement(studied: &[&StudiedAd], seed: u64) -> Vec<f32> {
    let answers = |label: Label| (0..label.viewers).map(move |viewer| f64::from(u8::from(viewer < label.recalled)));
    let ratings: Vec<Vec<f64>> = studied.iter().map(|studied| answers(studied.label(Group::A)).collect()).collect();
    #[allow(clippy::cast_possible_truncation)] // the log keeps single precision
    let figures = |half: f64| {
        let whole = spearman_brown(half, 2.0);
        [half, whole, ceiling(whole)].map(|value| value as f32).to_vec()
    };
    split_half(&ratings, HALVES, seed).map_or_else(Vec::new, figures)
}

/// What two models think of every ad, each as three lists: what they expect, and the ends of the interval that holds
/// [`WITHIN`] of their probability.
#[must_use]
#[allow(clippy::cast_possible_truncation)] // the log keeps single precision
pub fn each_ad(opinions: &[Vec<Opinion>; 2]) -> Vec<Vec<f32>> {
    let lists = opinions.iter().flat_map(|of| {
        let end = |which: usize| of.iter().map(|opinion| opinion.within(WITHIN)[which] as f32).collect();
        [of.iter().map(|opinion| opinion.expected() as f32).collect(), end(0), end(1)]
    });
    lists.collect()
}

/// A figure and the ends of its interval.
#[allow(clippy::cast_possible_truncation)] // the log keeps single precision
fn ends(interval: Interval) -> Vec<f32> {
    [interval.value, interval.low, interval.high].map(|value| value as f32).to_vec()
}

/// The figures of ads that were drawn for briefs, each a list of numbers: a mean with the two ends of its 95 %
/// interval over briefs, or shares. `expected` is what two models expect of every ad, in the order of the ads. Lists
/// are empty where no answer is an ad.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // the log keeps single precision; counts
pub fn ad_figures(drawn: &[Candidates], expected: &[Vec<f32>; 2], seed: u64) -> Vec<Vec<f32>> {
    let truth = |brief: &Brief, ad: Option<&Ad>| {
        ad.map_or(0.0, |ad| truths(&[(brief, ad)]).iter().map(Terms::memorability).sum())
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let (mut truths, mut originals, mut gains) = (Vec::new(), Vec::new(), Vec::new());
    let (mut gaps, mut opinions) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    let mut answers = Vec::new();
    let mut first = 0;
    for (index, group) in drawn.iter().enumerate() {
        let range = first..first + group.answers.len();
        first = range.end;
        let Ok(brief) = Brief::parse(&group.prompt.text) else { continue };
        let worths: Vec<f64> =
            group.answers.iter().map(|answer| truth(&brief, Ad::parse(&answer.text).ok().as_ref())).collect();
        let original = brief.original(&mut Stream::new(seed, Purpose::Measure, 1, index as u64));
        let original = truth(&brief, Some(&original));
        for (which, expected) in expected.iter().enumerate() {
            let of: Vec<f64> = expected.get(range.clone()).unwrap_or_default().iter().map(|e| f64::from(*e)).collect();
            opinions[which].push(mean(&of));
            gaps[which].push(mean(&of) - mean(&worths));
        }
        truths.push(mean(&worths));
        originals.push(original);
        gains.push(mean(&worths) - original);
        answers.extend(group.answers.iter().map(|answer| (brief, answer.text.as_str())));
    }
    let interval = |values: &[f64]| Interval::of_mean(values, seed).map_or_else(Vec::new, ends);
    let quality = ad_quality(&answers);
    let varied = quality.diversity.map_or_else(Vec::new, |varied| {
        [varied.distinct, varied.most_frequent, varied.similarity].map(|value| value as f32).to_vec()
    });
    vec![
        interval(&truths),
        interval(&originals),
        interval(&gains),
        interval(&opinions[0]),
        interval(&opinions[1]),
        interval(&gaps[0]),
        interval(&gaps[1]),
        vec![quality.brand_valid as f32],
        vec![quality.fits as f32],
        varied,
    ]
}
