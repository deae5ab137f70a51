//! What has to be done to the page when one scene follows another.

use egui::accesskit::NodeId;

use super::ids::NodeMap;
use super::order::stay;
use super::scene::{Element, Frame, Scene, Tag};

/// One thing to do to the page.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Operation<'scene> {
    /// Make an element, in nothing yet. If the node has one of another kind, that goes.
    Create(NodeId, Tag),
    /// Set an attribute, or remove it.
    Attribute(NodeId, &'static str, Option<&'scene str>),
    /// Set the text of an element in which there is no other.
    Text(NodeId, &'scene str),
    /// Set what a field holds.
    Value(NodeId, &'scene str),
    /// Set where an element is and how large.
    Place(NodeId, Frame),
    /// Put an element into another (`None`: the root), before one of its children or last.
    Insert { element: NodeId, parent: Option<NodeId>, before: Option<NodeId> },
    /// Forget an element, and take it off the page unless it goes with the one around it.
    Remove { element: NodeId, alone: bool },
}

/// Everything that turns the page of `old` into the page of `new`, in an order in which it can be
/// done.
pub(super) fn diff<'scene>(old: &Scene, new: &'scene Scene) -> Vec<Operation<'scene>> {
    let mut operations = Vec::new();
    let mut texts = Vec::new();
    let mut made = vec![false; new.elements().len()];
    for (element, made) in new.elements().iter().zip(&mut made) {
        let known = old.get(element.id).filter(|known| known.tag == element.tag);
        *made = known.is_none();
        if known != Some(element) {
            compare(known, element, &mut operations, &mut texts);
        }
    }
    // Reading order and who is in whom, which is all that placing depends on.
    let structure =
        |scene: &Scene| scene.elements().iter().map(|element| (element.id, element.parent)).collect::<Vec<_>>();
    if made.contains(&true) || structure(old) != structure(new) {
        arrange(old, new, &made, &mut operations);
        for element in old.elements().iter().filter(|element| new.place(element.id).is_none()) {
            let alone = element.parent.is_none_or(|parent| new.place(parent).is_some());
            operations.push(Operation::Remove { element: element.id, alone });
        }
    }
    // Last, because an element has to be empty before it can be given a text.
    operations.append(&mut texts);
    operations
}

fn compare<'scene>(
    known: Option<&Element>,
    element: &'scene Element,
    operations: &mut Vec<Operation<'scene>>,
    texts: &mut Vec<Operation<'scene>>,
) {
    let id = element.id;
    if known.is_none() {
        operations.push(Operation::Create(id, element.tag));
    }
    let known_attributes = known.map(|known| &*known.attributes).unwrap_or_default();
    if known_attributes != &*element.attributes {
        for (attribute, value) in &element.attributes {
            let is_set = known_attributes.iter().any(|(known, set)| known == attribute && set == value);
            if !is_set {
                operations.push(Operation::Attribute(id, attribute, Some(value)));
            }
        }
        for (attribute, _) in known_attributes {
            if !element.attributes.iter().any(|(kept, _)| kept == attribute) {
                operations.push(Operation::Attribute(id, attribute, None));
            }
        }
    }
    let known_text = known.map(|known| &*known.text).unwrap_or_default();
    if known_text != element.text {
        // A text has to go before elements come, and can come only after elements have gone.
        let list = if element.text.is_empty() { &mut *operations } else { texts };
        list.push(Operation::Text(id, &element.text));
    }
    if let Some(value) = &element.value
        && known.and_then(|known| known.value.as_ref()) != Some(value)
    {
        operations.push(Operation::Value(id, value));
    }
    if known.is_none_or(|known| known.frame != element.frame) {
        operations.push(Operation::Place(id, element.frame));
    }
}

/// Puts everything new into its place and moves what has another one, and no more than that:
/// moving an element takes the focus from it.
fn arrange<'scene>(old: &Scene, new: &'scene Scene, made: &[bool], operations: &mut Vec<Operation<'scene>>) {
    let (old_families, new_families) = (old.families(), new.families());
    let parents = std::iter::once(None).chain(new.elements().iter().map(|element| Some(element.id)));
    let mut places = Vec::new();
    for (index, (parent, family)) in parents.zip(&new_families).enumerate() {
        // A parent that was just made has nobody in it, whoever was in the one before.
        let parent_made = index.checked_sub(1).is_some_and(|place| made.get(place) == Some(&true));
        let old_family = match parent {
            _ if parent_made => None,
            None => old_families.first(),
            Some(parent) => old.place(parent).and_then(|place| old_families.get(place + 1)),
        };
        let old_family = old_family.map(Vec::as_slice).unwrap_or_default();
        let unmade = |member: NodeId| new.place(member).is_some_and(|place| made.get(place) == Some(&false));
        if old_family == family.as_slice() && family.iter().all(|member| unmade(*member)) {
            continue;
        }
        let old_places: NodeMap<usize> =
            old_family.iter().enumerate().map(|(place, member)| (*member, place)).collect();
        places.clear();
        places.extend(family.iter().map(|member| old_places.get(member).copied().filter(|_| unmade(*member))));
        let mut before = None;
        // From the last to the first, so that what an element is put before is in place already.
        for (member, stays) in family.iter().zip(stay(&places)).rev() {
            if !stays {
                operations.push(Operation::Insert { element: *member, parent, before });
            }
            before = Some(*member);
        }
    }
}
