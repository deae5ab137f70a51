//! Win rates of annotated answers and the pairs whose margin is large enough (DNO, arXiv 2404.03715).

use super::{Candidates, every_two};
use crate::sample::Answer;

/// For each answer the share of the others that it beats by score, a tie counting half: the
/// prompt's own estimate of the win rate against the policy.
#[must_use]
#[allow(clippy::cast_precision_loss)] // a handful of answers
pub fn win_rates(scores: &[f32]) -> Vec<f64> {
    let others = scores.len().saturating_sub(1).max(1) as f64;
    let wins = |score: f32, other: f32| match score.total_cmp(&other) {
        std::cmp::Ordering::Greater => 1.0,
        std::cmp::Ordering::Equal => 0.5,
        std::cmp::Ordering::Less => 0.0,
    };
    // An answer ties with itself, which is no game.
    scores.iter().map(|score| (scores.iter().map(|other| wins(*score, *other)).sum::<f64>() - 0.5) / others).collect()
}

/// The mean probability of every answer to be preferred to its prompt's others, from the preferences of
/// [`round_robin`](super::round_robin) in their order.
#[must_use]
#[allow(clippy::cast_precision_loss)] // a handful of answers
pub fn round_robin_rates(answers: &[Candidates], preferred: &[f32]) -> Vec<Vec<f64>> {
    let mut preferred = preferred.iter();
    let mut of = |group: &Candidates| {
        let count = group.answers.len();
        let others = count.saturating_sub(1).max(1) as f64;
        let mut rates = vec![0.0; count];
        for ((first, second), p) in every_two(count).zip(preferred.by_ref()) {
            let p = f64::from(*p) / others;
            rates[first] += p;
            rates[second] += 1.0 / others - p;
        }
        rates
    };
    answers.iter().map(&mut of).collect()
}

/// Whether an answer repeats itself: at least eight tokens long, and more than half of its adjacent token pairs were
/// there before. DNO rejects answers whose n-grams repeat "heavily" and gives no number; both are our choice: in so few
/// tokens words that were asked for twice are no loop, and beyond one half most of the answer is one.
#[must_use]
pub fn repetitive(answer: &Answer) -> bool {
    let content = answer.content();
    let distinct: std::collections::BTreeSet<_> = content.windows(2).collect();
    content.len() >= 8 && 2 * distinct.len() < content.len() - 1
}

/// What a pair needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Margins {
    /// The least score of a chosen answer.
    pub floor: f32,
    /// How much lower the rejected one must score.
    pub margin: f32,
    /// The same where the chosen answer is the policy's own.
    pub own_margin: f32,
    /// Whether only the teacher's answers are chosen, and only the policy's rejected.
    pub restrictive: bool,
}

/// All pairs of each prompt's answers that keep the margins, by the positions of chosen and rejected.
/// The last answer is the teacher's; an answer without a score high enough is never chosen, however bad
/// the others are.
#[must_use]
pub fn by_margin(candidates: &Candidates, scores: &[f32], margins: &Margins) -> Vec<(usize, usize)> {
    let teacher = candidates.answers.len().saturating_sub(1);
    let mut pairs = Vec::new();
    for (first, (chosen, high)) in candidates.answers.iter().zip(scores).enumerate() {
        for (second, (rejected, low)) in candidates.answers.iter().zip(scores).enumerate() {
            let margin = if first == teacher { margins.margin } else { margins.own_margin };
            let allowed = !margins.restrictive || first == teacher;
            if allowed && chosen.ids != rejected.ids && *high >= margins.floor && high - low >= margin {
                pairs.push((first, second));
            }
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::{super::pairs::tests::group, *};

    const MARGINS: Margins = Margins { floor: 5.0, margin: 2.0, own_margin: 1.0, restrictive: false };

    #[test]
    fn a_round_robin_has_a_mean_of_one_half() {
        for scores in [vec![3.0, 1.0, 2.0], vec![0.0, 6.0, 5.0, 1.0, 2.0, 4.0], vec![2.0, 2.0, 5.0]] {
            let rates = win_rates(&scores);
            #[allow(clippy::cast_precision_loss)]
            let mean = rates.iter().sum::<f64>() / rates.len() as f64;
            assert!((mean - 0.5).abs() < 1e-12, "{rates:?}");
        }
        assert_eq!(win_rates(&[3.0, 1.0, 2.0]), [1.0, 0.0, 0.5]);
    }

    #[test]
    fn the_teacher_can_lose_and_the_least_bad_is_not_chosen() {
        let answers = group(&[&[3], &[4], &[5]]);
        let pairs = |scores: &[f32], margins| by_margin(&answers, scores, &margins);
        // The student's 6 beats the teacher's 5 by one, which is enough for a student.
        assert_eq!(pairs(&[6.0, 4.0, 5.0], MARGINS), [(0, 1), (0, 2)]);
        assert_eq!(pairs(&[4.0, 1.0, 0.0], MARGINS), []);
        let restrictive = Margins { restrictive: true, ..MARGINS };
        assert_eq!(pairs(&[6.0, 3.0, 5.0], restrictive), [(2, 1)]);
        // The same words twice are no pair.
        assert_eq!(by_margin(&group(&[&[3], &[3]]), &[6.0, 1.0], &MARGINS), []);
    }

    #[test]
    fn loops_are_noticed_and_short_repetitions_are_not() {
        let answer = |ids: &[u32]| group(&[ids]).answers[0].clone();
        assert!(repetitive(&answer(&[7; 12])));
        assert!(!repetitive(&answer(&[7, 7, 2])));
        assert!(!repetitive(&answer(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 2])));
    }
}
