//! What egui and the page have to tell each other, and the plugin that stands at egui's end.
//!
//! A plugin is `Send + Sync` and an element is neither, so they share nothing but this.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use egui::accesskit::{Action, ActionData, ActionRequest, NodeId, TreeId, TreeUpdate};

/// A tree and what belongs to it.
pub(super) struct Update {
    /// All nodes of the latest pass.
    pub tree: TreeUpdate,
    /// How many pixels of the page one of egui's points takes.
    pub zoom: f32,
    /// The number of the last request that egui had seen when it made the tree.
    pub seen: u64,
}

/// Both directions between egui and the page.
#[derive(Clone, Default)]
pub(super) struct Exchange(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    update: Option<Update>,
    waker: Option<Waker>,
    events: Vec<egui::Event>,
    sent: u64,
    seen: u64,
    /// Whether the focus of the document is on an element of the mirror.
    focused: bool,
    /// What egui was last told about the focus of the window.
    told: Option<bool>,
    closed: bool,
}

impl Exchange {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing can be half done in here, so what a panicking thread left behind is usable.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks egui to do something to a node; the answer is the request's number.
    pub(super) fn request(&self, target_node: NodeId, action: Action, data: Option<ActionData>) -> u64 {
        let request = ActionRequest { action, target_tree: TreeId::ROOT, target_node, data };
        self.event(egui::Event::AccessKitActionRequest(request))
    }

    /// Gives egui an event with the next pass.
    pub(super) fn event(&self, event: egui::Event) -> u64 {
        let mut state = self.lock();
        state.events.push(event);
        state.sent += 1;
        state.sent
    }

    /// Notes whether the focus of the document is in the mirror.
    pub(super) fn set_focused(&self, focused: bool) {
        self.lock().focused = focused;
    }

    /// The next tree, `None` once the exchange is closed.
    ///
    /// Trees are not queued: egui makes a whole one in each pass, and only the last counts.
    pub(super) fn poll_update(&self, task: &mut Context<'_>) -> Poll<Option<Update>> {
        let mut state = self.lock();
        if state.closed {
            return Poll::Ready(None);
        }
        if let Some(update) = state.update.take() {
            return Poll::Ready(Some(update));
        }
        state.waker = Some(task.waker().clone());
        Poll::Pending
    }

    /// Ends the exchange: trees are dropped, and nothing is given to egui any more.
    pub(super) fn close(&self) {
        let waker = {
            let mut state = self.lock();
            state.closed = true;
            state.events.clear();
            state.focused = false;
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The plugin at egui's end of an [`Exchange`].
pub(super) struct Bridge(Exchange);

impl Bridge {
    /// A plugin that takes part in `exchange`.
    pub(super) fn new(exchange: Exchange) -> Self {
        Self(exchange)
    }
}

impl egui::Plugin for Bridge {
    fn debug_name(&self) -> &'static str {
        "mirror"
    }

    fn setup(&mut self, ctx: &egui::Context) {
        ctx.enable_accesskit();
    }

    fn input_hook(&mut self, _ctx: &egui::Context, input: &mut egui::RawInput) {
        let mut state = self.0.lock();
        if state.closed {
            return;
        }
        // eframe takes the window for unfocused when neither its canvas nor its text field has the
        // focus. With the focus on an element of the mirror the window is as good as focused.
        let focused = input.focused || state.focused;
        input.events.retain(|event| !matches!(event, egui::Event::WindowFocused(_)));
        if state.told != Some(focused) {
            state.told = Some(focused);
            input.events.insert(0, egui::Event::WindowFocused(focused));
        }
        input.focused = focused;
        input.events.append(&mut state.events);
        state.seen = state.sent;
    }

    fn output_hook(&mut self, ctx: &egui::Context, output: &mut egui::FullOutput) {
        let zoom = ctx.zoom_factor();
        let waker = {
            let mut state = self.0.lock();
            let Some(tree) = output.platform_output.accesskit_update.take() else { return };
            if state.closed {
                return;
            }
            let seen = state.seen;
            state.update = Some(Update { tree, zoom, seen });
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
