//! `tokenizer_config.json` and the files beside it: where a chat template and its special tokens come from.

use selfsame_core::text::ChatTemplate;
use serde_json::Value;

use super::render;
use crate::parts::texts;

pub(super) fn read(bytes: &[u8]) {
    let Some(texts) = texts(bytes) else { return };
    let json = |index: usize| texts.get(index).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let (config, legacy) = (json(0), json(1));
    if let Ok(Some(template)) = ChatTemplate::of_config(texts.get(2).copied(), config.as_ref(), legacy.as_ref()) {
        render(&template, None);
    }
}
