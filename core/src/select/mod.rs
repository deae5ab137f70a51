//! From judged candidates to pairs with soft labels and weights.

mod pairs;

pub use pairs::{Candidates, Origin, Pair, PairRecord, all_pairs, best_worst, subset};
