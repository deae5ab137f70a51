//! Alignment via Optimal Transport (arXiv 2406.05882), section 3: not pairs but *distributions* of rewards
//! are compared. Both are sorted, so that every quantile of one is to exceed the same quantile of the
//! other (first-order stochastic dominance).

use burn::tensor::{Int, Tensor};

use super::cdpo::cdpo;

/// The paired form: the sorted `lp_w − lp_l` of the policy over those of the reference, `[pairs]`. The i-th
/// number belongs to the i-th quantile, not to the i-th pair.
#[must_use]
pub fn aot(policy: [Tensor<1>; 2], reference: [Tensor<1>; 2], beta: f64, smoothing: f64) -> Tensor<1> {
    let difference = |[chosen, rejected]: [Tensor<1>; 2]| sorted(chosen - rejected);
    cdpo((difference(policy) - difference(reference)) * beta, smoothing)
}

/// The unpaired form: the sorted log-ratios of the chosen answers over those of the rejected ones,
/// `[pairs]` by quantiles.
#[must_use]
pub fn aot_unpaired(log_ratios: [Tensor<1>; 2], beta: f64, smoothing: f64) -> Tensor<1> {
    let [chosen, rejected] = log_ratios.map(sorted);
    cdpo((chosen - rejected) * beta, smoothing)
}

/// The values in rising order, equal ones as they were. A product with a permutation matrix, so that
/// gradients flow and nothing has to be read from the device, which a browser cannot do in between.
fn sorted(values: Tensor<1>) -> Tensor<1> {
    let [count] = values.dims();
    let device = values.device();
    let fixed = values.clone().detach();
    let (rows, columns) = (fixed.clone().unsqueeze_dim::<2>(1), fixed.unsqueeze_dim::<2>(0));
    let places = Tensor::<1, Int>::arange(0..i64::try_from(count).unwrap_or_default(), &device).float();
    let (row, column) = (places.clone().unsqueeze_dim::<2>(1), places.unsqueeze_dim::<2>(0));
    // How many values come before each one.
    let earlier = columns.clone().equal(rows.clone()).float() * column.clone().lower(row.clone()).float();
    let rank = (columns.lower(rows).float() + earlier).sum_dim(1);
    // Row `r` of the permutation takes the value whose rank is `r`.
    let permutation = row.equal(rank.transpose()).float();
    permutation.matmul(values.unsqueeze_dim(1)).squeeze_dim(1)
}
