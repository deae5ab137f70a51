//! Vectors of doubles on the host.

/// The product of two vectors, summed from the first entry on; the shorter one says how many entries count.
pub(crate) fn dot(first: &[f64], second: &[f64]) -> f64 {
    first.iter().zip(second).map(|(x, y)| x * y).sum()
}
