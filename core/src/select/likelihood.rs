//! Pairs in the order in which a frozen model finds them likely (sharpening, arXiv 2412.01951).

use super::{Candidates, Origin, Pair, every_two};

/// Every two different answers to each prompt, the likelier first.
#[must_use]
pub fn likelier_first(answers: &[Candidates], likelihood: &[Vec<f32>]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (group, likelihood) in answers.iter().zip(likelihood) {
        for (first, second) in every_two(group.answers.len().min(likelihood.len())) {
            let (first, second) =
                if likelihood[first] >= likelihood[second] { (first, second) } else { (second, first) };
            if group.answers[first].ids != group.answers[second].ids {
                pairs.push(Pair::new(group, first, second, 1.0, Origin::Likelihood));
            }
        }
    }
    pairs
}

/// Each answer and the first that the base drew for its prompt, the likelier first; that one is the third as well.
#[must_use]
pub fn explored_pairs(answers: &[Candidates], likelihood: &[Vec<f32>], drawn: &[Candidates]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for ((group, likelihood), drawn) in answers.iter().zip(likelihood).zip(drawn) {
        let Some(other) = drawn.answers.first() else {
            continue;
        };
        for (answer, likelihood) in group.answers.iter().zip(likelihood) {
            let both = Candidates { answers: vec![answer.clone(), other.clone()], ..group.clone() };
            // Whoever drew an answer knows how likely he finds it.
            let found = likelier_first(&[both], &[vec![*likelihood, other.logprob()]]);
            pairs.extend(found.into_iter().map(|pair| Pair { third: Some(other.clone()), ..pair }));
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::{super::pairs::tests::named, *};

    #[test]
    fn the_likelier_answer_comes_first_and_equal_ones_make_no_pair() {
        let pairs = likelier_first(&[named("a", &[5, 6, 5])], &[vec![-4.0, -1.0, -4.0]]);
        let read: Vec<(u32, u32)> = pairs.iter().map(|p| (p.answers[0].ids[0], p.answers[1].ids[0])).collect();
        assert_eq!(read, [(6, 5), (6, 5)]);
    }

    #[test]
    fn exploration_stands_against_the_base() {
        let mut base = named("a", &[6]);
        base.answers[0].logprobs = vec![-1.0, -1.5];
        let pairs = explored_pairs(&[named("a", &[5, 6, 7])], &[vec![-1.0, -2.5, -4.0]], &[base]);
        let read: Vec<(u32, u32)> = pairs.iter().map(|p| (p.answers[0].ids[0], p.answers[1].ids[0])).collect();
        assert_eq!(read, [(5, 6), (6, 7)]);
        assert!(pairs.iter().all(|pair| pair.third.as_ref().is_some_and(|third| third.ids == [6, 2])));
    }
}
