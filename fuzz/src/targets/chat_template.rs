//! `chat_template.jinja`, and a conversation of the stranger's where there is one.

use selfsame_core::text::{ChatTemplate, Json};

use super::render;
use crate::parts::texts;

pub(super) fn read(bytes: &[u8]) {
    let Some(texts) = texts(bytes) else { return };
    let Ok(template) = ChatTemplate::new(texts[0]) else { return };
    let tokens = [("bos_token", "<s>"), ("eos_token", "</s>")].map(|(name, token)| (name.to_owned(), token.to_owned()));
    let own = texts.get(1).and_then(|text| Json::parse(text).ok());
    render(&template.with_tokens(tokens.into()), own.as_ref());
}
