//! The operations, carried out on a page of the mind.

use std::collections::BTreeMap;

use egui::accesskit::NodeId;

use super::super::diff::{Operation, diff};
use super::super::scene::{Abilities, Frame, Tag};
use super::*;

/// A page that holds elements as a browser would.
#[derive(Default)]
struct Paper {
    elements: BTreeMap<NodeId, Sheet>,
    root: Vec<NodeId>,
}

struct Sheet {
    tag: Tag,
    attributes: BTreeMap<String, String>,
    text: String,
    value: Option<String>,
    frame: Frame,
    children: Vec<NodeId>,
}

impl Paper {
    fn detach(&mut self, id: NodeId) {
        self.root.retain(|child| *child != id);
        for sheet in self.elements.values_mut() {
            sheet.children.retain(|child| *child != id);
        }
    }

    fn sheet(&mut self, id: NodeId) -> &mut Sheet {
        self.elements.get_mut(&id).expect("an operation on an element that is not there")
    }

    fn perform(&mut self, operation: &Operation<'_>) {
        match operation {
            Operation::Create(id, tag) => {
                self.detach(*id);
                let (attributes, children) = (BTreeMap::new(), Vec::new());
                let (text, value, frame) = (String::new(), None, Frame::default());
                self.elements.insert(*id, Sheet { tag: *tag, attributes, text, value, frame, children });
            }
            Operation::Attribute(id, name, Some(value)) => {
                self.sheet(*id).attributes.insert((*name).to_owned(), (*value).to_owned());
            }
            Operation::Attribute(id, name, None) => {
                self.sheet(*id).attributes.remove(*name).expect("an attribute that was not there");
            }
            Operation::Text(id, text) => {
                let sheet = self.sheet(*id);
                assert!(sheet.children.is_empty(), "a text would replace elements");
                (*text).clone_into(&mut sheet.text);
            }
            Operation::Value(id, value) => self.sheet(*id).value = Some((*value).to_owned()),
            Operation::Place(id, frame) => self.sheet(*id).frame = *frame,
            Operation::Insert { element, parent, before } => {
                self.detach(*element);
                let family = match parent {
                    Some(parent) => {
                        let parent = self.sheet(*parent);
                        assert!(parent.text.is_empty(), "an element beside a text");
                        &mut parent.children
                    }
                    None => &mut self.root,
                };
                let place = match before {
                    Some(before) => family.iter().position(|child| child == before).expect("no such neighbour"),
                    None => family.len(),
                };
                family.insert(place, *element);
            }
            Operation::Remove { element, alone } => {
                if *alone {
                    self.detach(*element);
                }
                self.elements.remove(element).expect("removed twice");
            }
        }
    }

    /// The page must be what the scene says, by itself and in its order.
    fn check(&self, scene: &Scene) {
        assert_eq!(self.elements.len(), scene.elements().len());
        let families = scene.families();
        assert_eq!(self.root, families[0]);
        for (element, family) in scene.elements().iter().zip(&families[1..]) {
            let sheet = &self.elements[&element.id];
            let attributes =
                element.attributes.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect();
            assert_eq!(sheet.attributes, attributes);
            assert_eq!((sheet.tag, &sheet.text, &sheet.value), (element.tag, &element.text, &element.value));
            assert_eq!((sheet.frame, &sheet.children), (element.frame, family));
        }
    }
}

/// Numbers that are as good as random.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A scene that has some elements of any other scene, in any order and nested in any way.
fn any_scene(dice: &mut Dice) -> Scene {
    let mut ids: Vec<u64> = (1..=12).filter(|_| dice.roll(4) > 0).collect();
    for place in (1..ids.len()).rev() {
        let other = usize::try_from(dice.roll(place as u64 + 1)).unwrap();
        // Mostly in order, as on a page.
        if dice.roll(3) == 0 {
            ids.swap(place, other);
        }
    }
    let mut elements: Vec<Element> = Vec::new();
    for id in ids {
        // Only what is plain has something in it.
        let open: Vec<NodeId> = elements.iter().filter(|e| e.tag == Tag::Plain).map(|e| e.id).collect();
        let chosen = usize::try_from(dice.roll(open.len() as u64 + 2)).unwrap();
        let tag = [Tag::Plain, Tag::Plain, Tag::Plain, Tag::Lines][usize::try_from(dice.roll(4)).unwrap()];
        elements.push(Element {
            id: NodeId(id),
            parent: open.get(chosen).copied(),
            tag,
            attributes: (0..dice.roll(3))
                .map(|at| {
                    (["role", "aria-label", "tabindex"][usize::try_from(at).unwrap()], dice.roll(3).to_string().into())
                })
                .collect(),
            text: String::new(),
            value: (tag != Tag::Plain).then(|| dice.roll(3).to_string()),
            frame: Frame { left: f64::from(u8::from(dice.roll(2) > 0)), ..Frame::default() },
            abilities: Abilities::default(),
            popup: None,
        });
    }
    let parents: Vec<_> = elements.iter().filter_map(|element| element.parent).collect();
    for element in &mut elements {
        if !parents.contains(&element.id) && element.tag == Tag::Plain {
            element.text = dice.roll(3).to_string();
        }
    }
    Scene::new(elements)
}

#[test]
fn the_page_becomes_what_the_scene_says() {
    let mut dice = Dice(1);
    for _ in 0..50 {
        let (mut paper, mut before) = (Paper::default(), Scene::default());
        for _ in 0..40 {
            let scene = any_scene(&mut dice);
            for operation in diff(&before, &scene) {
                paper.perform(&operation);
            }
            paper.check(&scene);
            assert!(diff(&scene, &scene).is_empty());
            before = scene;
        }
    }
}

fn rows(range: std::ops::Range<u32>, down: f64) -> Vec<(u64, Node)> {
    let ids: Vec<u64> = range.clone().map(u64::from).collect();
    let mut nodes = vec![(1, node(Role::Window, &[2])), (2, node(Role::GenericContainer, &ids))];
    for id in range {
        let top = f64::from(id) * 20.0 + down;
        nodes.push((id.into(), at(labelled(Role::Heading, &format!("row {id}"), &[]), 0.0, top, 50.0, top + 18.0)));
    }
    nodes
}

#[test]
fn nothing_is_done_for_nothing() {
    let (before, after) = (scene(rows(10..60, 0.0)), scene(rows(10..60, 0.0)));
    assert!(diff(&before, &after).is_empty());
}

#[test]
fn one_change_is_one_operation() {
    let before = scene(rows(10..60, 0.0));
    let mut nodes = rows(10..60, 0.0);
    nodes[20].1.set_label("other");
    let after = scene(nodes);
    assert_eq!(diff(&before, &after), [Operation::Text(NodeId(28), "other")]);
}

#[test]
fn scrolling_moves_one_element() {
    let (before, after) = (scene(rows(10..60, 0.0)), scene(rows(10..60, -7.3)));
    let operations = diff(&before, &after);
    assert!(matches!(operations.as_slice(), [Operation::Place(NodeId(2), _)]), "{operations:?}");
}

#[test]
fn a_row_more_moves_no_other() {
    let (before, after) = (scene(rows(10..60, 0.0)), scene(rows(10..61, 0.0)));
    let operations = diff(&before, &after);
    let about = |id| operations.iter().filter(|o| format!("{o:?}").contains(&format!("NodeId({id}) "))).count();
    assert_eq!(operations.iter().filter(|o| matches!(o, Operation::Insert { .. })).count(), 1);
    assert_eq!(about(30), 0);
    // And its going is one operation, apart from the box that is smaller.
    let operations = diff(&after, &before);
    assert_eq!(operations.len(), 2, "{operations:?}");
}
