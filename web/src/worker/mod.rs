//! The engine in a Web Worker: takes commands from the page, computes, keeps runs in the browser's
//! private file system, and says what happens.

mod breath;
mod bring;
mod engine;
mod files;
mod gpu;
mod mouth;
mod playground;
mod run;
mod shelf;
mod slots;
mod storage;

use std::rc::Rc;

use js_sys::{Function, Reflect};
use selfsame::engine::{Command, VERSION};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::spawn_local;
use web_sys::MessageEvent;

use engine::Engine;

/// Begins to work: finds a device and the storage, and listens. `asset(name)` gives a promise of the
/// bytes of a file that belongs to the page.
#[wasm_bindgen]
pub async fn work(asset: Function) {
    let devices = gpu::Devices::find().await;
    let storage = match storage::Directory::root(&breath::scope()).await {
        Ok(storage) => Some(storage),
        Err(e) => {
            mouth::problem(&e.to_string());
            None
        }
    };
    let device = devices.get(selfsame_core::device::Choice::Auto).map_or_else(|e| e.line(), |device| device.name);
    let note = devices.note().map(str::to_owned);
    let engine = Engine::new(asset, storage, devices);
    listen(&engine);
    mouth::ready(&device, note.as_deref());
    if engine.storage.is_some() {
        engine.say_kept().await;
    }
}

fn listen(engine: &Rc<Engine>) {
    let engine = Rc::clone(engine);
    let hear = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| hear(&engine, &event.data()));
    breath::scope().set_onmessage(Some(hear.as_ref().unchecked_ref()));
    // It listens as long as the worker lives.
    hear.forget();
}

fn hear(engine: &Rc<Engine>, data: &JsValue) {
    let get = |key: &str| Reflect::get(data, &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED);
    if get("v").as_f64() != Some(f64::from(VERSION)) {
        return mouth::problem(
            "the page and its engine are of different versions; reload the page, and once more if it says so again",
        );
    }
    match get("kind").as_string().as_deref() {
        Some("command") => match serde_json::from_str::<Command>(&get("json").as_string().unwrap_or_default()) {
            Ok(command) => engine.take(command),
            Err(e) => mouth::problem(&format!("the page asked for something unknown ({e}); reload it")),
        },
        Some("files") => {
            let engine = Rc::clone(engine);
            let (purpose, items) = (get("purpose").as_string().unwrap_or_default(), get("items"));
            spawn_local(async move { engine.receive(&purpose, &items).await });
        }
        _ => {}
    }
}
