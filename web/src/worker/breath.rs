//! Lets the worker read its messages between two pieces of work.

use std::{future::Future, pin::Pin};

use js_sys::Promise;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::DedicatedWorkerGlobalScope;

/// The scope of this worker.
pub fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Waits for `milliseconds`, during which messages are read.
pub async fn sleep(milliseconds: i32) {
    let promise = Promise::new(&mut |done, _| {
        // Only fails for scopes without timers, which no worker is; the promise then stays open.
        let _ = scope().set_timeout_with_callback_and_timeout_and_arguments_0(&done, milliseconds);
    });
    // A timer does not fail.
    let _ = JsFuture::from(promise).await;
}

/// A breath for [`selfsame_core::run::Pace`]: messages that are waiting are read.
pub fn breath() -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(sleep(0))
}
