//! Prompts as JSON lines, and what a chat template makes of them.

use std::path::Path;

use selfsame_core::prompt::{Chat, parse_jsonl, tokens};

use super::{BYTES, TEMPLATE};

pub(super) fn read(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let path = Path::new("prompts.jsonl");
    let Ok(mut rows) = parse_jsonl(text, path) else { return };
    assert!(rows.iter().all(|row| !row.prompt.text.is_empty()));
    let chat = Chat::new(&TEMPLATE, true);
    let written = chat.write(&TEMPLATE, &mut rows, path).is_ok();
    for row in &rows {
        let _ = tokens(&BYTES, &row.prompt.text, written.then_some(&chat));
    }
}
