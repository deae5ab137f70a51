//! `selfsame run`: a new run in a folder of its own.

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use selfsame_core::{
    Error as CoreError,
    device::{self, Choice, Selected},
    recipe::by_id,
    run::{Folder, Lab, Observer, Pace, Setup},
};

use crate::{
    Error, Result,
    cli::RunArgs,
    fold::RunView,
    folder::{self, Lock},
    format,
    inputs::{self, Inputs},
    interrupt, metrics,
    observer::Watch,
    output,
    report::terminal,
    settings::flatten,
    shelf::Disk,
};

/// Runs the command.
///
/// # Errors
/// If something that the arguments name does not fit, the folder is taken, or the run fails.
pub fn run(args: &RunArgs) -> Result<()> {
    let root = args.out.clone().unwrap_or_else(|| folder::default_out(&args.recipe, args.seed));
    folder::check_new(&root)?;
    let inputs = inputs::prepare(args, &Disk, &acquire)?;
    drive(inputs, &root, args.json)
}

/// The device for a choice; a graphics device has to pass its self-test.
///
/// # Errors
/// As [`device::acquire`].
pub fn acquire(choice: Choice) -> Result<Selected> {
    Ok(device::acquire(choice)?)
}

/// Runs or continues what `inputs` describes in the folder `root`, then writes `metrics.jsonl` and
/// reports.
///
/// # Errors
/// If the folder is in use, the run fails, or it is stopped.
pub fn drive(inputs: Inputs, root: &Path, json: bool) -> Result<()> {
    for note in &inputs.notes {
        output::note(&format!("note: {note}"));
    }
    let manifest = &inputs.manifest;
    let entry = by_id(&manifest.recipe)?;
    let budget = entry.check(&manifest.parameters)?;
    let arms = if manifest.options.controls && inputs.world.is_some() && budget.is_some() { 3 } else { 1 };
    output::note(&format!("{}: {} ({})", manifest.recipe, entry.card.title, entry.card.paper));
    output::note(&format!(
        "model {}, seed {}, device {} ({}), folder {}",
        manifest.model,
        manifest.seed,
        inputs.device.name,
        inputs.device.reason,
        root.display()
    ));
    let watch = Watch::new(json, iterations(&manifest.parameters), arms);
    let began = format::now();
    execute(inputs, root, Box::new(watch), interrupt::flag()?)?;
    if !json {
        output::print(&format!("\n{}", terminal::render(&RunView::load(root)?)))?;
    }
    output::note(&format!(
        "done in {}; `selfsame report {}` writes a page with plots",
        format::duration(format::now() - began),
        root.display()
    ));
    Ok(())
}

/// Runs or continues what `inputs` describes in the folder `root` and writes `metrics.jsonl`.
///
/// # Errors
/// If the folder is in use, the run fails, or it is stopped.
pub fn execute(inputs: Inputs, root: &Path, observer: Box<dyn Observer>, stop: Arc<AtomicBool>) -> Result<()> {
    let lock = Lock::take(root)?;
    let Inputs { manifest, subject, world, rows, .. } = inputs;
    let entry = by_id(&manifest.recipe)?;
    let parameters = manifest.parameters.clone();
    let store = Box::new(Folder::create(root)?);
    let mut lab = Lab::open(Setup { manifest, subject, world, rows, store, observer, pace: Pace::stopped_by(stop) })?;
    let outcome = pollster::block_on(entry.run(parameters, &mut lab));
    // Ends the progress display and closes the log.
    drop(lab);
    drop(lock);
    let written = metrics::write(root);
    // Why the run ended comes before what could not be written about it.
    match outcome {
        Err(CoreError::Stopped) => return Err(Error::Stopped(root.to_path_buf())),
        outcome => outcome?,
    }
    written
}

/// How many iterations a recipe will measure, where its settings say so.
fn iterations(parameters: &toml::Table) -> Option<u32> {
    flatten(parameters)
        .into_iter()
        .find(|(key, _)| matches!(key.rsplit('.').next(), Some("iterations" | "rounds")))
        .and_then(|(_, value)| u32::try_from(value.as_integer()?).ok())
}
