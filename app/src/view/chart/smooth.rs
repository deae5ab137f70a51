//! Smoothing of noisy lines.

/// The exponential moving average with a weight of the past from 0 (nothing is smoothed) to below 1,
/// corrected for its start (Kingma and Ba 2014, §3): the first value stays as it is. It begins
/// anew at the positions `restarts`; what is not a number stays out of the average.
pub fn smooth(values: &[f64], weight: f64, restarts: &[usize]) -> Vec<f64> {
    let (mut average, mut mass) = (0.0, 0.0);
    values
        .iter()
        .enumerate()
        .map(|(index, value)| {
            if restarts.contains(&index) {
                (average, mass) = (0.0, 0.0);
            }
            if !value.is_finite() {
                return *value;
            }
            average = weight * average + (1.0 - weight) * value;
            mass = weight * mass + (1.0 - weight);
            if mass > 0.0 { average / mass } else { *value }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_impulse_decays_as_the_closed_form_says() {
        let mut values = vec![0.0; 20];
        values[3] = 1.0;
        let weight: f64 = 0.7;
        for (index, smoothed) in smooth(&values, weight, &[]).into_iter().enumerate() {
            #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // twenty points
            let power = |n: usize| weight.powi(n as i32);
            let expected = if index < 3 { 0.0 } else { (1.0 - weight) * power(index - 3) / (1.0 - power(index + 1)) };
            assert!((smoothed - expected).abs() < 1e-12, "{index}: {smoothed} instead of {expected}");
        }
    }

    #[test]
    fn a_constant_stays_and_no_weight_changes_nothing() {
        assert!(smooth(&[2.5; 9], 0.95, &[]).iter().all(|value| (value - 2.5).abs() < 1e-12));
        let values = [3.0, -1.0, 7.0];
        assert_eq!(smooth(&values, 0.0, &[]), values);
    }

    #[test]
    fn it_begins_anew_and_steps_over_what_is_no_number() {
        let smoothed = smooth(&[10.0, 10.0, 0.0, 0.0], 0.9, &[2]);
        assert!((smoothed[1] - 10.0).abs() < 1e-12);
        assert_eq!(smoothed[2..], [0.0, 0.0]);
        let smoothed = smooth(&[1.0, f64::NAN, 1.0], 0.5, &[]);
        assert!(smoothed[1].is_nan() && (smoothed[2] - 1.0).abs() < 1e-12);
    }
}
