//! Where an answer breaks its prompt's constraints.

use super::constraint::Constraints;

/// For each word of an answer, and at last for its end, whether a constraint is broken there. A word that must
/// not stand where it stands is a fault of its own; what is missing is a fault of ending. There is a fault exactly
/// where a constraint is not met.
pub(super) fn faults(constraints: &Constraints, words: &[&str]) -> Vec<bool> {
    let mut faults = vec![false; words.len() + 1];
    let end = words.len();
    let place = |word: &String| words.iter().position(|w| w == word);
    if let Some(word) = &constraints.must {
        faults[end] |= place(word).is_none();
    }
    if let Some(word) = &constraints.never {
        mark(&mut faults, words, |_, w| w == word);
    }
    if let Some(word) = &constraints.first {
        faults[0] |= words.first() != Some(&word.as_str());
    }
    if let Some(word) = &constraints.last {
        faults[end] |= words.last() != Some(&word.as_str());
    }
    if let Some((early, late)) = &constraints.order {
        match (place(early), place(late)) {
            (Some(e), Some(l)) if e < l => {}
            // What comes later cannot repair it.
            (e, Some(l)) if e.is_none_or(|e| l < e) => faults[l] = true,
            _ => faults[end] = true,
        }
    }
    if let Some((word, times)) = &constraints.count {
        let places: Vec<usize> = (0..end).filter(|at| words[*at] == word).collect();
        places.iter().skip(*times).for_each(|at| faults[*at] = true);
        faults[end] |= places.len() < *times;
    }
    if let Some(range) = constraints.length.map(super::constraint::Band::range) {
        mark(&mut faults, words, |at, _| at >= *range.end());
        faults[end] |= words.len() < *range.start();
    }
    faults
}

fn mark(faults: &mut [bool], words: &[&str], broken: impl Fn(usize, &str) -> bool) {
    for (at, (fault, word)) in faults.iter_mut().zip(words).enumerate() {
        *fault |= broken(at, word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{rng::Stream, world::rules::corpus::demonstrations};

    /// The positions of the faults; the end is the number of words.
    fn at(prompt: &str, answer: &str) -> Vec<usize> {
        let words: Vec<&str> = answer.split_whitespace().collect();
        let faults = faults(&Constraints::parse(prompt), &words);
        assert_eq!(faults.len(), words.len() + 1);
        (0..faults.len()).filter(|place| faults[*place]).collect()
    }

    #[test]
    fn faults_stand_where_constraints_are_broken() {
        for (prompt, answer, expected) in [
            ("must:fox", "so fox", &[][..]),
            ("must:fox", "so the", &[2]),
            ("never:owl", "owl so owl", &[0, 2]),
            ("first:sun", "so sun", &[0]),
            ("last:elm", "elm so", &[2]),
            ("early:bee late:moss", "so moss bee", &[1]),
            ("early:bee late:moss", "so moss", &[1]),
            ("early:bee late:moss", "bee so", &[2]),
            ("twice:oak", "oak so", &[2]),
            ("twice:oak", "oak oak so oak", &[3]),
            ("length:short", "so so so", &[3]),
            ("length:short", "a b c d e f g h i", &[7, 8]),
        ] {
            assert_eq!(at(prompt, answer), expected, "{prompt}: {answer}");
        }
        assert_eq!(at("first:sun must:fox", ""), [0]);
    }

    #[test]
    fn an_answer_has_a_fault_exactly_where_it_misses_something() {
        let mut stream = Stream::new(3, crate::rng::Purpose::Corpus, 0, 0);
        let mut faulty = 0;
        for row in demonstrations(7, 2000) {
            let mut words: Vec<&str> = row.answer.split_whitespace().collect();
            words.truncate(1 + stream.below(words.len()));
            let constraints = Constraints::parse(&row.prompt);
            let (met, active) = constraints.count(&words);
            let fault = faults(&constraints, &words).contains(&true);
            assert_eq!(fault, met < active, "{}: {words:?}", row.prompt);
            faulty += u32::from(fault);
        }
        assert!((1200..2000).contains(&faulty), "{faulty}");
    }
}
