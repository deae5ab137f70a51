//! What drives a score, word by word, and whether that is what truly drives memorability.
//!
//! A word's share is the score of the ad minus the mean score of the ad with other words of the same kind in its place:
//! occlusion by replacement, as prediction difference analysis has it (Robnik-Šikonja and Kononenko 2008; Zintgraf et
//! al., arXiv 1702.04595, equation 1), with all words of a kind equally likely. What stands in the word's place is an ad
//! like any other, so that nobody is asked about texts that he never saw, and the truth can be asked the same. Where a
//! score is a sum of terms of one word each, a share is the word's term minus the mean of its kind's; what words only do
//! together counts for each of them, so that shares need not sum to anything.

use serde::{Deserialize, Serialize};

use super::{bootstrap::Interval, inference::spearman, memorability::truths};
use crate::world::ads::{Ad, Aspect, Brief, Field, Replaced, Terms};

/// What each word adds, one number a word of [`Brief::prompt`] and [`Ad::tokens`]: from the score of the ad, and those of
/// `replaced`, one each in their order. A word that nothing else could stand for adds nothing; `None` where scores are
/// missing.
#[must_use]
pub fn shares(words: usize, score: f64, replaced: &[Replaced], scores: &[f64]) -> Option<Vec<f64>> {
    if scores.len() != replaced.len() {
        return None;
    }
    let mut sums = vec![(0.0, 0_u32); words];
    for (one, other) in replaced.iter().zip(scores) {
        let (sum, count) = sums.get_mut(one.word)?;
        *sum += score - other;
        *count += 1;
    }
    Some(sums.into_iter().map(|(sum, count)| if count == 0 { 0.0 } else { sum / f64::from(count) }).collect())
}

/// An ad of AdWorld with the share of every word.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// What each word says.
    pub fields: Vec<Field>,
    /// What each word adds to the score of who is explained.
    pub said: Vec<f64>,
    /// What it truly adds to the memorability.
    pub truth: Vec<f64>,
    /// The aspects in the order of [`Aspect::ALL`].
    pub sides: Vec<Side>,
}

/// An aspect of one ad.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// Which one.
    pub aspect: Aspect,
    /// What its words add to the score of who is explained.
    pub said: f64,
    /// What its terms add to the true logit.
    pub truth: f64,
}

impl Explained {
    /// Explains the score of an ad from those of the ad and of `replaced`, as [`crate::world::ads::replaced`] makes it of
    /// them; `None` where scores are missing.
    #[must_use]
    pub fn of(brief: &Brief, ad: &Ad, replaced: &[Replaced], scores: &[f64]) -> Option<Self> {
        let (score, others) = scores.split_first()?;
        let fields: Vec<Field> = Field::of_brief().into_iter().chain(Field::of_ad(ad)).collect();
        let said = shares(fields.len(), *score, replaced, others)?;
        let all: Vec<(&Brief, &Ad)> =
            std::iter::once((brief, ad)).chain(replaced.iter().map(|one| (&one.brief, &one.ad))).collect();
        let terms = truths(&all);
        let worth: Vec<f64> = terms.iter().map(Terms::memorability).collect();
        let (true_score, true_others) = worth.split_first()?;
        let truth = shares(fields.len(), *true_score, replaced, true_others)?;
        let own = terms.first().copied().unwrap_or_default();
        let side = |aspect: Aspect| {
            let words = fields.iter().zip(&said).filter(|(field, _)| field.aspect() == Some(aspect));
            Side { aspect, said: words.map(|(_, share)| share).sum(), truth: aspect.worth(&own) }
        };
        let sides = Aspect::ALL.into_iter().map(side).collect();
        Some(Self { fields, said, truth, sides })
    }

    /// The shares of the words that could be others: said, then true.
    fn compared(&self) -> impl Iterator<Item = (f64, f64)> {
        let words = self.fields.iter().zip(self.said.iter().copied().zip(self.truth.iter().copied()));
        words.filter(|(field, _)| !matches!(field, Field::Mark | Field::Industry)).map(|(_, pair)| pair)
    }
}

/// How well explanations agree with the truth over many ads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Spearman's ρ of shares and true shares over all words of all ads that could be others; ads are resampled whole.
    pub words: Option<Interval>,
    /// Spearman's ρ of the summed shares of an aspect's words and its terms over the ads, an aspect each; `None` where a
    /// side is constant.
    pub aspects: Vec<(Aspect, Option<Interval>)>,
    /// The same over all aspects, each side without its aspect's mean; ads are resampled whole.
    pub all: Option<Interval>,
    /// The mean size of the share of a word that truly makes a difference.
    pub heard: f64,
    /// The same of a word that truly makes none.
    pub idle: f64,
}

/// True shares below this are none.
const NOTHING: f64 = 1e-9;

impl Agreement {
    /// Compares the explanations of ads with the truth. `seed` is that of the resamples.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // counts
    pub fn of(ads: &[Explained], seed: u64) -> Self {
        let columns: Vec<[Vec<f64>; 2]> = (0..Aspect::ALL.len())
            .map(|index| {
                let sides = || ads.iter().filter_map(move |ad| ad.sides.get(index));
                [sides().map(|side| side.said).collect(), sides().map(|side| side.truth).collect()]
            })
            .collect();
        let aspects = Aspect::ALL.into_iter().zip(&columns);
        let aspects = aspects.map(|(aspect, [said, truth])| (aspect, Interval::of_spearman(said, truth, seed)));
        let all = |rows: &[usize]| {
            let pooled = |side: usize| -> Vec<f64> {
                let centred = columns.iter().map(|column| {
                    let values: Vec<f64> = rows.iter().filter_map(|row| column.get(side)?.get(*row).copied()).collect();
                    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
                    values.into_iter().map(move |value| value - mean)
                });
                centred.flatten().collect()
            };
            spearman(&pooled(0), &pooled(1)).map(|outcome| outcome.effect)
        };
        let words = |rows: &[usize]| {
            let pairs = rows.iter().filter_map(|row| ads.get(*row)).flat_map(Explained::compared);
            let (said, truth): (Vec<f64>, Vec<f64>) = pairs.unzip();
            spearman(&said, &truth).map(|outcome| outcome.effect)
        };
        let size = |matters: bool| {
            let pairs = ads.iter().flat_map(Explained::compared);
            let sizes: Vec<f64> =
                pairs.filter(|(_, truth)| (truth.abs() > NOTHING) == matters).map(|(said, _)| said.abs()).collect();
            sizes.iter().sum::<f64>() / sizes.len().max(1) as f64
        };
        Self {
            words: Interval::of(ads.len(), seed, words),
            aspects: aspects.collect(),
            all: Interval::of(ads.len(), seed, all),
            heard: size(true),
            idle: size(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::world::ads::{Scene, Study, StudyConfig, replaced};

    fn study(ads: usize) -> Study {
        Study::run(&StudyConfig { ads, viewers: 40, ..StudyConfig::default() })
    }

    /// What a scorer makes of an ad, explained.
    fn explained(brief: Brief, ad: &Ad, score: impl Fn(&Brief, &Ad) -> f64) -> Explained {
        let others = replaced(&brief, ad);
        let scores: Vec<f64> =
            std::iter::once(score(&brief, ad)).chain(others.iter().map(|one| score(&one.brief, &one.ad))).collect();
        assert_eq!(Explained::of(&brief, ad, &others, &scores[1..]), None, "a score is missing");
        Explained::of(&brief, ad, &others, &scores).unwrap()
    }

    /// The closed form: of a sum over words, a share is the word's own term minus the mean of the others'.
    #[test]
    fn shares_of_a_sum_are_its_terms_without_their_kinds_mean() {
        let faces = |ad: &Ad| ad.scenes.iter().map(|scene: &Scene| f64::from(scene.faces)).sum::<f64>();
        for studied in &study(6).ads {
            let score = |brief: &Brief, ad: &Ad| 0.1 * faces(ad) + 0.001 * f64::from(brief.duration) + 0.3;
            let found = explained(studied.brief, &studied.ad, score);
            let mut scenes = studied.ad.scenes.iter();
            for (field, share) in found.fields.iter().zip(&found.said) {
                let expected = match field {
                    Field::Faces => {
                        let own = f64::from(scenes.next().unwrap().faces);
                        // Of 0 to 3 the others have 6 faces less its own.
                        0.1 * (own - (6.0 - own) / 3.0)
                    }
                    Field::Duration => {
                        let others = replaced(&studied.brief, &studied.ad);
                        let others: Vec<f64> = others
                            .iter()
                            .filter(|one| one.word == 4)
                            .map(|one| f64::from(one.brief.duration))
                            .collect();
                        #[allow(clippy::cast_precision_loss)]
                        let mean = others.iter().sum::<f64>() / others.len() as f64;
                        0.001 * (f64::from(studied.brief.duration) - mean)
                    }
                    _ => 0.0,
                };
                assert!((share - expected).abs() < 1e-12, "{field:?}: {share} {expected}");
            }
        }
    }

    /// Who says the truth is explained as the truth is, who says its opposite is not, and who says anything is neither.
    #[test]
    fn who_knows_the_truth_agrees_with_it() {
        let study = study(30);
        let agreement = |score: &dyn Fn(usize, &Brief, &Ad) -> f64| {
            let ads = study.ads.iter().enumerate();
            let ads: Vec<Explained> =
                ads.map(|(index, one)| explained(one.brief, &one.ad, |brief, ad| score(index, brief, ad))).collect();
            Agreement::of(&ads, 1)
        };
        let truth = |brief: &Brief, ad: &Ad| truths(&[(brief, ad)])[0].memorability();
        let own = agreement(&|_, brief, ad| truth(brief, ad));
        assert!(own.words.unwrap().value > 0.999 && own.idle < 1e-9 && own.heard > 0.01, "{own:?}");
        // Terms are of the logit, and means of others are what a share is measured from: close, not the same.
        assert!(own.all.unwrap().value > 0.5 && own.aspects.iter().all(|(_, rho)| rho.unwrap().value > 0.2), "{own:?}");
        let against = agreement(&|_, brief, ad| -truth(brief, ad));
        assert!(against.words.unwrap().value < -0.999 && against.all.unwrap().value < -0.5, "{against:?}");
        // A number that is different for every text, and nothing more.
        let any = agreement(&|index, brief, ad| {
            let text = format!("{index} {} {}", brief.prompt(), ad.tokens());
            let hash = Sha256::digest(text);
            f64::from(u16::from_le_bytes([hash[0], hash[1]]))
        });
        // Words of an ad have its own number in common: the interval, over ads, is wider than that of as many words.
        let words = any.words.unwrap();
        assert!(words.value.abs() < 0.15 && words.low < words.value && words.value < words.high, "{any:?}");
    }
}
