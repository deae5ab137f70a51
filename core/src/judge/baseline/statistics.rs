//! A text's length and make-up.

/// The statistics in their order.
pub const STATISTICS: [&str; 8] = [
    "words",
    "characters",
    "mean word length",
    "longest word",
    "distinct share of words",
    "share of capitals",
    "share of digits",
    "share of punctuation",
];

/// Counts that know nothing of what a text says, in the order of [`STATISTICS`]. Shares are of the
/// characters that are not blank, unless they are of words; those of an empty text are 0.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts
pub fn statistics(text: &str) -> [f64; 8] {
    let words: Vec<&str> = text.split_whitespace().collect();
    let count = words.len().max(1) as f64;
    let lengths: Vec<usize> = words.iter().map(|word| word.chars().count()).collect();
    let characters: usize = lengths.iter().sum();
    let share = |of: fn(&char) -> bool| {
        text.chars().filter(|c| !c.is_whitespace()).filter(of).count() as f64 / characters.max(1) as f64
    };
    let distinct: std::collections::BTreeSet<&str> = words.iter().copied().collect();
    [
        words.len() as f64,
        characters as f64,
        characters as f64 / count,
        lengths.iter().copied().max().unwrap_or(0) as f64,
        distinct.len() as f64 / count,
        share(|c| c.is_uppercase()),
        share(|c| c.is_numeric()),
        share(|c| !c.is_alphanumeric()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_by_hand() {
        assert_eq!(statistics("Ab cd, cd, 12"), [4.0, 10.0, 2.5, 3.0, 0.75, 0.1, 0.2, 0.2]);
        assert_eq!(statistics(" "), [0.0; 8]);
    }
}
