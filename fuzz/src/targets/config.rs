//! `config.json`.

use std::path::Path;

use selfsame_core::model::Config;

pub(super) fn read(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let path = Path::new("config.json");
    let Ok(config) = Config::parse(text, path) else { return };
    assert!(config.parameters() > 0 && config.head_width() > 0);
    assert!(config.stop_tokens().iter().all(|token| (*token as usize) < config.vocab_size));
    let written = serde_json::to_string(&config).expect("a config is JSON");
    assert_eq!(Config::parse(&written, path).expect("what is written is read"), config);
}
