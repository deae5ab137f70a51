//! One run in the laboratory: its log so far, and the fold of as much of it as is shown. A recorded
//! run is shown like a film; a live one is a film that is still being made.

use selfsame_core::run::{Event, Record};

use crate::{
    engine::{Moment, Outcome, RunId},
    fold::RunView,
};

/// Seconds in which a recorded run is shown from beginning to end.
const SHOW_SECONDS: f64 = 45.0;

/// Answers folded, or looked at, in one go. A longer log takes several frames, so that none takes long.
pub(crate) const PORTION: usize = 4000;

/// What is being done with a run.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// The engine is working on it.
    Running,
    /// It was asked to stop and comes to a safe point.
    Stopping,
    /// It was stopped and can be continued.
    Stopped,
    /// It ended with an error.
    Failed(String),
    /// It is looked at; somebody else may be writing it.
    Watched,
    /// It ended as planned.
    Finished,
}

/// The run that is part of the program, for the engine: it knows nothing of it.
pub const RECORDED: RunId = 0;

/// A run that is open.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its name for the engine.
    pub run: RunId,
    /// Its folder, or what stands for it.
    pub folder: String,
    /// What is being done with it.
    pub state: State,
    /// Where it is, while the engine works on it.
    pub moment: Option<Moment>,
    records: Vec<Record>,
    shown: usize,
    /// How many lines are to be shown, where that takes further frames.
    aim: usize,
    view: Option<RunView>,
    /// Whether it is being played.
    playing: bool,
    /// The part of a record that playing has not yet come to.
    owed: f64,
    problem: Option<String>,
}

impl Session {
    /// A run that was just opened.
    #[must_use]
    pub fn new(run: RunId, folder: String, working: bool) -> Self {
        Self {
            run,
            folder,
            state: if working { State::Running } else { State::Watched },
            moment: None,
            records: Vec::new(),
            shown: 0,
            aim: 0,
            view: None,
            playing: false,
            owed: 0.0,
            problem: None,
        }
    }

    /// A run that is shown from its first line on.
    #[must_use]
    pub fn film(run: RunId, name: String, records: Vec<Record>) -> Self {
        let mut session = Self { state: State::Finished, ..Self::new(run, name, false) };
        session.records = records;
        session.playing = true;
        session.show(1);
        session
    }

    /// Adds lines of the log. Whoever looks at the end goes on looking at the end.
    pub fn extend(&mut self, records: Vec<Record>) {
        let at_end = self.aim == self.records.len();
        self.records.extend(records);
        if self.state == State::Stopped {
            // Somebody else went on with it.
            self.state = State::Watched;
        }
        if at_end && !self.playing {
            self.seek(self.records.len());
        }
    }

    /// How the work on it ended.
    pub fn end(&mut self, outcome: Outcome) {
        self.moment = None;
        self.state = match outcome {
            Outcome::Finished => State::Finished,
            Outcome::Stopped => State::Stopped,
            Outcome::Failed(problem) => State::Failed(problem),
        };
    }

    /// The fold of what is shown; `None` before the first line has come.
    #[must_use]
    pub fn view(&self) -> Option<&RunView> {
        self.view.as_ref()
    }

    /// Why nothing can be shown.
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Whether it is part of the program rather than a folder.
    #[must_use]
    pub fn recorded(&self) -> bool {
        self.run == RECORDED
    }

    /// Whether the engine is working on it.
    #[must_use]
    pub fn working(&self) -> bool {
        matches!(self.state, State::Running | State::Stopping)
    }

    /// A name for lists: the last part of the folder.
    #[must_use]
    pub fn name(&self) -> &str {
        self.folder.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or(&self.folder)
    }

    /// Lines shown, and all lines.
    #[must_use]
    pub fn position(&self) -> (usize, usize) {
        (self.shown, self.records.len())
    }

    /// Lines that are to be shown; where these are many, they are shown after some frames.
    #[must_use]
    pub fn aim(&self) -> usize {
        self.aim
    }

    /// Whether it is being played.
    #[must_use]
    pub fn playing(&self) -> bool {
        self.playing
    }

    /// Plays on from here (from the beginning, if this is the end), or stops playing.
    pub fn play(&mut self, on: bool) {
        if on && self.shown == self.records.len() {
            self.show(1);
        }
        self.playing = on;
        self.owed = 0.0;
    }

    /// Whether all that is to be shown is shown.
    #[must_use]
    pub fn settled(&self) -> bool {
        self.shown == self.aim
    }

    /// Shows the first `lines` lines, at once.
    pub fn show(&mut self, lines: usize) {
        self.aim_at(lines);
        while !self.settled() {
            self.fold();
        }
    }

    /// Shows the first `lines` lines; where these are many, over the next calls of
    /// [`Session::pass`].
    pub fn seek(&mut self, lines: usize) {
        self.aim_at(lines);
        self.fold();
    }

    fn aim_at(&mut self, lines: usize) {
        self.aim = lines.clamp(1.min(self.records.len()), self.records.len());
        if self.aim < self.shown {
            self.view = None;
            self.shown = 0;
        }
    }

    /// Folds a portion of what is still to be shown.
    fn fold(&mut self) {
        let mut answers = 0;
        for record in self.records.get(self.shown..self.aim).unwrap_or_default() {
            if answers > PORTION {
                break;
            }
            answers += 1 + match &record.event {
                Event::Sampled { answers, .. } => answers.iter().map(Vec::len).sum(),
                _ => 0,
            };
            self.shown += 1;
            match &mut self.view {
                Some(view) => view.push(record),
                None => match RunView::begin(Some(record)) {
                    Ok(view) => self.view = Some(view),
                    Err(e) => self.problem = Some(e.line()),
                },
            }
        }
    }

    /// Lets `seconds` pass. True while there is more to show.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // line counts
    pub fn pass(&mut self, seconds: f64) -> bool {
        if !self.settled() {
            self.fold();
            return true;
        }
        if !self.playing {
            return false;
        }
        // A window that was asleep does not jump.
        self.owed += seconds.min(0.1) * self.records.len() as f64 / SHOW_SECONDS;
        let lines = self.owed.floor();
        self.owed -= lines;
        self.seek(self.shown + lines as usize);
        self.playing = self.shown < self.records.len();
        self.playing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::tests::synthetic;

    #[test]
    fn a_film_runs_to_its_end_and_can_be_wound_back() {
        let records = synthetic();
        let all = records.len();
        let mut session = Session::film(0, "recorded/scir".to_owned(), records);
        assert_eq!((session.name(), session.position()), ("scir", (1, all)));
        let mut seconds = 0.0;
        while session.pass(0.05) {
            seconds += 0.05;
            assert!(seconds < 2.0 * SHOW_SECONDS);
        }
        assert!(session.view().unwrap().finished);
        session.show(3);
        assert!(!session.view().unwrap().finished);
        assert_eq!(session.view().unwrap().lines, 3);
        session.show(all);
        assert_eq!(session.view().unwrap().iterations(), [0, 1]);
    }

    #[test]
    fn a_live_run_is_followed_unless_somebody_looked_back() {
        let mut records = synthetic();
        let rest = records.split_off(5);
        let mut session = Session::new(1, "runs/x".to_owned(), true);
        session.extend(records);
        assert_eq!(session.position(), (5, 5));
        session.show(2);
        session.extend(rest);
        assert_eq!(session.position().0, 2);
        session.end(Outcome::Stopped);
        assert_eq!(session.state, State::Stopped);
    }

    #[test]
    fn a_long_log_appears_over_several_frames() {
        let mut records = synthetic();
        let drawn = records[5].clone();
        assert!(matches!(drawn.event, Event::Sampled { .. }));
        let Event::Sampled { purpose, answers, .. } = drawn.event else { return };
        let answers = vec![answers[0].clone(); PORTION];
        let long = Record { event: Event::Sampled { purpose, first: 0, answers }, ..records[5].clone() };
        records.splice(6..6, [long.clone(), long]);
        let all = records.len();
        let mut session = Session::new(1, "runs/x".to_owned(), false);
        session.extend(records);
        assert_eq!(session.position(), (7, all));
        assert!(!session.settled());
        let mut frames = 0;
        while session.pass(0.01) {
            frames += 1;
        }
        assert!((1..4).contains(&frames), "{frames}");
        assert!(session.view().unwrap().finished && session.settled());
        // Winding back begins anew, and is no slower.
        session.seek(all - 1);
        assert_eq!(session.position().0, 7);
        while session.pass(0.01) {}
        assert_eq!(session.position().0, all - 1);
    }

    #[test]
    fn a_stopped_run_that_grows_is_worked_on_elsewhere() {
        let mut records = synthetic();
        let rest = records.split_off(5);
        let mut session = Session::new(1, "runs/x".to_owned(), false);
        session.extend(records);
        session.end(Outcome::Stopped);
        session.extend(rest);
        assert_eq!(session.state, State::Watched);
    }
}
