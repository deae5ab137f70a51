//! Cross-validation: which rows are held out together.

use std::collections::BTreeMap;

use crate::rng::{Purpose, Stream};

/// The fold of every row, from 0 to `folds - 1`. Rows of one group (a brand, say) share a fold, so that
/// nothing learned about a group in training helps with its held-out rows; a row without a group is a
/// group of its own. Groups come in random order, each into the fold with the fewest rows.
#[must_use]
pub fn folds(groups: &[Option<&str>], folds: usize, seed: u64) -> Vec<usize> {
    let mut members: BTreeMap<(Option<&str>, usize), Vec<usize>> = BTreeMap::new();
    for (row, group) in groups.iter().enumerate() {
        let own = if group.is_some() { 0 } else { row };
        members.entry((*group, own)).or_default().push(row);
    }
    let mut members: Vec<Vec<usize>> = members.into_values().collect();
    Stream::new(seed, Purpose::Shuffle, 0, 0).shuffle(&mut members);
    // The largest first, so that the folds come out even.
    members.sort_by_key(|rows| std::cmp::Reverse(rows.len()));
    let mut sizes = vec![0_usize; folds.max(1)];
    let mut fold_of = vec![0; groups.len()];
    for rows in members {
        let smallest = (0..sizes.len()).min_by_key(|fold| sizes[*fold]).unwrap_or(0);
        sizes[smallest] += rows.len();
        for row in rows {
            fold_of[row] = smallest;
        }
    }
    fold_of
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_stay_together_and_folds_are_even() {
        let names: Vec<String> = (0..300).map(|row| format!("brand {}", row % 37)).collect();
        let groups: Vec<Option<&str>> = names.iter().map(|name| Some(name.as_str())).collect();
        let of = folds(&groups, 5, 1);
        for row in 0..300 {
            assert_eq!(of[row], of[row % 37], "row {row}");
        }
        for fold in 0..5 {
            let size = of.iter().filter(|other| **other == fold).count();
            assert!((54..=66).contains(&size), "{size}");
        }
        assert_ne!(of, folds(&groups, 5, 2));
    }

    #[test]
    fn rows_without_groups_are_dealt_evenly_and_at_random() {
        let of = folds(&[None; 23], 5, 1);
        let mut sizes: Vec<usize> = (0..5).map(|fold| of.iter().filter(|other| **other == fold).count()).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [4, 4, 5, 5, 5]);
        assert_ne!(of, (0..23).map(|row| row % 5).collect::<Vec<_>>());
    }
}
