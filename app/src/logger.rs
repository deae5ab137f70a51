//! What libraries log, on standard error. A graphics driver's thread can fail and only log it, so
//! errors must not be lost.

use log::{LevelFilter, Log, Metadata, Record};

struct Stderr;

impl Log for Stderr {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let level = record.level().as_str().to_lowercase();
        crate::output::note(&format!("{level} ({}): {}", record.target(), record.args()));
    }

    fn flush(&self) {}
}

/// Shows errors, or as much as the variable `SELFSAME_LOG` says (`off` to `trace`).
pub fn install() {
    let level = std::env::var("SELFSAME_LOG").ok().and_then(|level| level.parse().ok());
    if log::set_logger(&Stderr).is_ok() {
        log::set_max_level(level.unwrap_or(LevelFilter::Error));
    }
}
