//! What studies are written in: tests that decide or stand beside, arms, and the sizes that count as an effect.
//!
//! Rewards of the Rules world spread by one or two hundredths over seeds, so that two hundredths are the smallest gain
//! worth the name, and five where the comparison is with no learning.

use super::{Against, Arm, Study, Test};
use crate::measure::{Expected, Figure, Quantity, Reading};

/// A gain over a baseline.
pub(super) const GAIN: f64 = 0.02;

/// A gain over no learning at all.
pub(super) const LEARNING: f64 = 0.05;

/// What a recipe notes under a name.
pub(super) const fn noted(noted: &'static str, read: Reading) -> Quantity {
    Quantity::Noted { noted, read }
}

/// A test that the claim stands or falls with.
pub(super) const fn decides(
    says: &'static str,
    figure: Figure,
    against: Against,
    (expected, least): (Expected, f64),
) -> Test {
    decides_by(says, Quantity::Figure(figure), against, (expected, least))
}

/// A test that stands beside.
pub(super) const fn beside(
    says: &'static str,
    figure: Figure,
    against: Against,
    (expected, least): (Expected, f64),
) -> Test {
    beside_by(says, Quantity::Figure(figure), against, (expected, least))
}

/// [`decides`], by a noted number.
pub(super) const fn decides_by(
    says: &'static str,
    figure: Quantity,
    against: Against,
    (expected, least): (Expected, f64),
) -> Test {
    Test { says, figure, against, expected, least, decides: true }
}

/// [`beside`], by a noted number.
pub(super) const fn beside_by(
    says: &'static str,
    figure: Quantity,
    against: Against,
    (expected, least): (Expected, f64),
) -> Test {
    Test { says, figure, against, expected, least, decides: false }
}

pub(super) const fn arm(
    name: &'static str,
    recipe: &'static str,
    settings: &'static [(&'static str, &'static str)],
    what: &'static str,
) -> Arm {
    Arm { name, recipe, settings, what }
}

/// The claim of a recipe.
pub(super) const fn claim(id: &'static str, arms: &'static [Arm], tests: &'static [Test]) -> Study {
    Study { id, recipe: id, question: "", world: None, settings: &[], controls: false, arms, tests }
}
