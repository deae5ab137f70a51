//! What the canvas says to a screen reader while it has the focus itself.
//!
//! That is how most people use the keyboard: eframe keeps Tab for egui, and the document's focus
//! stays on the canvas, or in eframe's hidden text field while something is typed. Both then point
//! at the element of the control that egui has its focus on.

use egui::accesskit::NodeId;
use web_sys::wasm_bindgen::JsCast as _;
use web_sys::{Document, Element, HtmlElement, HtmlInputElement};

use super::attributes::element_id;

const POINTER: &str = "aria-activedescendant";

/// The canvas below the mirror, if there is one.
pub(super) struct Canvas {
    canvas: Option<Element>,
    /// Who points where now.
    pointing: Option<(Element, NodeId)>,
}

impl Canvas {
    /// The canvas that shares its parent with `root`, told that what is in `root` belongs to it.
    pub(super) fn beside(root: &HtmlElement) -> Self {
        let parent = root.parent_element();
        let canvas = parent.and_then(|parent| parent.query_selector(":scope > canvas").ok().flatten());
        if root.id().is_empty() {
            root.set_id("mirror");
        }
        if let Some(canvas) = &canvas {
            // Only what it owns may be pointed at, and only by something with a role.
            let _ = canvas.set_attribute("aria-owns", &root.id());
            if !canvas.has_attribute("role") {
                let _ = canvas.set_attribute("role", "group");
            }
        }
        Self { canvas, pointing: None }
    }

    /// Points at the element of `wanted` if the focus is on the canvas or in eframe's text field.
    pub(super) fn point_out(&mut self, document: Option<&Document>, wanted: Option<NodeId>) {
        let host = document.and_then(Document::active_element).filter(|active| self.is_host(active));
        let pointing = host.zip(wanted);
        if pointing == self.pointing {
            return;
        }
        if let Some((host, _)) = self.pointing.take() {
            let _ = host.remove_attribute(POINTER);
        }
        if let Some((host, wanted)) = &pointing {
            let _ = host.set_attribute(POINTER, &element_id(*wanted));
        }
        self.pointing = pointing;
    }

    /// Says nothing any more.
    pub(super) fn release(&mut self) {
        self.point_out(None, None);
        if let Some(canvas) = &self.canvas {
            let _ = canvas.remove_attribute("aria-owns");
        }
    }

    /// eframe puts its text field beside the canvas and gives it no name.
    fn is_host(&self, active: &Element) -> bool {
        let Some(canvas) = &self.canvas else { return false };
        let beside = || active.is_instance_of::<HtmlInputElement>() && active.parent_node() == canvas.parent_node();
        active == canvas || beside()
    }
}
