//! The tree as egui last described it.

use egui::accesskit::{Node, NodeId, Role, TreeUpdate};

use super::ids::NodeMap;

/// All nodes that a page could show.
#[derive(Default)]
pub(super) struct Model {
    nodes: NodeMap<Node>,
    root: Option<NodeId>,
    focus: Option<NodeId>,
}

impl Model {
    /// Takes over what an update says; whether that was anything new, the focus aside.
    ///
    /// Updates may hold all nodes or only those that differ. A node that is left out of its
    /// parent's children is gone, though it stays here until [`Self::forget_unreached`].
    pub(super) fn take(&mut self, update: TreeUpdate) -> bool {
        let mut changed = false;
        for (id, node) in update.nodes {
            // The lines of each text, letter by letter. They are most of a tree, and the text
            // itself is in the node above them.
            if node.role() == Role::TextRun {
                continue;
            }
            match self.nodes.get_mut(&id) {
                Some(known) if *known == node => {}
                Some(known) => {
                    *known = node;
                    changed = true;
                }
                None => {
                    self.nodes.insert(id, node);
                    changed = true;
                }
            }
        }
        if let Some(tree) = update.tree {
            changed |= self.root != Some(tree.root);
            self.root = Some(tree.root);
        }
        self.focus = Some(update.focus);
        changed
    }

    /// The node everything else hangs from.
    pub(super) fn root(&self) -> Option<(NodeId, &Node)> {
        self.root.and_then(|id| Some((id, self.node(id)?)))
    }

    /// The node the keyboard is for, unless that is nobody in particular.
    pub(super) fn focus(&self) -> Option<NodeId> {
        self.focus.filter(|focus| Some(*focus) != self.root)
    }

    /// One node.
    pub(super) fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(&id)
    }

    /// How many nodes are kept.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Drops the nodes that nobody has reached.
    pub(super) fn forget_unreached(&mut self, reached: impl Fn(NodeId) -> bool) {
        self.nodes.retain(|id, _| reached(*id));
    }
}
