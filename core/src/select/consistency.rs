//! Whether two rankings of the same answers agree (CREAM, arXiv 2410.12735).

use crate::measure::stats::kendall_tau_b;

/// Kendall's τ-b of two scorings of a prompt's answers, rescaled to `[0, 1]`: 1 for the same order, 0
/// for the reverse. `None` where a scoring puts all answers level: then there is no ranking.
#[must_use]
pub fn rank_consistency(now: &[f32], before: &[f32]) -> Option<f64> {
    let wide = |scores: &[f32]| scores.iter().copied().map(f64::from).collect::<Vec<_>>();
    kendall_tau_b(&wide(now), &wide(before)).map(|tau| f64::midpoint(tau, 1.0))
}

/// The mean of the consistencies that there are; `None` of none.
#[must_use]
#[allow(clippy::cast_precision_loss)] // prompt counts
pub fn mean_consistency(of_prompts: &[Option<f64>]) -> Option<f64> {
    let known: Vec<f64> = of_prompts.iter().flatten().copied().collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identical_reversed_and_unrelated_rankings() {
        let rising = [0.0, 1.0, 2.0, 3.0];
        assert_eq!(rank_consistency(&rising, &[-5.0, -1.0, 0.5, 9.0]), Some(1.0));
        assert_eq!(rank_consistency(&rising, &[3.0, 2.0, 1.0, 0.0]), Some(0.0));
        // Two of six pairs are in the other order: τ = 1/3.
        let some = rank_consistency(&rising, &[1.0, 0.0, 3.0, 2.0]).unwrap();
        assert!((some - 2.0 / 3.0).abs() < 1e-12, "{some}");
    }

    #[test]
    fn two_answers_agree_or_do_not() {
        for (before, expected) in [([1.0, 2.0], 1.0), ([2.0, 1.0], 0.0)] {
            assert_eq!(rank_consistency(&[1.0, 2.0], &before), Some(expected));
        }
    }

    /// Ties count by τ-b: scipy 1.17's `kendalltau([1, 2, 2, 3], [1, 2, 3, 4])` is 0.9128709.
    #[test]
    fn ties_are_neither_for_nor_against() {
        let tied = rank_consistency(&[1.0, 2.0, 2.0, 3.0], &[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert!((tied - f64::midpoint(0.912_870_929_175_276_9, 1.0)).abs() < 1e-12, "{tied}");
        // An answer drawn twice ties in both rankings.
        assert_eq!(rank_consistency(&[1.0, 1.0, 2.0], &[0.5, 0.5, 0.7]), Some(1.0));
        assert_eq!(rank_consistency(&[1.0, 1.0], &[0.5, 0.7]), None);
    }

    #[test]
    fn a_missing_ranking_does_not_count() {
        assert_eq!(mean_consistency(&[Some(1.0), None, Some(0.5)]), Some(0.75));
        assert_eq!(mean_consistency(&[None]), None);
    }
}
