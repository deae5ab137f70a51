//! The runs that are open, which of them is shown, and those that were open lately.

use super::session::{Session, State};
use crate::engine::RunId;

/// How many runs are remembered after they were closed.
const RECENT: usize = 12;

/// Folders that were open when the window was closed.
#[derive(Debug, Default)]
struct Restoring {
    /// All, in their order.
    order: Vec<String>,
    /// Those that are not open yet.
    awaited: Vec<String>,
    /// The one that was in front, until the person wants to see something else.
    front: Option<String>,
}

impl Restoring {
    fn place(&self, folder: &str) -> Option<usize> {
        self.order.iter().position(|known| known == folder)
    }

    /// Whether a run that was just opened is one that was waited for.
    fn came(&mut self, folder: &str) -> bool {
        let before = self.awaited.len();
        self.awaited.retain(|awaited| awaited != folder);
        self.awaited.len() < before
    }
}

/// The runs that are open.
#[derive(Debug, Default)]
pub(super) struct Open {
    sessions: Vec<Session>,
    current: Option<RunId>,
    /// Folders of runs that were open lately, the last one first.
    recent: Vec<String>,
    restoring: Restoring,
    /// Whether the engine keeps the runs, so that they can only be deleted through it.
    keeps: bool,
}

impl Open {
    /// Opens a run and shows it; gives the run that the engine is to close for it.
    #[must_use]
    pub(super) fn add(&mut self, session: Session) -> Option<RunId> {
        let again = self.sessions.iter().position(|old| old.folder == session.folder);
        let mut close = None;
        if let Some(old) = again.and_then(|index| self.sessions.get(index))
            && old.run != session.run
        {
            if session.state == State::Watched && old.working() {
                // The engine is at work on it: there is nothing more to see by following it.
                self.current = Some(old.run);
                return Some(session.run);
            }
            close = (!old.recorded()).then_some(old.run);
        }
        self.remember(&session);
        if !self.restoring.came(&session.folder) {
            self.restoring.front = None;
            self.current = Some(session.run);
        } else if self.current.is_none() || self.restoring.front.as_ref() == Some(&session.folder) {
            self.current = Some(session.run);
        }
        let place = |folder: &str| self.restoring.place(folder);
        let mine = place(&session.folder);
        let at = match (again, mine) {
            // A run that is opened again takes the place of what was open.
            (Some(index), _) => {
                self.sessions.remove(index);
                index
            }
            // Runs are read at different speeds, but stand as they stood.
            (None, Some(mine)) => self
                .sessions
                .iter()
                .position(|other| place(&other.folder).is_some_and(|theirs| theirs > mine))
                .unwrap_or(self.sessions.len()),
            (None, None) => self.sessions.len(),
        };
        self.sessions.insert(at, session);
        close
    }

    fn remember(&mut self, session: &Session) {
        if session.recorded() || self.keeps {
            return;
        }
        self.recent.retain(|folder| *folder != session.folder);
        self.recent.insert(0, session.folder.clone());
        self.recent.truncate(RECENT);
    }

    /// Says which runs were open when the window was closed, and which of them was in front.
    pub(super) fn restore(&mut self, folders: &[String], front: Option<String>) {
        self.restoring = Restoring { order: folders.to_vec(), awaited: folders.to_vec(), front };
    }

    /// Closes a run.
    pub(super) fn forget(&mut self, run: RunId) {
        self.sessions.retain(|session| session.run != run);
        if self.current == Some(run) {
            self.current = self.sessions.last().map(|session| session.run);
        }
    }

    /// Forgets that a folder was open lately.
    pub(super) fn forget_folder(&mut self, folder: &str) {
        self.recent.retain(|known| known != folder);
    }

    /// Makes another run the one that panels show.
    pub(super) fn show(&mut self, run: RunId) {
        self.current = Some(run);
    }

    /// All, in their order.
    pub(super) fn sessions(&self) -> &[Session] {
        &self.sessions
    }

    /// All, to be changed.
    pub(super) fn sessions_mut(&mut self) -> &mut [Session] {
        &mut self.sessions
    }

    /// The run that panels show.
    pub(super) fn current(&self) -> Option<&Session> {
        self.sessions.iter().find(|session| Some(session.run) == self.current)
    }

    /// A run, to be changed.
    pub(super) fn session(&mut self, run: RunId) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.run == run)
    }

    /// The folders of runs that were open lately, the last one first.
    pub(super) fn recent(&self) -> &[String] {
        &self.recent
    }

    /// Says which runs were open lately.
    pub(super) fn set_recent(&mut self, mut folders: Vec<String>) {
        folders.truncate(RECENT);
        self.recent = folders;
    }

    /// The engine keeps the runs, these.
    pub(super) fn keep(&mut self, folders: Vec<String>) {
        self.keeps = true;
        self.recent = folders;
    }

    /// Whether the engine keeps the runs, so that they can only be deleted through it.
    pub(super) fn keeps(&self) -> bool {
        self.keeps
    }
}
