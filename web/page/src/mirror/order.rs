//! Which children can stay where they are when their order changes.

/// For the old places of a family's members in their new order (`None` for a newcomer), which of
/// them need not be moved: as many as there can be that are still in order among themselves.
pub(super) fn stay(places: &[Option<usize>]) -> Vec<bool> {
    // For each length, the member that ends a sequence in order of that length at the lowest place.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; places.len()];
    let at = |member: usize| places.get(member).copied().flatten();
    for (member, place) in places.iter().enumerate() {
        let Some(place) = place else { continue };
        let length = ends.partition_point(|end| at(*end).is_some_and(|end| end < *place));
        if let Some(slot) = before.get_mut(member) {
            *slot = length.checked_sub(1).and_then(|shorter| ends.get(shorter).copied());
        }
        match ends.get_mut(length) {
            Some(end) => *end = member,
            None => ends.push(member),
        }
    }
    let mut stays = vec![false; places.len()];
    let mut last = ends.last().copied();
    while let Some(member) = last {
        if let Some(stay) = stays.get_mut(member) {
            *stay = true;
        }
        last = before.get(member).copied().flatten();
    }
    stays
}

#[cfg(test)]
mod tests {
    use super::stay;

    fn moved(places: &[Option<usize>]) -> Vec<usize> {
        stay(places).iter().enumerate().filter(|(_, stays)| !**stays).map(|(member, _)| member).collect()
    }

    #[test]
    fn what_is_in_order_stays() {
        assert!(moved(&[]).is_empty());
        assert!(moved(&[Some(0), Some(1), Some(2)]).is_empty());
        // Something between them has gone.
        assert!(moved(&[Some(0), Some(4), Some(9)]).is_empty());
    }

    #[test]
    fn as_few_as_possible_move() {
        assert_eq!(moved(&[Some(3), Some(0), Some(1), Some(2)]), [0]);
        assert_eq!(moved(&[Some(1), Some(2), Some(3), Some(0)]), [3]);
        assert_eq!(moved(&[Some(2), Some(1), Some(0)]).len(), 2);
        assert_eq!(moved(&[Some(0), Some(5), Some(3), Some(4), Some(9)]), [1]);
    }

    #[test]
    fn newcomers_always_move() {
        assert_eq!(moved(&[None, Some(0), None, Some(1)]), [0, 2]);
        assert_eq!(moved(&[None, None]), [0, 1]);
    }
}
