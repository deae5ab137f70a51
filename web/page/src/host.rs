//! What the page's own script does for the views, because it is a few lines there.

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use web_sys::Worker;

#[wasm_bindgen]
extern "C" {
    /// The script's end; see `site/app.js`.
    #[wasm_bindgen(typescript_type = "Host")]
    pub type Host;

    /// Starts a worker.
    #[wasm_bindgen(method, catch)]
    pub fn spawn(this: &Host) -> Result<Worker, JsValue>;

    /// A promise of the recorded run's bytes.
    #[wasm_bindgen(method)]
    pub fn recorded(this: &Host) -> Promise;

    /// Lets the person choose files; they come to [`files`](super::page::files).
    #[wasm_bindgen(method)]
    pub fn pick(this: &Host, purpose: &str);

    /// Offers a file to the person.
    #[wasm_bindgen(method)]
    pub fn save(this: &Host, name: &str, bytes: Uint8Array);

    /// Asks the browser not to throw away what is kept.
    #[wasm_bindgen(method)]
    pub fn persist(this: &Host);
}
