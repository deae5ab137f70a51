//! Selfsame's engine in the browser.
//!
//! The crate holds what runs in a Web Worker beside the page: it takes the commands of the views'
//! protocol, computes with `selfsame-core`, the same code as natively, and keeps runs in the browser's
//! private file system. What a page shows is the crate in `page/`.
//!
//! What talks to a browser exists in the `wasm32` build only; [`proof`] also runs natively, for the
//! numbers to compare with. `cargo xtask page` builds both crates into a folder for any web host, and
//! `cargo xtask browser` runs `harness/proof.html` in headless Chromium.

pub mod packing;
pub mod proof;
pub mod speed;
#[cfg(target_arch = "wasm32")]
mod wasm;
#[cfg(target_arch = "wasm32")]
mod worker;
