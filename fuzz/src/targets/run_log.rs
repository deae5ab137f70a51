//! `events.jsonl`, torn or not: its records, and every report about them.

use std::path::Path;

use selfsame::{
    comparison::figures,
    fold::RunView,
    recorded::Reader,
    report::{html, terminal},
};
use selfsame_core::run::log::{committed, parse};

pub(super) fn read(bytes: &[u8]) {
    let mut reader = Reader::new(Vec::from(bytes));
    while let Ok(Some(_)) = reader.read() {}

    let path = Path::new("events.jsonl");
    let Ok(parsed) = parse(bytes, path) else { return };
    let sound = &bytes[..parsed.length];
    let again = parse(sound, path).expect("what is kept of a log is a log");
    assert_eq!((again.records.len(), again.length), (parsed.records.len(), parsed.length));
    for record in &parsed.records {
        serde_json::to_string(record).expect("a record is JSON");
    }
    if let Ok(view) = RunView::of(&parsed.records) {
        let _ = (html::render(&view), terminal::render(&view));
        serde_json::to_string(&view.json()).expect("a fold is JSON");
        let _ = figures(&[&view]);
    }
    let kept = committed(parsed, bytes, |_| true);
    assert!(kept.length <= sound.len());
}
