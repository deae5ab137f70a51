//! The elements on the page, and what egui's trees do to them.

use egui::accesskit::{Action, ActionData, NodeId};
use egui::{Key, Modifiers};
use web_sys::wasm_bindgen::JsCast as _;
use web_sys::{Document, Element, FocusOptions, HtmlElement, HtmlInputElement, Performance};

use super::area::HtmlTextAreaElement;
use super::attributes::{element_id, node_of};
use super::canvas::Canvas;
use super::diff::{Operation, diff};
use super::exchange::{Exchange, Update};
use super::focus::Follower;
use super::ids::NodeMap;
use super::model::Model;
use super::project::project;
use super::scene::{self, Costs, Frame, Scene, Tag};

/// The class of every element, for the page's style sheet.
const CLASS: &str = "mirror-node";

/// The elements in one root element, and everything that is known about them.
pub(super) struct Page {
    root: HtmlElement,
    document: Option<Document>,
    exchange: Exchange,
    ctx: egui::Context,
    model: Model,
    scene: Scene,
    zoom: f32,
    elements: NodeMap<HtmlElement>,
    /// Fields in which something was typed, with the request that says so. Until egui has seen it,
    /// what egui says about the field is older than what is in it.
    typed: NodeMap<u64>,
    /// The number that is being typed. Half of one may be out of bounds, and is not corrected.
    draft: Option<NodeId>,
    /// What was clicked in a list or menu that may have to be closed, with the request that says so.
    chosen: Option<(NodeId, u64)>,
    focus: Follower,
    canvas: Canvas,
    clock: Option<Performance>,
    costs: Costs,
}

impl Page {
    /// A page with nothing on it but `root`.
    pub(super) fn new(root: HtmlElement, exchange: Exchange, ctx: egui::Context) -> Self {
        let canvas = Canvas::beside(&root);
        Self {
            document: root.owner_document(),
            root,
            exchange,
            ctx,
            model: Model::default(),
            scene: Scene::default(),
            zoom: 1.0,
            elements: NodeMap::default(),
            typed: NodeMap::default(),
            draft: None,
            chosen: None,
            focus: Follower::default(),
            canvas,
            clock: web_sys::window().and_then(|window| window.performance()),
            costs: Costs::default(),
        }
    }

    /// What has been done so far.
    pub(super) fn costs(&self) -> Costs {
        Costs { elements: self.elements.len(), ..self.costs }
    }

    /// Makes the page show what egui says.
    pub(super) fn apply(&mut self, update: Update) {
        let start = self.now();
        let Update { tree, zoom, seen } = update;
        let before = self.active();
        let was_open = before.and_then(|id| self.scene.get(id)).is_some_and(|element| element.popup.is_some());
        let mut changed = self.model.take(tree);
        if self.zoom != zoom {
            self.zoom = zoom;
            changed = true;
        }
        let mut operations = 0;
        if changed {
            let scene = project(&mut self.model, zoom);
            for operation in diff(&self.scene, &scene) {
                operations += 1;
                self.perform(&operation, seen);
            }
            self.scene = scene;
            self.typed.retain(|id, _| self.elements.contains_key(id));
            self.draft = self.draft.filter(|id| self.elements.contains_key(id));
        }
        self.settle_fields(seen);
        self.close_chosen(seen);
        self.place_focus(before, was_open, seen);

        let spent = self.now() - start;
        self.costs.updates += 1;
        self.costs.operations += operations;
        self.costs.slowest = self.costs.slowest.max(spent);
        if operations > 0 {
            self.costs.changed += 1;
            self.costs.busy += spent;
        } else {
            self.costs.idle += spent;
        }
    }

    /// Takes everything off the page.
    pub(super) fn clear(&mut self) {
        for (_, element) in self.elements.drain() {
            element.remove();
        }
        self.scene = Scene::default();
        self.model = Model::default();
        self.canvas.release();
    }

    /// What an element is.
    pub(super) fn element(&self, id: NodeId) -> Option<&scene::Element> {
        self.scene.get(id)
    }

    /// Whether the system is one of Apple's.
    pub(super) fn is_mac(&self) -> bool {
        self.ctx.os().is_mac()
    }

    /// Gives egui an event.
    pub(super) fn event(&self, event: egui::Event) {
        self.exchange.event(event);
        self.ctx.request_repaint();
    }

    /// Asks egui to do something.
    pub(super) fn request(&self, id: NodeId, action: Action, data: Option<ActionData>) -> u64 {
        let number = self.exchange.request(id, action, data);
        self.ctx.request_repaint();
        number
    }

    /// Lets egui know that a key is no longer pressed, or none if `all`, and which modifiers are.
    pub(super) fn release_keys(&self, key: Option<Key>, modifiers: Modifiers, all: bool) {
        let down = self.ctx.input(|input| input.keys_down.clone());
        for key in down.into_iter().filter(|down| all || key == Some(*down)) {
            self.event(egui::Event::Key { key, physical_key: None, pressed: false, repeat: false, modifiers });
        }
        if self.ctx.input(|input| input.modifiers) != modifiers {
            self.event(egui::Event::ModifiersChanged(modifiers));
        }
    }

    /// Puts the focus on an element because it was clicked.
    pub(super) fn focus_on(&mut self, id: NodeId) {
        self.take_focus(id);
        self.set_focused(true);
        self.focused(id);
    }

    /// Tells egui whether the focus is in the mirror.
    pub(super) fn set_focused(&self, focused: bool) {
        self.exchange.set_focused(focused);
        self.ctx.request_repaint();
    }

    /// An element was clicked, or pressed by key.
    pub(super) fn click(&mut self, id: NodeId) {
        let number = self.request(id, Action::Click, None);
        self.chosen = self.scene.is_in_popup(id).then_some((id, number));
    }

    /// The focus has come to an element by the browser's doing.
    pub(super) fn focused(&mut self, id: NodeId) {
        let number = self.request(id, Action::Focus, None);
        self.focus.came(id, number);
        if self.is_out_of_sight(id) {
            self.request(id, Action::ScrollIntoView, None);
        }
    }

    /// A field holds something else by the browser's doing.
    pub(super) fn edited(&mut self, id: NodeId, text: &str) {
        let data = if self.scene.get(id).is_some_and(|field| field.abilities.number.is_some()) {
            self.draft = Some(id);
            let Some(number) = super::keys::parse_number(text) else { return };
            ActionData::NumericValue(number)
        } else {
            ActionData::Value(text.into())
        };
        let number = self.request(id, Action::SetValue, Some(data));
        self.typed.insert(id, number);
    }

    /// What was typed into a field stays as egui has taken it.
    pub(super) fn finish_edit(&mut self, id: NodeId) {
        if self.draft == Some(id) {
            self.draft = None;
            self.typed.entry(id).or_insert(0);
            self.ctx.request_repaint();
        }
    }

    fn perform(&mut self, operation: &Operation<'_>, seen: u64) {
        let id = subject(operation);
        if let Operation::Create(_, tag) = operation {
            if let Some(element) = self.create(id, *tag)
                && let Some(former) = self.elements.insert(id, element)
            {
                former.remove();
            }
            return;
        }
        if let Operation::Remove { alone, .. } = operation {
            if let Some(element) = self.elements.remove(&id).filter(|_| *alone) {
                element.remove();
            }
            return;
        }
        let Some(element) = self.elements.get(&id) else { return };
        // What can fail here are names, and none of ours is a wrong one.
        let _ = match operation {
            Operation::Attribute(_, name, Some(value)) => element.set_attribute(name, value),
            Operation::Attribute(_, name, None) => element.remove_attribute(name),
            Operation::Text(_, text) => {
                element.set_text_content(Some(text).filter(|text| !text.is_empty()).copied());
                Ok(())
            }
            Operation::Value(_, value) => {
                if self.draft != Some(id) && self.typed.get(&id).is_none_or(|typed| *typed <= seen) {
                    set_value(element, value);
                }
                Ok(())
            }
            Operation::Place(_, Frame { left, top, width, height }) => {
                // Through the object model, which a page may forbid for the attribute. All at once,
                // because each way into the browser costs more than what is done there.
                let text = format!("left:{left}px;top:{top}px;width:{width}px;height:{height}px");
                element.style().set_css_text(&text);
                Ok(())
            }
            Operation::Insert { parent, before, .. } => {
                let parent = parent.and_then(|parent| self.elements.get(&parent)).unwrap_or(&self.root);
                let before = before.and_then(|before| self.elements.get(&before)).map(AsRef::as_ref);
                parent.insert_before(element, before).map(|_| ())
            }
            Operation::Create(..) | Operation::Remove { .. } => Ok(()),
        };
    }

    fn create(&self, id: NodeId, tag: Tag) -> Option<HtmlElement> {
        let name = match tag {
            Tag::Plain => "div",
            Tag::Line(_) => "input",
            Tag::Lines => "textarea",
        };
        let element = self.document.as_ref()?.create_element(name).ok()?;
        element.set_class_name(CLASS);
        element.set_id(&element_id(id));
        element.dyn_into().ok()
    }

    /// Makes fields hold what egui has made of what was typed, which need not be the same.
    fn settle_fields(&mut self, seen: u64) {
        let settled: Vec<NodeId> = self.typed.iter().filter(|(_, typed)| **typed <= seen).map(|(id, _)| *id).collect();
        for id in settled {
            self.typed.remove(&id);
            if self.draft == Some(id) {
                continue;
            }
            if let Some((element, field)) = self.elements.get(&id).zip(self.scene.get(id))
                && let Some(value) = &field.value
            {
                set_value(element, value);
            }
        }
    }

    /// Closes the list or menu in which something was chosen. egui does so when the choice was made
    /// with a pointer, and otherwise leaves it open.
    fn close_chosen(&mut self, seen: u64) {
        let Some((id, _)) = self.chosen.take_if(|(_, number)| *number <= seen) else { return };
        let Some(element) = self.scene.get(id) else { return };
        // What is switched on and off may be followed by another choice, and some open a menu more.
        let stays = element.popup.is_some() || element.attributes.iter().any(|(name, _)| *name == "aria-checked");
        if !stays && self.scene.is_in_popup(id) {
            for pressed in [true, false] {
                let (key, modifiers) = (Key::Escape, Modifiers::NONE);
                self.event(egui::Event::Key { key, physical_key: None, pressed, repeat: false, modifiers });
            }
        }
    }

    /// Lets the focus of the document follow egui's, if it is in the mirror at all.
    fn place_focus(&mut self, before: Option<NodeId>, was_open: bool, seen: u64) {
        let wanted = self.model.focus();
        let can_have = |id| self.scene.get(id).is_some_and(|element| element.abilities.focus);
        let target = self.focus.follow(before, self.active(), wanted, seen, can_have);
        // What opens from the control that has the focus gets it. egui leaves it where it is, and
        // to its arrow keys what is below the list is as near as what is in it.
        let opened = before.filter(|_| !was_open).and_then(|id| self.scene.get(id)?.popup);
        let target = opened.and_then(|opened| self.scene.entry(opened)).or(target);
        if let Some(target) = target {
            self.take_focus(target);
            if Some(target) != wanted {
                let number = self.request(target, Action::Focus, None);
                self.focus.came(target, number);
            }
        }
        if before.is_some() && self.active().is_none() {
            // The element is gone and nobody could take over from it.
            self.set_focused(false);
        }
        self.canvas.point_out(self.document.as_ref(), wanted.filter(|id| self.elements.contains_key(id)));
    }

    fn take_focus(&self, id: NodeId) {
        if let Some(element) = self.elements.get(&id) {
            let options = FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = element.focus_with_options(&options);
        }
    }

    /// The node whose element has the focus of the document.
    fn active(&self) -> Option<NodeId> {
        let active = self.document.as_ref()?.active_element()?;
        node_of(&active.id()).filter(|id| self.elements.contains_key(id))
    }

    /// Whether egui draws less than all of a control, as far as it says so: it keeps what a pointer
    /// can reach of each one, and that ends where a scroll area does.
    fn is_out_of_sight(&self, id: NodeId) -> bool {
        let Some(bounds) = self.model.node(id).and_then(egui::accesskit::Node::bounds) else { return false };
        #[expect(clippy::cast_possible_truncation, reason = "they were `f32` before egui gave them away")]
        let [left, top, right, bottom] = [bounds.x0, bounds.y0, bounds.x1, bounds.y1].map(|edge| edge as f32);
        let drawn = egui::Rect::from_min_max(egui::pos2(left, top), egui::pos2(right, bottom));
        // What can be pointed at is a little more than what is drawn, by the space between controls.
        let (inner, outer) = (drawn.shrink(1.0), drawn.expand(16.0));
        !self
            .ctx
            .interactive_rects_last_pass()
            .iter()
            .any(|seen| seen.contains_rect(inner) && outer.contains_rect(*seen))
    }

    fn now(&self) -> f64 {
        self.clock.as_ref().map_or(0.0, Performance::now)
    }
}

/// The node an operation is about.
fn subject(operation: &Operation<'_>) -> NodeId {
    match operation {
        Operation::Create(id, _)
        | Operation::Attribute(id, ..)
        | Operation::Text(id, _)
        | Operation::Value(id, _)
        | Operation::Place(id, _)
        | Operation::Insert { element: id, .. }
        | Operation::Remove { element: id, .. } => *id,
    }
}

/// What a field holds.
pub(super) fn value_of(element: &Element) -> Option<String> {
    match element.dyn_ref::<HtmlInputElement>() {
        Some(line) => Some(line.value()),
        None => element.dyn_ref::<HtmlTextAreaElement>().map(HtmlTextAreaElement::value),
    }
}

/// Makes a field hold something, and leaves the caret where it is if it does already.
fn set_value(element: &HtmlElement, value: &str) {
    if value_of(element).is_none_or(|known| known == value) {
        return;
    }
    if let Some(line) = element.dyn_ref::<HtmlInputElement>() {
        if line.type_() != "password" {
            line.set_value(value);
        } else if line.value().chars().count() != value.chars().count() {
            // egui says dots. As many as there are letters are right as they are, and any others
            // must not be taken for letters when the next one is typed.
            line.set_value("");
        }
    } else if let Some(lines) = element.dyn_ref::<HtmlTextAreaElement>() {
        lines.set_value(value);
    }
}
