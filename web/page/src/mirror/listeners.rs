//! What is done to the elements, and what becomes of it.

use std::cell::RefCell;
use std::rc::Rc;

use egui::accesskit::{Action, ActionData, NodeId};
use egui::{Key, Modifiers};
use web_sys::wasm_bindgen::JsCast as _;
use web_sys::wasm_bindgen::closure::Closure;
use web_sys::{Element, Event, FocusEvent, HtmlElement, InputEvent, KeyboardEvent};

use super::attributes::node_of;
use super::keys::{self, Press, press};
use super::page::{Page, value_of};
use super::scene::Tag;

type Handler = fn(&mut Page, &Event);
type Listener = Closure<dyn FnMut(Event)>;

/// What is listened to. The root element hears of everything that happens in it.
const HANDLERS: [(&str, Handler); 8] = [
    ("focusin", focus_in),
    ("focusout", focus_out),
    ("click", click),
    ("keydown", key_down),
    ("keyup", key_up),
    ("input", input),
    ("compositionend", edit),
    ("change", change),
];

/// The listeners of one root element. They are removed when this is dropped.
pub(super) struct Listeners {
    root: HtmlElement,
    closures: Vec<(&'static str, Listener)>,
}

impl Listeners {
    /// Listens to what happens in `root`.
    pub(super) fn install(root: HtmlElement, page: &Rc<RefCell<Page>>) -> Self {
        let mut closures = Vec::with_capacity(HANDLERS.len());
        for (name, handler) in HANDLERS {
            let page = page.clone();
            let closure = Listener::new(move |event: Event| {
                // While the page is being changed, what happens is our own doing.
                if let Ok(mut page) = page.try_borrow_mut() {
                    handler(&mut page, &event);
                }
            });
            // Only a name that is none could be refused.
            let _ = root.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
            closures.push((name, closure));
        }
        Self { root, closures }
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        for (name, closure) in &self.closures {
            let _ = self.root.remove_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
        }
    }
}

/// The element something happened to, with its node.
fn target(event: &Event) -> Option<(Element, NodeId)> {
    let element: Element = event.target()?.dyn_into().ok()?;
    let id = node_of(&element.id())?;
    Some((element, id))
}

fn focus_in(page: &mut Page, event: &Event) {
    let Some((_, id)) = target(event) else { return };
    page.set_focused(true);
    page.focused(id);
}

fn focus_out(page: &mut Page, event: &Event) {
    let Some((_, id)) = target(event) else { return };
    page.finish_edit(id);
    let next = event.dyn_ref::<FocusEvent>().and_then(FocusEvent::related_target);
    let stays = next.and_then(|next| next.dyn_into::<Element>().ok()).is_some_and(|next| node_of(&next.id()).is_some());
    if !stays {
        page.set_focused(false);
    }
}

fn click(page: &mut Page, event: &Event) {
    // A click on something in a control is meant for the control.
    let Some((element, _)) = target(event) else { return };
    let control = element.closest("[tabindex]").ok().flatten().unwrap_or(element);
    let Some(id) = node_of(&control.id()) else { return };
    let Some(known) = page.element(id) else { return };
    let (is_plain, abilities) = (known.tag == Tag::Plain, known.abilities);
    if is_plain && abilities.click {
        page.click(id);
    } else if abilities.focus {
        page.focus_on(id);
    }
}

fn key_down(page: &mut Page, event: &Event) {
    let Some(event) = event.dyn_ref::<KeyboardEvent>().filter(|event| !event.is_composing()) else { return };
    let Some((_, id)) = target(event) else { return };
    let Some(element) = page.element(id) else { return };
    let Some((key, physical_key)) = key_of(event) else { return };
    let modifiers = modifiers(event);
    let is_plain = element.tag == Tag::Plain;
    let mut is_kept = true;
    match press(element, key, modifiers, page.is_mac()) {
        Press::Browser => is_kept = false,
        Press::Nobody => {}
        Press::Click => page.click(id),
        Press::Increment => step(page, id, Action::Increment),
        Press::Decrement => step(page, id, Action::Decrement),
        Press::Set(number) => {
            page.request(id, Action::SetValue, Some(ActionData::NumericValue(number)));
        }
        Press::Enter => page.finish_edit(id),
        Press::Egui { alone } => {
            is_kept = alone;
            page.event(egui::Event::ModifiersChanged(modifiers));
            let text = event.key();
            if is_plain && !modifiers.ctrl && !modifiers.command && text.chars().count() == 1 {
                page.event(egui::Event::Text(text));
            }
            page.event(egui::Event::Key { key, physical_key, pressed: true, repeat: false, modifiers });
        }
    }
    if is_kept {
        event.prevent_default();
    }
}

fn step(page: &mut Page, id: NodeId, action: Action) {
    page.finish_edit(id);
    let field = page.element(id).and_then(|field| Some((field.value.as_ref()?, field.abilities.number?.step)));
    match field.map(|(text, size)| keys::step(text, size, action == Action::Increment)) {
        Some(Some(number)) => page.request(id, Action::SetValue, Some(ActionData::NumericValue(number))),
        _ => page.request(id, action, None),
    };
}

fn key_up(page: &mut Page, event: &Event) {
    let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
    let modifiers = modifiers(event);
    // While a command key is down, some systems do not say when others go up.
    let all = matches!(event.key().as_str(), "Meta" | "Control");
    page.release_keys(key_of(event).map(|(key, _)| key), modifiers, all);
}

fn input(page: &mut Page, event: &Event) {
    // What is still being composed is not text yet; `compositionend` says when it is.
    if !event.dyn_ref::<InputEvent>().is_some_and(InputEvent::is_composing) {
        edit(page, event);
    }
}

fn edit(page: &mut Page, event: &Event) {
    let Some((element, id)) = target(event) else { return };
    if let Some(text) = value_of(&element) {
        page.edited(id, &text);
    }
}

fn change(page: &mut Page, event: &Event) {
    if let Some((_, id)) = target(event) {
        page.finish_edit(id);
    }
}

/// The key as egui knows it, by what is on it and by where it is.
fn key_of(event: &KeyboardEvent) -> Option<(Key, Option<Key>)> {
    let physical = Key::from_name(&event.code());
    let key = Key::from_name(&event.key()).or(physical)?;
    Some((key, physical))
}

fn modifiers(event: &KeyboardEvent) -> Modifiers {
    Modifiers {
        alt: event.alt_key(),
        ctrl: event.ctrl_key(),
        shift: event.shift_key(),
        mac_cmd: event.meta_key(),
        command: event.ctrl_key() || event.meta_key(),
    }
}
