//! How well what drives a Henry's score agrees with the truth, as it was measured: `selfsame ads explain` prints it, and
//! that of the Henry that is part of the program is shown beside his explanations.

use std::sync::LazyLock;

use selfsame_core::{
    measure::{bootstrap::Interval, explanation::Agreement},
    world::ads::Aspect,
};
use serde::{Deserialize, Serialize};

/// What `selfsame ads explain --json` wrote of the Henry that is part of the program.
const SHIPPED: &str = include_str!("../../assets/starter-ads/explained.json");

/// An agreement with what it was measured on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explanation {
    /// The Henry, as a manifest names him.
    pub henry: String,
    /// SHA-256 of his weights.
    pub sha256: String,
    /// The seed of the ads, and of the resamples.
    pub seed: u64,
    /// How many ads there are.
    pub ads: usize,
    /// The agreement.
    pub agreement: Agreement,
}

impl Explanation {
    /// That of the Henry that is part of the program.
    #[must_use]
    pub fn shipped() -> Option<&'static Self> {
        static READ: LazyLock<Option<Explanation>> = LazyLock::new(|| serde_json::from_str(SHIPPED).ok());
        READ.as_ref()
    }

    /// The rank correlation of one aspect.
    #[must_use]
    pub fn rho(&self, aspect: Aspect) -> Option<Interval> {
        self.agreement.aspects.iter().find(|(of, _)| *of == aspect).and_then(|(_, rho)| *rho)
    }
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use selfsame_core::{
        device::{self, Choice},
        world::ads::Group,
    };

    use super::*;
    use crate::shelf::{Disk, Place, Shelf};

    /// What is shown was measured of the very weights that are shipped.
    #[test]
    fn the_shipped_figures_are_of_the_shipped_henry() {
        let shipped = Explanation::shipped().unwrap();
        let place = Place::AdsHenry(Group::A);
        let (_, sha256) = Disk.model(&place, &device::select(Choice::Cpu).unwrap()).unwrap();
        assert_eq!((shipped.henry.clone(), &shipped.sha256), (place.name().unwrap(), &sha256));
        assert!(shipped.ads >= 100 && shipped.agreement.all.is_some());
        assert!(Aspect::ALL.into_iter().all(|aspect| shipped.rho(aspect).is_some()));
    }
}
