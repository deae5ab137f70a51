//! Selfsame's page: the views of the window in a browser tab, in front of an engine that works in a Web
//! Worker (the crate above this folder).

#[cfg(target_arch = "wasm32")]
mod host;
pub mod mirror;
#[cfg(target_arch = "wasm32")]
mod page;
pub mod remembered;
#[cfg(target_arch = "wasm32")]
mod remote;
