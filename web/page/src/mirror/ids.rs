//! Maps by node.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use egui::accesskit::NodeId;

/// A map by node.
pub(super) type NodeMap<V> = HashMap<NodeId, V, BuildHasherDefault<Identity>>;

/// A set of nodes.
pub(super) type NodeSet = HashSet<NodeId, BuildHasherDefault<Identity>>;

/// The number of a node is a hash already, and hashing it again would be most of what an unchanged
/// frame costs.
#[derive(Default)]
pub(super) struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
}
