//! Corrections for asking many questions at once.

/// Holm's adjusted p values (1979), which control the chance of a single false finding.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts
pub fn holm(p: &[f64]) -> Vec<f64> {
    let order = by_size(p);
    let (mut adjusted, mut floor) = (vec![0.0; p.len()], 0.0_f64);
    for (place, index) in order.into_iter().enumerate() {
        floor = floor.max(((p.len() - place) as f64 * p[index]).min(1.0));
        adjusted[index] = floor;
    }
    adjusted
}

/// Benjamini and Hochberg's adjusted p values (1995), which control the share of false ones among the findings.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let order = by_size(p);
    let (mut adjusted, mut ceiling) = (vec![0.0; p.len()], 1.0_f64);
    for (place, index) in order.into_iter().enumerate().rev() {
        ceiling = ceiling.min(p.len() as f64 / (place + 1) as f64 * p[index]);
        adjusted[index] = ceiling;
    }
    adjusted
}

fn by_size(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    order
}
