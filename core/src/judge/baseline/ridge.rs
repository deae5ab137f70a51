//! Ridge regression with an intercept on sparse rows.

use crate::vector::dot;

/// A row by its columns that are not 0.
pub type Sparse = Vec<(usize, f64)>;

/// Steps of the solver, at most; it is exact after as many as there are columns, but for rounding.
const STEPS: usize = 2000;

/// The solver stops when what is left of the equations is this small beside their right side.
const TOLERANCE: f64 = 1e-10;

/// `argmin Σ (y − x·w − b)² + α |w|²` (Hoerl and Kennard 1970); the intercept is not penalised.
#[derive(Debug, Clone)]
pub struct Ridge {
    weights: Vec<f64>,
    intercept: f64,
}

impl Ridge {
    /// Fits rows of `width` columns to targets, one each, by conjugate gradients on the normal equations
    /// of the centred columns, which never exist in memory.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // counts
    pub fn fit(rows: &[Sparse], width: usize, targets: &[f64], alpha: f64) -> Self {
        let count = rows.len().max(1) as f64;
        let middle = targets.iter().sum::<f64>() / count;
        let mut means = vec![0.0; width];
        for (column, value) in rows.iter().flatten() {
            means[*column] += value / count;
        }
        // Xᶜᵀ r for the centred columns: the means take away what the residuals sum to.
        let back = |residuals: &[f64]| {
            let mut sums = vec![0.0; width];
            for (row, residual) in rows.iter().zip(residuals) {
                for (column, value) in row {
                    sums[*column] += value * residual;
                }
            }
            let total: f64 = residuals.iter().sum();
            sums.iter_mut().zip(&means).for_each(|(sum, mean)| *sum -= mean * total);
            sums
        };
        let forward = |weights: &[f64]| {
            let shift = dot(&means, weights);
            rows.iter().map(|row| product(row, weights) - shift).collect::<Vec<_>>()
        };
        let centred: Vec<f64> = targets.iter().map(|target| target - middle).collect();
        let mut weights = vec![0.0; width];
        let mut left = back(&centred);
        let mut direction = left.clone();
        let mut square = dot(&left, &left);
        let enough = square * TOLERANCE * TOLERANCE;
        for _ in 0..STEPS {
            if square <= enough {
                break;
            }
            let mut image = back(&forward(&direction));
            image.iter_mut().zip(&direction).for_each(|(value, d)| *value += alpha * d);
            let step = square / dot(&direction, &image);
            weights.iter_mut().zip(&direction).for_each(|(weight, d)| *weight += step * d);
            left.iter_mut().zip(&image).for_each(|(value, i)| *value -= step * i);
            let next = dot(&left, &left);
            direction.iter_mut().zip(&left).for_each(|(d, value)| *d = value + *d * next / square);
            square = next;
        }
        Self { intercept: middle - dot(&means, &weights), weights }
    }

    /// What is expected of a row.
    #[must_use]
    pub fn predict(&self, row: &Sparse) -> f64 {
        product(row, &self.weights) + self.intercept
    }
}

fn product(row: &Sparse, weights: &[f64]) -> f64 {
    row.iter().filter_map(|(column, value)| Some(value * weights.get(*column)?)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One column: `w = Σ xᶜ yᶜ / (Σ xᶜ² + α)`.
    #[test]
    fn one_column_is_the_closed_form() {
        let rows: Vec<Sparse> = [1.0, 2.0, 4.0, 5.0].iter().map(|x| vec![(0, *x)]).collect();
        let fitted = Ridge::fit(&rows, 1, &[2.0, 3.0, 3.0, 8.0], 0.5);
        let (slope, mean) = (12.0 / 10.5, 4.0);
        assert!((fitted.predict(&vec![(0, 3.0)]) - mean).abs() < 1e-9);
        assert!((fitted.predict(&vec![(0, 4.0)]) - mean - slope).abs() < 1e-9);
    }

    /// The gradient of the penalised loss is 0 at the solution, for weights and intercept.
    #[test]
    fn the_solution_is_stationary() {
        let mut stream = crate::rng::Stream::new(2, crate::rng::Purpose::Corpus, 0, 0);
        let rows: Vec<Sparse> = (0..40)
            .map(|_| {
                let drawn = (0..60).map(|column| (stream.chance(0.1), (column, stream.normal())));
                drawn.filter(|(there, _)| *there).map(|(_, entry)| entry).collect()
            })
            .collect();
        let targets: Vec<f64> = (0..40).map(|_| stream.normal()).collect();
        let fitted = Ridge::fit(&rows, 60, &targets, 0.7);
        let residuals: Vec<f64> = rows.iter().zip(&targets).map(|(row, y)| y - fitted.predict(row)).collect();
        assert!(residuals.iter().sum::<f64>().abs() < 1e-8);
        for (column, weight) in fitted.weights.iter().enumerate() {
            let slope: f64 = rows
                .iter()
                .zip(&residuals)
                .flat_map(|(row, residual)| row.iter().filter(|(c, _)| *c == column).map(move |(_, x)| x * residual))
                .sum();
            assert!((slope - 0.7 * weight).abs() < 1e-8, "column {column}");
        }
        // Without any column there is the mean.
        assert!(
            (Ridge::fit(&vec![Vec::new(); 4], 0, &[1.0, 2.0, 3.0, 6.0], 1.0).predict(&Vec::new()) - 3.0).abs() < 1e-12
        );
    }
}
