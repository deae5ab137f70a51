//! What an element says about itself, apart from its place.

use std::borrow::Cow;

use egui::accesskit::{Action, HasPopup, Live, Node, NodeId, Orientation, Role, Toggled};

use super::model::Model;
use super::roles::{Kind, Naming, Shape, naming_of, state_of};
use super::scene::{Abilities, Element, Number, Tag};

/// The id that the element of a node has in the document.
pub(super) fn element_id(node: NodeId) -> String {
    format!("mirror-{}", node.0)
}

/// The node that the element with this id stands for.
pub(super) fn node_of(element_id: &str) -> Option<NodeId> {
    element_id.strip_prefix("mirror-")?.parse().ok().map(NodeId)
}

/// What a node is called, by itself or by others; empty if it is not.
pub(super) fn name(model: &Model, node: &Node) -> String {
    if let Some(own) = own_name(node) {
        return own.to_owned();
    }
    let mut words = node.labelled_by().iter().filter_map(|id| model.node(*id)).filter_map(own_name);
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        name.push(' ');
        name.push_str(word);
    }
    name
}

fn own_name(node: &Node) -> Option<&str> {
    // egui keeps the text of a label in its value.
    let text = if node.role() == Role::Label { node.value().or_else(|| node.label()) } else { node.label() };
    text.filter(|text| !text.is_empty())
}

/// What can be done to a node.
pub(super) fn abilities(node: &Node) -> Abilities {
    if node.is_disabled() {
        return Abilities::default();
    }
    let can = |action| node.supports_action(action);
    let focus = can(Action::Focus);
    let settable = can(Action::SetValue) && node.numeric_value().is_some();
    Abilities {
        focus,
        // Every text can be clicked as far as egui is concerned, because it can be selected.
        click: can(Action::Click) && focus,
        number: settable.then(|| Number {
            least: node.min_numeric_value(),
            most: node.max_numeric_value(),
            step: node.numeric_value_step(),
        }),
        steps: can(Action::Increment) || can(Action::Decrement),
    }
}

/// What is known about an element beside its node.
pub(super) struct Surroundings {
    /// What it is called.
    pub name: String,
    /// Whether there are elements in it.
    pub filled: bool,
    /// The list, menu or dialog that has opened from it, with its role.
    pub popup: Option<(NodeId, &'static str)>,
}

/// Fills in what `node` says about `element`.
pub(super) fn describe(element: &mut Element, shape: Shape, node: &Node, around: Surroundings) {
    let mut write = Attributes(Vec::with_capacity(4));
    let Surroundings { name, filled, popup } = around;
    // Text with elements in it is no text any more, and only something with a role has a label.
    let is_text = shape.kind == Kind::Text;
    let role = if is_text && shape.role.is_empty() && filled { "group" } else { shape.role };
    write.set_unless_empty("role", role);
    if shape.kind == Kind::Box {
        element.attributes = write.0;
        return;
    }

    let value = node.value().unwrap_or_default();
    let holds_text = matches!(shape.kind, Kind::Control | Kind::Text | Kind::Choice | Kind::Named | Kind::Container);
    let has_text = holds_text && !filled;
    if has_text {
        // What is only a name in a container with something in it has to be read in one without.
        let says_value = matches!(shape.kind, Kind::Named | Kind::Container) && !value.is_empty();
        let text = if shape.kind == Kind::Choice || says_value { value } else { &name };
        text.clone_into(&mut element.text);
    }
    if let Some(description) = node.description().filter(|description| *description != name) {
        write.set("aria-description", description.to_owned());
    }
    let has_label = match naming_of(role) {
        _ if name.is_empty() => false,
        Naming::Text => !(has_text && matches!(shape.kind, Kind::Control | Kind::Text)),
        Naming::Label => true,
        // A field has no role but that of its element, and can be named.
        Naming::Never => shape.kind == Kind::Field,
    };
    if has_label {
        write.set("aria-label", name);
    }

    element.popup = popup.map(|(popup, _)| popup);
    states(&mut write, shape, node, popup);
    if shape.kind == Kind::Range || shape.role == "spinbutton" {
        range(&mut write, shape, node);
    }
    if shape.kind == Kind::Field {
        field(&mut write, element, shape, node);
    }
    places(&mut write, shape, node);
    if element.abilities.focus {
        write.set("tabindex", "0");
    }
    element.attributes = write.0;
}

fn states(write: &mut Attributes, shape: Shape, node: &Node, popup: Option<(NodeId, &'static str)>) {
    if node.is_disabled() {
        write.set("aria-disabled", "true");
    }
    if let Some((attribute, toggled)) = state_of(shape.role).zip(node.toggled()) {
        let state = match toggled {
            Toggled::True => "true",
            Toggled::False => "false",
            Toggled::Mixed => "mixed",
        };
        write.set(attribute, state);
    } else if let Some((attribute, selected)) = state_of(shape.role).zip(node.is_selected()) {
        write.set(attribute, truth(selected));
    }
    let expanded = node.is_expanded().or_else(|| popup.is_some().then_some(true));
    if let Some(expanded) = expanded.or_else(|| (shape.role == "combobox").then_some(false)) {
        write.set("aria-expanded", truth(expanded));
    }
    if let Some((popup, role)) = popup {
        write.set("aria-controls", element_id(popup));
        write.set("aria-haspopup", role);
    } else if shape.role == "combobox" {
        write.set("aria-haspopup", "listbox");
    } else if let Some(popup) = node.has_popup() {
        let popup = match popup {
            HasPopup::Menu => "menu",
            HasPopup::Listbox => "listbox",
            HasPopup::Tree => "tree",
            HasPopup::Grid => "grid",
            HasPopup::Dialog => "dialog",
        };
        write.set("aria-haspopup", popup);
    }
    match node.live() {
        Some(Live::Polite) => write.set("aria-live", "polite"),
        Some(Live::Assertive) => write.set("aria-live", "assertive"),
        Some(Live::Off) | None => {}
    }
    for (attribute, set) in [
        ("aria-modal", node.is_modal()),
        ("aria-busy", node.is_busy()),
        ("aria-required", node.is_required()),
        ("aria-multiselectable", node.is_multiselectable()),
        ("aria-invalid", node.invalid().is_some()),
    ] {
        if set {
            write.set(attribute, "true");
        }
    }
    if let Some(keys) = node.keyboard_shortcut() {
        write.set("aria-keyshortcuts", keys.to_owned());
    }
}

fn range(write: &mut Attributes, shape: Shape, node: &Node) {
    let Some(now) = node.numeric_value() else { return };
    write.set("aria-valuenow", number(now));
    for (attribute, bound) in [("aria-valuemin", node.min_numeric_value()), ("aria-valuemax", node.max_numeric_value())]
    {
        if let Some(bound) = bound {
            write.set(attribute, number(bound));
        }
    }
    if shape.kind == Kind::Range {
        write.set_unless_empty("aria-valuetext", node.value().unwrap_or_default());
    }
    match node.orientation() {
        Some(Orientation::Horizontal) => write.set("aria-orientation", "horizontal"),
        Some(Orientation::Vertical) => write.set("aria-orientation", "vertical"),
        None => {}
    }
}

fn field(write: &mut Attributes, element: &mut Element, shape: Shape, node: &Node) {
    element.value = Some(match node.value() {
        Some(value) => value.to_owned(),
        None => node.numeric_value().map(number).unwrap_or_default(),
    });
    if let Tag::Line(kind) = shape.tag {
        write.set("type", kind);
    }
    // Whatever a browser would offer to add, egui has not asked for.
    write.set("autocomplete", "off");
    write.set("spellcheck", "false");
    if let Some(placeholder) = node.placeholder() {
        write.set_unless_empty("placeholder", placeholder);
    }
    if node.is_disabled() {
        write.set("disabled", "");
    } else if node.is_read_only() {
        write.set("readonly", "");
    }
}

fn places(write: &mut Attributes, shape: Shape, node: &Node) {
    if shape.role == "heading" {
        write.set("aria-level", node.level().map_or(Cow::Borrowed("2"), |level| Cow::Owned(level.to_string())));
    } else if let Some(level) = node.level() {
        write.set("aria-level", level.to_string());
    }
    for (attribute, place) in [
        ("aria-rowcount", node.row_count()),
        ("aria-colcount", node.column_count()),
        ("aria-setsize", node.size_of_set()),
    ] {
        if let Some(place) = place {
            write.set(attribute, place.to_string());
        }
    }
    // egui counts from nought, a page from one.
    for (attribute, place) in [
        ("aria-rowindex", node.row_index()),
        ("aria-colindex", node.column_index()),
        ("aria-posinset", node.position_in_set()),
    ] {
        if let Some(place) = place {
            write.set(attribute, (place + 1).to_string());
        }
    }
}

/// Attributes in the making.
struct Attributes(Vec<(&'static str, Cow<'static, str>)>);

impl Attributes {
    fn set(&mut self, attribute: &'static str, value: impl Into<Cow<'static, str>>) {
        self.0.push((attribute, value.into()));
    }

    fn set_unless_empty(&mut self, attribute: &'static str, value: &str) {
        if !value.is_empty() {
            self.set(attribute, value.to_owned());
        }
    }
}

fn truth(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// A number as a person would write it: what is less than a millionth is an accident of `f32`.
fn number(value: f64) -> String {
    let rounded = format!("{value:.6}");
    if !rounded.contains('.') {
        return rounded;
    }
    rounded.trim_end_matches('0').trim_end_matches('.').to_owned()
}
