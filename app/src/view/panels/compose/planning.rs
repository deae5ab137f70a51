//! When the engine is asked what a run would need, and what it said: once the person has paused, one
//! question at a time, and never an old answer for a new request.

use crate::engine::{Planned, Request};

/// Seconds without a change before the engine is asked.
const PAUSE: f64 = 0.8;

/// What is known about a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Known<'a> {
    /// Nothing yet.
    Nothing,
    /// The engine is working it out.
    Asked,
    /// What it needs.
    Needs(&'a Planned),
    /// Why it cannot be.
    Refused(&'a str),
}

/// Questions and answers.
#[derive(Debug, Default)]
pub struct Planning {
    ticket: u64,
    asked: Option<Request>,
    answer: Option<(Request, Result<Planned, String>)>,
    /// The last request that was seen, and since when it is the same.
    seen: Option<(Request, f64)>,
}

/// What of a request decides its plan.
fn essence(request: &Request) -> Request {
    Request { seed: 1, out: None, ..request.clone() }
}

impl Planning {
    /// What is known about a request.
    #[must_use]
    pub fn known(&self, request: &Request) -> Known<'_> {
        let request = essence(request);
        if self.asked.as_ref() == Some(&request) {
            return Known::Asked;
        }
        match &self.answer {
            Some((of, Ok(planned))) if *of == request => Known::Needs(planned),
            Some((of, Err(problem))) if *of == request => Known::Refused(problem),
            _ => Known::Nothing,
        }
    }

    /// Whether the engine has not answered yet.
    #[must_use]
    pub fn waiting(&self) -> bool {
        self.asked.is_some()
    }

    /// A ticket for a question about a request.
    pub fn ask(&mut self, request: &Request) -> u64 {
        self.ticket += 1;
        self.asked = Some(essence(request));
        self.ticket
    }

    /// Seconds until the engine should be asked about a request; `None` where there is no need.
    pub fn due(&mut self, request: &Request, now: f64) -> Option<f64> {
        if self.known(request) != Known::Nothing {
            self.seen = None;
            return None;
        }
        let request = essence(request);
        let since = match &self.seen {
            Some((seen, since)) if *seen == request => *since,
            _ => now,
        };
        self.seen = Some((request, since));
        // The answer wakes the window, and the next question can be asked then.
        if self.waiting() { None } else { Some((PAUSE - (now - since)).max(0.0)) }
    }

    /// Takes an answer.
    pub fn planned(&mut self, ticket: u64, plan: Result<Planned, String>) {
        if ticket == self.ticket
            && let Some(request) = self.asked.take()
        {
            self.answer = Some((request, plan));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned() -> Planned {
        Planned { device: "cpu".to_owned(), memory: 1, weights: 1, seconds: 1.0, notes: Vec::new() }
    }

    #[test]
    fn the_engine_is_asked_after_a_pause_and_once() {
        let mut planning = Planning::default();
        let (first, second) = (Request::new("srlm"), Request::new("scir"));
        assert_eq!(planning.due(&first, 10.0), Some(PAUSE));
        assert!(planning.due(&first, 10.5).unwrap() > 0.2);
        // A change begins the pause anew.
        assert_eq!(planning.due(&second, 10.6), Some(PAUSE));
        assert_eq!(planning.due(&second, 11.5), Some(0.0));
        let ticket = planning.ask(&second);
        assert_eq!(planning.known(&second), Known::Asked);
        assert_eq!(planning.due(&second, 20.0), None);
        // While one question is open, no other is asked.
        assert_eq!(planning.due(&first, 20.0), None);
        planning.planned(ticket, Ok(planned()));
        assert_eq!(planning.known(&second), Known::Needs(&planned()));
        assert_eq!(planning.known(&first), Known::Nothing);
        assert_eq!(planning.due(&first, 21.0), Some(0.0));
        // Where the run goes and its seed cost nothing.
        let elsewhere = Request { seed: 9, out: Some("x".to_owned()), ..second };
        assert_eq!(planning.due(&elsewhere, 22.0), None);
    }

    #[test]
    fn old_answers_are_not_taken_for_new_ones() {
        let mut planning = Planning::default();
        let (first, second) = (Request::new("srlm"), Request::new("scir"));
        let old = planning.ask(&first);
        let new = planning.ask(&second);
        planning.planned(old, Ok(planned()));
        assert_eq!(planning.known(&second), Known::Asked);
        planning.planned(new, Err("no".to_owned()));
        assert_eq!(planning.known(&second), Known::Refused("no"));
        planning.planned(new, Ok(planned()));
        assert_eq!(planning.known(&second), Known::Refused("no"));
    }
}
