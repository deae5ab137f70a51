//! What passes of an estimator under dropout say about its doubts (UPO, arXiv 2409.11212; BALD, Houlsby et
//! al., arXiv 1112.5745).

use crate::rng::Stream;

/// The opinion of several passes about one pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Doubt {
    /// The mean probability that the first answer is better.
    pub mean: f64,
    /// Whether most passes prefer the first answer. A tie of votes is no majority.
    pub agrees: bool,
    /// How much the passes would tell about the estimator, in nats: the entropy of their mean minus the mean of
    /// their entropies. From 0 to the entropy of the mean; 0 where all passes say the same, however undecided.
    pub information: f64,
}

impl Doubt {
    /// The doubt in the probabilities of the passes; without passes it is total.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // a handful of passes
    pub fn of(passes: &[f32]) -> Self {
        if passes.is_empty() {
            return Self { mean: 0.5, agrees: false, information: 0.0 };
        }
        let wide = || passes.iter().map(|p| f64::from(*p));
        let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / passes.len() as f64;
        let p = mean(&mut wide());
        let votes = passes.iter().filter(|p| **p > 0.5).count();
        let information = (entropy(p) - mean(&mut wide().map(entropy))).max(0.0);
        Self { mean: p, agrees: 2 * votes > passes.len(), information }
    }
}

/// The entropy of a Bernoulli in nats.
fn entropy(p: f64) -> f64 {
    let part = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    part(p) + part(1.0 - p)
}

/// So many positions, drawn one after another without replacement in proportion to their weights, in their old
/// order. Where all that are left weigh nothing, they are drawn evenly.
#[must_use]
pub fn weighted_subset(weights: &[f64], count: usize, stream: &mut Stream) -> Vec<usize> {
    let mut left: Vec<usize> = (0..weights.len()).collect();
    let mut drawn = Vec::new();
    while drawn.len() < count && !left.is_empty() {
        let total: f64 = left.iter().map(|place| weights[*place].max(0.0)).sum();
        let at = if total > 0.0 {
            let mut rest = stream.uniform() * total;
            let reached = left.iter().position(|place| {
                rest -= weights[*place].max(0.0);
                rest < 0.0
            });
            reached.unwrap_or(left.len() - 1)
        } else {
            stream.below(left.len())
        };
        drawn.push(left.remove(at));
    }
    drawn.sort_unstable();
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;

    #[test]
    fn equal_passes_tell_nothing_and_opposite_ones_everything() {
        let ln2 = 2.0_f64.ln();
        for p in [0.1, 0.5, 0.9] {
            let same = Doubt::of(&[p; 10]);
            assert!(same.information.abs() < 1e-9 && (same.mean - f64::from(p)).abs() < 1e-6);
        }
        let torn = Doubt::of(&[0.0, 1.0, 0.0, 1.0]);
        assert!((torn.information - ln2).abs() < 1e-12 && !torn.agrees);
        let some = Doubt::of(&[0.9, 0.6, 0.3]);
        assert!(some.agrees && some.information > 0.0 && some.information < entropy(some.mean));
        assert!(!Doubt::of(&[]).agrees);
    }

    #[test]
    fn heavy_places_are_drawn_more_often() {
        let mut counts = [0_u32; 3];
        for item in 0..2000 {
            let mut stream = Stream::new(1, Purpose::Select, 1, item);
            for place in weighted_subset(&[1.0, 2.0, 0.0], 1, &mut stream) {
                counts[place] += 1;
            }
        }
        assert_eq!(counts[2], 0);
        assert!((1250..1420).contains(&counts[1]), "two of three: {counts:?}");
        let mut stream = Stream::new(1, Purpose::Select, 1, 0);
        assert_eq!(weighted_subset(&[0.0, 5.0, 0.0], 3, &mut stream), [0, 1, 2], "all of them in the end");
    }
}
