//! Runs in the worker: planned, begun, continued, looked at, packed, forgotten.

use std::{
    cell::RefCell,
    path::Path,
    rc::Rc,
    sync::atomic::{AtomicBool, Ordering},
};

use selfsame::{
    archive,
    engine::{Message, Outcome, Planned, Request, RunId, Teller},
    fold::no_start,
    inputs::{self, Inputs},
    run_name::{RUNS, new_name},
    shelf::Place,
};
use selfsame_core::{
    Error,
    device::Selected,
    model::Config,
    recipe::by_id,
    run::{
        Event, Lab, Observer, Options, Pace, Record, Setup,
        log::{Tail, parse},
        plan::{Learning, Limits, plan_with},
    },
};

use super::{
    breath::{breath, sleep},
    engine::Engine,
    mouth::{self, problem, say},
    shelf::{Opened, models},
    slots::{LOG, Shared, Slots},
    storage::{Directory, Result},
};

/// Bytes of a log read at a time: a long log appears piece by piece.
const PIECE: u64 = 1 << 20;

/// Checkpoints that exist for a moment beside those that stay, and single files.
const SPARE_SLOTS: usize = 5;

/// Milliseconds in which a browser tells of a lost device, after what was asked of it has failed.
const LOSS_IS_TOLD_WITHIN: i32 = 5000;

/// Memory that WebAssembly can have: 4 GiB, of which some is the program's.
const MEMORY: u64 = 3 << 30;

impl Engine {
    /// What a run would need.
    pub(super) async fn plan(&self, request: &Request) -> selfsame::Result<Planned> {
        let inputs = self.prepare(request).await?;
        let plan = inputs.plan()?;
        let key = format!("{} {}", inputs.manifest.model_sha256, inputs.device.name);
        let speed = self.speed(key, &inputs.subject.model, &inputs.subject.tokenizer).await?;
        Ok(Planned::new(inputs, &plan, &speed))
    }

    /// Opens and loads what a request names; a model that cannot fit is refused before it is loaded.
    async fn prepare(&self, request: &Request) -> selfsame::Result<Inputs> {
        let shelf = self.shelf(request).await?;
        self.check_size(request, &shelf)?;
        inputs::prepare(&request.args(), &shelf, &|choice| self.devices.get(choice))
    }

    fn check_size(&self, request: &Request, shelf: &Opened) -> selfsame::Result<()> {
        let args = request.args();
        let device = self.devices.get(args.device.into())?;
        let limits = self.limits(&device);
        let Some((first, others)) =
            models(request).split_first().map(|(first, others)| (first.clone(), others.to_vec()))
        else {
            return Ok(());
        };
        let entry = by_id(&request.recipe)?;
        let settings = selfsame::settings::Settings::of(entry, &args)?;
        let budget = entry.check(&settings.parameters)?;
        // What a request names learns as a whole.
        let learning = Learning::default();
        plan_with(&shelf.config(&first)?, learning, budget.as_ref(), &settings.typed_options()?).fits(&limits)?;
        others.iter().try_for_each(|place| Ok(loads(&shelf.config(place)?, &limits)?))
    }

    /// What a device can give.
    fn limits(&self, device: &Selected) -> Limits {
        let binding = self.devices.largest_binding(device);
        // On a graphics device only what is being copied is in our memory.
        Limits { memory: binding.is_none().then_some(MEMORY), binding }
    }

    /// Refuses a model for which a device has no room, by its shape alone and with the numbers.
    pub(super) fn check_room_for(&self, config: &Config, device: &Selected) -> Result<()> {
        loads(config, &self.limits(device))
    }

    /// Begins a run.
    pub(super) async fn start(self: Rc<Self>, request: Request) {
        let name = request.out.clone().map_or_else(
            || new_name(&request.recipe, request.seed),
            |out| out.rsplit('/').next().unwrap_or_default().to_owned(),
        );
        let folder = format!("{RUNS}/{name}");
        let begun = async {
            self.only_one()?;
            let runs = self.storage()?.enter(RUNS).await?;
            if runs.existing(&name).await.is_ok() {
                return Err(selfsame::Error::told(format!("there already is a run `{name}`; choose another name")));
            }
            let inputs = self.prepare(&request).await?;
            Ok((inputs, runs.enter(&name).await?))
        };
        match begun.await {
            Ok((inputs, directory)) => self.carry_out(inputs, &directory, folder).await,
            Err(e) => problem(&e.line()),
        }
    }

    /// Continues a run.
    pub(super) async fn resume(self: Rc<Self>, folder: String) {
        let begun = async {
            self.only_one()?;
            let directory = self.directory(&folder).await?;
            let log = directory.snapshot(LOG).await?;
            let first = first_line(&log, &folder).await?;
            let Event::Started { manifest } = &first.event else {
                return Err(no_start());
            };
            let mut shelf = Opened::default();
            for name in [&manifest.model, &manifest.base] {
                self.open_model(&mut shelf, &Place::named(name)).await?;
            }
            if let selfsame_core::run::Source::File { path, .. } = &manifest.source {
                self.open_prompts(&mut shelf, path).await?;
            }
            let inputs = inputs::of_log(vec![first], None, &shelf, &|choice| self.devices.get(choice))?;
            Ok((inputs, directory))
        };
        match begun.await {
            Ok((inputs, directory)) => self.carry_out(inputs, &directory, folder).await,
            Err(e) => problem(&e.line()),
        }
    }

    fn only_one(&self) -> selfsame::Result<()> {
        if self.running.get() {
            return Err(selfsame::Error::told(
                "a run is being computed already; a page computes one at a time. Pause it first, or wait for its end",
            ));
        }
        Ok(())
    }

    async fn carry_out(self: Rc<Self>, inputs: Inputs, directory: &Directory, folder: String) {
        let store = match open(&inputs, directory, &folder).await {
            Ok(store) => store,
            Err(e) => return problem(&e.line()),
        };
        self.running.set(true);
        let run = self.number();
        let stop = self.begin(run, &folder, Some(store.clone()));
        say(&Message::Opened { run, folder: folder.clone(), working: true });
        for note in &inputs.notes {
            say(&Message::Noted { note: note.clone() });
        }
        self.say_kept().await;
        let pace = Pace::stopped_by(stop).breathing(breath);
        let outcome = match execute(inputs, store, Box::new(Teller::new(run, |message| say(&message))), pace).await {
            Ok(()) => Outcome::Finished,
            Err(selfsame::Error::Core(Error::Stopped)) => Outcome::Stopped,
            Err(e) => {
                // If the device was lost, the browser says so in its own time, and the page replaces this worker and
                // goes on with the run. It must not have ended before.
                if matches!(e, selfsame::Error::Core(Error::Device(_))) {
                    sleep(LOSS_IS_TOLD_WITHIN).await;
                }
                Outcome::Failed(e.line())
            }
        };
        self.running.set(false);
        self.end(run, outcome);
    }

    /// Shows a run that is kept.
    pub(super) async fn look(self: Rc<Self>, folder: String) {
        if self.computing(&folder).is_some() {
            return;
        }
        let run = self.number();
        let stop = self.begin(run, &folder, None);
        say(&Message::Opened { run, folder: folder.clone(), working: false });
        let outcome = match self.read(&folder, run, &stop).await {
            Ok(true) => Outcome::Finished,
            Ok(false) => Outcome::Stopped,
            Err(e) => Outcome::Failed(e.to_string()),
        };
        self.end(run, outcome);
    }

    /// Reads a log piece by piece; true if it is that of a finished run.
    async fn read(&self, folder: &str, run: RunId, stop: &AtomicBool) -> Result<bool> {
        let log = self.directory(folder).await?.snapshot(LOG).await?;
        let (mut at, mut tail, mut finished) = (0, Tail::new(Path::new(folder)), false);
        while at < log.len() && !stop.load(Ordering::Relaxed) {
            let to = log.len().min(at + PIECE);
            let records = tail.push(&log.piece(at, to).await?)?;
            at = to;
            finished |= records.iter().any(|record| matches!(record.event, Event::Finished {}));
            say(&Message::Records { run, records });
            sleep(0).await;
        }
        Ok(finished)
    }

    /// Packs a run into one file.
    pub(super) async fn export(&self, folder: &str) {
        let packed = async {
            let files = self.store(folder).await?.0.borrow().contents()?;
            archive::pack(&files)
        };
        match packed.await {
            Ok(bytes) => {
                let name = folder.rsplit('/').next().unwrap_or(folder);
                mouth::file(&format!("{name}.{}", archive::EXTENSION), &bytes);
            }
            Err(e) => problem(&e.line()),
        }
    }

    /// Forgets a run.
    pub(super) async fn delete(&self, folder: &str) {
        let (parent, name) = folder.rsplit_once('/').unwrap_or((RUNS, folder));
        let deleted = async {
            if self.computing(folder).is_some() {
                return Err(Error::Storage("the run is being computed; pause it first".to_owned()));
            }
            self.directory(parent).await?.remove(name).await
        };
        if let Err(e) = deleted.await {
            problem(&e.to_string());
        }
        self.say_kept().await;
    }
}

/// Whether a place with these limits can hold a model.
fn loads(config: &Config, limits: &Limits) -> Result<()> {
    plan_with(config, Learning::default(), None, &Options::default()).loads(limits)
}

async fn first_line(log: &super::storage::Snapshot, folder: &str) -> selfsame::Result<Record> {
    let (mut line, mut at) = (Vec::new(), 0);
    while at < log.len() && !line.contains(&b'\n') {
        let to = log.len().min(at + PIECE);
        line.extend(log.piece(at, to).await?);
        at = to;
    }
    line.truncate(line.iter().position(|byte| *byte == b'\n').map_or(line.len(), |end| end + 1));
    parse(&line, Path::new(folder))?
        .records
        .into_iter()
        .next()
        .ok_or_else(|| selfsame::Error::told(format!("{folder} has not begun; start it again")))
}

/// Opens the place of a run, with room for all its checkpoints.
async fn open(inputs: &Inputs, directory: &Directory, folder: &str) -> selfsame::Result<Shared> {
    let manifest = &inputs.manifest;
    let budget = by_id(&manifest.recipe)?.check(&manifest.parameters)?;
    let iterations = budget.map_or(1, |budget| budget.iterations as usize);
    // The method's own line and its two controls.
    let slots = Slots::open(directory, folder, 3 * iterations + SPARE_SLOTS).await?;
    Ok(Shared(Rc::new(RefCell::new(slots))))
}

async fn execute(inputs: Inputs, store: Shared, observer: Box<dyn Observer>, pace: Pace) -> selfsame::Result<()> {
    let Inputs { manifest, subject, world, rows, .. } = inputs;
    let entry = by_id(&manifest.recipe)?;
    let parameters = manifest.parameters.clone();
    let mut lab = Lab::open(Setup { manifest, subject, world, rows, store: Box::new(store), observer, pace })?;
    Ok(entry.run(parameters, &mut lab).await?)
}
