//! What a person sees, the same in the window and on the page: every number here is a fold over a
//! run's log, live or recorded. Nothing in this folder computes with tensors or waits for anything.

pub mod chart;
pub mod section;
pub mod session;
pub mod shell;
pub mod theme;
pub mod words;

pub mod panels;

use crate::engine::{Command, Engine, Message};
use panels::{Panel, Panels};
use session::{Session, State};

/// Something that a panel asks of the laboratory, done after the panel is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Go to another panel.
    Go(Panel),
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
    /// Send a command to the engine.
    Send(Command),
    /// Tell the person something that needs no answer.
    Notice(String),
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// Everything behind the window or the page.
pub struct Laboratory {
    engine: Box<dyn Engine>,
    sessions: Vec<Session>,
    current: Option<crate::engine::RunId>,
    panel: Panel,
    panels: Panels,
    notices: Vec<(f64, String)>,
    wishes: Vec<Action>,
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
            now: 0.0,
        }
    }

    /// Opens a run and shows it.
    pub fn add(&mut self, session: Session) {
        // A run that is opened again takes the place of what was open.
        self.sessions.retain(|old| old.folder != session.folder);
        self.current = Some(session.run);
        self.sessions.push(session);
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

    /// What the shell has to do, because only it can: see [`Action::Pick`] and [`Action::Save`].
    pub fn wishes(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.wishes)
    }

    /// Tells the person something.
    pub fn notice(&mut self, text: &str) {
        self.notices.push((self.now, text.to_owned()));
    }

    /// What the person picked.
    pub fn picked(&mut self, what: Pick, path: &str) {
        match what {
            Pick::Run => self.engine.send(Command::Open { folder: path.to_owned() }),
            other => self.panels.compose.picked(other, path),
        }
    }

    /// Takes what the engine said.
    pub fn listen(&mut self, now: f64) {
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
                Message::Ended { run, outcome } => {
                    if let Some(session) = self.session(run) {
                        session.end(outcome);
                    }
                }
                Message::Planned { ticket, plan } => self.panels.compose.planned(ticket, plan),
                Message::Said { slot, tokens, done, problem } => {
                    self.panels.playground.said(slot, tokens, done, problem);
                }
                Message::Failed { problem } => self.notices.push((now, problem)),
            }
        }
    }

    fn session(&mut self, run: crate::engine::RunId) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.run == run)
    }

    fn act(&mut self, action: Action, now: f64) {
        match action {
            Action::Go(panel) => self.panel = panel,
            Action::Show(run) => self.current = Some(run),
            Action::Close(run) => {
                self.engine.send(Command::Close { run });
                self.sessions.retain(|session| session.run != run);
                if self.current == Some(run) {
                    self.current = self.sessions.last().map(|session| session.run);
                }
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
                    session.show(lines);
                }
            }
            Action::Play(run, on) => {
                if let Some(session) = self.session(run) {
                    session.play(on);
                }
            }
            Action::Send(command) => self.engine.send(command),
            Action::Notice(text) => self.notices.push((now, text)),
            wish @ (Action::Pick(_) | Action::Save { .. }) => self.wishes.push(wish),
        }
    }
}
