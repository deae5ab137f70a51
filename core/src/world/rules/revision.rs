//! How the authors revise an answer: they keep its words, and change only what makes it worse, or better.

use super::{
    LONGEST_ANSWER, TEACHER_QUALITY,
    constraint::{Band, Constraints, Kind},
    corpus::free_word,
};
use crate::rng::Stream;

/// An answer as the authors revise it.
///
/// To make it better they go through the constraints it breaks, in the order of the slots, and try to repair each
/// with probability [`TEACHER_QUALITY`]; to make it worse, through those it meets, and try to break each as often. If
/// that leaves none, they try one of them. An attempt that does not pay, because another constraint would suffer or
/// gain as much, is given up, so that the oracle never prefers a draft to its better revision, or a worse one to its
/// draft.
///
/// A word at fault is replaced where it stands and what is missing is added at the end, so that a revision first
/// departs from its draft where `faults` finds a fault, or where something sound was. What replaces a word is free
/// like any other free word.
pub(super) fn revision(constraints: &Constraints, draft: &str, better: bool, stream: &mut Stream) -> String {
    let mut text = Text { constraints, named: constraints.words(), words: draft.split_whitespace().collect() };
    let open: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| text.met(*kind) == Some(!better)).collect();
    let mut tried: Vec<Kind> = open.iter().copied().filter(|_| stream.chance(TEACHER_QUALITY)).collect();
    if tried.is_empty() {
        tried.extend(stream.pick(&open));
    }
    for kind in tried {
        // An edit for another constraint may have done it.
        if text.met(kind) == Some(better) {
            continue;
        }
        let mut edited = text.clone();
        if better {
            edited.repair(kind, stream);
        } else {
            edited.spoil(kind, stream);
        }
        let [before, after] = [&text, &edited].map(|text| constraints.count(&text.words).0);
        let pays = if better { after > before } else { after < before };
        if pays {
            text = edited;
        }
    }
    text.words.join(" ")
}

/// A text while it is edited.
#[derive(Clone)]
struct Text<'a> {
    constraints: &'a Constraints,
    /// The words that the constraints name; all others are free.
    named: Vec<&'a str>,
    words: Vec<&'a str>,
}

impl<'a> Text<'a> {
    /// Meets a constraint that is broken.
    fn repair(&mut self, kind: Kind, stream: &mut Stream) {
        let asked = self.constraints;
        match kind {
            Kind::Must => asked.must.iter().for_each(|word| self.add(word)),
            Kind::Never => asked.never.iter().for_each(|word| self.replace(word, 0, stream)),
            Kind::First => {
                if let Some(word) = &asked.first {
                    match self.words.first() {
                        Some(other) if !self.named.contains(other) => self.words[0] = word,
                        _ => self.insert(0, word),
                    }
                }
            }
            Kind::Last => asked.last.iter().for_each(|word| self.insert(self.words.len(), word)),
            Kind::Order => {
                if let Some((early, late)) = &asked.order {
                    match (self.place(early), self.place(late)) {
                        (Some(e), Some(l)) => self.words.swap(e, l),
                        (None, Some(l)) => self.insert(l, early),
                        (Some(_), None) => self.add(late),
                        (None, None) => [early, late].into_iter().for_each(|word| self.add(word)),
                    }
                }
            }
            Kind::Count => {
                if let Some((word, times)) = &asked.count {
                    self.replace(word, *times, stream);
                    (self.times(word)..*times).for_each(|_| self.add(word));
                }
            }
            Kind::Length => {
                if let Some(range) = asked.length.map(Band::range) {
                    while self.words.len() > *range.end() && self.drop_free().is_some() {}
                    self.ramble(*range.start(), stream);
                }
            }
        }
    }

    /// Breaks a constraint that is met.
    fn spoil(&mut self, kind: Kind, stream: &mut Stream) {
        let asked = self.constraints;
        match kind {
            Kind::Must => asked.must.iter().for_each(|word| self.replace(word, 0, stream)),
            Kind::Never => {
                if let Some(word) = &asked.never {
                    let free: Vec<usize> = (0..self.words.len()).filter(|at| self.is_free(*at)).collect();
                    match stream.pick(&free) {
                        Some(at) => self.words[*at] = word,
                        None => self.add(word),
                    }
                }
            }
            Kind::First => self.words[0] = free_word(stream, &self.named),
            Kind::Last => {
                self.words.pop();
                self.words.push(free_word(stream, &self.named));
            }
            Kind::Order => {
                if let Some((early, late)) = &asked.order {
                    match (stream.below(3), self.place(early), self.place(late)) {
                        (0, Some(e), Some(l)) => self.words.swap(e, l),
                        (1, ..) => self.replace(early, 0, stream),
                        _ => self.replace(late, 0, stream),
                    }
                }
            }
            Kind::Count => {
                if let Some((word, times)) = &asked.count {
                    match self.words.iter().rposition(|w| w == word) {
                        Some(at) if stream.chance(0.5) => self.insert(at + 1, word),
                        _ => self.replace(word, times - 1, stream),
                    }
                }
            }
            Kind::Length => {
                if let Some(range) = asked.length.map(Band::range) {
                    let (over, under) = (range.end() + 1, range.start() - 1);
                    let size = self.words.len();
                    if over > LONGEST_ANSWER || size - under < over - size {
                        while self.words.len() > under && self.drop_free().is_some() {}
                    } else {
                        self.ramble(over, stream);
                    }
                }
            }
        }
    }

    fn met(&self, kind: Kind) -> Option<bool> {
        self.constraints.met(kind, &self.words)
    }

    fn place(&self, word: &str) -> Option<usize> {
        self.words.iter().position(|w| *w == word)
    }

    fn times(&self, word: &str) -> usize {
        self.words.iter().filter(|w| **w == word).count()
    }

    fn is_free(&self, at: usize) -> bool {
        !self.named.contains(&self.words[at])
    }

    /// Where the answer goes on: at its end, or before its last word where that is the one asked for.
    fn end(&self) -> usize {
        self.words.len() - usize::from(self.met(Kind::Last) == Some(true))
    }

    fn add(&mut self, word: &'a str) {
        self.insert(self.end(), word);
    }

    /// Adds a word at a place. Where there is no room, the last free word makes way, and where there is none nothing
    /// is added.
    fn insert(&mut self, mut at: usize, word: &'a str) {
        let band = self.constraints.length.filter(|_| self.met(Kind::Length) == Some(true));
        if self.words.len() >= band.map_or(LONGEST_ANSWER, |band| *band.range().end()) {
            let Some(gone) = self.drop_free() else { return };
            at -= usize::from(gone < at);
        }
        self.words.insert(at, word);
    }

    /// Puts a free word in the place of each occurrence of a word, but for the first so many.
    fn replace(&mut self, word: &str, kept: usize, stream: &mut Stream) {
        let named = &self.named;
        let found = self.words.iter_mut().filter(|w| **w == word).skip(kept);
        found.for_each(|found| *found = free_word(stream, named));
    }

    /// Takes the last free word out and says where it stood.
    fn drop_free(&mut self) -> Option<usize> {
        let at = (0..self.words.len()).rev().find(|at| self.is_free(*at))?;
        self.words.remove(at);
        Some(at)
    }

    /// Goes on with free words up to a length.
    fn ramble(&mut self, size: usize, stream: &mut Stream) {
        while self.words.len() < size {
            let (at, word) = (self.end(), free_word(stream, &self.named));
            self.words.insert(at, word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rng::Purpose,
        world::rules::{corpus::demonstrations, grade},
    };

    /// Revisions of a draft with many random numbers; none of them may be on the wrong side of the draft.
    fn revisions(prompt: &str, draft: &str, better: bool) -> Vec<String> {
        let write = |item| {
            let mut stream = Stream::new(5, Purpose::Annotator, 1, item);
            let text = revision(&Constraints::parse(prompt), draft, better, &mut stream);
            let [made, was] = [text.as_str(), draft].map(|text| grade(prompt, text).reward);
            assert!(if better { made >= was } else { made <= was }, "{prompt}: {draft} -> {text}");
            text
        };
        (0..60).map(write).collect()
    }

    /// Whether a text is what is expected, where `_` stands for any word that the prompt does not name.
    fn fits(prompt: &str, text: &str, expected: &str) -> bool {
        let constraints = Constraints::parse(prompt);
        let (words, expected): (Vec<&str>, Vec<&str>) =
            (text.split_whitespace().collect(), expected.split_whitespace().collect());
        let fits = |(word, expected): (&&str, &&str)| {
            word == expected || *expected == "_" && !constraints.words().contains(word)
        };
        words.len() == expected.len() && words.iter().zip(&expected).all(fits)
    }

    /// One constraint is broken, or one met, so that it is the one that is edited.
    #[test]
    fn one_edit_keeps_the_other_words() {
        let repaired = [
            ("must:fox", "so the", "so the fox"),
            ("must:fox last:elm", "so the elm", "so the fox elm"),
            ("never:owl", "owl so owl", "_ so _"),
            ("first:sun", "so the", "sun the"),
            ("first:sun must:fox", "fox so", "sun fox so"),
            ("first:sun", "", "sun"),
            ("last:elm", "elm so", "elm so elm"),
            ("early:bee late:moss", "so moss the bee", "so bee the moss"),
            ("early:bee late:moss", "so moss", "so bee moss"),
            ("early:bee late:moss", "bee so", "bee so moss"),
            ("early:bee late:moss last:elm", "so elm", "so bee moss elm"),
            ("twice:oak", "oak so", "oak so oak"),
            ("twice:oak", "oak so oak the oak", "oak so oak the _"),
            ("length:short", "so the", "so the _ _"),
            ("length:short last:elm", "a b c d e f g h elm", "a b c d e f elm"),
            // No room for another word: the last free one makes way.
            ("length:short must:fox", "a b c d e f g", "a b c d e f fox"),
        ];
        let spoiled = [
            ("must:fox", "fox so fox", "_ so _"),
            ("never:owl first:sun", "so sun", "owl sun"),
            ("first:sun must:fox", "sun so", "_ so"),
            ("last:elm must:fox", "so elm", "so _"),
            ("length:short", "a b c d", "a b c"),
            ("length:short", "a b c d e f g", "a b c d e f g _"),
            ("length:medium must:fox", "a b c d e f g h i j k l", "a b c d e f g h i j k l _"),
            ("length:long last:elm must:fox", "a b c d e f g h i j k l m", "a b c d e f g h i j k l"),
        ];
        for (cases, better) in [(&repaired[..], true), (&spoiled, false)] {
            for (prompt, draft, expected) in cases {
                for text in revisions(prompt, draft, better) {
                    assert!(fits(prompt, &text, expected), "{prompt}: {draft} -> {text}, not {expected}");
                    let [made, was] = [text.as_str(), draft].map(|text| grade(prompt, text).reward);
                    assert!(if better { made > was } else { made < was }, "{prompt}: {draft} -> {text}");
                }
            }
        }
    }

    #[test]
    fn an_order_and_a_number_are_broken_in_every_way() {
        for (prompt, draft, ways) in [
            ("early:bee late:moss", "bee so moss", &["moss so bee", "_ so moss", "bee so _"][..]),
            ("twice:oak", "oak so oak", &["oak so _", "oak so oak oak"]),
            ("never:owl", "so the", &["owl the", "so owl"]),
        ] {
            let texts = revisions(prompt, draft, false);
            for text in &texts {
                assert_eq!(ways.iter().filter(|way| fits(prompt, text, way)).count(), 1, "{prompt}: {text}");
            }
            for way in ways {
                assert!(texts.iter().any(|text| fits(prompt, text, way)), "{prompt}: {way}");
            }
        }
    }

    #[test]
    fn nothing_is_changed_where_nothing_can_be() {
        // All is met; nothing is; and there is no word that could make way for the fox.
        for (prompt, draft, better) in [
            ("must:fox last:elm", "so fox elm", true),
            ("must:fox last:elm", "so the", false),
            ("must:fox length:short thrice:oak early:bee late:moss first:sun", "sun bee moss oak oak oak bee", true),
        ] {
            assert!(revisions(prompt, draft, better).iter().all(|text| text == draft), "{prompt}: {draft}");
        }
    }

    /// The same texts were drawn in Python, generator included: of 1614 drafts that break something all are better
    /// afterwards, and of 1603 that meet something one is not worse, where a fourth moon would have met the length. Of
    /// the drafts' words 87 and 84 of 100 are kept on the mean, and the longest text has 18.
    #[test]
    fn revisions_are_on_their_side_of_the_draft_and_keep_most_of_it() {
        let (mut open, mut moved, mut kept) = ([0; 2], [0; 2], [0.0; 2]);
        for (index, row) in (0..).zip(demonstrations(5, 2000)) {
            let constraints = Constraints::parse(&row.prompt);
            let mut stream = Stream::new(5, Purpose::Annotator, 1, 2 << 32 | index);
            let words: Vec<&str> = row.answer.split_whitespace().collect();
            let (met, active) = constraints.count(&words);
            let was = grade(&row.prompt, &row.answer).reward;
            for (side, better) in [(0, true), (1, false)] {
                let text = revision(&constraints, &row.answer, better, &mut stream);
                let made = grade(&row.prompt, &text).reward;
                let changeable = if better { met < active } else { met > 0 };
                assert!(changeable || text == row.answer, "{}: {} -> {text}", row.prompt, row.answer);
                assert!(if better { made >= was } else { made <= was }, "{}: {} -> {text}", row.prompt, row.answer);
                open[side] += u32::from(changeable);
                moved[side] += u32::from(if better { made > was } else { made < was });
                let mut left: Vec<&str> = text.split_whitespace().collect();
                assert!(left.len() <= LONGEST_ANSWER);
                let found = words.iter().filter(|word| {
                    let at = left.iter().position(|other| other == *word);
                    at.map(|at| left.swap_remove(at)).is_some()
                });
                #[allow(clippy::cast_precision_loss)] // word counts
                let share = found.count() as f64 / words.len() as f64;
                kept[side] += share / 2000.0;
            }
        }
        assert_eq!((open, moved), ([1614, 1603], [1614, 1602]));
        assert!((0.8..0.95).contains(&kept[0]) && (0.8..0.95).contains(&kept[1]), "{kept:?}");
    }
}
