//! LAMBDA's questions, and its answers where they are given.

use std::path::Path;

use selfsame_core::prompt::scored::parse_lambda;

use crate::parts::texts;

pub(super) fn read(bytes: &[u8]) {
    let Some(texts) = texts(bytes) else { return };
    let questions = (texts[0], Path::new("q.json"));
    let answers = texts.get(1).map(|text| (*text, Path::new("a.json")));
    for ad in parse_lambda(questions, answers).unwrap_or_default() {
        assert!(ad.duration.is_finite() && ad.score.is_none_or(|score| (0.0..=1.0).contains(&score)));
    }
}
