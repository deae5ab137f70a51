//! From judged candidates to pairs with soft labels and weights.

mod ads;
mod best_of;
mod consistency;
mod density_ratio;
mod ends;
mod goals;
mod hindsight;
mod likelihood;
mod opponent;
mod pairs;
mod pool;
mod quantile;
mod ranking;
mod rated;
mod rewarded;
mod uncertainty;
mod win_rate;

pub use ads::best_ads;
pub use best_of::{best_of, chosen, votes};
pub use consistency::{mean_consistency, rank_consistency};
pub use density_ratio::density_ratios;
pub use ends::ordered_ends;
pub use goals::goal_conditioned;
pub use hindsight::{Chain, Hindsight};
pub use likelihood::{explored_pairs, likelier_first};
pub use opponent::{duels, games, wins};
pub(crate) use pairs::every_two;
#[cfg(test)]
pub(crate) use pairs::tests::named;
pub use pairs::{
    Candidates, Origin, Pair, PairRecord, all_pairs, best_random, best_worst, one_per_prompt, round_robin, subset,
};
pub use pool::{pool, with_own};
pub use quantile::low_quantile;
pub use ranking::{Preferences, ranked_pairs};
pub use rated::{Rated, RatedRecord};
pub use rewarded::{Rewarded, advantages, rewarded};
pub use uncertainty::{Doubt, weighted_subset};
pub use win_rate::{Margins, by_margin, repetitive, round_robin_rates, win_rates};
