//! A recorded run of `seed-ads` that is part of the program, or rather what the ads panel shows of it:
//! `selfsame ads excerpt` makes it from a finished run.

use std::sync::LazyLock;

use super::Reader;
use crate::fold::RunView;

/// What stands for its folder.
pub const NAME: &str = "recorded/seed-ads";

const LOG: &[u8] = include_bytes!("../../../assets/recorded/seed-ads.jsonl.gz");

static VIEW: LazyLock<Option<RunView>> = LazyLock::new(|| {
    let mut reader = Reader::new(LOG);
    let mut view = RunView::begin(reader.read().ok()?.as_ref()).ok()?;
    while let Some(record) = reader.read().ok()? {
        view.push(&record);
    }
    Some(view)
});

/// The fold of the excerpt; `None` if the asset is damaged, which a test rules out.
#[must_use]
pub fn view() -> Option<&'static RunView> {
    VIEW.as_ref()
}

/// The records of the excerpt.
#[cfg(test)]
pub(crate) fn records() -> Vec<selfsame_core::run::Record> {
    let mut reader = Reader::new(LOG);
    std::iter::from_fn(|| reader.read().unwrap()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It is part of the page's first module.
    const LARGEST: usize = 1 << 16;

    #[test]
    fn it_is_small_and_whole() {
        assert!(LOG.len() <= LARGEST, "{} bytes", LOG.len());
        let view = view().unwrap();
        assert!(view.finished && view.world().unwrap().name() == "ads");
        assert!(view.iterations().len() >= 4, "{:?}", view.iterations());
    }
}
