//! The views for whoever cannot see a canvas.
//!
//! egui describes every frame as a tree of accessible nodes, and eframe's web backend throws it
//! away. The mirror keeps it: it lays real, transparent elements over the canvas, one for every
//! control and every text, so that screen readers, voice control and browser tests find them by
//! role and name. What is done to an element (clicked, focused, typed into) becomes a request to
//! egui, which carries it out as if the canvas had been used.
//!
//! ```text
//! egui ── tree ──▶ Model ── project ──▶ Scene ── diff ──▶ operations ──▶ Page (elements)
//!   ▲                                                                       │
//!   └──────────── Exchange: requests and keys ◀──────── listeners ──────────┘
//! ```
//!
//! Everything but `page`, `listeners` and `canvas` is independent of a browser and tested natively.
//!
//! A mouse or finger goes through the elements to the canvas, and nobody who uses those notices
//! the mirror. It never takes the focus from the canvas; when the focus is on one of its elements,
//! it follows egui's.

// Natively nobody but the tests uses the parts a browser needs.
#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]

mod attributes;
mod diff;
mod exchange;
mod focus;
mod ids;
mod keys;
mod model;
mod order;
mod project;
mod roles;
mod scene;
pub use scene::Costs;
#[cfg(test)]
mod tests;

#[cfg(target_arch = "wasm32")]
mod area;
#[cfg(target_arch = "wasm32")]
mod canvas;
#[cfg(target_arch = "wasm32")]
mod listeners;
#[cfg(target_arch = "wasm32")]
mod page;

#[cfg(target_arch = "wasm32")]
pub use installed::Mirror;

/// What ties the mirror to one page.
#[cfg(target_arch = "wasm32")]
mod installed {
    use std::cell::RefCell;
    use std::future::poll_fn;
    use std::rc::Rc;

    use web_sys::HtmlElement;

    use super::exchange::{Bridge, Exchange};
    use super::listeners::Listeners;
    use super::page::Page;

    /// The elements of one page. They follow egui on their own, and are gone when this is dropped.
    pub struct Mirror {
        exchange: Exchange,
        page: Rc<RefCell<Page>>,
        _listeners: Listeners,
    }

    impl Mirror {
        /// Mirrors what is drawn in `ctx` as elements in `root`, which has to lie exactly over the
        /// canvas and to be empty. Call it once, before the first frame.
        ///
        /// The elements are changed after each frame, between egui's work and the browser's
        /// drawing, and nothing has to be called for it.
        #[must_use = "the elements are removed when this is dropped"]
        pub fn install(ctx: &egui::Context, root: HtmlElement) -> Self {
            let exchange = Exchange::default();
            ctx.add_plugin(Bridge::new(exchange.clone()));
            let page = Rc::new(RefCell::new(Page::new(root.clone(), exchange.clone(), ctx.clone())));
            let listeners = Listeners::install(root, &page);
            // A task of its own, because the plugin has to be `Send` and elements are not. Its
            // turn comes when the frame's callback has returned, when nothing of eframe's is
            // borrowed and the focus may be moved.
            wasm_bindgen_futures::spawn_local({
                let (exchange, page) = (exchange.clone(), page.clone());
                async move {
                    while let Some(update) = poll_fn(|task| exchange.poll_update(task)).await {
                        if let Ok(mut page) = page.try_borrow_mut() {
                            page.apply(update);
                        }
                    }
                }
            });
            Self { exchange, page, _listeners: listeners }
        }

        /// How much there was to do so far, for tests and for the curious.
        pub fn costs(&self) -> super::scene::Costs {
            self.page.try_borrow().map(|page| page.costs()).unwrap_or_default()
        }
    }

    impl Drop for Mirror {
        fn drop(&mut self) {
            self.exchange.close();
            if let Ok(mut page) = self.page.try_borrow_mut() {
                page.clear();
            }
        }
    }
}
