//! A file of settings for `--config`, after a line with the recipe.

use selfsame::settings::Settings;
use selfsame_core::recipe::by_id;

pub(super) fn read(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some((recipe, text)) = text.split_once('\n') else { return };
    let Ok(entry) = by_id(recipe) else { return };
    let mut settings = Settings::defaults(entry).expect("defaults");
    if let Some((key, value)) = text.split_once('=') {
        let _ = settings.clone().set(key.trim(), value, "");
    }
    if settings.merge(text, "the file", "").is_err() {
        return;
    }
    let _ = (settings.typed_options(), entry.quick(&settings.parameters));
    if entry.check(&settings.parameters).is_ok() {
        settings.toml().expect("settings that work can be written");
    }
}
