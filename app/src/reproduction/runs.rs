//! The runs of a study: finished ones are read, others continued or begun, several at a time.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use selfsame_core::run::{Arm, Event, Manifest, Observer, Progress, Record};

use super::{Planned, Reproduction, machine};
use crate::{
    Error, Result,
    commands::run::{acquire, execute},
    fold::RunView,
    inputs::{self, Inputs},
    observer::summary,
    output,
    settings::{self, flatten},
    shelf::Disk,
};

/// Settings that are named where a folder holds another run.
const NAMED: usize = 3;

/// The share of free memory that runs may be planned to take.
const SHARE: f64 = 0.8;

impl Reproduction<'_> {
    /// How many runs go on at a time: as many as asked for; else one a core, as far as memory allows, and
    /// one on a graphics device, which is busy with one.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // bytes
    pub(super) fn jobs(&self, planned: &[Planned]) -> Result<usize> {
        if let Some(jobs) = self.args.jobs {
            return Ok(jobs as usize);
        }
        let Some(first) = planned.first() else { return Ok(1) };
        let inputs = prepare(first)?;
        if inputs.device.name.starts_with("gpu") {
            return Ok(1);
        }
        let plan = inputs.plan()?;
        let fitting = machine::free_memory().map_or(1, |free| {
            ((free as f64 * SHARE) as u64 / plan.total_bytes.max(1)).clamp(1, planned.len() as u64) as usize
        });
        Ok(machine::cores().min(planned.len()).min(fitting).max(1))
    }
}

fn prepare(planned: &Planned) -> Result<Inputs> {
    inputs::prepare_with(&planned.args, planned.settings.clone(), &Disk, &acquire)
}

/// Brings all runs to their end, so many at a time. After the first that fails no other is begun; those that
/// go on are finished first.
///
/// # Errors
/// The first that came up.
pub(super) fn all(planned: &[Planned], jobs: usize, study: &str, stop: &Arc<AtomicBool>) -> Result<()> {
    let next = AtomicUsize::new(0);
    let failed: Mutex<Option<Error>> = Mutex::new(None);
    let lock = || failed.lock().unwrap_or_else(PoisonError::into_inner);
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, planned.len().max(1)) {
            scope.spawn(|| {
                while let Some(run) = planned.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if lock().is_some() {
                        return;
                    }
                    if let Err(error) = one(run, study, stop) {
                        lock().get_or_insert(error);
                    }
                }
            });
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        None => Ok(()),
        Some(Error::Stopped(_)) => Err(Error::Paused),
        Some(error) => Err(error),
    }
}

/// Brings a run to its end.
fn one(planned: &Planned, study: &str, stop: &Arc<AtomicBool>) -> Result<()> {
    if stop.load(Ordering::Relaxed) {
        return Err(Error::Paused);
    }
    let Some(root) = &planned.args.out else { return Ok(()) };
    let inputs = prepare(planned)?;
    if has_begun(root) {
        let view = RunView::load(root)?;
        check_same(&view.manifest, &inputs.manifest, root)?;
        if view.finished {
            return Ok(());
        }
    } else {
        crate::folder::check_new(root)?;
    }
    let name = planned.arm.map_or(planned.args.recipe.as_str(), |arm| arm.name);
    let title = format!("{study}: {name}, seed {}", planned.seed);
    execute(inputs, root, Box::new(Lines { title, began: crate::format::now() }), Arc::clone(stop))
}

/// Whether a folder holds the first line of a log at least.
fn has_begun(root: &Path) -> bool {
    crate::folder::records(root).is_ok_and(|records| !records.is_empty())
}

/// Refuses a folder with a run that something else decided.
fn check_same(there: &Manifest, wanted: &Manifest, root: &Path) -> Result<()> {
    if there == wanted {
        return Ok(());
    }
    let leaves =
        |manifest: &Manifest| -> Result<Vec<(String, toml::Value)>> { Ok(flatten(&settings::of_manifest(manifest)?)) };
    let (there, wanted) = (leaves(there)?, leaves(wanted)?);
    let differs = |leaf: &&(String, toml::Value)| !there.contains(leaf);
    let names: Vec<&str> = wanted.iter().filter(differs).map(|(name, _)| name.as_str()).take(NAMED).collect();
    Err(Error::told(format!(
        "{} holds a run that was started otherwise (it differs in {}); remove it, or choose another --out",
        root.display(),
        if names.is_empty() { "settings that are no more".to_owned() } else { names.join(", ") }
    )))
}

/// Says the measurements of a run among others, a line each.
struct Lines {
    title: String,
    /// Seconds since 1970: lines that are older are replayed.
    began: f64,
}

impl Observer for Lines {
    fn record(&mut self, record: &Record) {
        if record.at < self.began {
            return;
        }
        if let Event::Measured { measurement, .. } = &record.event {
            let of = if record.arm == Arm::Main { String::new() } else { format!(", {}", record.arm.name()) };
            output::note(&format!("{}{of}, iteration {}: {}", self.title, record.iteration, summary(measurement)));
        }
    }

    fn progress(&mut self, _: &Progress) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::tests::synthetic;

    #[test]
    fn another_run_in_the_folder_is_named_by_what_differs() {
        let there = RunView::of(&synthetic()).unwrap().manifest;
        check_same(&there, &there, Path::new("x")).unwrap();
        let mut wanted = there.clone();
        wanted.parameters["loop"]["beta"] = 0.2.into();
        wanted.seed = 9;
        let error = check_same(&there, &wanted, Path::new("x")).unwrap_err().to_string();
        assert!(error.contains("parameters.loop.beta") && error.contains("seed") && error.contains("--out"), "{error}");
    }
}
