//! What a person sees, the same in the window and on the page: every number here is a fold over a
//! run's log, live or recorded. Nothing in this folder computes with tensors or waits for anything.

pub mod chart;
mod demo;
mod examined;
mod gate;
pub mod icons;
pub mod markdown;
pub mod math;
mod matrix;
pub mod section;
pub mod session;
pub mod shell;
pub mod theme;
pub mod words;

pub mod panels;

use selfsame_core::run::Record;
use serde::{Deserialize, Serialize};

use crate::{
    engine::{Command, Engine, Message, Outcome, Request},
    recorded::Reader,
};
use demo::Demo;
use panels::{Panel, Panels, lessons::Progress};
use session::{Session, State};

/// Something that a panel asks of the laboratory, done after the panel is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Go to another panel.
    Go(Panel),
    /// Go to Compose with this recipe chosen.
    Compose(String),
    /// The same, with prompts from this world.
    ComposeIn(String, &'static str),
    /// Go to the page of a method.
    Method(String),
    /// Make another run the one that panels show.
    Show(crate::engine::RunId),
    /// Close a run.
    Close(crate::engine::RunId),
    /// Stop a run where it can be continued.
    Stop(crate::engine::RunId),
    /// Continue a run that was stopped.
    Resume(crate::engine::RunId),
    /// Show the first so many lines of a run.
    Seek(crate::engine::RunId, usize),
    /// Play a run, or stop playing.
    Play(crate::engine::RunId, bool),
    /// Start the demonstration, as soon as it is known how large it is to be.
    Demo,
    /// Send a command to the engine.
    Send(Command),
    /// Tell the person something that needs no answer.
    Notice(String),
    /// Show the recorded run that is part of the program, from its beginning.
    Recorded,
    /// Show or hide the list of keys.
    Help(bool),
    /// End the program without waiting for what is being saved; only the shell can.
    Quit,
    /// Ask the shell for a folder or file; the shell answers by [`Laboratory::picked`].
    Pick(Pick),
    /// Write a file that the person chose a place for; the shell asks where.
    Save {
        /// A name to begin with.
        name: String,
        /// The content.
        bytes: Vec<u8>,
    },
}

/// What a person is to pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// The folder of a run.
    Run,
    /// The folder of a model.
    Model,
    /// The folder of a base model.
    Base,
    /// A file of prompts.
    Data,
    /// The folder that a new run goes to.
    Out,
    /// A run that was packed into one file.
    Packed,
    /// An atlas; the shell answers by [`Laboratory::open_atlas`].
    Atlas,
}

/// What a panel gets to see and say.
pub struct Scene<'a> {
    /// All open runs.
    pub sessions: &'a [Session],
    /// The one that panels show.
    pub current: Option<&'a Session>,
    /// What the panel asks for.
    pub actions: &'a mut Vec<Action>,
}

impl Scene<'_> {
    /// Asks for something.
    pub fn ask(&mut self, action: Action) {
        self.actions.push(action);
    }

    /// The fold of the run that panels show, once its first line has come.
    #[must_use]
    pub fn view(&self) -> Option<&crate::fold::RunView> {
        self.current.and_then(Session::view)
    }
}

/// Something that the person is told.
#[derive(Debug, Clone, PartialEq)]
struct Notice {
    /// Seconds since the start.
    since: f64,
    text: String,
    /// Whether it is about something that did not work; such stay until they are dismissed.
    problem: bool,
}

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

/// Lines of a recorded run that are read in a frame at least.
const FILM_PORTION: usize = 4;

/// So long it is read in a frame where that is more: frames are rare where they are drawn without a graphics card.
const FILM_TIME: std::time::Duration = std::time::Duration::from_millis(20);

/// What an engine says is shown within this time. It says hundreds of things a second, and what is drawn for each of
/// them is not computed, least of all where the same processor does both.
pub const SHOWN_WITHIN: std::time::Duration = std::time::Duration::from_millis(100);

/// How many runs are remembered after they were closed.
const RECENT: usize = 12;

/// Everything behind the window or the page.
pub struct Laboratory {
    engine: Box<dyn Engine>,
    sessions: Vec<Session>,
    current: Option<crate::engine::RunId>,
    panel: Panel,
    panels: Panels,
    notices: Vec<Notice>,
    wishes: Vec<Action>,
    /// Folders of runs that were open lately, the last one first.
    recent: Vec<String>,
    restoring: Restoring,
    /// The rest of a recorded run that is being read.
    film: Option<Reader>,
    shell: shell::Shell,
    /// What the large button starts.
    demo: Demo,
    /// Whether the engine keeps the runs, so that they can only be deleted through it.
    keeps: bool,
    closing: bool,
    /// Seconds since the start, at the last frame.
    now: f64,
}

impl Laboratory {
    /// A laboratory without runs.
    #[must_use]
    pub fn new(engine: Box<dyn Engine>) -> Self {
        Self {
            engine,
            sessions: Vec::new(),
            current: None,
            panel: Panel::default(),
            panels: Panels::default(),
            notices: Vec::new(),
            wishes: Vec::new(),
            recent: Vec::new(),
            restoring: Restoring::default(),
            film: None,
            shell: shell::Shell::default(),
            demo: Demo::Known(Box::new(Request::new("scir"))),
            keeps: false,
            closing: false,
            now: 0.0,
        }
    }

    /// Opens a run and shows it.
    pub fn add(&mut self, session: Session) {
        let again = self.sessions.iter().position(|old| old.folder == session.folder);
        if let Some(old) = again.and_then(|index| self.sessions.get(index)) {
            if old.run != session.run && session.state == State::Watched && old.working() {
                // The engine is at work on it: there is nothing more to see by following it.
                self.current = Some(old.run);
                self.engine.send(Command::Close { run: session.run });
                return;
            }
            if old.run != session.run && !old.recorded() {
                self.engine.send(Command::Close { run: old.run });
            }
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
    }

    fn remember(&mut self, session: &Session) {
        if session.recorded() || self.keeps {
            return;
        }
        self.recent.retain(|folder| *folder != session.folder);
        self.recent.insert(0, session.folder.clone());
        self.recent.truncate(RECENT);
    }

    /// Opens the runs that were open when the window was closed.
    pub fn restore(&mut self, folders: &[String], front: Option<String>) {
        self.restoring = Restoring { order: folders.to_vec(), awaited: folders.to_vec(), front };
        for folder in folders {
            self.engine.send(Command::Open { folder: folder.clone() });
        }
    }

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
        self.wishes.push(Action::Recorded);
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
    fn go_on_with_film(&mut self) {
        let records = self.read_film();
        if let Some(session) = self.session(session::RECORDED) {
            session.extend(records);
        }
    }

    /// Says that it is not known yet what the large button starts; who presses it waits for
    /// [`Laboratory::set_demo`].
    pub fn await_demo(&mut self) {
        self.demo = Demo::Awaited { pressed: false };
    }

    /// Says what the large button starts, and starts it if somebody waits for it.
    pub fn set_demo(&mut self, demo: Request) {
        if let Some(request) = self.demo.know(demo) {
            self.engine.send(Command::Start { request });
        }
    }

    /// The folders of runs that were open lately, the last one first.
    #[must_use]
    pub fn recent(&self) -> &[String] {
        &self.recent
    }

    /// Says which runs were open lately.
    pub fn set_recent(&mut self, mut folders: Vec<String>) {
        folders.truncate(RECENT);
        self.recent = folders;
    }

    /// What was done in the lessons, to be remembered.
    #[must_use]
    pub fn lessons(&self) -> Progress {
        self.panels.lessons.progress()
    }

    /// Says what was done in the lessons.
    pub fn set_lessons(&mut self, progress: &Progress) {
        self.panels.lessons.restore(progress);
    }

    /// The run that panels show.
    #[must_use]
    pub fn current(&self) -> Option<&Session> {
        self.sessions.iter().find(|session| Some(session.run) == self.current)
    }

    /// Stops everything where it can be continued, because the window is being closed.
    pub fn close(&mut self) {
        if !self.closing {
            self.closing = true;
            self.engine.close();
        }
    }

    /// Whether the window is being closed.
    #[must_use]
    pub fn closing(&self) -> bool {
        self.closing
    }

    /// Whether something is worked on that would be lost if the program ended now.
    #[must_use]
    pub fn busy(&self) -> bool {
        self.engine.busy()
    }

    /// All open runs.
    #[must_use]
    pub fn sessions(&self) -> &[Session] {
        &self.sessions
    }

    /// The panel in front.
    #[must_use]
    pub fn panel(&self) -> Panel {
        self.panel
    }

    /// Goes to a panel.
    pub fn go(&mut self, panel: Panel) {
        self.panel = panel;
    }

    /// Sends a command to the engine.
    pub fn send(&mut self, command: Command) {
        self.engine.send(command);
    }

    /// What the shell has to do, because only it can: see [`Action::Pick`], [`Action::Save`] and
    /// [`Action::Quit`].
    pub fn wishes(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.wishes)
    }

    /// Tells the person something.
    pub fn notice(&mut self, text: &str) {
        self.notices.push(Notice { since: self.now, text: text.to_owned(), problem: false });
    }

    /// What the person picked.
    pub fn picked(&mut self, what: Pick, path: &str) {
        match what {
            Pick::Run | Pick::Packed => self.engine.send(Command::Open { folder: path.to_owned() }),
            other => self.panels.compose.picked(other, path),
        }
    }

    /// Shows an atlas that the person opened.
    pub fn open_atlas(&mut self, name: &str, text: &str) {
        self.panels.atlas.open(name, text);
        self.panel = Panel::Atlas;
    }

    /// Takes what the engine said.
    pub fn listen(&mut self, now: f64) {
        self.go_on_with_film();
        for message in self.engine.poll() {
            match message {
                Message::Opened { run, folder, working } => self.add(Session::new(run, folder, working)),
                Message::Records { run, records } => {
                    if let Some(session) = self.session(run) {
                        session.extend(records);
                    }
                }
                Message::Progress { run, progress } => {
                    if let Some(session) = self.session(run) {
                        session.moment = Some(progress);
                    }
                }
                Message::Ended { run, outcome } => self.ended(run, outcome, now),
                Message::Planned { ticket, plan } => self.panels.compose.planned(ticket, plan),
                Message::Said { slot, ticket, tokens, done, problem } if slot >= panels::ads::FIRST_SLOT => {
                    self.panels.ads.said(ticket, &tokens, done, problem);
                }
                Message::Rated { ticket, opinions, done, problem, .. } => {
                    self.panels.ads.rated(ticket, opinions, done, problem);
                }
                Message::Said { slot, ticket, tokens, done, problem } => {
                    self.panels.playground.said(slot, ticket, tokens, done, problem);
                }
                Message::Exported { name, bytes } => self.wishes.push(Action::Save { name, bytes }),
                Message::Kept { folders } => {
                    self.keeps = true;
                    self.recent = folders;
                }
                Message::Taken { what, path } => {
                    self.picked(what, &path);
                    if matches!(what, Pick::Model | Pick::Base | Pick::Data) {
                        self.panel = Panel::Compose;
                    }
                }
                Message::Noted { note } => self.notice(&note),
                Message::Failed { problem } => self.problem(problem, now),
            }
        }
    }

    fn problem(&mut self, text: String, now: f64) {
        // Saying it twice does not help.
        self.notices.retain(|notice| notice.text != text);
        self.notices.push(Notice { since: now, text, problem: true });
    }

    fn ended(&mut self, run: crate::engine::RunId, outcome: Outcome, now: f64) {
        let Some(session) = self.session(run) else { return };
        match outcome {
            // There is nothing to show, so that there is nothing to keep open.
            Outcome::Failed(problem) if session.position().1 == 0 => {
                let (worked, folder) = (session.working(), session.folder.clone());
                self.forget(run);
                self.problem(problem, now);
                if worked {
                    // What was there before it could not be continued can still be looked at.
                    self.engine.send(Command::Open { folder });
                } else {
                    self.recent.retain(|known| *known != folder);
                }
            }
            outcome => session.end(outcome),
        }
    }

    fn forget(&mut self, run: crate::engine::RunId) {
        self.sessions.retain(|session| session.run != run);
        if self.current == Some(run) {
            self.current = self.sessions.last().map(|session| session.run);
        }
    }

    fn session(&mut self, run: crate::engine::RunId) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.run == run)
    }

    fn act(&mut self, action: Action, now: f64) {
        match action {
            Action::Go(panel) => self.panel = panel,
            Action::Compose(recipe) => {
                self.panels.compose.choose(&recipe);
                self.panel = Panel::Compose;
            }
            Action::ComposeIn(recipe, world) => {
                self.panels.compose.choose(&recipe);
                self.panels.compose.choose_world(world);
                self.panel = Panel::Compose;
            }
            Action::Method(id) => {
                self.panels.methods.open(&id);
                self.panel = Panel::Methods;
            }
            Action::Show(run) => self.current = Some(run),
            Action::Close(run) => {
                if run != session::RECORDED {
                    self.engine.send(Command::Close { run });
                }
                self.forget(run);
            }
            Action::Stop(run) => {
                self.engine.send(Command::Stop { run });
                if let Some(session) = self.session(run) {
                    session.state = State::Stopping;
                }
            }
            Action::Resume(run) => {
                if let Some(folder) = self.session(run).map(|session| session.folder.clone()) {
                    self.engine.send(Command::Resume { folder });
                }
            }
            Action::Seek(run, lines) => {
                if let Some(session) = self.session(run) {
                    session.play(false);
                    session.seek(lines);
                }
            }
            Action::Play(run, on) => {
                if let Some(session) = self.session(run) {
                    session.play(on);
                }
            }
            Action::Demo => {
                self.panel = Panel::Iterations;
                if let Some(request) = self.demo.press() {
                    self.engine.send(Command::Start { request });
                }
            }
            Action::Send(command) => self.engine.send(command),
            Action::Notice(text) => self.notices.push(Notice { since: now, text, problem: false }),
            Action::Recorded => self.show_recorded(),
            Action::Help(on) => self.shell.help = on,
            wish @ (Action::Pick(_) | Action::Save { .. } | Action::Quit) => self.wishes.push(wish),
        }
    }
}
