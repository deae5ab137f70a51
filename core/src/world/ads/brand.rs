//! Brands: invented names, each with an industry, a renown and a pull of its own.

use std::fmt;

use serde::{Deserialize, Serialize, de};

use super::words::Industry;
use crate::rng::{Purpose, Stream};

/// First halves of the names.
const FIRST: [&str; 23] = [
    "Al", "Bel", "Cor", "Dar", "Eno", "Fel", "Gar", "Hal", "Iva", "Jor", "Kel", "Lum", "Mar", "Nov", "Ori", "Pel",
    "Quo", "Ras", "Sol", "Tav", "Ulm", "Ver", "Zan",
];

/// Second halves of the names.
const SECOND: [&str; 12] = ["ado", "ulk", "bix", "dux", "ench", "oom", "ith", "onk", "yva", "rel", "tup", "wen"];

/// One brand in seven is never learned from. Seven has no divisor in common with the number of industries,
/// so that all of them are on both sides.
const HELD_OUT_EVERY: u16 = 7;

/// A brand. Written as its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Brand(u16);

impl Brand {
    /// How many there are: as many as in LAMBDA.
    pub const COUNT: usize = FIRST.len() * SECOND.len();

    /// The brand of an index; `None` from [`Brand::COUNT`] on.
    #[must_use]
    pub fn new(index: usize) -> Option<Self> {
        u16::try_from(index).ok().filter(|_| index < Self::COUNT).map(Self)
    }

    /// All brands in the order of their indices.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).filter_map(Self::new)
    }

    /// Its index.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Its name. Neighbours begin differently.
    #[must_use]
    pub fn name(self) -> String {
        let (first, second) = (self.index() % FIRST.len(), self.index() / FIRST.len());
        format!("{}{}", FIRST.get(first).copied().unwrap_or_default(), SECOND.get(second).copied().unwrap_or_default())
    }

    /// The brand of a name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        FIRST.iter().enumerate().find_map(|(first, half)| {
            let rest = name.strip_prefix(half)?;
            let second = SECOND.iter().position(|half| *half == rest)?;
            Self::new(second * FIRST.len() + first)
        })
    }

    /// What it sells.
    #[must_use]
    pub fn industry(self) -> Industry {
        Industry::ALL.get(self.index() % Industry::ALL.len()).copied().unwrap_or(Industry::Food)
    }

    /// Whether no ad of it is ever learned from.
    #[must_use]
    pub fn held_out(self) -> bool {
        self.0 % HELD_OUT_EVERY == HELD_OUT_EVERY - 1
    }

    /// The share of people who know it, between 0.1 and 0.9. Independent of everything else about it.
    #[must_use]
    pub fn renown(self) -> f64 {
        0.1 + 0.8 * self.stream(0).uniform()
    }

    /// A standard normal number that is its own: the part of its ads' memorability that nothing else explains.
    pub(super) fn pull(self) -> f64 {
        self.stream(1).normal()
    }

    /// Brands are the same in every run.
    fn stream(self, of: u32) -> Stream {
        Stream::new(0, Purpose::Corpus, of, u64::from(self.0) | 1 << 48)
    }
}

impl fmt::Display for Brand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl Serialize for Brand {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

impl<'de> Deserialize<'de> for Brand {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::of(&name).ok_or_else(|| de::Error::custom(format!("there is no brand `{name}` in this world")))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_lead_back() {
        let names: BTreeSet<String> = Brand::all().map(Brand::name).collect();
        assert_eq!((names.len(), Brand::COUNT), (276, 276));
        assert!(Brand::all().all(|brand| Brand::of(&brand.name()) == Some(brand)));
        assert_eq!((Brand::of("Novara"), Brand::new(276)), (None, None));
        let json = serde_json::to_string(&Brand(3)).unwrap();
        assert_eq!((json.as_str(), serde_json::from_str::<Brand>(&json).unwrap()), ("\"Darado\"", Brand(3)));
        assert!(serde_json::from_str::<Brand>("\"Acme\"").unwrap_err().to_string().contains("Acme"));
    }

    #[test]
    fn every_industry_is_on_both_sides() {
        for held_out in [false, true] {
            let industries: BTreeSet<Industry> =
                Brand::all().filter(|brand| brand.held_out() == held_out).map(Brand::industry).collect();
            assert_eq!(industries.len(), Industry::ALL.len());
        }
        assert_eq!(Brand::all().filter(|brand| brand.held_out()).count(), 39);
    }
}
