//! The threshold below which labels are doubted (SPA, arXiv 2406.04412).

/// The value below which `share` of the values lie: the mean of the two order statistics around it.
/// `None` of no values.
#[must_use]
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // positions
pub fn low_quantile(values: &[f32], share: f64) -> Option<f32> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    let above = ((sorted.len() as f64 * share).round() as usize).min(sorted.len().saturating_sub(1));
    Some(f32::midpoint(*sorted.get(above.saturating_sub(1))?, *sorted.get(above)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_fifty_values_lies_below() {
        #[allow(clippy::cast_precision_loss)]
        let values: Vec<f32> = (0..50).rev().map(|value| value as f32).collect();
        let threshold = low_quantile(&values, 0.1).unwrap();
        assert!((threshold - 4.5).abs() < 1e-6);
        assert_eq!(values.iter().filter(|value| **value <= threshold).count(), 5);
    }

    #[test]
    fn few_values_and_none() {
        assert_eq!(low_quantile(&[], 0.1), None);
        assert_eq!(low_quantile(&[3.0], 0.1), Some(3.0));
        assert_eq!(low_quantile(&[3.0, 1.0, 2.0], 0.1), Some(1.0));
        assert_eq!(low_quantile(&[3.0, 1.0], 1.0), Some(2.0));
    }
}
