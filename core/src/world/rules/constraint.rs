//! The seven kinds of constraints, how a prompt spells them and when an answer meets them.

use super::vocabulary::WORDS;
use crate::rng::Stream;

/// The kinds, in the order of the prompt's slots. `Order` takes two slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::world) enum Kind {
    Must,
    Never,
    First,
    Last,
    Order,
    Count,
    Length,
}

impl Kind {
    pub(in crate::world) const ALL: [Self; 7] =
        [Self::Must, Self::Never, Self::First, Self::Last, Self::Order, Self::Count, Self::Length];
}

/// A band of answer lengths in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::world) enum Band {
    Short,
    Medium,
    Long,
}

impl Band {
    pub(super) const ALL: [Self; 3] = [Self::Short, Self::Medium, Self::Long];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Medium => "medium",
            Self::Long => "long",
        }
    }

    pub(super) fn range(self) -> std::ops::RangeInclusive<usize> {
        match self {
            Self::Short => 4..=7,
            Self::Medium => 8..=12,
            Self::Long => 13..=super::LONGEST_ANSWER,
        }
    }
}

/// What one prompt asks for; `None` is `any`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Constraints {
    pub(in crate::world) must: Option<String>,
    pub(in crate::world) never: Option<String>,
    pub(in crate::world) first: Option<String>,
    pub(in crate::world) last: Option<String>,
    pub(in crate::world) order: Option<(String, String)>,
    pub(in crate::world) count: Option<(String, usize)>,
    pub(in crate::world) length: Option<Band>,
}

impl Constraints {
    /// Two to six constraints over distinct words that can all be met at once.
    pub(in crate::world) fn draw(stream: &mut Stream) -> Self {
        let mut kinds = Kind::ALL;
        Self::draw_of(&mut kinds, &WORDS, stream)
    }

    /// Two constraints up to all but one of these kinds, over distinct ones of these words; can all be met at once.
    /// There have to be as many words as the kinds can ask for.
    pub(in crate::world) fn draw_of(kinds: &mut [Kind], words: &[&str], stream: &mut Stream) -> Self {
        stream.shuffle(kinds);
        let mut words: Vec<&str> = words.to_vec();
        stream.shuffle(&mut words);
        let mut words = words.into_iter().map(str::to_owned);
        let mut constraints = Self::default();
        for kind in kinds.iter().take(2 + stream.below(kinds.len() - 2)) {
            match kind {
                Kind::Must => constraints.must = words.next(),
                Kind::Never => constraints.never = words.next(),
                Kind::First => constraints.first = words.next(),
                Kind::Last => constraints.last = words.next(),
                Kind::Order => constraints.order = words.next().zip(words.next()),
                Kind::Count => constraints.count = words.next().map(|w| (w, 2 + stream.below(2))),
                Kind::Length => constraints.length = stream.pick(&Band::ALL).copied(),
            }
        }
        if constraints.length == Some(Band::Short) && constraints.words_needed() > *Band::Short.range().end() {
            constraints.length = Some(Band::Medium);
        }
        constraints
    }

    /// The words that the constraints are about, a forbidden one included.
    pub(super) fn words(&self) -> Vec<&str> {
        [&self.must, &self.never, &self.first, &self.last]
            .into_iter()
            .flatten()
            .chain(self.order.iter().flat_map(|(early, late)| [early, late]))
            .chain(self.count.iter().map(|(word, _)| word))
            .map(String::as_str)
            .collect()
    }

    /// How many words the constraints themselves ask for.
    pub(super) fn words_needed(&self) -> usize {
        usize::from(self.must.is_some())
            + usize::from(self.first.is_some())
            + usize::from(self.last.is_some())
            + 2 * usize::from(self.order.is_some())
            + self.count.as_ref().map_or(0, |(_, times)| *times)
    }

    /// The slots of the prompt that belong to a kind, empty ones included.
    fn slots(&self, kind: Kind) -> String {
        let word = |value: &Option<String>| value.clone().unwrap_or_else(|| "any".to_owned());
        match kind {
            Kind::Must => format!("must:{}", word(&self.must)),
            Kind::Never => format!("never:{}", word(&self.never)),
            Kind::First => format!("first:{}", word(&self.first)),
            Kind::Last => format!("last:{}", word(&self.last)),
            Kind::Order => {
                let (early, late) = self.order.clone().unzip();
                format!("early:{} late:{}", word(&early), word(&late))
            }
            Kind::Count => match &self.count {
                Some((w, 2)) => format!("twice:{w}"),
                Some((w, _)) => format!("thrice:{w}"),
                None => "count:any".to_owned(),
            },
            Kind::Length => format!("length:{}", self.length.map_or("any", Band::name)),
        }
    }

    /// The slot at which a judge answers whether the constraint of a kind is met: its last one.
    pub(in crate::world) fn checked_slot(&self, kind: Kind) -> String {
        let slots = self.slots(kind);
        slots.rsplit_once(' ').map_or(slots.clone(), |(_, last)| last.to_owned())
    }

    /// The prompt's text.
    #[must_use]
    pub fn prompt(&self) -> String {
        Kind::ALL.map(|kind| self.slots(kind)).join(" ") + " <resp>"
    }

    /// Reads a prompt's text; whatever is not a constraint is ignored.
    #[must_use]
    pub fn parse(prompt: &str) -> Self {
        let mut constraints = Self::default();
        let (mut early, mut late) = (None, None);
        for (kind, value) in prompt.split_whitespace().filter_map(|slot| slot.split_once(':')) {
            let value = (value != "any").then(|| value.to_owned());
            match kind {
                "must" => constraints.must = value,
                "never" => constraints.never = value,
                "first" => constraints.first = value,
                "last" => constraints.last = value,
                "early" => early = value,
                "late" => late = value,
                "twice" => constraints.count = value.map(|w| (w, 2)),
                "thrice" => constraints.count = value.map(|w| (w, 3)),
                "length" => constraints.length = Band::ALL.into_iter().find(|b| Some(b.name()) == value.as_deref()),
                _ => {}
            }
        }
        constraints.order = early.zip(late);
        constraints
    }

    /// Whether an answer meets the constraint of a kind; `None` where the prompt has none.
    pub(in crate::world) fn met(&self, kind: Kind, words: &[&str]) -> Option<bool> {
        let times = |word: &String| words.iter().filter(|w| *w == word).count();
        let position = |word: &String| words.iter().position(|w| w == word);
        match kind {
            Kind::Must => self.must.as_ref().map(|w| times(w) > 0),
            Kind::Never => self.never.as_ref().map(|w| times(w) == 0),
            Kind::First => self.first.as_ref().map(|w| words.first() == Some(&w.as_str())),
            Kind::Last => self.last.as_ref().map(|w| words.last() == Some(&w.as_str())),
            Kind::Order => {
                self.order.as_ref().map(|(early, late)| position(early).zip(position(late)).is_some_and(|(e, l)| e < l))
            }
            Kind::Count => self.count.as_ref().map(|(w, n)| times(w) == *n),
            Kind::Length => self.length.map(|band| band.range().contains(&words.len())),
        }
    }

    /// `(met, active)` over all kinds.
    pub(in crate::world) fn count(&self, words: &[&str]) -> (usize, usize) {
        let answers: Vec<bool> = Kind::ALL.iter().filter_map(|kind| self.met(*kind, words)).collect();
        (answers.iter().filter(|met| **met).count(), answers.len())
    }

    /// Whether the answer's length is one of them.
    pub(in crate::world) fn asks_for_length(&self) -> bool {
        self.length.is_some()
    }

    /// How many constraints the prompt has.
    #[must_use]
    pub fn active(&self) -> usize {
        self.count(&[]).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_an_answer_that_meets_it_and_one_that_does_not() {
        let c = Constraints::parse(
            "must:fox never:owl first:sun last:elm early:bee late:moss thrice:oak length:short <resp>",
        );
        let cases: [(Kind, &str, &str); 7] = [
            (Kind::Must, "a fox", "a dog"),
            (Kind::Never, "a fox", "an owl"),
            (Kind::First, "sun fox", "fox sun"),
            (Kind::Last, "sun elm", "elm sun"),
            (Kind::Order, "bee x moss", "moss bee"),
            (Kind::Count, "oak oak x oak", "oak oak oak oak"),
            (Kind::Length, "a b c d", "a b c"),
        ];
        for (kind, good, bad) in cases {
            let words = |text: &'static str| text.split_whitespace().collect::<Vec<_>>();
            assert_eq!(c.met(kind, &words(good)), Some(true), "{kind:?}");
            assert_eq!(c.met(kind, &words(bad)), Some(false), "{kind:?}");
            assert_eq!(Constraints::default().met(kind, &words(good)), None);
        }
        assert_eq!(c.met(Kind::Order, &["bee"]), Some(false), "both words must be there");
    }
}
