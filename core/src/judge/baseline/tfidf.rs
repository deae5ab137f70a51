//! Words by how often a text has them and how rare they are elsewhere (TF-IDF, Spärck Jones 1972), with
//! the smoothing and normalisation of scikit-learn's `TfidfVectorizer`.

use std::collections::{BTreeMap, BTreeSet};

use super::Sparse;

/// Characters of the shortest and of the longest piece of a word.
const SHORTEST_PIECE: usize = 2;
const LONGEST_PIECE: usize = 4;

/// The vocabulary of some texts, and how rare each term is among them.
#[derive(Debug, Clone)]
pub struct Tfidf {
    /// Each term's column and `ln((1 + texts) / (1 + texts with it)) + 1`.
    terms: BTreeMap<String, (usize, f64)>,
    cut: fn(&str) -> Vec<String>,
}

/// The terms of a text: its words in lower case, and every other mark that is not blank, by itself.
#[must_use]
pub fn terms(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut within = false;
    for character in text.chars().flat_map(char::to_lowercase) {
        let word = character.is_alphanumeric() || character == '_';
        match found.last_mut() {
            Some(last) if word && within => last.push(character),
            _ if character.is_whitespace() => {}
            _ => found.push(character.to_string()),
        }
        within = word;
    }
    found
}

/// The pieces of the words of a text: every two to four neighbouring characters, each word in lower case with a
/// blank on either side (`char_wb` in scikit-learn).
#[must_use]
pub fn pieces(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for word in text.to_lowercase().split_whitespace() {
        let letters: Vec<char> = std::iter::once(' ').chain(word.chars()).chain([' ']).collect();
        for length in SHORTEST_PIECE..=LONGEST_PIECE {
            found.extend(letters.windows(length).map(|piece| piece.iter().collect::<String>()));
            // A word no longer than this is its own longest piece.
            if letters.len() <= length {
                break;
            }
        }
    }
    found
}

impl Tfidf {
    /// Learns the terms of texts, which `terms` cuts out of them.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // counts
    pub fn fit(texts: &[&str], cut: fn(&str) -> Vec<String>) -> Self {
        let mut with: BTreeMap<String, usize> = BTreeMap::new();
        for text in texts {
            for term in cut(text).into_iter().collect::<BTreeSet<_>>() {
                *with.entry(term).or_default() += 1;
            }
        }
        let all = (1 + texts.len()) as f64;
        let terms = with
            .into_iter()
            .enumerate()
            .map(|(column, (term, count))| (term, (column, (all / (1 + count) as f64).ln() + 1.0)));
        Self { terms: terms.collect(), cut }
    }

    /// How many terms there are.
    #[must_use]
    pub fn width(&self) -> usize {
        self.terms.len()
    }

    /// A text as a row of length 1; terms that were not learned are left out.
    #[must_use]
    pub fn transform(&self, text: &str) -> Sparse {
        let mut row: BTreeMap<usize, f64> = BTreeMap::new();
        for (column, rarity) in (self.cut)(text).iter().filter_map(|term| self.terms.get(term)) {
            *row.entry(*column).or_default() += rarity;
        }
        let norm = row.values().map(|value| value * value).sum::<f64>().sqrt();
        row.into_iter().map(|(column, value)| (column, value / norm)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_marks_are_terms() {
        assert_eq!(terms("It's a Bee, 42!"), ["it", "'", "s", "a", "bee", ",", "42", "!"]);
        assert!(terms(" \n").is_empty());
        assert_eq!(pieces("A bee"), [" a", "a ", " a ", " b", "be", "ee", "e ", " be", "bee", "ee ", " bee", "bee "]);
    }

    /// By the formulas: `owl` is in both of two texts, `fox` in one.
    #[test]
    fn weights_are_those_of_the_formula() {
        let words = Tfidf::fit(&["owl fox", "owl"], terms);
        let (owl, fox) = (1.0, (3.0_f64 / 2.0).ln() + 1.0);
        let row = words.transform("Fox owl fox elm");
        let norm = (owl * owl + 4.0 * fox * fox).sqrt();
        assert_eq!(row.len(), 2);
        assert!((row[0].1 - 2.0 * fox / norm).abs() < 1e-12 && (row[1].1 - owl / norm).abs() < 1e-12, "{row:?}");
        assert!(words.transform("elm").is_empty());
    }
}
