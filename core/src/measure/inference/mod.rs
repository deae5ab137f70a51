//! Statistical tests with effect sizes and intervals, as papers about people report them.
//!
//! Each is checked against SciPy (`tests/goldens/statistics_tests.py`). Values that are not finite are refused by `None`,
//! as is whatever is too small or too constant to say anything.

mod correction;
pub mod distribution;
mod groups;
mod paired;
mod rank;
mod two;

use serde::{Deserialize, Serialize};

pub use correction::{benjamini_hochberg, holm};
pub use groups::kruskal_wallis;
pub use paired::sign_flip;
pub use rank::{ranks, spearman};
pub use two::{mann_whitney, welch};

/// What a test says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The test's own statistic, under the name that its function gives.
    pub statistic: f64,
    /// The two-sided p value.
    pub p: f64,
    /// The effect.
    pub effect: f64,
    /// The 95 % interval of the effect.
    pub interval: [f64; 2],
}

/// Whether all values are numbers.
fn finite(values: &[f64]) -> bool {
    values.iter().all(|value| value.is_finite())
}

/// Mean and variance (with n − 1) of at least two values.
#[allow(clippy::cast_precision_loss)] // counts
fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0))
}
