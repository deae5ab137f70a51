//! What the page's script sees.

use wasm_bindgen::prelude::{JsError, wasm_bindgen};

use crate::{Damage, Unpacker};

/// A file that is being unpacked.
#[wasm_bindgen(js_name = Unpacker)]
#[derive(Default)]
pub struct Unpacking(Unpacker);

#[wasm_bindgen(js_class = Unpacker)]
impl Unpacking {
    /// Begins.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes and gives what they unpack to.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn push(&mut self, packed: &[u8]) -> Result<Vec<u8>, JsError> {
        self.0.push(packed).map_err(|damage| match damage {
            Damage::Content(error) => JsError::new(&error.to_string()),
            Damage::Longer => JsError::new("there is more after its end"),
        })
    }

    /// Whether the file has come to its end.
    #[wasm_bindgen(getter)]
    pub fn ended(&self) -> bool {
        self.0.ended()
    }
}
