//! Data sets as JSON lines: their type, their tokens, and what is cut.

use std::path::Path;

use selfsame_core::{
    prompt::dataset::{Dataset, Kind, Plain, Render, Template, Truncation, fit, preview, tokenise},
    text::Moment,
};

use super::{BYTES, TEMPLATE};

/// How the tokenizer spells the end of a text.
const END: &str = "</s>";

pub(super) fn read(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let wanted = [None].into_iter().chain(Kind::NAMES.map(|(_, kind)| Some(kind)));
    for wanted in wanted {
        if let Ok(data) = Dataset::parse(text, Path::new("data.jsonl"), wanted) {
            learn(&data);
        }
    }
}

/// Does with a data set what comes before learning from it.
pub(super) fn learn(data: &Dataset) {
    let plain = Plain { eos: END.to_owned() };
    let template = Template { template: &TEMPLATE, now: Moment::default() };
    for render in [&plain as &dyn Render, &template] {
        let Ok(rows) = tokenise(data, &BYTES, END, render) else { continue };
        let _ = preview(data, &rows, &BYTES, 16, 3);
        for limit in [0, 1, 16] {
            if let Ok(fitted) = fit(rows.clone(), limit, Truncation::KeepStart, &data.path) {
                assert!(fitted.rows.iter().all(|row| row.longest() <= limit));
            }
        }
        let _ = fit(rows, 16, Truncation::Refuse, &data.path);
    }
}
