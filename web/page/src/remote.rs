//! The engine as the page sees it: a Web Worker. A worker that lost its device or died is replaced by
//! a fresh one, and the run it was computing goes on from what it had kept.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Array, Object, Reflect, Uint8Array};
use selfsame::engine::{Command, Engine, Message, Outcome, RunId, VERSION};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{MessageEvent, Worker};

use crate::host::Host;

/// Workers that may die one after the other before anything was computed: then something is wrong
/// that a fresh one does not cure.
const PATIENCE: u32 = 3;

/// What is said and known, shared between the worker's messages and the page.
struct Shared {
    host: Host,
    worker: Option<Worker>,
    /// Keeps the listeners alive as long as the worker.
    listeners: Vec<Closure<dyn FnMut(MessageEvent)>>,
    /// What was said and not yet heard.
    said: Vec<Message>,
    /// Commands from before the worker was ready.
    waiting: Vec<JsValue>,
    ready: bool,
    device: Option<String>,
    /// The run that is being computed: its number and its folder.
    working: Option<(RunId, String)>,
    /// Numbers of runs of workers that are gone are not used again.
    offset: RunId,
    highest: RunId,
    deaths: u32,
    wake: Box<dyn Fn()>,
}

/// The page's end of the worker.
#[derive(Clone)]
pub struct Remote(Rc<RefCell<Shared>>);

impl Remote {
    /// Starts a worker; `wake` is called whenever something was said.
    pub fn new(host: Host, wake: Box<dyn Fn()>) -> Self {
        let shared = Shared {
            host,
            worker: None,
            listeners: Vec::new(),
            said: Vec::new(),
            waiting: Vec::new(),
            ready: false,
            device: None,
            working: None,
            offset: 0,
            highest: 0,
            deaths: 0,
            wake,
        };
        let remote = Self(Rc::new(RefCell::new(shared)));
        remote.start();
        remote
    }

    /// Where the engine computes, once it is there.
    pub fn device(&self) -> Option<String> {
        self.0.borrow().device.clone()
    }

    /// The folder of the run that is being computed.
    pub fn working(&self) -> Option<String> {
        self.0.borrow().working.as_ref().map(|(_, folder)| folder.clone())
    }

    /// Hands files of the person's to the engine.
    pub fn give(&self, purpose: &str, items: &Array) {
        self.post(&object(&[
            ("v", JsValue::from(VERSION)),
            ("kind", JsValue::from_str("files")),
            ("purpose", JsValue::from_str(purpose)),
            ("items", items.into()),
        ]));
    }

    fn start(&self) {
        let mut shared = self.0.borrow_mut();
        shared.ready = false;
        shared.offset = shared.highest;
        let worker = match shared.host.spawn() {
            Ok(worker) => worker,
            Err(e) => {
                shared.tell(Message::Failed { problem: format!("the browser starts no worker ({e:?})") });
                return;
            }
        };
        let hear = {
            let remote = self.clone();
            Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| remote.hear(&event.data()))
        };
        let died = {
            let remote = self.clone();
            Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
                let message = Reflect::get(&event, &"message".into()).ok().and_then(|message| message.as_string());
                remote.died(&message.unwrap_or_else(|| "it could not be loaded".to_owned()));
            })
        };
        worker.set_onmessage(Some(hear.as_ref().unchecked_ref()));
        worker.set_onerror(Some(died.as_ref().unchecked_ref()));
        shared.worker = Some(worker);
        // The old listeners may be running at this moment; they go with the next start.
        let old = std::mem::replace(&mut shared.listeners, vec![hear, died]);
        drop(shared);
        wasm_bindgen_futures::spawn_local(async move { drop(old) });
    }

    fn hear(&self, data: &JsValue) {
        let get = |key: &str| Reflect::get(data, &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED);
        let text = |key: &str| get(key).as_string().unwrap_or_default();
        match text("kind").as_str() {
            "message" => match serde_json::from_str::<Message>(&text("json")) {
                Ok(message) => self.take(message),
                Err(e) => self.tell(Message::Failed { problem: format!("the engine said something unknown ({e})") }),
            },
            "ready" => {
                if get("v").as_f64() != Some(f64::from(VERSION)) {
                    self.tell(Message::Failed {
                        problem: "the page and its engine are of different versions; reload the page".to_owned(),
                    });
                }
                let mut shared = self.0.borrow_mut();
                shared.ready = true;
                shared.device = Some(text("device"));
                if let Some(note) = get("note").as_string() {
                    shared.tell(Message::Noted { note });
                }
                for waiting in std::mem::take(&mut shared.waiting) {
                    shared.post(&waiting);
                }
                (shared.wake)();
            }
            "save" => {
                let bytes = Uint8Array::new(&get("bytes")).to_vec();
                self.tell(Message::Exported { name: text("name"), bytes });
            }
            "lost" => self.died(&format!("the graphics device was lost ({})", text("reason"))),
            "failed" => self.died(&text("problem")),
            "gpu-error" => log::error!("{}", text("message")),
            _ => {}
        }
    }

    /// What the worker says about runs is noted here too: a fresh worker has to be told.
    fn take(&self, message: Message) {
        let mut shared = self.0.borrow_mut();
        let offset = shared.offset;
        let message = renumbered(message, offset);
        match &message {
            Message::Opened { run, folder, working } => {
                shared.highest = shared.highest.max(*run);
                if *working {
                    shared.working = Some((*run, folder.clone()));
                }
            }
            Message::Ended { run, .. } => {
                if shared.working.as_ref().is_some_and(|(working, _)| working == run) {
                    shared.working = None;
                }
            }
            Message::Records { .. } => shared.deaths = 0,
            _ => {}
        }
        shared.tell(message);
    }

    /// Replaces a worker that cannot go on.
    fn died(&self, why: &str) {
        let working = {
            let mut shared = self.0.borrow_mut();
            if let Some(worker) = shared.worker.take() {
                worker.terminate();
            }
            shared.deaths += 1;
            let working = shared.working.take();
            if let Some((run, _)) = &working {
                shared.tell(Message::Ended { run: *run, outcome: Outcome::Stopped });
            }
            if shared.deaths > PATIENCE {
                shared.tell(Message::Failed {
                    problem: format!("the engine stopped {PATIENCE} times ({why}); what was computed is kept. Reload the page to try again"),
                });
                return;
            }
            let note = if working.is_some() {
                format!("{why}; the engine is started again and the run goes on from what was kept")
            } else {
                format!("{why}; the engine is started again")
            };
            shared.tell(Message::Noted { note });
            working
        };
        self.start();
        if let Some((_, folder)) = working {
            self.command(&Command::Resume { folder });
        }
    }

    fn tell(&self, message: Message) {
        self.0.borrow_mut().tell(message);
    }

    fn command(&self, command: &Command) {
        let offset = self.0.borrow().offset;
        let command = match command {
            Command::Stop { run } => Command::Stop { run: run.saturating_sub(offset) },
            Command::Close { run } => Command::Close { run: run.saturating_sub(offset) },
            other => other.clone(),
        };
        match serde_json::to_string(&command) {
            Ok(json) => self.post(&object(&[
                ("v", JsValue::from(VERSION)),
                ("kind", JsValue::from_str("command")),
                ("json", JsValue::from_str(&json)),
            ])),
            Err(e) => self.tell(Message::Failed { problem: format!("this cannot be asked for: {e}") }),
        }
    }

    fn post(&self, message: &JsValue) {
        let mut shared = self.0.borrow_mut();
        if shared.ready {
            shared.post(message);
        } else {
            shared.waiting.push(message.clone());
        }
    }
}

impl Shared {
    fn tell(&mut self, message: Message) {
        self.said.push(message);
        (self.wake)();
    }

    fn post(&mut self, message: &JsValue) {
        if let Some(worker) = &self.worker
            && let Err(e) = worker.post_message(message)
        {
            self.tell(Message::Failed { problem: format!("the engine cannot be reached ({e:?})") });
        }
    }
}

impl Engine for Remote {
    fn send(&mut self, command: Command) {
        self.command(&command);
    }

    fn poll(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.0.borrow_mut().said)
    }

    fn close(&mut self) {
        let working = self.0.borrow().working.as_ref().map(|(run, _)| *run);
        if let Some(run) = working {
            self.command(&Command::Stop { run });
        }
    }

    fn busy(&self) -> bool {
        self.0.borrow().working.is_some()
    }
}

/// The message with numbers of runs that no earlier worker used.
fn renumbered(mut message: Message, offset: RunId) -> Message {
    match &mut message {
        Message::Opened { run, .. }
        | Message::Records { run, .. }
        | Message::Progress { run, .. }
        | Message::Ended { run, .. } => *run += offset,
        _ => {}
    }
    message
}

fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        // Setting a field of a fresh object cannot fail.
        let _ = Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object.into()
}
