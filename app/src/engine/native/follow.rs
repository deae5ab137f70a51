//! Following a log that somebody else may be writing.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use selfsame_core::run::{Event, Folder, Record, log::Tail};

use super::Mouth;
use crate::{
    Error, Result,
    engine::{Message, Outcome, RunId},
    folder,
};

/// How often a log that somebody else writes is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Bytes of a log read at a time: a long log appears piece by piece.
const PIECE: u64 = 1 << 20;

/// Why a log is not followed any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// It is complete.
    Finished,
    /// The view closed it.
    Closed,
}

/// Reads a log piece by piece, and goes on reading while somebody writes it. Where nobody does, it
/// says that the run was stopped, and still goes on: somebody may continue it.
pub(super) fn follow(root: &Path, run: RunId, stop: &AtomicBool, mouth: &Mouth) -> Result<Left> {
    let mut follower = Follower::open(root)?;
    while !stop.load(Ordering::Relaxed) {
        match follower.look()? {
            Seen::Nothing => thread::sleep(LOOK_EVERY),
            Seen::Stopped => mouth.say(Message::Ended { run, outcome: Outcome::Stopped }),
            Seen::Piece(records) => {
                let finished = records.iter().any(|record| matches!(record.event, Event::Finished {}));
                if !records.is_empty() {
                    mouth.say(Message::Records { run, records });
                }
                if finished {
                    return Ok(Left::Finished);
                }
            }
        }
    }
    Ok(Left::Closed)
}

/// What is seen at a look at a log.
#[derive(Debug, PartialEq)]
enum Seen {
    /// Nothing new.
    Nothing,
    /// Nothing new, and for the first time that nobody writes it.
    Stopped,
    /// Something new, with the records that are whole now; there may be none.
    Piece(Vec<Record>),
}

/// Looks at a log, without ever waiting.
struct Follower {
    root: PathBuf,
    path: PathBuf,
    file: File,
    at: u64,
    tail: Tail,
    /// Whether it was said that nobody writes it.
    stopped: bool,
}

impl Follower {
    fn open(root: &Path) -> Result<Self> {
        let path = Folder::log_path(root);
        if !path.exists() {
            return Err(folder::no_run(root));
        }
        let file = File::open(&path).map_err(|e| selfsame_core::Error::read(&path, e))?;
        let tail = Tail::new(&path);
        Ok(Self { root: root.to_path_buf(), path, file, at: 0, tail, stopped: false })
    }

    fn look(&mut self) -> Result<Seen> {
        let read = |e| Error::Core(selfsame_core::Error::read(&self.path, e));
        self.file.seek(SeekFrom::Start(self.at)).map_err(read)?;
        let mut piece = Vec::new();
        let count = (&mut self.file).take(PIECE).read_to_end(&mut piece).map_err(read)?;
        if count == 0 {
            // A log that got shorter was repaired; what was shown beyond is gone from it.
            if self.file.metadata().map_err(read)?.len() < self.at {
                return Err(Error::told(format!("{} was cut; open the run again", self.path.display())));
            }
            if self.stopped || folder::in_use(&self.root) {
                return Ok(Seen::Nothing);
            }
            self.stopped = true;
            return Ok(Seen::Stopped);
        }
        self.at += count as u64;
        let records = self.tail.push(&piece)?;
        if !records.is_empty() {
            self.stopped = false;
        }
        Ok(Seen::Piece(records))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::native::tests::{append, scratch, text},
        fold::tests::synthetic,
        folder::Lock,
    };

    /// Looks at which nothing must happen.
    const LOOKS: usize = 3;

    fn nothing_happens(follower: &mut Follower, why: &str) {
        for _ in 0..LOOKS {
            assert_eq!(follower.look().unwrap(), Seen::Nothing, "{why}");
        }
    }

    #[test]
    fn a_run_that_nobody_writes_was_stopped_once_until_it_goes_on() {
        let mut records = synthetic();
        let rest = records.split_off(6);
        let root = scratch("looks", &records);
        let lock = Lock::take(&root).unwrap();
        let mut follower = Follower::open(&root).unwrap();
        assert_eq!(follower.look().unwrap(), Seen::Piece(records));
        nothing_happens(&mut follower, "somebody is writing it");
        drop(lock);
        assert_eq!(follower.look().unwrap(), Seen::Stopped);
        nothing_happens(&mut follower, "it is said once");
        // Lines can come in parts, and half a line does not mean that the run goes on.
        let line = text(&rest[..1]);
        let (first, second) = line.split_at(line.len() / 2);
        append(&root, first);
        assert_eq!(follower.look().unwrap(), Seen::Piece(Vec::new()));
        nothing_happens(&mut follower, "half a line is nothing yet");
        append(&root, second);
        assert_eq!(follower.look().unwrap(), Seen::Piece(rest[..1].to_vec()));
        assert_eq!(follower.look().unwrap(), Seen::Stopped, "it went on, and stopped again");
        nothing_happens(&mut follower, "it is said once");
        std::fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn a_last_line_that_cannot_be_read_is_waited_for_and_named_with_its_number() {
        let records = synthetic();
        let root = scratch("damage", &records[..4]);
        let _lock = Lock::take(&root).unwrap();
        let mut follower = Follower::open(&root).unwrap();
        assert_eq!(follower.look().unwrap(), Seen::Piece(records[..4].to_vec()));
        append(&root, "{\"schema\":1,\n");
        assert_eq!(follower.look().unwrap(), Seen::Piece(Vec::new()));
        nothing_happens(&mut follower, "a last line can still be repaired");
        append(&root, &text(&records[4..6]));
        let told = follower.look().unwrap_err().to_string();
        assert!(told.contains("line 5"), "{told}");
        std::fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn a_log_that_was_cut_is_to_be_opened_again() {
        let records = synthetic();
        let root = scratch("cut", &records[..4]);
        let _lock = Lock::take(&root).unwrap();
        let mut follower = Follower::open(&root).unwrap();
        assert_eq!(follower.look().unwrap(), Seen::Piece(records[..4].to_vec()));
        std::fs::write(root.join("events.jsonl"), text(&records[..2])).unwrap();
        let told = follower.look().unwrap_err().to_string();
        assert!(told.contains("events.jsonl was cut; open the run again"), "{told}");
        std::fs::remove_dir_all(&root).unwrap();
    }
}
