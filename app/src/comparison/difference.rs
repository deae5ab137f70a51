//! How far two runs are apart, and whether chance could have done it.

use selfsame_core::measure::Mean;

use crate::format::INTERVAL;

/// The difference of two independent means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The second minus the first.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

impl Difference {
    /// The second mean minus the first. Variances of independent means add up. `None` where one is
    /// a mean of nothing.
    #[must_use]
    pub fn of(first: Mean, second: Mean) -> Option<Self> {
        (first.count > 0 && second.count > 0)
            .then(|| Self { value: second.mean - first.mean, error: first.error.hypot(second.error) })
    }

    /// Half the width of the 95 % interval.
    #[must_use]
    pub fn half(self) -> f64 {
        INTERVAL * self.error
    }

    /// Whether the 95 % interval leaves out nought.
    #[must_use]
    pub fn is_clear(self) -> bool {
        self.value.abs() > self.half()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_add_as_squares() {
        let mean = |mean, error, count| Mean { mean, error, count };
        let difference = Difference::of(mean(0.50, 0.03, 100), mean(0.62, 0.04, 100)).unwrap();
        assert!((difference.value - 0.12).abs() < 1e-12);
        assert!((difference.error - 0.05).abs() < 1e-12);
        assert!((difference.half() - 0.098).abs() < 1e-12);
        assert!(difference.is_clear());
        assert!(!Difference::of(mean(0.5, 0.03, 100), mean(0.59, 0.04, 100)).unwrap().is_clear());
        // Two equal numbers without an error are not apart.
        assert!(!Difference::of(mean(0.5, 0.0, 1), mean(0.5, 0.0, 1)).unwrap().is_clear());
        assert_eq!(Difference::of(Mean::of([]), mean(0.5, 0.0, 1)), None);
    }
}
