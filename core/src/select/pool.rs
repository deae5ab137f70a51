//! New answers among old ones (SELM, arXiv 2405.19332).

use super::{Candidates, Pair};

/// For every old pair the new answer first, then the chosen and the rejected one.
#[must_use]
pub fn pool(old: &[Pair], new: &[Candidates]) -> Vec<Candidates> {
    old.iter()
        .zip(new)
        .map(|(pair, new)| Candidates {
            answers: new.answers.iter().chain(&pair.answers).cloned().collect(),
            ..new.clone()
        })
        .collect()
}

/// The pairs with the policy's own answer to their prompt as the third one.
#[must_use]
pub fn with_own(pairs: Vec<Pair>, new: &[Candidates]) -> Vec<Pair> {
    let own = |pair: &Pair| new.iter().find(|of| of.prompt.id == pair.prompt)?.answers.first().cloned();
    pairs.into_iter().map(|pair| Pair { third: own(&pair), ..pair }).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Origin, best_worst},
        *,
    };
    use crate::{
        prompt::Prompt,
        sample::{Answer, FinishReason},
    };

    fn answer(token: u32) -> Answer {
        Answer {
            ids: vec![token, 2],
            text: token.to_string(),
            logprobs: Vec::new(),
            sampling_logprob: 0.0,
            finish: FinishReason::Stop,
        }
    }

    fn old(id: &str, chosen: u32, rejected: u32) -> (Pair, Candidates) {
        let prompt = Prompt { id: id.to_owned(), text: id.to_owned() };
        let of = |tokens: &[u32]| Candidates {
            prompt: prompt.clone(),
            ids: vec![1],
            answers: tokens.iter().copied().map(answer).collect(),
        };
        (Pair::new(&of(&[chosen, rejected]), 0, 1, 1.0, Origin::Data), of(&[9]))
    }

    #[test]
    fn the_new_answer_is_ranked_among_the_old_ones_and_remembered() {
        let (given, new): (Vec<_>, Vec<_>) = [old("a", 5, 6), old("b", 7, 8)].into_iter().unzip();
        let pool = pool(&given, &new);
        // The new answer is best for the first prompt and in the middle for the second.
        let scores = [vec![90.0, 60.0, 10.0], vec![50.0, 20.0, 80.0]];
        let pairs = with_own(best_worst(&pool, &scores, Origin::Annotated), &new);
        let read: Vec<_> = pairs.iter().map(|p| (p.answers[0].ids[0], p.answers[1].ids[0])).collect();
        assert_eq!(read, [(9, 6), (8, 7)], "an old rejected answer can be chosen");
        assert!(pairs.iter().all(|pair| pair.third.as_ref().is_some_and(|own| own.ids == [9, 2])));
    }
}
