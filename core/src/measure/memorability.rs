//! How memorable ads of AdWorld truly are: for measuring and showing. No recipe may go by it.

use serde::{Deserialize, Serialize};

use super::{oracle::OracleKey, stats::Mean};
use crate::world::ads::{Ad, Ads, Brief, Diversity, Terms, Validity};

/// The true memorability of ads, each term by term.
#[must_use]
pub fn truths(ads: &[(&Brief, &Ad)]) -> Vec<Terms> {
    let key = OracleKey::new();
    ads.iter().map(|(brief, ad)| Ads::memorability(&key, brief, ad)).collect()
}

/// The worth of a set of generated ads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdQuality {
    /// True memorability; an answer that is no ad has none, and counts as 0.
    pub memorability: Mean,
    /// Share of answers that are ads.
    pub readable: f64,
    /// Share of answers that name their brand and no other.
    pub brand_valid: f64,
    /// Share of answers that are as their brief asks.
    pub fits: f64,
    /// How varied the ads among them are; `None` of fewer than two.
    pub diversity: Option<Diversity>,
}

/// Grades answers in token form, each with its brief.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts
pub fn ad_quality(answers: &[(Brief, &str)]) -> AdQuality {
    let ads: Vec<(&Brief, Option<Ad>)> = answers.iter().map(|(brief, text)| (brief, Ad::parse(text).ok())).collect();
    let read: Vec<(&Brief, &Ad)> = ads.iter().filter_map(|(brief, ad)| Some((*brief, ad.as_ref()?))).collect();
    let missing = ads.len() - read.len();
    let worth = truths(&read).into_iter().map(|terms| terms.memorability());
    let share = |is: &dyn Fn(&Validity) -> bool| {
        let count = read.iter().filter(|(brief, ad)| is(&Validity::of(brief, ad))).count();
        count as f64 / ads.len().max(1) as f64
    };
    AdQuality {
        memorability: Mean::of(worth.chain(std::iter::repeat_n(0.0, missing))),
        readable: share(&|_| true),
        brand_valid: share(&Validity::brand_valid),
        fits: share(&Validity::fits),
        diversity: Diversity::of(&read),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreadable_answers_count_as_forgotten() {
        let brief = Brief::parse("Belado entertainment film first-light 30s landscape <resp>").unwrap();
        let good = "pace:low <scene> woman film red on blue warm joy faces:1 clear Belado silent";
        let rival = "pace:low <scene> woman film red on blue warm joy faces:1 clear Corado silent";
        let quality = ad_quality(&[(brief, good), (brief, rival), (brief, "pace:low"), (brief, good)]);
        let [own, other] = [good, rival].map(|text| truths(&[(&brief, &Ad::parse(text).unwrap())])[0].memorability());
        assert!((quality.memorability.mean - (2.0 * own + other) / 4.0).abs() < 1e-12 && other < own);
        assert_eq!((quality.readable, quality.brand_valid, quality.fits), (0.75, 0.5, 0.5));
        assert!(quality.diversity.is_some_and(|diversity| diversity.distinct < 1.0));
        assert_eq!(ad_quality(&[]).readable, 0.0);
    }
}
