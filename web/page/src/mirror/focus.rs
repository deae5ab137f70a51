//! Where the focus of the document goes when egui's has moved.
//!
//! There are two: the browser's and egui's. While the browser's is outside the mirror, egui's is
//! the canvas's affair. While it is inside, the two follow each other, and this keeps them from
//! chasing each other: egui's is followed only when it has moved, and only once egui has seen
//! where the browser's has gone.

use egui::accesskit::NodeId;

/// How many former places of the focus are remembered.
const REMEMBERED: usize = 8;

/// Follows egui's focus.
#[derive(Default)]
pub(super) struct Follower {
    /// Where egui's was.
    wanted: Option<NodeId>,
    /// The last request for the focus.
    asked: u64,
    /// Where the browser's was, the last place last. When a dialog closes with the focus in it,
    /// the focus returns to what opened it; egui leaves it nowhere.
    recent: Vec<NodeId>,
}

impl Follower {
    /// The browser's focus has come to `id`, and request number `asked` tells egui.
    pub(super) fn came(&mut self, id: NodeId, asked: u64) {
        self.asked = asked;
        self.remember(id);
    }

    /// Where to put the browser's focus, if it has to be moved.
    ///
    /// It was on `before` before the page was changed and is on `active` now; egui's is on
    /// `wanted`, after the requests up to `seen`.
    pub(super) fn follow(
        &mut self,
        before: Option<NodeId>,
        active: Option<NodeId>,
        wanted: Option<NodeId>,
        seen: u64,
        can_have: impl Fn(NodeId) -> bool,
    ) -> Option<NodeId> {
        let has_moved = wanted != self.wanted;
        self.wanted = wanted;
        // Outside, it is not ours to move.
        let before = before?;
        let wanted = wanted.filter(|id| can_have(*id));
        let target = match active {
            Some(active) => wanted.filter(|id| has_moved && seen >= self.asked && *id != active),
            // The element was moved, which takes the focus from it, or removed.
            None => Some(before)
                .filter(|id| can_have(*id))
                .or(wanted)
                .or_else(|| self.recent.iter().rev().copied().find(|id| can_have(*id))),
        }?;
        self.remember(target);
        Some(target)
    }

    fn remember(&mut self, id: NodeId) {
        self.recent.retain(|recent| *recent != id);
        if self.recent.len() >= REMEMBERED {
            self.recent.remove(0);
        }
        self.recent.push(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Option<NodeId> = Some(NodeId(1));
    const B: Option<NodeId> = Some(NodeId(2));
    const C: Option<NodeId> = Some(NodeId(3));

    fn all(_: NodeId) -> bool {
        true
    }

    #[test]
    fn outside_it_stays_where_it_is() {
        let mut follower = Follower::default();
        assert_eq!(follower.follow(None, None, A, 0, all), None);
        assert_eq!(follower.follow(None, None, B, 0, all), None);
    }

    #[test]
    fn inside_it_goes_where_egui_goes() {
        let mut follower = Follower::default();
        follower.came(NodeId(1), 1);
        assert_eq!(follower.follow(A, A, A, 1, all), None);
        assert_eq!(follower.follow(A, A, B, 1, all), B);
        // The person has left again; that egui has not is nothing new.
        follower.came(NodeId(3), 2);
        assert_eq!(follower.follow(C, C, B, 1, all), None);
        assert_eq!(follower.follow(C, C, C, 2, all), None);
        // Nowhere is no place to follow to.
        assert_eq!(follower.follow(C, C, None, 2, all), None);
    }

    #[test]
    fn what_egui_did_before_it_was_asked_is_not_followed() {
        let mut follower = Follower::default();
        follower.came(NodeId(1), 7);
        assert_eq!(follower.follow(A, A, B, 6, all), None);
        assert_eq!(follower.follow(A, A, A, 7, all), None);
    }

    #[test]
    fn it_returns_from_what_is_gone() {
        let mut follower = Follower::default();
        follower.came(NodeId(1), 1);
        follower.came(NodeId(2), 2);
        let gone = |id| id != NodeId(2);
        assert_eq!(follower.follow(B, None, None, 2, gone), A);
        // But first to where egui is, and before that to where it was, if that was only moved.
        assert_eq!(follower.follow(B, None, C, 2, gone), C);
        assert_eq!(follower.follow(B, None, C, 2, all), B);
        assert_eq!(follower.follow(B, None, None, 2, |_| false), None);
    }
}
