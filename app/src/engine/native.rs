//! The engine of the desktop: threads that run, follow logs and draw answers. The window only ever
//! sends and receives; it waits for nothing here.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
};

use super::{Command, Engine, Message, Outcome, Planned, Request, RunId, Teller, playground::Question};
use crate::{
    Error, Result,
    commands::{
        plan,
        run::{acquire, execute},
    },
    folder,
    inputs::{self, Inputs},
    shelf::Disk,
};

mod follow;
mod playground;

use follow::{Left, follow};

/// Wakes the window when there is something to see.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Says things to the view.
#[derive(Clone)]
struct Mouth {
    sender: mpsc::Sender<Message>,
    wake: Wake,
}

impl Mouth {
    /// A view that is gone does not matter: what is worked on goes on until it is stopped.
    fn say(&self, message: Message) {
        let _ = self.sender.send(message);
        (self.wake)();
    }

    fn failed(&self, error: &Error) {
        self.say(Message::Failed { problem: error.line() });
    }
}

struct Work {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
    /// Whether it writes a run, which the program waits for when it ends.
    writes: bool,
}

/// Runs, follows and draws on threads of its own.
pub struct Native {
    mouth: Mouth,
    messages: mpsc::Receiver<Message>,
    next: Arc<AtomicU64>,
    works: BTreeMap<RunId, Work>,
    playground: playground::Playground,
}

impl Native {
    /// An engine that calls `wake` whenever it has said something.
    #[must_use]
    pub fn new(wake: Wake) -> Self {
        let (sender, messages) = mpsc::channel();
        let mouth = Mouth { sender, wake };
        let playground = playground::Playground::new(mouth.clone());
        Self { mouth, messages, next: Arc::new(AtomicU64::new(1)), works: BTreeMap::new(), playground }
    }

    fn work(&mut self, writes: bool, task: impl FnOnce(RunId, &Arc<AtomicBool>, &Mouth) + Send + 'static) {
        let run = self.next.fetch_add(1, Ordering::Relaxed);
        let stop = Arc::new(AtomicBool::new(false));
        let (mouth, flag) = (self.mouth.clone(), Arc::clone(&stop));
        let thread = thread::Builder::new().name(format!("run-{run}")).spawn(move || task(run, &flag, &mouth));
        match thread {
            Ok(thread) => {
                self.works.retain(|_, work| !work.thread.is_finished());
                self.works.insert(run, Work { stop, thread, writes });
            }
            Err(e) => self.mouth.failed(&Error::told(format!("the system gives no thread to work on ({e})"))),
        }
    }
}

impl Engine for Native {
    fn send(&mut self, command: Command) {
        match command {
            Command::Plan { ticket, request } => {
                let mouth = self.mouth.clone();
                self.work(false, move |_, _, _| {
                    let plan = plan_of(&request).map_err(|e| e.line());
                    mouth.say(Message::Planned { ticket, plan });
                });
            }
            Command::Start { request } => self.work(true, move |run, stop, mouth| {
                let begun = (|| {
                    let args = request.args();
                    let out = args.out.clone().unwrap_or_else(|| folder::default_out(&args.recipe, args.seed));
                    let root = absolute(out);
                    folder::check_new(&root)?;
                    Ok((inputs::prepare(&args, &Disk, &acquire)?, root))
                })();
                carry_out(begun, run, stop, mouth);
            }),
            Command::Resume { folder } => self.work(true, move |run, stop, mouth| {
                let root = absolute(PathBuf::from(folder));
                let inputs = folder::records(&root).and_then(|records| inputs::of_log(records, None, &Disk, &acquire));
                carry_out(inputs.map(|inputs| (inputs, root)), run, stop, mouth);
            }),
            Command::Export { folder } => {
                self.work(false, move |_, _, mouth| match folder::export(Path::new(&folder)) {
                    Ok((name, bytes)) => mouth.say(Message::Exported { name, bytes }),
                    Err(e) => mouth.failed(&e),
                });
            }
            Command::Delete { folder } => self
                .mouth
                .failed(&Error::told(format!("{folder} is a folder of yours; delete it where you keep your files"))),
            Command::Open { folder } => self.work(false, move |run, stop, mouth| {
                let root = match folder::unpacked(&absolute(PathBuf::from(folder))) {
                    Ok(root) => root,
                    Err(e) => return mouth.failed(&e),
                };
                let folder = root.display().to_string();
                mouth.say(Message::Opened { run, folder, working: false });
                let outcome = match follow(&root, run, stop, mouth) {
                    Ok(Left::Finished) => Outcome::Finished,
                    // Nobody listens any more.
                    Ok(Left::Closed) => return,
                    Err(e) => Outcome::Failed(e.line()),
                };
                mouth.say(Message::Ended { run, outcome });
            }),
            Command::Stop { run } | Command::Close { run } => {
                if let Some(work) = self.works.get(&run) {
                    work.stop.store(true, Ordering::Relaxed);
                }
            }
            Command::Chat { slot, chat } => self.playground.ask(slot, Question::Chat(chat)),
            Command::Rate { slot, rate } => self.playground.ask(slot, Question::Rate(rate)),
            Command::Hush { slot } => self.playground.hush(slot),
        }
    }

    fn poll(&mut self) -> Vec<Message> {
        self.messages.try_iter().collect()
    }

    fn close(&mut self) {
        for work in self.works.values() {
            work.stop.store(true, Ordering::Relaxed);
        }
    }

    fn busy(&self) -> bool {
        self.works.values().any(|work| work.writes && !work.thread.is_finished())
    }
}

/// The end of the engine stops every run where it can be continued, and waits for its checkpoint.
impl Drop for Native {
    fn drop(&mut self) {
        self.close();
        for (_, work) in std::mem::take(&mut self.works) {
            if !work.writes {
                continue;
            }
            // A thread that panicked has nothing left to save.
            let _ = work.thread.join();
        }
    }
}

/// A run is known by the same name from wherever the program is started.
fn absolute(root: PathBuf) -> PathBuf {
    std::path::absolute(&root).unwrap_or(root)
}

fn carry_out(begun: Result<(Inputs, PathBuf)>, run: RunId, stop: &Arc<AtomicBool>, mouth: &Mouth) {
    let (inputs, root) = match begun {
        Ok(begun) => begun,
        Err(e) => return mouth.failed(&e),
    };
    mouth.say(Message::Opened { run, folder: root.display().to_string(), working: true });
    let view = mouth.clone();
    let observer = Box::new(Teller::new(run, move |message| view.say(message)));
    let outcome = match execute(inputs, &root, observer, Arc::clone(stop)) {
        Ok(()) => Outcome::Finished,
        Err(Error::Stopped(_)) => Outcome::Stopped,
        Err(e) => Outcome::Failed(e.line()),
    };
    mouth.say(Message::Ended { run, outcome });
}

fn plan_of(request: &Request) -> Result<Planned> {
    let inputs = inputs::prepare(&request.args(), &Disk, &acquire)?;
    let (plan, speed) = plan::of(&inputs)?;
    Ok(Planned::new(inputs, &plan, &speed))
}

#[cfg(test)]
mod tests {
    use std::{
        fs::File,
        io::Write,
        time::{Duration, Instant},
    };

    use selfsame_core::run::Record;

    use super::*;
    use crate::{fold::tests::synthetic, folder::Lock};

    /// A folder with the first lines of a run.
    pub(super) fn scratch(name: &str, records: &[Record]) -> PathBuf {
        let root = std::env::temp_dir().join(format!("selfsame-native-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(&root).unwrap();
        std::fs::write(root.join("events.jsonl"), text(records)).unwrap();
        root
    }

    pub(super) fn text(records: &[Record]) -> String {
        records.iter().map(|record| serde_json::to_string(record).unwrap() + "\n").collect()
    }

    pub(super) fn append(root: &Path, text: &str) {
        let mut file = File::options().append(true).open(root.join("events.jsonl")).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    /// What the engine says until `enough` is true of it.
    fn hear(engine: &mut Native, enough: impl Fn(&Message) -> bool) -> Vec<Message> {
        let began = Instant::now();
        let mut heard = Vec::new();
        while !heard.iter().any(&enough) {
            assert!(began.elapsed() < Duration::from_secs(20), "{heard:?}");
            heard.extend(engine.poll());
            thread::sleep(Duration::from_millis(5));
        }
        heard
    }

    fn ended(message: &Message) -> bool {
        matches!(message, Message::Ended { .. })
    }

    fn lines(heard: &[Message]) -> usize {
        heard.iter().map(|message| if let Message::Records { records, .. } = message { records.len() } else { 0 }).sum()
    }

    fn open(root: &Path) -> Native {
        let mut engine = Native::new(Arc::new(|| {}));
        engine.send(Command::Open { folder: root.display().to_string() });
        engine
    }

    #[test]
    fn a_run_is_followed_to_its_end() {
        let mut records = synthetic();
        let rest = records.split_off(6);
        let root = scratch("grows", &records);
        let lock = Lock::take(&root).unwrap();
        let mut engine = open(&root);
        let heard = hear(&mut engine, |message| matches!(message, Message::Records { .. }));
        assert_eq!((lines(&heard), heard.iter().any(ended)), (6, false));
        drop(lock);
        let heard = hear(&mut engine, ended);
        assert!(matches!(heard.last(), Some(Message::Ended { outcome: Outcome::Stopped, .. })), "{heard:?}");
        append(&root, &text(&rest));
        let heard = hear(&mut engine, |m| matches!(m, Message::Ended { outcome: Outcome::Finished, .. }));
        assert_eq!(lines(&heard), 10);
        assert!(!engine.busy(), "nothing has to be waited for");
        std::fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn damage_ends_what_is_followed() {
        let records = synthetic();
        let root = scratch("damaged", &records[..4]);
        append(&root, "{\"schema\":1,\n");
        append(&root, &text(&records[4..6]));
        let _lock = Lock::take(&root).unwrap();
        let heard = hear(&mut open(&root), ended);
        let Some(Message::Ended { outcome: Outcome::Failed(problem), .. }) = heard.last() else { panic!("{heard:?}") };
        assert!(problem.contains("line 5"), "{problem}");
        std::fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn a_folder_without_a_run_is_refused() {
        let root = scratch("none", &[]);
        std::fs::remove_file(root.join("events.jsonl")).unwrap();
        let heard = hear(&mut open(&root), ended);
        let Some(Message::Ended { outcome: Outcome::Failed(problem), .. }) = heard.last() else { panic!("{heard:?}") };
        assert!(problem.contains("holds no run"), "{problem}");
        std::fs::remove_dir_all(&root).unwrap();
    }
}
