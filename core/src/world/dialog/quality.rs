//! The four qualities of a reply, each a bit, defined on the constraints of its prompt.

use crate::world::rules::{Constraints, constraint::Kind};

/// The names of the qualities, in the order of [`bits`].
pub(super) const ASPECTS: [&str; 4] = ["relevant", "correct", "informative", "follows"];

/// The bits of a reply; `None` where the prompt asks for nothing of the kind.
///
/// - *relevant*: what must be in it is, and what must never be is not;
/// - *correct*: the order and the number of words are right;
/// - *informative*: at least half of the words that were asked for occur, wherever;
/// - *follows*: it begins, ends and is as long as asked.
pub(super) fn bits(prompt: &str, reply: &str) -> [Option<bool>; 4] {
    let constraints = Constraints::parse(prompt);
    let words: Vec<&str> = reply.split_whitespace().collect();
    let all = |kinds: &[Kind]| {
        let met: Vec<bool> = kinds.iter().filter_map(|kind| constraints.met(*kind, &words)).collect();
        (!met.is_empty()).then(|| met.iter().all(|met| *met))
    };
    let asked = asked(&constraints);
    let found = asked.iter().filter(|word| words.contains(word)).count();
    [
        all(&[Kind::Must, Kind::Never]),
        all(&[Kind::Order, Kind::Count]),
        (!asked.is_empty()).then_some(2 * found >= asked.len()),
        all(&[Kind::First, Kind::Last, Kind::Length]),
    ]
}

/// The words that a prompt asks for.
fn asked(constraints: &Constraints) -> Vec<&str> {
    [&constraints.must, &constraints.first, &constraints.last]
        .into_iter()
        .flatten()
        .chain(constraints.order.iter().flat_map(|(early, late)| [early, late]))
        .chain(constraints.count.iter().map(|(word, _)| word))
        .map(String::as_str)
        .collect()
}

/// The share of the bits that are set, of those that the prompt asks for; 1 where it asks for none.
#[allow(clippy::cast_precision_loss)] // four bits
pub(super) fn share(bits: [Option<bool>; 4]) -> f64 {
    let asked: Vec<bool> = bits.into_iter().flatten().collect();
    if asked.is_empty() { 1.0 } else { asked.iter().filter(|bit| **bit).count() as f64 / asked.len() as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMPT: &str = "must:fox never:owl first:sun last:elm early:bee late:moss twice:oak length:medium <resp>";

    #[test]
    fn bits_of_replies_written_by_hand() {
        for (reply, expected) in [
            ("sun fox bee moss oak oak so elm", [true, true, true, true]),
            // An owl, though nobody wants one.
            ("sun fox bee moss oak oak owl elm", [false, true, true, true]),
            // Moss before the bee.
            ("sun fox moss bee oak oak so elm", [true, false, true, true]),
            // Three oaks.
            ("sun fox bee moss oak oak oak elm", [true, false, true, true]),
            // Too short, and it begins with something else.
            ("fox bee moss oak oak elm", [true, true, true, false]),
            // Three of the six words that were asked for.
            ("sun fox so the so the so elm", [true, false, true, true]),
            // Two of them.
            ("sun so the so the so so elm", [false, false, false, true]),
        ] {
            assert_eq!(bits(PROMPT, reply), expected.map(Some), "{reply}");
        }
    }

    #[test]
    fn what_nobody_asks_for_is_no_bit() {
        let never = "must:any never:owl first:any last:any early:any late:any count:any length:short <resp>";
        assert_eq!(bits(never, "so the fox now"), [Some(true), None, None, Some(true)]);
        assert_eq!(bits(never, "owl"), [Some(false), None, None, Some(false)]);
        assert!((share(bits(never, "so the owl now")) - 0.5).abs() < 1e-12);
        assert!((share([None; 4]) - 1.0).abs() < 1e-12);
    }
}
