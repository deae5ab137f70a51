//! Weights that make one set of prompts count like another (BCO's underlying distribution matching, arXiv
//! 2404.04656).

/// Steps of the accelerated gradient descent.
const STEPS: usize = 400;

/// Strength of the squared penalty on the weights, as in scikit-learn's default (C = 1).
const PENALTY: f64 = 1.0;

/// Fits a logistic classifier of "thumb up" to embeddings of prompts, both classes with equal weight in all,
/// and returns for every prompt the ratio `p / (1 − p)`: how much more it belongs to the prompts of thumbs up
/// than to those of thumbs down. Without both classes every ratio is 1.
#[must_use]
#[allow(clippy::cast_precision_loss)] // counts
pub fn density_ratios(embeddings: &[Vec<f32>], up: &[bool]) -> Vec<f64> {
    let ups = up.iter().filter(|up| **up).count();
    let (rows, width) = (embeddings.len(), embeddings.first().map_or(0, Vec::len));
    if ups == 0 || ups == rows || width == 0 {
        return vec![1.0; rows];
    }
    let features = standardised(embeddings, width);
    let half = rows as f64 / 2.0;
    let class_weight = |up: bool| if up { half / ups as f64 } else { half / (rows - ups) as f64 };
    let logit = |weights: &[f64], row: &[f64]| {
        weights[width] + row.iter().zip(weights).map(|(x, weight)| x * weight).sum::<f64>()
    };
    // The loss is smooth with at most this constant: a quarter of the trace, with the bias and the penalty.
    let rate = 1.0 / (0.25 * 2.0 * (rows * (width + 1)) as f64 + PENALTY);
    let (mut weights, mut ahead) = (vec![0.0; width + 1], vec![0.0; width + 1]);
    for step in 0..STEPS {
        let mut gradient: Vec<f64> = ahead.iter().map(|weight| weight * PENALTY).collect();
        gradient[width] = 0.0;
        for (row, up) in features.iter().zip(up) {
            let wrong = class_weight(*up) * (sigmoid(logit(&ahead, row)) - f64::from(u8::from(*up)));
            for (sum, x) in gradient.iter_mut().zip(row.iter().chain([&1.0])) {
                *sum += wrong * x;
            }
        }
        let next: Vec<f64> = ahead.iter().zip(&gradient).map(|(weight, g)| weight - rate * g).collect();
        let momentum = step as f64 / (step as f64 + 3.0);
        ahead = next.iter().zip(&weights).map(|(next, last)| next + momentum * (next - last)).collect();
        weights = next;
    }
    features.iter().map(|row| logit(&weights, row).exp()).collect()
}

/// Every column with mean 0 and deviation 1; one that is constant becomes 0.
#[allow(clippy::cast_precision_loss)] // counts
fn standardised(embeddings: &[Vec<f32>], width: usize) -> Vec<Vec<f64>> {
    let rows = embeddings.len() as f64;
    let mut features: Vec<Vec<f64>> =
        embeddings.iter().map(|row| row.iter().take(width).copied().map(f64::from).collect()).collect();
    for column in 0..width {
        let mean = features.iter().map(|row| row[column]).sum::<f64>() / rows;
        let deviation = (features.iter().map(|row| (row[column] - mean).powi(2)).sum::<f64>() / rows).sqrt();
        let scale = if deviation > 1e-12 { 1.0 / deviation } else { 0.0 };
        for row in &mut features {
            row[column] = (row[column] - mean) * scale;
        }
    }
    features
}

fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_shift_every_prompt_counts_alike() {
        let embeddings: Vec<Vec<f32>> = [0.0, 1.0, 0.0, 1.0].map(|x| vec![x, 3.0]).to_vec();
        for ratio in density_ratios(&embeddings, &[true, true, false, false]) {
            assert!((ratio - 1.0).abs() < 1e-6, "{ratio}");
        }
        assert_eq!(density_ratios(&embeddings, &[true; 4]), [1.0; 4]);
    }

    /// One feature of ±1 that is right for nine in ten of 400 rows. The weight `w` is where
    /// `−360 σ(−w) + 40 σ(w) + w = 0`.
    #[test]
    fn prompts_of_thumbs_up_count_more() {
        let (mut embeddings, mut up) = (Vec::new(), Vec::new());
        for index in 0..400 {
            let thumb = index % 2 == 0;
            let usual = index % 20 >= 2;
            embeddings.push(vec![if thumb == usual { 1.0 } else { -1.0 }]);
            up.push(thumb);
        }
        let ratios = density_ratios(&embeddings, &up);
        let weight = ratios.iter().copied().fold(f64::MIN, f64::max).ln();
        assert!((weight - 2.139).abs() < 1e-3, "{weight}");
        let slope = -360.0 * sigmoid(-weight) + 40.0 * sigmoid(weight) + weight;
        assert!(slope.abs() < 1e-6, "{slope}");
        let least = ratios.iter().copied().fold(f64::MAX, f64::min).ln();
        assert!((weight + least).abs() < 1e-9, "the other side is as far away");
    }
}
