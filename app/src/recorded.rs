//! A recorded run that is part of the program: what it looks like when a model judges itself, before
//! anything was run here. It is a real log; `cargo xtask record` makes it.

use std::{io::Read, path::Path};

use flate2::read::GzDecoder;
use selfsame_core::run::{Record, log::parse};

use crate::{Error, Result};

/// What stands for its folder.
pub const NAME: &str = "recorded/scir";

const LOG: &[u8] = include_bytes!("../../assets/recorded/scir.jsonl.gz");

/// The records of the run.
///
/// # Errors
/// If the asset is damaged, which a test rules out.
pub fn records() -> Result<Vec<Record>> {
    let mut bytes = Vec::new();
    let read = GzDecoder::new(LOG).read_to_end(&mut bytes);
    read.map_err(|e| Error::told(format!("the recorded run cannot be unpacked ({e})")))?;
    Ok(parse(&bytes, Path::new(NAME))?.records)
}

#[cfg(test)]
mod tests {
    use selfsame_core::run::Event;

    use super::*;
    use crate::fold::RunView;

    /// It is part of every copy of the program.
    const LARGEST: usize = 1 << 20;

    #[test]
    fn it_is_small_whole_and_shows_judges_beside_the_oracle() {
        assert!(LOG.len() <= LARGEST, "{} bytes", LOG.len());
        let records = records().unwrap();
        assert!(matches!(records.last().unwrap().event, Event::Finished {}));
        let view = RunView::of(&records).unwrap();
        assert!(view.finished && view.has_oracle());
        assert!(view.judges().len() >= 3, "{:?}", view.judges());
        assert!(view.iterations().len() >= 2);
        assert!(!view.learned(selfsame_core::run::Arm::Main, 1).is_empty());
    }
}
