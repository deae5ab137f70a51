//! How far misspelt names are from those that exist.

/// The number of characters to insert, delete or replace (Levenshtein).
#[must_use]
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// The name that a misspelt one may have meant, upper case and hyphens aside: the nearest, where less than half of its
/// letters differ and at most three.
#[must_use]
pub fn meant<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let text = text.to_lowercase().replace('-', "_");
    let near = |name: &'a str| {
        let most = (name.chars().count().saturating_sub(1) / 2).min(3);
        let distance = distance(&text, name);
        (distance <= most).then_some((distance, name))
    };
    names.into_iter().filter_map(near).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_differ_are_counted() {
        for (a, b, expected) in
            [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("ipo", "ipo", 0), ("ä", "a", 1)]
        {
            assert_eq!((distance(a, b), distance(b, a)), (expected, expected), "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_name_is_meant_and_none_that_is_far() {
        let names = ["sigmoid", "hinge", "ipo", "exo_pair"];
        for (text, expected) in [
            ("SIGMOID", Some("sigmoid")),
            ("sigmiod", Some("sigmoid")),
            ("exo-pair", Some("exo_pair")),
            ("exopair", Some("exo_pair")),
            ("ip", Some("ipo")),
            ("foo", None),
            ("", None),
            ("cross_entropy", None),
        ] {
            assert_eq!(meant(text, names), expected, "{text}");
        }
    }
}
