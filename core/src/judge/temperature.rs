//! How sure a judge may be: temperature scaling (Guo et al., arXiv 1706.04599).

/// The temperatures that are looked at.
const COOLEST: f64 = 0.1;
const WARMEST: f64 = 10.0;

/// Steps of the search; each leaves 0.618 of the interval.
const STEPS: usize = 60;

/// The temperature `T` under which `σ(logit / T)` fits the labels best: the least mean cross-entropy,
/// between 0.1 and 10. Without labels it is 1.
#[must_use]
pub fn fit_temperature(logits: &[f64], first_better: &[bool]) -> f64 {
    if logits.is_empty() {
        return 1.0;
    }
    // Convex in the inverse temperature, so that the golden section finds the least.
    let loss = |inverse: f64| -> f64 {
        logits
            .iter()
            .zip(first_better)
            .map(|(logit, first)| {
                let z = inverse * if *first { *logit } else { -logit };
                (-z).max(0.0) + (-z.abs()).exp().ln_1p()
            })
            .sum()
    };
    let golden = f64::midpoint(5.0_f64.sqrt(), -1.0);
    let (mut low, mut high) = (1.0 / WARMEST, 1.0 / COOLEST);
    for _ in 0..STEPS {
        let (left, right) = (high - golden * (high - low), low + golden * (high - low));
        if loss(left) < loss(right) {
            high = right;
        } else {
            low = left;
        }
    }
    1.0 / f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All logits ±2 and three in four right: the best probability is ¾, so that `2 / T = ln 3`.
    #[test]
    fn overconfidence_is_cooled_to_what_is_right() {
        let logits = [2.0, 2.0, 2.0, 2.0, -2.0, -2.0, -2.0, -2.0];
        let labels = [true, true, true, false, false, false, false, true];
        assert!((fit_temperature(&logits, &labels) - 2.0 / 3.0_f64.ln()).abs() < 1e-6);
    }

    #[test]
    fn ends_of_the_range() {
        assert!((fit_temperature(&[], &[]) - 1.0).abs() < 1e-12);
        assert!((fit_temperature(&[1.0], &[true]) - COOLEST).abs() < 1e-6, "always right");
        assert!((fit_temperature(&[1.0], &[false]) - WARMEST).abs() < 1e-3, "always wrong");
    }
}
