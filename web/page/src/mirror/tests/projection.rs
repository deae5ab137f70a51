//! What becomes of egui's trees.

use egui::accesskit::{Action, NodeId, Role, Toggled};

use super::super::scene::{Frame, Tag};
use super::*;

fn pressable(mut node: Node) -> Node {
    node.add_action(Action::Focus);
    node.add_action(Action::Click);
    node
}

fn text(value: &str) -> Node {
    let mut node = node(Role::Label, &[]);
    node.set_value(value);
    node
}

#[test]
fn boxes_in_boxes_are_left_out() {
    let scene = scene(vec![
        (1, node(Role::Window, &[2])),
        (2, node(Role::GenericContainer, &[3])),
        (3, node(Role::Pane, &[4, 5])),
        (4, text("one")),
        (5, labelled(Role::Pane, "side", &[6, 7])),
        (6, text("two")),
        // Drawn by hand and not described.
        (7, pressable(node(Role::Unknown, &[]))),
    ]);
    assert_eq!(outline(&scene), ["text one", "region side", "  text two"]);
}

#[test]
fn a_label_names_a_field() {
    let mut field = pressable(node(Role::TextInput, &[]));
    field.set_labelled_by(vec![NodeId(2), NodeId(3)]);
    field.set_value("7");
    let scene = scene(vec![(1, node(Role::Window, &[2, 3, 4])), (2, text("count")), (3, text("of pairs")), (4, field)]);
    let field = scene.get(NodeId(4)).unwrap();
    assert_eq!((field.tag, field.name()), (Tag::Line("text"), "count of pairs"));
    assert_eq!(field.value.as_deref(), Some("7"));
    assert_eq!(field.attribute("tabindex"), "0");
}

#[test]
fn what_opens_from_a_control_comes_after_it() {
    let mut chosen = pressable(labelled(Role::Button, "SCIR", &[]));
    chosen.set_toggled(Toggled::True);
    let scene = scene(vec![
        (1, node(Role::Window, &[2, 8])),
        (2, pressable(labelled(Role::ComboBox, "method", &[3]))),
        (3, node(Role::ListBox, &[4])),
        (4, node(Role::GenericContainer, &[5, 6])),
        (5, chosen),
        (6, pressable(labelled(Role::Button, "DPO", &[]))),
        (8, text("after")),
    ]);
    let lines = ["combobox method", "listbox", "  option SCIR", "  option DPO", "text after"];
    assert_eq!(outline(&scene), lines);
    let combo = scene.get(NodeId(2)).unwrap();
    assert_eq!(combo.attribute("aria-expanded"), "true");
    assert_eq!(combo.attribute("aria-controls"), "mirror-3");
    assert_eq!(scene.get(NodeId(5)).unwrap().attribute("aria-selected"), "true");
    assert!(scene.is_in_popup(NodeId(6)) && !scene.is_in_popup(NodeId(8)));
    assert_eq!(scene.entry(NodeId(3)), Some(NodeId(5)));
}

#[test]
fn items_alone_in_a_box_are_a_list() {
    let item = |name| labelled(Role::ListItem, name, &[]);
    let scene = scene(vec![
        (1, node(Role::Window, &[2, 3, 4, 10])),
        (2, node(Role::GenericContainer, &[5, 6])),
        // A title among them, and it is none.
        (3, node(Role::GenericContainer, &[7, 8, 9])),
        // Each in a box of its own.
        (4, node(Role::GenericContainer, &[11, 12])),
        (5, item("a")),
        (6, item("b")),
        (7, text("title")),
        (8, item("c")),
        (9, item("d")),
        (10, labelled(Role::Table, "table", &[])),
        (11, node(Role::GenericContainer, &[13])),
        (12, node(Role::GenericContainer, &[14])),
        (13, pressable(labelled(Role::RadioButton, "e", &[]))),
        (14, pressable(labelled(Role::RadioButton, "f", &[]))),
    ]);
    let expected = [
        "list",
        "  listitem a",
        "  listitem b",
        "text title",
        "listitem c",
        "listitem d",
        "radiogroup",
        "  radio e",
        "  radio f",
        "table table",
    ];
    assert_eq!(outline(&scene), expected);
}

#[test]
fn what_only_a_pointer_can_use_is_left_out() {
    let mut divider = labelled(Role::Splitter, "Resize panel", &[]);
    divider.add_action(Action::Focus);
    divider.add_action(Action::Increment);
    divider.set_numeric_value(0.200_000_003);
    let scene = scene(vec![
        (1, node(Role::Window, &[2, 3, 4, 5])),
        (2, labelled(Role::Splitter, "Resize window left edge", &[])),
        (3, node(Role::ScrollBar, &[])),
        (4, divider),
        (5, node(Role::Image, &[])),
    ]);
    assert_eq!(outline(&scene), ["separator Resize panel"]);
    assert_eq!(scene.get(NodeId(4)).unwrap().attribute("aria-valuenow"), "0.2");
}

#[test]
fn a_text_that_can_be_pressed_is_a_button() {
    let mut selectable = text("only to be selected");
    selectable.add_action(Action::Click);
    let scene = scene(vec![(1, node(Role::Window, &[2, 3])), (2, pressable(text("press"))), (3, selectable)]);
    assert_eq!(outline(&scene), ["button press", "text only to be selected"]);
    assert!(!scene.get(NodeId(3)).unwrap().abilities.click);
}

#[test]
fn places_are_within_what_is_around() {
    let mut model = Model::default();
    model.take(tree(vec![
        (1, node(Role::Window, &[2, 3])),
        (2, at(labelled(Role::Window, "window", &[4]), 10.0, 20.0, 110.0, 120.0)),
        // It does not say where it is.
        (3, node(Role::List, &[5, 6])),
        (4, at(text("inside"), 15.0, 30.0, 25.0, 40.0)),
        (5, at(text("first"), 100.0, 200.0, 110.0, 210.0)),
        (6, at(text("last"), 90.0, 300.0, f64::INFINITY, 310.0)),
    ]));
    let scene = project(&mut model, 2.0);
    let frame = |id| scene.get(NodeId(id)).unwrap().frame;
    assert_eq!(frame(2), Frame { left: 20.0, top: 40.0, width: 200.0, height: 200.0 });
    assert_eq!(frame(4), Frame { left: 10.0, top: 20.0, width: 20.0, height: 20.0 });
    assert_eq!(frame(3), Frame { left: 200.0, top: 400.0, width: 20.0, height: 20.0 });
    assert_eq!(frame(5), Frame { left: 0.0, top: 0.0, width: 20.0, height: 20.0 });
    // Nowhere, which is where the list is, and not without an area.
    assert_eq!((frame(6).width, frame(6).height), (1.0, 1.0));
}

#[test]
fn damaged_trees_do_no_harm() {
    let looped = vec![(1, node(Role::Window, &[2, 2, 9])), (2, labelled(Role::Group, "loop", &[1, 2]))];
    assert_eq!(outline(&scene(looped)), ["group loop"]);
    assert!(scene(Vec::new()).elements().is_empty());
}

#[test]
fn nodes_that_are_gone_are_forgotten() {
    let mut model = Model::default();
    assert!(model.take(tree(vec![(1, node(Role::Window, &[2])), (2, text("old"))])));
    project(&mut model, 1.0);
    assert!(!model.take(tree(vec![(1, node(Role::Window, &[2])), (2, text("old"))])));
    // Only what differs, as other sources of trees do it.
    assert!(model.take(tree(vec![(1, node(Role::Window, &[3])), (3, text("new"))])));
    assert_eq!(outline(&project(&mut model, 1.0)), ["text new"]);
    assert_eq!(model.len(), 2);
}
