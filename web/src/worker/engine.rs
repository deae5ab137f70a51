//! The engine behind the page: the desktop's protocol, served by tasks of one worker instead of
//! threads. Only one of them computes at any moment; they take turns wherever they wait.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    path::Path,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use js_sys::{Function, Promise, Uint8Array};
use selfsame::{
    engine::{Command, Message, Outcome, Request, RunId, playground::Question},
    run_name::{RUNS, time_of},
    shelf::{Place, adapter},
};
use selfsame_core::{
    Error,
    model::{ADAPTER_CONFIG, Decoder},
    run::plan::Speed,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::{
    gpu::Devices,
    mouth::{problem, say},
    playground::Playground,
    shelf::{Opened, TEXTS, folder, models},
    slots::{Shared, Slots},
    storage::{Directory, Result, failed},
};

/// The largest `config.json`, `tokenizer.json` or file of prompts that is read in one piece.
pub const LARGEST_TEXT: u64 = 256 << 20;

/// The folder of a base inside a model's.
pub const BASE: &str = "base";

/// Where the models lie that the person brought.
pub const MODELS: &str = "models";

/// Where the prompts lie that the person brought.
pub const PROMPTS: &str = "prompts";

/// Everything the worker knows.
pub struct Engine {
    /// Fetches a file that belongs to the page.
    asset: Function,
    assets: RefCell<BTreeMap<String, Vec<u8>>>,
    /// The private file system; without it nothing lasts.
    pub storage: Option<Directory>,
    /// What it can compute on.
    pub devices: Devices,
    next: Cell<RunId>,
    /// The runs that are worked on or followed: their folders, and the flags that stop them.
    pub works: RefCell<BTreeMap<RunId, Work>>,
    /// The probe of a model on a device is worth keeping: plans are asked for at every keystroke.
    pub speeds: RefCell<BTreeMap<String, Speed>>,
    pub playground: Playground,
    /// Set while a run computes: a second one would make both slow.
    pub running: Cell<bool>,
}

/// A run that is worked on or followed.
pub struct Work {
    /// Its folder.
    pub folder: String,
    /// Set it to stop.
    pub stop: Arc<AtomicBool>,
    /// Where it is kept, if it is being computed rather than looked at.
    pub store: Option<Shared>,
}

impl Engine {
    /// An engine that fetches what belongs to the page by `asset`.
    pub fn new(asset: Function, storage: Option<Directory>, devices: Devices) -> Rc<Self> {
        Rc::new(Self {
            asset,
            assets: RefCell::default(),
            storage,
            devices,
            next: Cell::new(1),
            works: RefCell::default(),
            speeds: RefCell::default(),
            playground: Playground::default(),
            running: Cell::new(false),
        })
    }

    /// Takes a command; what takes time goes on by itself.
    pub fn take(self: &Rc<Self>, command: Command) {
        let engine = Rc::clone(self);
        match command {
            Command::Plan { ticket, request } => spawn_local(async move {
                let plan = engine.plan(&request).await.map_err(|e| e.line());
                say(&Message::Planned { ticket, plan });
            }),
            Command::Start { request } => spawn_local(async move { engine.start(request).await }),
            Command::Resume { folder } => spawn_local(async move { engine.resume(folder).await }),
            Command::Open { folder } => spawn_local(async move { engine.look(folder).await }),
            Command::Stop { run } | Command::Close { run } => {
                if let Some(work) = self.works.borrow().get(&run) {
                    work.stop.store(true, Ordering::Relaxed);
                }
            }
            Command::Chat { slot, chat } => self.playground.ask(self, slot, Question::Chat(chat)),
            Command::Rate { slot, rate } => self.playground.ask(self, slot, Question::Rate(rate)),
            Command::Hush { slot } => self.playground.hush(slot),
            Command::Export { folder } => spawn_local(async move { engine.export(&folder).await }),
            Command::Delete { folder } => spawn_local(async move { engine.delete(&folder).await }),
        }
    }

    /// A number for a run.
    pub fn number(&self) -> RunId {
        let run = self.next.get();
        self.next.set(run + 1);
        run
    }

    /// Notes that a run is worked on or followed, and gives the flag that stops it.
    pub fn begin(&self, run: RunId, folder: &str, store: Option<Shared>) -> Arc<AtomicBool> {
        let stop = Arc::new(AtomicBool::new(false));
        let work = Work { folder: folder.to_owned(), stop: Arc::clone(&stop), store };
        self.works.borrow_mut().insert(run, work);
        stop
    }

    /// Notes how it ended.
    pub fn end(&self, run: RunId, outcome: Outcome) {
        self.works.borrow_mut().remove(&run);
        say(&Message::Ended { run, outcome });
    }

    /// Where a run is kept that is being computed here.
    pub fn computing(&self, folder: &str) -> Option<Shared> {
        self.works.borrow().values().find(|work| work.folder == folder).and_then(|work| work.store.clone())
    }

    /// Where a run is kept, whether it is being computed or not.
    ///
    /// # Errors
    /// If there is no such run, or another tab has it.
    pub async fn store(&self, folder: &str) -> Result<Shared> {
        match self.computing(folder) {
            Some(store) => Ok(store),
            None => {
                let slots = Slots::open(&self.directory(folder).await?, folder, 0).await?;
                Ok(Shared(Rc::new(RefCell::new(slots))))
            }
        }
    }

    /// The private file system.
    ///
    /// # Errors
    /// If the browser keeps no files for this page.
    pub fn storage(&self) -> Result<&Directory> {
        self.storage.as_ref().ok_or_else(|| {
            Error::Storage(
                "this browser keeps no files for this page, so that no run can be made: leave private browsing, or allow site data"
                    .to_owned(),
            )
        })
    }

    /// The folder at a path such as `runs/NAME`.
    ///
    /// # Errors
    /// If there is none.
    pub async fn directory(&self, path: &str) -> Result<Directory> {
        let mut at = self.storage()?.clone();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            at = at.existing(part).await?;
        }
        Ok(at)
    }

    /// Says which runs are kept.
    pub async fn say_kept(&self) {
        let kept = async {
            let mut names = self.storage()?.enter(RUNS).await?.names().await?;
            // The names end with the time.
            names.sort_by(|a, b| time_of(b).cmp(time_of(a)));
            Ok::<_, Error>(names.into_iter().map(|name| format!("{RUNS}/{name}")).collect())
        };
        match kept.await {
            Ok(folders) => say(&Message::Kept { folders }),
            Err(e) => problem(&e.to_string()),
        }
    }

    /// A file that belongs to the page.
    ///
    /// # Errors
    /// If it cannot be fetched.
    pub async fn asset(&self, name: &str) -> Result<Vec<u8>> {
        if let Some(bytes) = self.assets.borrow().get(name) {
            return Ok(bytes.clone());
        }
        let wrong = |e: JsValue| failed(name, &e);
        let promise: Promise =
            self.asset.call1(&JsValue::NULL, &JsValue::from_str(name)).map_err(wrong)?.unchecked_into();
        let bytes = Uint8Array::new(&JsFuture::from(promise).await.map_err(wrong)?).to_vec();
        self.assets.borrow_mut().insert(name.to_owned(), bytes.clone());
        Ok(bytes)
    }

    /// Opens everything that a request names.
    ///
    /// # Errors
    /// If something cannot be opened.
    pub async fn shelf(&self, request: &Request) -> Result<Opened> {
        let mut shelf = Opened::default();
        for place in models(request) {
            self.open_model(&mut shelf, &place).await?;
        }
        if let Some(data) = &request.data {
            self.open_prompts(&mut shelf, data).await?;
        }
        Ok(shelf)
    }

    /// Opens the files of a model.
    ///
    /// # Errors
    /// If something cannot be opened.
    pub async fn open_model(&self, shelf: &mut Opened, place: &Place) -> Result<()> {
        let path = folder(place);
        match place {
            Place::Starter | Place::StarterBase => {
                let own = folder(place).join("model.safetensors");
                for file in [path_of("starter", "config.json"), path_of("starter", "tokenizer.json"), text(&own)] {
                    shelf.add(file.clone(), self.asset(&file).await?);
                }
            }
            Place::AdsStarter | Place::AdsHenry(_) => {
                let own = path.join("model.safetensors");
                // A Henry is the starter in all but his weights.
                let shared = folder(&Place::AdsStarter);
                for file in [shared.join("config.json"), shared.join("tokenizer.json"), own] {
                    let file = text(&file);
                    shelf.add(file.clone(), self.asset(&file).await?);
                }
            }
            Place::Folder(_) => self.open_folder(shelf, &path, 0).await?,
        }
        Ok(())
    }

    /// Opens the files of a model that the person brought; `above` adapters lie upon it.
    async fn open_folder(&self, shelf: &mut Opened, path: &Path, above: usize) -> Result<()> {
        let directory = self.directory(&text(path)).await?;
        shelf.note(path);
        let names = directory.names().await?;
        for name in &names {
            if TEXTS.contains(&name.as_str()) {
                shelf.add(path.join(name), directory.snapshot(name).await?.all(LARGEST_TEXT).await?);
            } else if are_weights(name) {
                shelf.add_weights(path.join(name), directory.snapshot(name).await?);
            }
        }
        // The base of a model may lie inside it.
        if path.file_name().is_some_and(|name| name != BASE) && names.iter().any(|name| name == BASE) {
            Box::pin(self.open_folder(shelf, &path.join(BASE), above)).await?;
        }
        self.open_adapted(shelf, path, above).await
    }

    /// Opens the model that an adapter belongs to, where there is an adapter.
    ///
    /// # Errors
    /// If the adapter names a model that was not brought.
    pub async fn open_adapted(&self, shelf: &mut Opened, path: &Path, above: usize) -> Result<()> {
        let Some(base) = shelf.base_of(path)? else { return Ok(()) };
        if above >= adapter::DEEPEST {
            return Err(Error::Storage(adapter::in_a_circle(path).to_string()));
        }
        let Place::Folder(folder) = &base else { return Box::pin(self.open_model(shelf, &base)).await };
        if self.directory(&text(folder)).await.is_err() {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            return Err(Error::model(
                path,
                format!(
                    "the model that was adapted, `{name}`, was not brought; bring a folder of that name first, or set `base_model_name_or_path` in {ADAPTER_CONFIG} to the name of one that was"
                ),
            ));
        }
        Box::pin(self.open_folder(shelf, folder, above + 1)).await
    }

    /// Opens a file of prompts.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub async fn open_prompts(&self, shelf: &mut Opened, path: &str) -> Result<()> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let bytes = self.directory(folder).await?.snapshot(name).await?.all(LARGEST_TEXT).await?;
        shelf.add(path, bytes);
        Ok(())
    }

    /// About how fast a model is here.
    ///
    /// # Errors
    /// If the device fails.
    pub async fn speed(
        &self,
        key: String,
        model: &Decoder,
        tokenizer: &selfsame_core::text::Tokenizer,
    ) -> Result<Speed> {
        if let Some(speed) = self.speeds.borrow().get(&key) {
            return Ok(*speed);
        }
        let speed = selfsame_core::run::plan::probe(model, tokenizer).await?;
        self.speeds.borrow_mut().insert(key, speed);
        Ok(speed)
    }
}

/// Whether a file is one of weights.
pub fn are_weights(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "safetensors" || ending.eq_ignore_ascii_case("gguf"))
}

fn path_of(folder: &str, file: &str) -> String {
    format!("{folder}/{file}")
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
