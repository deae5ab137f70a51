//! What a person sees, the same in the window and on the page: every number here is a fold over a
//! run's log, live or recorded. Nothing in this folder computes with tensors or waits for anything.

mod action;
pub mod chart;
mod demo;
mod examined;
mod film;
mod gate;
pub mod icons;
pub mod markdown;
pub mod math;
mod matrix;
mod open;
pub mod section;
pub mod session;
pub mod shell;
pub mod theme;
pub mod words;

pub mod panels;

use crate::{
    engine::{Command, Engine, Message, Outcome, Request, RunId},
    recorded::Reader,
};
use demo::Demo;
use open::Open;
use panels::{Panel, Panels, lessons::Progress};
use session::{Session, State};

pub use action::{Action, Pick, Scene};

/// Something that the person is told.
#[derive(Debug, Clone, PartialEq)]
struct Notice {
    /// Seconds since the start.
    since: f64,
    text: String,
    /// Whether it is about something that did not work; such stay until they are dismissed.
    problem: bool,
}

/// What an engine says is shown within this time. It says hundreds of things a second, and what is drawn for each of
/// them is not computed, least of all where the same processor does both.
pub const SHOWN_WITHIN: std::time::Duration = std::time::Duration::from_millis(100);

/// Everything behind the window or the page.
pub struct Laboratory {
    engine: Box<dyn Engine>,
    open: Open,
    panel: Panel,
    panels: Panels,
    notices: Vec<Notice>,
    wishes: Vec<Action>,
    /// The rest of a recorded run that is being read.
    film: Option<Reader>,
    shell: shell::Shell,
    /// What the large button starts.
    demo: Demo,
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
            open: Open::default(),
            panel: Panel::default(),
            panels: Panels::default(),
            notices: Vec::new(),
            wishes: Vec::new(),
            film: None,
            shell: shell::Shell::default(),
            demo: Demo::Known(Box::new(Request::new("scir"))),
            closing: false,
            now: 0.0,
        }
    }

    /// Opens a run and shows it.
    pub fn add(&mut self, session: Session) {
        if let Some(run) = self.open.add(session) {
            self.engine.send(Command::Close { run });
        }
    }

    /// Opens the runs that were open when the window was closed.
    pub fn restore(&mut self, folders: &[String], front: Option<String>) {
        self.open.restore(folders, front);
        for folder in folders {
            self.engine.send(Command::Open { folder: folder.clone() });
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
        self.open.recent()
    }

    /// Says which runs were open lately.
    pub fn set_recent(&mut self, folders: Vec<String>) {
        self.open.set_recent(folders);
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
        self.open.current()
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
        self.open.sessions()
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
                    if let Some(session) = self.open.session(run) {
                        session.extend(records);
                    }
                }
                Message::Progress { run, progress } => {
                    if let Some(session) = self.open.session(run) {
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
                Message::Kept { folders } => self.open.keep(folders),
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

    fn ended(&mut self, run: RunId, outcome: Outcome, now: f64) {
        let Some(session) = self.open.session(run) else { return };
        match outcome {
            // There is nothing to show, so that there is nothing to keep open.
            Outcome::Failed(problem) if session.position().1 == 0 => {
                let (worked, folder) = (session.working(), session.folder.clone());
                self.open.forget(run);
                self.problem(problem, now);
                if worked {
                    // What was there before it could not be continued can still be looked at.
                    self.engine.send(Command::Open { folder });
                } else {
                    self.open.forget_folder(&folder);
                }
            }
            outcome => session.end(outcome),
        }
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
            Action::Show(run) => self.open.show(run),
            Action::Close(run) => {
                if run != session::RECORDED {
                    self.engine.send(Command::Close { run });
                }
                self.open.forget(run);
            }
            Action::Stop(run) => {
                self.engine.send(Command::Stop { run });
                if let Some(session) = self.open.session(run) {
                    session.state = State::Stopping;
                }
            }
            Action::Resume(run) => {
                if let Some(folder) = self.open.session(run).map(|session| session.folder.clone()) {
                    self.engine.send(Command::Resume { folder });
                }
            }
            Action::Seek(run, lines) => {
                if let Some(session) = self.open.session(run) {
                    session.play(false);
                    session.seek(lines);
                }
            }
            Action::Play(run, on) => {
                if let Some(session) = self.open.session(run) {
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
