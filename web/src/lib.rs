//! Selfsame in the browser.
//!
//! The crate holds what a page calls: asynchronous functions that take plain JavaScript values
//! and return JSON. Everything else lives in `selfsame-core`, which is the same code natively and
//! on the web. The functions exported to JavaScript exist in the
//! `wasm32` build only; [`proof`] also runs natively, for the numbers to compare with.
//!
//! `cargo xtask browser` builds it, binds it and runs `harness/proof.html` in headless Chromium.

pub mod proof;
#[cfg(target_arch = "wasm32")]
mod wasm;
