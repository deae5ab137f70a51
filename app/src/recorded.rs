//! A recorded run that is part of the program: what it looks like when a model judges itself, before
//! anything was run here. It is a real log; `cargo xtask record` makes it.

use std::{
    io::{BufRead, BufReader, Cursor, Read},
    path::Path,
};

use flate2::read::GzDecoder;
use selfsame_core::run::{
    Record,
    log::{Chain, parse_after},
};

use crate::{Error, Result};

pub mod ads;

/// What stands for its folder.
pub const NAME: &str = "recorded/scir";

/// The first bytes of what is packed with gzip.
const GZIP: [u8; 2] = [0x1f, 0x8b];

#[cfg(not(target_family = "wasm"))]
const LOG: &[u8] = include_bytes!("../../assets/recorded/scir.jsonl.gz");

/// A log that is read line by line, so that nobody has to wait for all of it.
pub struct Reader {
    text: Box<dyn BufRead>,
    chain: Chain,
}

impl Reader {
    /// Reads a log from its bytes, packed or not.
    #[must_use]
    pub fn new(bytes: impl AsRef<[u8]> + 'static) -> Self {
        let packed = bytes.as_ref().starts_with(&GZIP);
        let bytes = Cursor::new(bytes);
        let read: Box<dyn Read> = if packed { Box::new(GzDecoder::new(bytes)) } else { Box::new(bytes) };
        Self { text: Box::new(BufReader::new(read)), chain: Chain::default() }
    }

    /// The recorded run.
    #[cfg(not(target_family = "wasm"))]
    #[must_use]
    pub fn built_in() -> Self {
        Self::new(LOG)
    }

    /// The next record, or `None` after the last.
    ///
    /// # Errors
    /// If the log is damaged.
    pub fn read(&mut self) -> Result<Option<Record>> {
        let mut line = Vec::new();
        let read = self.text.read_until(b'\n', &mut line);
        read.map_err(|e| Error::told(format!("the recorded run cannot be unpacked ({e})")))?;
        if line.is_empty() {
            return Ok(None);
        }
        let parsed = parse_after(self.chain, &line, Path::new(NAME))?;
        self.chain = parsed.chain;
        match parsed.records.into_iter().next() {
            Some(record) => Ok(Some(record)),
            None => Err(Error::told(format!("the recorded run ends within line {}", self.chain.lines() + 1))),
        }
    }
}

/// The records of the run.
///
/// # Errors
/// If the asset is damaged, which a test rules out.
#[cfg(not(target_family = "wasm"))]
pub fn records() -> Result<Vec<Record>> {
    let mut reader = Reader::built_in();
    std::iter::from_fn(|| reader.read().transpose()).collect()
}

#[cfg(test)]
mod tests {
    use selfsame_core::run::Event;

    use super::*;
    use crate::fold::RunView;

    /// It is part of every copy of the program.
    const LARGEST: usize = 3 << 19;

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

    /// What the loop starts from: judges that are often right, and not right together. The two rubrics, asked as the
    /// recipe asks them, and the implicit reward are what has to agree; the rubrics are recorded in their other form too.
    #[test]
    fn its_judges_begin_mostly_right_and_differ() {
        let records = records().unwrap();
        let first = records.iter().find_map(|record| match &record.event {
            Event::Measured { measurement, .. } if record.iteration == 0 => measurement.fixed.as_ref(),
            _ => None,
        });
        let first = first.unwrap();
        assert!(first.pairs >= 100, "{}", first.pairs);
        let judges: Vec<&String> = first.accuracy.keys().filter(|name| !name.ends_with("(pairwise)")).collect();
        assert_eq!(judges, ["content", "form", "implicit"]);
        for (index, judge) in judges.iter().enumerate() {
            let right = first.accuracy[*judge].mean;
            assert!((0.6..=0.8).contains(&right), "{judge} is right in {right}");
            for other in &judges[index + 1..] {
                let agreement = first.agreement[*judge][*other];
                assert!(agreement <= 0.85, "{judge} and {other} agree in {agreement}");
            }
        }
    }

    #[test]
    fn packed_and_plain_logs_read_the_same() {
        let mut plain = Vec::new();
        GzDecoder::new(LOG).read_to_end(&mut plain).unwrap();
        let mut reader = Reader::new(plain);
        assert_eq!(reader.read().unwrap().as_ref(), records().unwrap().first());
    }

    #[test]
    fn a_torn_recording_is_named() {
        let mut reader = Reader::new(&LOG[..LOG.len() / 2]);
        let problem = loop {
            match reader.read() {
                Ok(record) => assert!(record.is_some(), "the end of half a recording was taken for its end"),
                Err(e) => break e.to_string(),
            }
        };
        assert!(problem.contains("cannot be unpacked"), "{problem}");
    }
}
