//! How numbers and names stand in sentences.

use crate::{format, view::words::with};

pub(super) use crate::format::tenths as tenth;

/// A share as whole percent.
pub(super) fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.0} %", 100.0 * share) } else { format::NOTHING.to_owned() }
}

/// A value and the iteration it belongs to.
pub(super) fn at(value: &str, iteration: u32) -> String {
    with("diagnosis.at", &[("value", &value), ("iteration", &iteration)])
}

/// Names as the sentences quote them.
pub(super) fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    list(names.into_iter().map(|name| format!("`{name}`")))
}

/// Things after each other.
pub(super) fn list(things: impl IntoIterator<Item = String>) -> String {
    things.into_iter().collect::<Vec<_>>().join(", ")
}

/// A text cut to a length that fits a row.
pub(super) fn short(text: &str) -> String {
    const LONGEST: usize = 120;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST).chain("…".chars()).collect()
}
