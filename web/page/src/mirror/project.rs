//! From egui's tree to the elements of a page.
//!
//! Most nodes are only there because egui lays things out in boxes in boxes. They are left out,
//! so that the page has an element for what can be read or used and for little else.

use egui::accesskit::{Action, Node, NodeId, Role};

use super::attributes::{Surroundings, abilities, describe, name};
use super::ids::{NodeMap, NodeSet};
use super::model::Model;
use super::roles::{Kind, Shape, container_of, shape_in, shape_of};
use super::scene::{Abilities, Element, Frame, Scene};

/// The elements for everything in `model`, at `zoom` pixels a point; nodes that are no longer part
/// of the tree are forgotten.
pub(super) fn project(model: &mut Model, zoom: f32) -> Scene {
    let mut projection = Projection { model, drafts: Vec::with_capacity(model.len()), reached: NodeSet::default() };
    if let Some((id, root)) = model.root() {
        projection.reached.insert(id);
        for child in root.children() {
            projection.visit(*child, None, "");
        }
    }
    let Projection { drafts, reached, .. } = projection;
    let scene = finish(drafts, f64::from(zoom));
    model.forget_unreached(|id| reached.contains(&id));
    scene
}

/// An element in the making.
struct Draft<'model> {
    id: NodeId,
    node: &'model Node,
    shape: Shape,
    parent: Option<NodeId>,
    name: String,
    popup: Option<(NodeId, &'static str)>,
}

struct Projection<'model> {
    model: &'model Model,
    drafts: Vec<Draft<'model>>,
    /// A damaged tree could hold a node twice, or in itself.
    reached: NodeSet,
}

impl<'model> Projection<'model> {
    /// Drafts a node and all below it, in `parent` and in an element of the role `around`.
    fn visit(&mut self, id: NodeId, parent: Option<NodeId>, around: &'static str) {
        let Some(node) = self.model.node(id) else { return };
        if !self.reached.insert(id) || node.is_hidden() {
            return;
        }
        let name = name(self.model, node);
        let shape = shape_here(node, &name, around);
        let start = self.drafts.len();
        let kept = is_kept(node, shape, &name);
        if kept {
            self.drafts.push(Draft { id, node, shape, parent, name, popup: None });
        }
        let inside = if !kept || shape.kind.is_leaf() { parent } else { Some(id) };
        let around_inside = match shape.kind {
            _ if !kept => around,
            Kind::Named | Kind::Text => around,
            _ => shape.role,
        };
        for child in node.children() {
            self.visit(*child, inside, around_inside);
        }
        if kept && shape.kind.is_leaf() {
            self.find_popup(start, parent);
        } else if !kept {
            self.imply_container(id, node, start, parent, around);
            self.gather(id, node, start, parent);
        }
    }

    /// What hangs below a button or combo box and opens from it comes after it.
    fn find_popup(&mut self, start: usize, parent: Option<NodeId>) {
        let Some((owner, below)) = self.drafts.get_mut(start..).and_then(|drafts| drafts.split_first_mut()) else {
            return;
        };
        let opened = |draft: &&mut Draft| {
            draft.parent == parent && matches!(draft.shape.role, "listbox" | "menu" | "dialog" | "tree" | "grid")
        };
        owner.popup = below.iter_mut().find(opened).map(|draft| (draft.id, draft.shape.role));
    }

    /// Makes a list of a box in which there are only items: egui does not say that it is one, and
    /// items outside a list are none for a screen reader.
    fn imply_container(
        &mut self,
        id: NodeId,
        node: &'model Node,
        start: usize,
        parent: Option<NodeId>,
        around: &'static str,
    ) {
        let mut members = self.drafts.iter().skip(start).filter(|draft| draft.parent == parent);
        let Some(first) = members.next() else { return };
        let member = first.shape.role;
        let Some(role) = container_of(member).filter(|role| *role != around) else { return };
        // One alone may be a line of the list, and the list the box around this one.
        let mut more = members.peekable();
        if more.peek().is_some() && more.all(|draft| draft.shape.role == member) {
            self.enclose(id, node, role, start, parent);
        }
    }

    /// Keeps a box with many elements in it, although it says nothing: when it is scrolled, it is
    /// one element that moves, and not all of them.
    fn gather(&mut self, id: NodeId, node: &'model Node, start: usize, parent: Option<NodeId>) {
        let members = self.drafts.iter().skip(start).filter(|draft| draft.parent == parent);
        if members.count() >= MANY {
            self.enclose(id, node, "", start, parent);
        }
    }

    /// Puts all drafts of `parent` from `start` on into one for a box that had none.
    fn enclose(&mut self, id: NodeId, node: &'model Node, role: &'static str, start: usize, parent: Option<NodeId>) {
        for draft in self.drafts.iter_mut().skip(start).filter(|draft| draft.parent == parent) {
            draft.parent = Some(id);
        }
        let shape = Shape { role, kind: Kind::Box, ..shape_of(Role::GenericContainer) };
        self.drafts.insert(start, Draft { id, node, shape, parent, name: String::new(), popup: None });
    }
}

/// From how many elements on a box keeps its element.
const MANY: usize = 8;

/// What a node is on a page, where it stands.
fn shape_here(node: &Node, name: &str, around: &'static str) -> Shape {
    let pressable = node.supports_action(Action::Focus) && node.supports_action(Action::Click);
    match node.role() {
        // A text or a drawing of ours that can be pressed is a button, whatever it calls itself.
        Role::Label | Role::Unknown if pressable && !name.is_empty() => shape_in(around, Role::Button),
        role => shape_in(around, role),
    }
}

/// Whether there is an element for a node, or only for those below it.
fn is_kept(node: &Node, shape: Shape, name: &str) -> bool {
    match shape.kind {
        Kind::Transparent => false,
        Kind::Named | Kind::Picture => !name.is_empty(),
        Kind::Text => !(shape.role.is_empty() && name.is_empty()),
        // The eight edges of each window can only be dragged.
        Kind::Range => shape.role != "separator" || node.supports_action(Action::Focus),
        Kind::Control | Kind::Choice | Kind::Field | Kind::Container | Kind::Box => true,
    }
}

/// The edges of something on the page: left, top, right, bottom.
#[derive(Clone, Copy)]
struct Edges([f64; 4]);

impl Edges {
    /// Where a node says it is. Nodes of layouts do not say it, or say that they are nowhere.
    fn of(node: &Node, zoom: f64) -> Option<Self> {
        let bounds = node.bounds()?;
        let edges = [bounds.x0, bounds.y0, bounds.x1, bounds.y1].map(|edge| edge * zoom);
        edges.iter().all(|edge| edge.abs() < 1e6).then_some(Self(edges))
    }

    fn around(self, other: Self) -> Self {
        let (Self([left, top, right, bottom]), Self(more)) = (self, other);
        Self([left.min(more[0]), top.min(more[1]), right.max(more[2]), bottom.max(more[3])])
    }
}

/// The elements of these drafts, each with its place in the one around it.
fn finish(drafts: Vec<Draft<'_>>, zoom: f64) -> Scene {
    let edges = all_edges(&drafts, zoom);
    let filled: NodeSet = drafts.iter().filter_map(|draft| draft.parent).collect();
    let mut elements: Vec<Element> = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let Draft { id, node, shape, parent, name, popup } = draft;
        let [left, top, right, bottom] = edges.get(&id).map_or([0.0; 4], |edges| edges.0);
        let (from_left, from_top) =
            parent.and_then(|parent| edges.get(&parent)).map_or((0.0, 0.0), |Edges([left, top, ..])| (*left, *top));
        let mut element = Element {
            id,
            parent,
            tag: shape.tag,
            attributes: Vec::new(),
            text: String::new(),
            value: None,
            // Rounded only here, so that what moves together stays in place in what it is in. An
            // element without any area is taken for invisible.
            frame: Frame {
                left: (left - from_left).round(),
                top: (top - from_top).round(),
                width: (right - left).round().max(1.0),
                height: (bottom - top).round().max(1.0),
            },
            abilities: if shape.kind == Kind::Box { Abilities::default() } else { abilities(node) },
            popup: None,
        };
        describe(&mut element, shape, node, Surroundings { name, filled: filled.contains(&id), popup });
        elements.push(element);
    }
    Scene::new(elements)
}

/// Where everything is; what does not say it is around what is in it.
fn all_edges(drafts: &[Draft<'_>], zoom: f64) -> NodeMap<Edges> {
    let mut edges = NodeMap::default();
    // From the last to the first, so that what is in something is known before it.
    let mut inside: NodeMap<Edges> = NodeMap::default();
    for draft in drafts.iter().rev() {
        let Some(own) = Edges::of(draft.node, zoom).or_else(|| inside.get(&draft.id).copied()) else { continue };
        edges.insert(draft.id, own);
        if let Some(parent) = draft.parent {
            inside.entry(parent).and_modify(|all| *all = all.around(own)).or_insert(own);
        }
    }
    edges
}
