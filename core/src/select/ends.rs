//! The two ends of a ranking in all orders (UPO, arXiv 2409.11212).

use super::{Candidates, Origin, Pair};

/// Of every prompt's answers the two with the highest and the two with the lowest reward (so in UPO's released code), in
/// all pairs of different reward and different tokens, the higher first, with the margin of each.
#[must_use]
pub fn ordered_ends(answers: &[Candidates], rewards: &[Vec<f32>]) -> Vec<(Pair, f32)> {
    let mut pairs = Vec::new();
    for (group, rewards) in answers.iter().zip(rewards) {
        let mut order: Vec<usize> = (0..group.answers.len().min(rewards.len())).collect();
        order.sort_by(|a, b| rewards[*b].total_cmp(&rewards[*a]));
        let last = order.len().saturating_sub(2).max(2).min(order.len());
        let ends: Vec<usize> = order.iter().take(2).chain(&order[last..]).copied().collect();
        for (place, first) in ends.iter().enumerate() {
            for second in &ends[place + 1..] {
                let margin = rewards[*first] - rewards[*second];
                if margin > 0.0 && group.answers[*first].ids != group.answers[*second].ids {
                    pairs.push((Pair::new(group, *first, *second, 1.0, Origin::Estimated), margin));
                }
            }
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::{super::pairs::tests::named as group, *};

    #[test]
    fn the_two_ends_in_all_orders() {
        let rewards = [vec![0.1, 0.6, 0.2, 0.5, 0.3, 0.4]];
        let pairs = ordered_ends(&[group("a", &[10, 11, 12, 13, 14, 15])], &rewards);
        let read: Vec<(u32, u32)> = pairs.iter().map(|(p, _)| (p.answers[0].ids[0], p.answers[1].ids[0])).collect();
        assert_eq!(read, [(11, 13), (11, 12), (11, 10), (13, 12), (13, 10), (12, 10)]);
        assert!(pairs.iter().all(|(_, margin)| *margin > 0.0));
        for few in [vec![], vec![10], vec![10, 11], vec![10, 11, 12]] {
            let rewards: Vec<f32> = (0_u8..).zip(&few).map(|(place, _)| f32::from(place)).collect();
            let expected = few.len() * few.len().saturating_sub(1) / 2;
            assert_eq!(ordered_ends(&[group("a", &few)], &[rewards]).len(), expected);
        }
    }
}
