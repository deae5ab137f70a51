//! Ridge regression with an intercept on dense rows, whose penalty is chosen from the rows themselves.

use crate::vector::dot;

/// The penalties that are tried, in parts of the mean sum of squares of a centred column.
const PENALTIES: [f64; 13] = [1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0];

/// `argmin Σ (y − x·w − b)² + α |w|²`, as [`Ridge`](super::Ridge), with the `α` of the lowest generalised
/// cross-validation `n Σ (y − ŷ)² / (n − tr H)²`, where `H` takes the scores to what is predicted of them (Golub, Heath
/// and Wahba 1979): an estimate of the error on new rows that needs no rows held out.
#[derive(Debug, Clone, PartialEq)]
pub struct DenseRidge {
    /// A weight for each column.
    pub weights: Vec<f64>,
    /// What a row of zeros is expected to have.
    pub intercept: f64,
    /// The penalty that was chosen.
    pub alpha: f64,
    /// The generalised cross-validation with it: the mean squared error that is to be expected.
    pub error: f64,
}

impl DenseRidge {
    /// Fits rows of equal width to scores, one each. Without a column that varies, or with fewer than three rows,
    /// there is only the mean.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // counts
    pub fn fit(rows: &[&[f32]], scores: &[f64]) -> Self {
        let width = rows.first().map_or(0, |row| row.len());
        let count = rows.len().max(1) as f64;
        let middle = scores.iter().sum::<f64>() / count;
        let centred: Vec<f64> = scores.iter().map(|score| score - middle).collect();
        let mut means = vec![0.0; width];
        for row in rows {
            means.iter_mut().zip(*row).for_each(|(mean, value)| *mean += f64::from(*value) / count);
        }
        let rows: Vec<Vec<f64>> = rows
            .iter()
            .map(|row| row.iter().zip(&means).map(|(value, mean)| f64::from(*value) - mean).collect())
            .collect();
        let gram = gram(&rows, width);
        let mut side = vec![0.0; width];
        for (row, score) in rows.iter().zip(&centred) {
            side.iter_mut().zip(row).for_each(|(sum, value)| *sum += value * score);
        }
        let scale = (0..width).map(|column| gram[column * width + column]).sum::<f64>() / (width.max(1) as f64);
        let flat = Self {
            weights: vec![0.0; width],
            intercept: middle,
            alpha: f64::INFINITY,
            error: count * dot(&centred, &centred) / (count - 1.0).max(1.0).powi(2),
        };
        if scale <= 0.0 || rows.len() < 3 {
            return flat;
        }
        let tried = PENALTIES.iter().filter_map(|part| {
            let alpha = part * scale;
            let factor = Factor::of(&gram, width, alpha)?;
            let weights = factor.solve(&side);
            let residuals = rows.iter().zip(&centred).map(|(row, score)| (score - dot(row, &weights)).powi(2));
            // The intercept takes one more.
            let freedom = count - 1.0 - (width as f64 - alpha * factor.inverse_trace());
            let error = count * residuals.sum::<f64>() / freedom.powi(2);
            let intercept = middle - dot(&means, &weights);
            (freedom > 0.0 && error.is_finite()).then_some(Self { weights, intercept, alpha, error })
        });
        tried.fold(flat, |best, next| if next.error < best.error { next } else { best })
    }

    /// What is expected of a row.
    #[must_use]
    pub fn predict(&self, row: &[f32]) -> f64 {
        self.intercept + self.weights.iter().zip(row).map(|(weight, value)| weight * f64::from(*value)).sum::<f64>()
    }
}

/// Sums of products of columns, the lower triangle of `[width, width]`.
fn gram(rows: &[Vec<f64>], width: usize) -> Vec<f64> {
    let mut gram = vec![0.0; width * width];
    for row in rows {
        for (at, value) in row.iter().enumerate() {
            let sums = &mut gram[at * width..][..=at];
            sums.iter_mut().zip(row).for_each(|(sum, other)| *sum += value * other);
        }
    }
    gram
}

/// The lower triangle `L` with `L Lᵀ = A + α I` (Cholesky).
struct Factor {
    rows: Vec<Vec<f64>>,
}

impl Factor {
    /// `None` where the matrix is not positive definite but for rounding.
    fn of(matrix: &[f64], width: usize, alpha: f64) -> Option<Self> {
        let mut rows: Vec<Vec<f64>> = Vec::with_capacity(width);
        for line in 0..width {
            let mut row = vec![0.0; line + 1];
            for column in 0..line {
                let done = dot(&row[..column], &rows[column][..column]);
                row[column] = (matrix[line * width + column] - done) / rows[column][column];
            }
            let left = matrix[line * width + line] + alpha - dot(&row[..line], &row[..line]);
            if left <= 0.0 || !left.is_finite() {
                return None;
            }
            row[line] = left.sqrt();
            rows.push(row);
        }
        Some(Self { rows })
    }

    /// `(L Lᵀ)⁻¹ side`
    fn solve(&self, side: &[f64]) -> Vec<f64> {
        let mut solved = self.forward(0, side);
        for line in (0..solved.len()).rev() {
            solved[line] /= self.rows[line][line];
            let value = solved[line];
            let (before, _) = solved.split_at_mut(line);
            before.iter_mut().zip(&self.rows[line]).for_each(|(left, factor)| *left -= factor * value);
        }
        solved
    }

    /// `L⁻¹ side` for a side that is 0 before `from`.
    fn forward(&self, from: usize, side: &[f64]) -> Vec<f64> {
        let mut solved = vec![0.0; self.rows.len()];
        for line in from..self.rows.len() {
            let row = &self.rows[line];
            solved[line] = (side[line] - dot(&row[from..line], &solved[from..line])) / row[line];
        }
        solved
    }

    /// The trace of `(L Lᵀ)⁻¹`: the sum of the squares of `L⁻¹`.
    fn inverse_trace(&self) -> f64 {
        let mut unit = vec![0.0; self.rows.len()];
        (0..self.rows.len())
            .map(|column| {
                unit[column] = 1.0;
                let solved = self.forward(column, &unit);
                unit[column] = 0.0;
                dot(&solved, &solved)
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        judge::baseline::{Ridge, Sparse},
        rng::{Purpose, Stream},
    };

    /// One column: `w = Σ xᶜ yᶜ / (Σ xᶜ² + α)`, and `tr H` is 1 for the intercept and `Σ xᶜ² / (Σ xᶜ² + α)`.
    #[test]
    fn one_column_is_the_closed_form() {
        let (xs, ys) = ([1.0_f32, 2.0, 4.0, 5.0], [2.0, 3.0, 3.0, 8.0]);
        let rows: Vec<&[f32]> = xs.iter().map(std::slice::from_ref).collect();
        let fitted = DenseRidge::fit(&rows, &ys);
        let error = |alpha: f64| {
            let (squares, slope) = (10.0, 12.0 / (10.0 + alpha));
            let rest: f64 = xs.iter().zip(ys).map(|(x, y)| (y - 4.0 - slope * (f64::from(*x) - 3.0)).powi(2)).sum();
            4.0 * rest / (4.0 - 1.0 - squares / (squares + alpha)).powi(2)
        };
        assert!((fitted.weights[0] - 12.0 / (10.0 + fitted.alpha)).abs() < 1e-12);
        assert!((fitted.predict(&[3.0]) - 4.0).abs() < 1e-12 && (fitted.error - error(fitted.alpha)).abs() < 1e-9);
        let lowest = PENALTIES.iter().map(|part| error(10.0 * part)).fold(f64::INFINITY, f64::min);
        assert!((fitted.error - lowest).abs() < 1e-9, "{fitted:?}");
        // Of a column that says nothing there remains the mean.
        let same = DenseRidge::fit(&[&[1.0], &[1.0], &[1.0]], &[1.0, 2.0, 6.0]);
        assert!((same.predict(&[9.0]) - 3.0).abs() < 1e-12 && (same.error - 3.0 * 14.0 / 4.0).abs() < 1e-12);
    }

    /// With its penalty it is the regression of the sparse solver, which works otherwise; more columns than rows are
    /// allowed, and noise is penalised more than what is to be learned.
    #[test]
    fn many_columns_are_those_of_the_other_solver() {
        let mut stream = Stream::new(3, Purpose::Corpus, 0, 0);
        #[allow(clippy::cast_possible_truncation)] // test values
        let rows: Vec<Vec<f32>> = (0..30).map(|_| (0..40).map(|_| stream.normal() as f32).collect()).collect();
        let slices: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
        let learnable: Vec<f64> = rows.iter().map(|row| f64::from(row[0] - 2.0 * row[7])).collect();
        let noise: Vec<f64> = rows.iter().map(|_| stream.normal()).collect();
        let fitted = DenseRidge::fit(&slices, &learnable);
        let sparse: Vec<Sparse> =
            rows.iter().map(|row| row.iter().map(|value| f64::from(*value)).enumerate().collect()).collect();
        let other = Ridge::fit(&sparse, 40, &learnable, fitted.alpha);
        for (row, sparse) in slices.iter().zip(&sparse) {
            assert!((fitted.predict(row) - other.predict(sparse)).abs() < 1e-7);
        }
        assert!(DenseRidge::fit(&slices, &noise).alpha > fitted.alpha);
    }
}
