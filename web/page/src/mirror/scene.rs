//! What is on the page: elements in reading order.

use egui::accesskit::NodeId;
use std::borrow::Cow;

use super::ids::NodeMap;

/// The kind of element, as far as a browser treats it differently.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tag {
    /// Anything that its role describes.
    Plain,
    /// A field of one line, with its `type`.
    Line(&'static str),
    /// A field of many lines.
    Lines,
}

/// Where an element is, in pixels from the corner of the element around it.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Frame {
    /// From the left edge.
    pub left: f64,
    /// From the top edge.
    pub top: f64,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
}

/// What can be done to an element.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Abilities {
    /// It can have the focus.
    pub focus: bool,
    /// It can be clicked.
    pub click: bool,
    /// It holds a number that can be set.
    pub number: Option<Number>,
    /// Its number can be stepped.
    pub steps: bool,
}

/// What is known about a number that can be set.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Number {
    /// It can be no less than this.
    pub least: Option<f64>,
    /// It can be no more than this.
    pub most: Option<f64>,
    /// It is stepped by this.
    pub step: Option<f64>,
}

/// One element of the page.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Element {
    /// The node it stands for.
    pub id: NodeId,
    /// The element around it; `None` is the root element of the mirror.
    pub parent: Option<NodeId>,
    /// What it is made as.
    pub tag: Tag,
    /// Its attributes, each name once.
    pub attributes: Vec<(&'static str, Cow<'static, str>)>,
    /// Its text. An element around others has none.
    pub text: String,
    /// What is typed into it, for a field.
    pub value: Option<String>,
    /// Where it is.
    pub frame: Frame,
    /// What can be done to it.
    pub abilities: Abilities,
    /// The list, menu or dialog that has opened from it.
    pub popup: Option<NodeId>,
}

/// All elements, each after the one around it, and with those around it found quickly.
#[derive(Default)]
pub(super) struct Scene {
    elements: Vec<Element>,
    places: NodeMap<usize>,
}

impl Scene {
    /// A scene of these elements, each of which comes after its parent.
    pub(super) fn new(elements: Vec<Element>) -> Self {
        let places = elements.iter().enumerate().map(|(place, element)| (element.id, place)).collect();
        Self { elements, places }
    }

    /// All elements in reading order.
    pub(super) fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// Where in [`Self::elements`] one is.
    pub(super) fn place(&self, id: NodeId) -> Option<usize> {
        self.places.get(&id).copied()
    }

    /// One element.
    pub(super) fn get(&self, id: NodeId) -> Option<&Element> {
        self.elements.get(self.place(id)?)
    }

    /// The element an element is in, the one that is in, and so on.
    pub(super) fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(self.get(id), |element| self.get(element.parent?)).skip(1).map(|element| element.id)
    }

    /// Whether an element is in a list, menu or dialog that has opened from another.
    pub(super) fn is_in_popup(&self, id: NodeId) -> bool {
        self.ancestors(id).any(|ancestor| self.elements.iter().any(|element| element.popup == Some(ancestor)))
    }

    /// Where the keyboard starts in an element that has opened: at what is chosen, or at the first
    /// thing that can have the focus.
    pub(super) fn entry(&self, opened: NodeId) -> Option<NodeId> {
        let start = self.place(opened)? + 1;
        // All that is in it comes right after it.
        let inside = || {
            let rest = self.elements.iter().skip(start);
            rest.take_while(move |element| self.ancestors(element.id).any(|ancestor| ancestor == opened))
                .filter(|element| element.abilities.focus)
        };
        let is_chosen = |element: &&Element| element.attributes.contains(&("aria-selected", Cow::Borrowed("true")));
        inside().find(is_chosen).or_else(|| inside().next()).map(|element| element.id)
    }

    /// The children of the root element, and then those of each element in turn.
    pub(super) fn families(&self) -> Vec<Vec<NodeId>> {
        let mut families = vec![Vec::new(); self.elements.len() + 1];
        for element in &self.elements {
            let family = element.parent.and_then(|parent| self.place(parent)).map_or(0, |place| place + 1);
            if let Some(family) = families.get_mut(family) {
                family.push(element.id);
            }
        }
        families
    }
}

/// How much there was to do.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Costs {
    /// Trees that egui sent.
    pub updates: u64,
    /// Trees in which something was different.
    pub changed: u64,
    /// Operations on elements.
    pub operations: u64,
    /// Milliseconds spent on trees in which nothing was different.
    pub idle: f64,
    /// Milliseconds spent on the others.
    pub busy: f64,
    /// Milliseconds spent on the slowest one.
    pub slowest: f64,
    /// Elements there are now.
    pub elements: usize,
}
