//! Several runs beside each other: what the command line prints and the window shows is computed
//! here, once.

mod difference;
mod figures;
mod seeds;
mod settings;

pub use difference::Difference;
pub use figures::{Figure, Row, Value, figures, last_measured};
pub use seeds::{Group, Spread, groups, spread, spread_at};
pub use settings::{Setting, differences, shown};

use crate::fold::RunView;

/// Whether all runs were measured on the same prompts in the same way, so that a difference
/// between them is one between what they learned.
#[must_use]
pub fn measured_alike(views: &[&RunView]) -> bool {
    let measured_on = |view: &RunView| (view.manifest.source.clone(), view.manifest.seed, view.manifest.options);
    let mut rest = views.iter().map(|view| measured_on(view));
    let first = rest.next();
    rest.all(|other| first.as_ref() == Some(&other))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::fold::tests::{synthetic, without_oracle};

    /// The synthetic run with another seed, and a sampled reward of its last measurement.
    pub(crate) fn seeded(seed: u64, reward: f64) -> RunView {
        let mut view = RunView::of(&synthetic()).unwrap();
        view.manifest.seed = seed;
        let main = view.arms.get_mut(&selfsame_core::run::Arm::Main).unwrap();
        main.measured.get_mut(&1).unwrap().sampled.reward.as_mut().unwrap().mean = reward;
        view
    }

    #[test]
    fn runs_are_alike_when_seed_prompts_and_options_are() {
        let (first, same, other) = (seeded(1, 0.6), seeded(1, 0.7), seeded(2, 0.6));
        assert!(measured_alike(&[]) && measured_alike(&[&first]) && measured_alike(&[&first, &same]));
        assert!(!measured_alike(&[&first, &other]));
        let file = RunView::of(&without_oracle()).unwrap();
        assert!(!measured_alike(&[&first, &file]));
    }
}
