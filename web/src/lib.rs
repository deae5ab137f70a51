//! Selfsame in the browser.
//!
//! The crate holds what a page calls: asynchronous functions that take plain JavaScript values
//! and return JSON. Everything else lives in `selfsame-core`, which is the same code natively and
//! on the web. Only the `wasm32` build has contents; natively the crate is empty.
//!
//! `cargo xtask browser` builds it, binds it and runs `harness/proof.html` in headless Chromium.

#[cfg(target_arch = "wasm32")]
mod wasm;
