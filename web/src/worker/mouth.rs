//! What the worker says to the page.

use js_sys::{Object, Reflect, Uint8Array};
use selfsame::engine::{Message, VERSION};
use wasm_bindgen::JsValue;

use super::breath::scope;

/// Posts an object with these fields. A page that is gone hears nothing, and nothing depends on it.
fn post(fields: &[(&str, JsValue)]) {
    let object = Object::new();
    for (name, value) in fields {
        // Setting a field of a fresh object cannot fail.
        let _ = Reflect::set(&object, &JsValue::from_str(name), value);
    }
    let _ = scope().post_message(&object);
}

fn kind(kind: &str) -> (&'static str, JsValue) {
    ("kind", JsValue::from_str(kind))
}

/// Says something of the protocol.
pub fn say(message: &Message) {
    match serde_json::to_string(message) {
        Ok(json) => post(&[kind("message"), ("v", JsValue::from(VERSION)), ("json", JsValue::from_str(&json))]),
        Err(e) => problem(&format!("something cannot be told to the page: {e}")),
    }
}

/// Says that something that was asked for did not work.
pub fn problem(problem: &str) {
    say(&Message::Failed { problem: problem.to_owned() });
}

/// Hands a file to the page, which offers it to the person.
pub fn file(name: &str, bytes: &[u8]) {
    post(&[kind("save"), ("name", JsValue::from_str(name)), ("bytes", Uint8Array::from(bytes).into())]);
}

/// Says that the engine is there, and where it computes.
pub fn ready(device: &str, note: Option<&str>) {
    post(&[
        kind("ready"),
        ("v", JsValue::from(VERSION)),
        ("device", JsValue::from_str(device)),
        ("note", note.map_or(JsValue::NULL, JsValue::from_str)),
    ]);
}
