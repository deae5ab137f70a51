//! All detectors, in the order in which findings of equal weight are shown.

use super::{
    Verdict, case::Case, coin_judge, constant_judge, displacement, diversity, duplicates, explosion, filter, labels,
    length_bias, length_growth, no_oracle, over_optimisation, position_bias, saturation, sharpening, truncation,
    twin_judges, unfinished,
};
use crate::view::words;

/// Something that looks for one pathology.
#[derive(Debug)]
pub struct Detector {
    /// Its name in code and words.
    pub id: &'static str,
    /// The key of a sentence about what it looks for.
    looks: &'static str,
    /// Looks.
    pub(super) examine: fn(&Case<'_>) -> Verdict,
}

impl Detector {
    pub(super) const fn new(id: &'static str, looks: &'static str, examine: fn(&Case<'_>) -> Verdict) -> Self {
        Self { id, looks, examine }
    }

    /// What the pathology is called.
    #[must_use]
    pub fn title(&self) -> &'static str {
        words::known(&format!("diagnosis.{}.title", self.id)).unwrap_or(self.id)
    }

    /// What it looks for, in a sentence.
    #[must_use]
    pub fn looks(&self) -> &'static str {
        words::t(self.looks)
    }
}

// A function has one identity for our purposes: a detector is its name.
impl PartialEq for Detector {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// All detectors.
pub static ALL: &[Detector] = &[
    explosion::DETECTOR,
    labels::DETECTOR,
    over_optimisation::DETECTOR,
    sharpening::DETECTOR,
    coin_judge::DETECTOR,
    constant_judge::DETECTOR,
    twin_judges::DETECTOR,
    position_bias::DETECTOR,
    length_bias::DETECTOR,
    filter::DETECTOR,
    duplicates::DETECTOR,
    displacement::DETECTOR,
    saturation::DETECTOR,
    diversity::DETECTOR,
    length_growth::DETECTOR,
    truncation::DETECTOR,
    no_oracle::DETECTOR,
    unfinished::DETECTOR,
];

/// The detector of a name.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Detector> {
    ALL.iter().find(|detector| detector.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_detector_has_its_own_name_and_words() {
        for (index, detector) in ALL.iter().enumerate() {
            assert!(ALL[index + 1..].iter().all(|other| other.id != detector.id), "{} twice", detector.id);
            assert_ne!(detector.title(), detector.id);
            assert_eq!(detector.looks, format!("diagnosis.{}.looks", detector.id));
            assert_ne!(detector.looks(), detector.looks);
            assert_eq!(by_id(detector.id), Some(detector));
        }
        assert_eq!(by_id("gout"), None);
    }
}
