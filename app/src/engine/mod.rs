//! What works while a window or a page looks on: one protocol of commands and messages, so that the
//! views need not know whether a thread or a Web Worker is at the other end.

use std::collections::BTreeMap;

use selfsame_core::{
    judge::Opinion,
    run::{
        Arm, Progress, Record,
        plan::{Plan, Speed},
    },
};
use serde::{Deserialize, Serialize};

use crate::{inputs::Inputs, view::Pick};

#[cfg(not(target_family = "wasm"))]
pub mod native;
pub mod playground;
mod request;
mod teller;

pub use request::Request;
pub use teller::Teller;

/// The version of the protocol, for a view and an engine that may come from different builds: a page
/// and its worker, one of them from a cache.
pub const VERSION: u32 = 2;

/// Names a run between view and engine, for as long as both live.
pub type RunId = u64;

/// What a view asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Check a request and say what it would need. Answered by [`Message::Planned`] with the same
    /// ticket.
    Plan {
        /// Tells answers apart.
        ticket: u64,
        /// What would be run.
        request: Request,
    },
    /// Begin a run.
    Start {
        /// What to run.
        request: Request,
    },
    /// Stop a run at the next point from which it can be continued.
    Stop {
        /// The run.
        run: RunId,
    },
    /// Continue a run that was stopped.
    Resume {
        /// Its folder.
        folder: String,
    },
    /// Open a run to look at, finished or going on somewhere else.
    Open {
        /// Its folder.
        folder: String,
    },
    /// Stop following a run.
    Close {
        /// The run.
        run: RunId,
    },
    /// Draw an answer for the playground, token by token.
    Chat {
        /// Tells answers apart; a later one with the same slot replaces an earlier.
        slot: u32,
        /// What to draw.
        chat: Chat,
    },
    /// Say how memorable a Henry takes texts to be. Answered by [`Message::Rated`].
    Rate {
        /// As that of [`Command::Chat`], and of the same slots.
        slot: u32,
        /// What to rate.
        rate: Rate,
    },
    /// End the answer that is being drawn for a slot, or the rating of its texts, where it is.
    Hush {
        /// The slot.
        slot: u32,
    },
    /// Pack a run into one file. Answered by [`Message::Exported`].
    Export {
        /// Its folder.
        folder: String,
    },
    /// Forget a run for good.
    Delete {
        /// Its folder.
        folder: String,
    },
}

/// A request of the playground.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chat {
    /// Comes back with every token: what was said to an earlier question may still be on its way.
    pub ticket: u64,
    /// The model: a folder, `starter`, or `starter/base`.
    pub model: String,
    /// What it reads.
    pub prompt: String,
    /// Divides the logits; 0 always takes the most likely token.
    pub temperature: f32,
    /// The longest answer, in tokens.
    pub max_new_tokens: usize,
    /// The seed of the draw.
    pub seed: u64,
    /// The world whose form the answer keeps to, whatever the model would say; `None` where it is free.
    pub form: Option<String>,
}

/// A request to rate texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// Comes back with every opinion.
    pub ticket: u64,
    /// The Henry: a folder that speaks the language of ads, or one of [`crate::shelf::STARTER_HENRIES`].
    pub henry: String,
    /// What is rated: a brief and an ad each.
    pub texts: Vec<String>,
}

/// What an engine says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub enum Message {
    /// The answer to [`Command::Plan`].
    Planned {
        /// The ticket of the command.
        ticket: u64,
        /// What it needs, or why it cannot be.
        plan: Result<Planned, String>,
    },
    /// A run was begun, continued or opened.
    Opened {
        /// The run.
        run: RunId,
        /// Its folder.
        folder: String,
        /// Whether this engine is working on it.
        working: bool,
    },
    /// Further lines of a run's log; the first are the oldest.
    Records {
        /// The run.
        run: RunId,
        /// The lines.
        records: Vec<Record>,
    },
    /// A run went on.
    Progress {
        /// The run.
        run: RunId,
        /// How far.
        progress: Moment,
    },
    /// A run is not worked on any more.
    Ended {
        /// The run.
        run: RunId,
        /// How it ended.
        outcome: Outcome,
    },
    /// Tokens of a playground answer.
    Said {
        /// The slot of the command.
        slot: u32,
        /// The ticket of the question.
        ticket: u64,
        /// Further tokens, each with its log-probability under the model. The texts together are the
        /// answer's; that of a stop token is empty.
        tokens: Vec<(String, f32)>,
        /// Whether these are the last.
        done: bool,
        /// Why there are none.
        problem: Option<String>,
    },
    /// What a Henry thinks of texts.
    Rated {
        /// The slot of the command.
        slot: u32,
        /// The ticket of the request.
        ticket: u64,
        /// Further opinions, in the order of the texts.
        opinions: Vec<Opinion>,
        /// Whether these are the last.
        done: bool,
        /// Why there are no more.
        problem: Option<String>,
    },
    /// A run as one file.
    Exported {
        /// A name for the file.
        name: String,
        /// Its content.
        bytes: Vec<u8>,
    },
    /// All runs that are kept, the last one first, where it is the engine that keeps them.
    Kept {
        /// Their folders.
        folders: Vec<String>,
    },
    /// Something that the person handed over was kept and can now be named.
    Taken {
        /// What it is.
        what: Pick,
        /// Its path.
        path: String,
    },
    /// Something that the person should know.
    Noted {
        /// What to tell them.
        note: String,
    },
    /// Something that was asked for did not work.
    Failed {
        /// What to tell the person.
        problem: String,
    },
}

/// How the work on a run ended, or in what state a run was found that is only looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As planned.
    Finished,
    /// Stopped and saved; it can be continued.
    Stopped,
    /// With an error; it can be continued once the cause is gone.
    Failed(String),
}

/// What a run would need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// Where it would be computed, and why there.
    pub device: String,
    /// Bytes of memory.
    pub memory: u64,
    /// Bytes of one copy of the weights.
    pub weights: u64,
    /// Seconds, by a short probe.
    pub seconds: f64,
    /// Notes that do not prevent the run.
    pub notes: Vec<String>,
}

impl Planned {
    /// What a view is told of the plan of these inputs and how fast they are.
    #[must_use]
    pub fn new(inputs: Inputs, plan: &Plan, speed: &Speed) -> Self {
        Self {
            device: format!("{} ({})", inputs.device.name, inputs.device.reason),
            memory: plan.total_bytes,
            weights: plan.weights_bytes,
            seconds: plan.seconds(speed),
            notes: inputs.notes,
        }
    }
}

/// Where a run is at this moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// The arm.
    pub arm: Arm,
    /// The iteration.
    pub iteration: u32,
    /// `sample`, `judge`, `learn`, `measure`.
    pub phase: String,
    /// Units done.
    pub done: usize,
    /// All units of the phase.
    pub total: usize,
    /// Tokens drawn or learned from per second, lately.
    pub tokens_per_second: f64,
}

impl Moment {
    /// The moment of a progress report.
    #[must_use]
    pub fn of(progress: &Progress, tokens_per_second: f64) -> Self {
        Self {
            arm: progress.arm,
            iteration: progress.iteration,
            phase: progress.phase.to_owned(),
            done: progress.done,
            total: progress.total,
            tokens_per_second,
        }
    }
}

/// The other end of a view.
pub trait Engine {
    /// Takes a command; never waits.
    fn send(&mut self, command: Command);

    /// What was said since the last call; never waits.
    fn poll(&mut self) -> Vec<Message>;

    /// Asks everything that is worked on to stop where it can be continued; never waits.
    fn close(&mut self) {}

    /// Whether something is worked on that would be lost if the program ended now.
    fn busy(&self) -> bool {
        false
    }
}

/// An engine that keeps what it was sent and says what it was given, for tests and pictures.
#[derive(Debug, Default)]
pub struct Scripted {
    /// What was sent, oldest first.
    pub sent: Vec<Command>,
    /// What to say next.
    pub say: Vec<Message>,
    /// Whether it was asked to stop everything.
    pub closed: bool,
    /// Whether it is working on something.
    pub busy: bool,
}

impl Engine for Scripted {
    fn send(&mut self, command: Command) {
        self.sent.push(command);
    }

    fn poll(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.say)
    }

    fn close(&mut self) {
        self.closed = true;
    }

    fn busy(&self) -> bool {
        self.busy
    }
}

impl Engine for std::rc::Rc<std::cell::RefCell<Scripted>> {
    fn send(&mut self, command: Command) {
        self.borrow_mut().send(command);
    }

    fn poll(&mut self) -> Vec<Message> {
        self.borrow_mut().poll()
    }

    fn close(&mut self) {
        self.borrow_mut().close();
    }

    fn busy(&self) -> bool {
        self.borrow().busy()
    }
}

/// Settings that differ from the defaults, by their dotted names, as they are written on the
/// command line.
pub type Changes = BTreeMap<String, String>;
