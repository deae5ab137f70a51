//! What a panel sees of the laboratory, and what it asks of it.

use serde::{Deserialize, Serialize};

use super::{panels::Panel, session::Session};
use crate::{
    engine::{Command, RunId},
    fold::RunView,
};

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
    Show(RunId),
    /// Close a run.
    Close(RunId),
    /// Stop a run where it can be continued.
    Stop(RunId),
    /// Continue a run that was stopped.
    Resume(RunId),
    /// Show the first so many lines of a run.
    Seek(RunId, usize),
    /// Play a run, or stop playing.
    Play(RunId, bool),
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
    /// Ask the shell for a folder or file; the shell answers by [`Laboratory::picked`](super::Laboratory::picked).
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
    /// An atlas; the shell answers by [`Laboratory::open_atlas`](super::Laboratory::open_atlas).
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
    pub fn view(&self) -> Option<&RunView> {
        self.current.and_then(Session::view)
    }
}
