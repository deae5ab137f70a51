//! Pairs whose order depends on the score that is asked for (reward-augmented preferences, arXiv
//! 2410.08067).

use super::{Origin, Pair};
use crate::{Result, prompt::with_goal, text::Tokenizer};

/// Every pair twice: asked for the score of its chosen answer, that one wins; asked for the score of
/// its rejected answer, the *rejected* one wins. `goals` holds the two scores of each pair, and `times` is how
/// often the one asked for is said; a pair of equal scores has no order and gives nothing, nor does one whose
/// scores contradict it.
///
/// # Errors
/// If the tokenizer cannot write a score.
pub fn goal_conditioned(
    pairs: &[Pair],
    goals: &[[usize; 2]],
    times: usize,
    tokenizer: &Tokenizer,
) -> Result<Vec<Pair>> {
    let mut conditioned = Vec::with_capacity(2 * pairs.len());
    for (pair, [chosen, rejected]) in pairs.iter().zip(goals) {
        if chosen <= rejected {
            continue;
        }
        let asked = |goal: usize| -> Result<Pair> {
            let text = with_goal(&pair.text, goal, times);
            Ok(Pair { ids: tokenizer.encode(&text)?, text, origin: Origin::Goal, ..pair.clone() })
        };
        conditioned.push(asked(*chosen)?);
        let mut swapped = asked(*rejected)?;
        swapped.answers.reverse();
        conditioned.push(swapped);
    }
    Ok(conditioned)
}

#[cfg(test)]
mod tests {
    use super::{super::pairs::tests::group, *};
    use crate::world::rules::tokenizer_json;

    #[test]
    fn the_answers_change_places_with_the_goal() {
        let tokenizer = Tokenizer::parse(&tokenizer_json()).unwrap();
        let pair = Pair::new(&group(&[&[30], &[31]]), 0, 1, 1.0, Origin::Annotated);
        let pair = Pair { text: "must:fox <resp>".to_owned(), ..pair };
        let goals = [[4, 1], [3, 3], [2, 4]];
        let conditioned = goal_conditioned(&[pair.clone(), pair.clone(), pair], &goals, 2, &tokenizer).unwrap();
        assert_eq!(conditioned.len(), 2, "equal and contradicting scores give nothing");
        let read: Vec<(&str, u32, u32)> =
            conditioned.iter().map(|p| (p.text.as_str(), p.answers[0].ids[0], p.answers[1].ids[0])).collect();
        assert_eq!(read, [("4 4 must:fox <resp>", 30, 31), ("1 1 must:fox <resp>", 31, 30)]);
        assert_ne!(conditioned[0].ids, conditioned[1].ids, "the tokens say what is asked for");
        assert!(conditioned.iter().all(|p| p.label == 1.0 && p.record().text == p.text));
    }
}
