//! The mirror without a browser.

mod egui_side;
mod operations;
mod projection;

use egui::accesskit::{Node, NodeId, Rect, Role, TreeId, TreeInfo, TreeUpdate};

use super::model::Model;
use super::project::project;
use super::scene::{Element, Scene};

/// A node with its children's numbers.
fn node(role: Role, children: &[u64]) -> Node {
    let mut node = Node::new(role);
    node.set_children(children.iter().copied().map(NodeId).collect::<Vec<_>>());
    node
}

/// A node with a label.
fn labelled(role: Role, label: &str, children: &[u64]) -> Node {
    let mut node = node(role, children);
    node.set_label(label);
    node
}

/// A node at some place.
fn at(mut node: Node, x0: f64, y0: f64, x1: f64, y1: f64) -> Node {
    node.set_bounds(Rect { x0, y0, x1, y1 });
    node
}

/// An update of these nodes, the first of which is the root.
fn tree(nodes: Vec<(u64, Node)>) -> TreeUpdate {
    let root = NodeId(nodes.first().map_or(0, |(id, _)| *id));
    TreeUpdate {
        nodes: nodes.into_iter().map(|(id, node)| (NodeId(id), node)).collect(),
        tree: Some(TreeInfo::new(root)),
        tree_id: TreeId::ROOT,
        focus: root,
    }
}

/// What a page shows of these nodes.
fn scene(nodes: Vec<(u64, Node)>) -> Scene {
    let mut model = Model::default();
    model.take(tree(nodes));
    project(&mut model, 1.0)
}

impl Element {
    /// The value of an attribute, empty if there is none.
    fn attribute(&self, name: &str) -> &str {
        self.attributes.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| &**value)
    }

    /// What a screen reader would call it.
    fn name(&self) -> &str {
        match self.attribute("aria-label") {
            "" => &self.text,
            label => label,
        }
    }
}

/// A line for each element, indented by where it is: its role, its name and its value.
fn outline(scene: &Scene) -> Vec<String> {
    let lines = scene.elements().iter().map(|element| {
        let indent = "  ".repeat(scene.ancestors(element.id).count());
        let role = match element.attribute("role") {
            "" => "text",
            role => role,
        };
        format!("{indent}{role} {}", element.name()).trim_end().to_owned()
    });
    lines.collect()
}
