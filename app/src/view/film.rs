//! The recorded run that is part of the program, read while it is shown.

use std::time::Duration;

use selfsame_core::run::Record;

use super::{
    Laboratory,
    session::{self, Session},
};
use crate::recorded::Reader;

/// Lines of a recorded run that are read in a frame at least.
const FILM_PORTION: usize = 4;

/// So long it is read in a frame where that is more: frames are rare where they are drawn without a graphics card.
const FILM_TIME: Duration = Duration::from_millis(20);

impl Laboratory {
    /// Shows the recorded run that is part of the program, from its beginning.
    #[cfg(not(target_family = "wasm"))]
    pub fn show_recorded(&mut self) {
        self.film(Reader::built_in());
        while self.film.is_some() {
            self.go_on_with_film();
        }
    }

    /// Asks the shell for the recorded run, which a page loads when it is wanted.
    #[cfg(target_family = "wasm")]
    pub fn show_recorded(&mut self) {
        self.wishes.push(super::Action::Recorded);
    }

    /// Shows a recorded run from its beginning; it is read over the next frames.
    pub fn film(&mut self, reader: Reader) {
        self.film = Some(reader);
        let records = self.read_film();
        if !records.is_empty() {
            self.add(Session::film(session::RECORDED, crate::recorded::NAME.to_owned(), records));
        }
    }

    /// The next portion of the recorded run.
    fn read_film(&mut self) -> Vec<Record> {
        let mut records = Vec::new();
        let begun = web_time::Instant::now();
        while let Some(reader) = &mut self.film
            && (records.len() < FILM_PORTION || begun.elapsed() < FILM_TIME)
        {
            match reader.read() {
                Ok(Some(record)) => records.push(record),
                Ok(None) => self.film = None,
                Err(e) => {
                    self.film = None;
                    self.problem(e.line(), self.now);
                }
            }
        }
        records
    }

    /// Reads on in the recorded run.
    pub(super) fn go_on_with_film(&mut self) {
        let records = self.read_film();
        if let Some(session) = self.open.session(session::RECORDED) {
            session.extend(records);
        }
    }
}
