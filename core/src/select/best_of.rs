//! One answer of many: best-of-N, votes, and answers that come twice.

use std::collections::BTreeSet;

use super::{Candidates, Rated};

/// Of every prompt's answers the position of the one with the highest score; among equals the one with the highest
/// second score, then the first.
#[must_use]
pub fn best_of(scores: &[Vec<f32>], second: &[Vec<f32>]) -> Vec<usize> {
    let best = |(scores, second): (&Vec<f32>, &Vec<f32>)| {
        let order = |a: &usize, b: &usize| scores[*a].total_cmp(&scores[*b]).then(second[*a].total_cmp(&second[*b]));
        (0..scores.len().min(second.len())).rev().max_by(order).unwrap_or(0)
    };
    scores.iter().zip(second).map(best).collect()
}

/// For every answer the share of the prompt's answers that are the same tokens: what a majority vote counts.
#[must_use]
#[allow(clippy::cast_precision_loss)] // a handful of answers
pub fn votes(candidates: &[Candidates]) -> Vec<Vec<f32>> {
    let of = |group: &Candidates| {
        let same = |ids: &[u32]| group.answers.iter().filter(|answer| answer.ids == ids).count() as f32;
        group.answers.iter().map(|answer| same(&answer.ids) / group.answers.len() as f32).collect()
    };
    candidates.iter().map(of).collect()
}

/// The chosen answer of every prompt, each with a thumb up, and none twice to the same text: a prompt that comes
/// again must not count again.
#[must_use]
pub fn chosen(candidates: &[Candidates], places: &[usize]) -> Vec<Rated> {
    let mut seen = BTreeSet::new();
    candidates
        .iter()
        .zip(places)
        .filter_map(|(group, place)| {
            let answer = group.answers.get(*place)?.clone();
            seen.insert((group.prompt.text.clone(), answer.ids.clone())).then(|| Rated {
                prompt: group.prompt.id.clone(),
                text: group.prompt.text.clone(),
                ids: group.ids.clone(),
                answer,
                up: true,
                weight: 1.0,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{super::pairs::tests::named, *};

    #[test]
    fn the_best_and_the_most_frequent() {
        let groups = [named("a", &[5, 6, 6, 7, 5])];
        let shares = votes(&groups);
        assert_eq!(shares, [[0.4, 0.4, 0.4, 0.2, 0.4]]);
        let likelihood = [vec![-1.0, -3.0, -3.0, 0.0, -1.0]];
        assert_eq!(best_of(&likelihood, &shares), [3]);
        assert_eq!(best_of(&shares, &likelihood), [0], "of two that are as frequent the likelier, the first of equals");
    }

    #[test]
    fn what_comes_again_counts_once() {
        let mut again = named("c", &[8, 9]);
        again.prompt.text = "a".to_owned();
        let groups = [named("a", &[5, 8]), named("b", &[5, 8]), again];
        let rows = chosen(&groups, &[1, 1, 0]);
        let read: Vec<(&str, u32)> = rows.iter().map(|row| (row.prompt.as_str(), row.answer.ids[0])).collect();
        assert_eq!(read, [("a", 8), ("b", 8)]);
        assert_eq!(chosen(&groups, &[1, 1, 1]).len(), 3, "another answer to the same prompt is another row");
    }
}
