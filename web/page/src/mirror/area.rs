//! Text fields of several lines. Declared here because nothing else in the tree of dependencies asks
//! `web-sys` for them, and one more of its features compiles the GPU runtime anew.

use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::HtmlElement;

#[wasm_bindgen]
extern "C" {
    /// A `<textarea>`.
    #[wasm_bindgen(extends = HtmlElement, js_name = HTMLTextAreaElement)]
    #[derive(Debug, Clone)]
    pub type HtmlTextAreaElement;

    /// What it holds.
    #[wasm_bindgen(method, getter)]
    pub fn value(this: &HtmlTextAreaElement) -> String;

    /// Makes it hold something.
    #[wasm_bindgen(method, setter)]
    pub fn set_value(this: &HtmlTextAreaElement, value: &str);
}
