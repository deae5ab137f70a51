//! `selfsame reproduce`: claims tried over several seeds, and the atlas of all.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use selfsame_core::{
    Error as CoreError,
    recipe::claims::{Study, studies, study},
};

use crate::{
    Error, Result,
    atlas::{Atlas, FILE, Row, join, render},
    cli::ReproduceArgs,
    folder::{self, Lock},
    interrupt, output,
    report::table::Table,
    reproduction::Reproduction,
};

/// How often the right to write the atlas is asked for while another program has it, every tenth of a second.
const PATIENCE: u32 = 50;

/// Runs the command.
///
/// # Errors
/// If something that the arguments name does not fit, a run fails, or the user stops it. Of all recipes,
/// those that fail are named at the end, after the others.
pub fn run(args: &ReproduceArgs) -> Result<()> {
    carry_out(
        args,
        &interrupt::flag_saying(
            "stopping at the next safe points; Ctrl-C again ends at once (the same command goes on all the same)",
        )?,
    )
}

/// Carries the arguments out until `stop` is set.
///
/// # Errors
/// As [`run`].
pub fn carry_out(args: &ReproduceArgs, stop: &Arc<AtomicBool>) -> Result<()> {
    let out =
        args.out.clone().unwrap_or_else(|| PathBuf::from(if args.quick { "runs/atlas-quick" } else { "runs/atlas" }));
    let chosen: Vec<&'static Study> = match &args.study {
        Some(id) => vec![study(id)?],
        None => studies().iter().filter(|study| study.is_claim()).collect(),
    };
    let models: Vec<Option<&Path>> = match &args.model[..] {
        [] => vec![None],
        several => several.iter().map(|path| Some(path.as_path())).collect(),
    };
    let mut failed = Vec::new();
    for study in chosen {
        for model in &models {
            match one(study, args, *model, &out, stop) {
                Ok(()) => {}
                Err(error @ (Error::Paused | Error::Closed)) => return Err(error),
                Err(error) if args.all => {
                    output::note(&format!("{}: {}", study.id, error.line()));
                    failed.push(study.id);
                }
                Err(error) => return Err(error),
            }
        }
    }
    if args.all && !args.json {
        output::print(&format!("\n{}", render::table(&read(&out)?).text()))?;
    }
    output::note(&format!("tables: {}", out.join(render::HTML).display()));
    if failed.is_empty() {
        return Ok(());
    }
    Err(Error::told(format!("these are not in the atlas, for the reasons above: {}", failed.join(", "))))
}

fn one(
    study: &'static Study,
    args: &ReproduceArgs,
    model: Option<&Path>,
    out: &Path,
    stop: &Arc<AtomicBool>,
) -> Result<()> {
    let row = write(out, Reproduction::new(study, args, model, out)?.carry_out(stop)?)?;
    show(&row, args.json)
}

fn show(row: &Row, json: bool) -> Result<()> {
    if json {
        return output::json(row);
    }
    let tables: Vec<String> = render::of_row(row).iter().map(Table::text).collect();
    output::print(&format!("\n{}\n\n{}", render::sentences(row).join("\n"), tables.join("\n")))
}

/// The atlas of a folder; an empty one where there is none yet.
fn read(out: &Path) -> Result<Atlas> {
    let path = out.join(FILE);
    match fs::read_to_string(&path) {
        Ok(text) => Atlas::parse(&text, &path.display().to_string()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Atlas::default()),
        Err(e) => Err(CoreError::read(&path, e).into()),
    }
}

/// Puts a row into the atlas of a folder, joined with the seeds that are there already, and writes the tables
/// anew. Gives the row as it stands there.
fn write(out: &Path, row: Row) -> Result<Row> {
    let _lock = alone(out)?;
    let mut atlas = read(out)?;
    let row = with_earlier(&atlas, row);
    atlas.put(row.clone());
    folder::replace(&out.join(FILE), &(output::to_json(&atlas)? + "\n"))?;
    folder::replace(&out.join(render::MARKDOWN), &render::markdown(&atlas))?;
    folder::replace(&out.join(render::HTML), &render::html(&atlas))?;
    Ok(row)
}

/// A row with the seeds that the atlas has of the same; without them, said aloud, where the two do not go
/// together. A row with all of the earlier one's seeds simply replaces it.
fn with_earlier(atlas: &Atlas, row: Row) -> Row {
    let Some(there) = atlas.like(&row).filter(|there| !there.seeds.iter().all(|seed| row.seeds.contains(seed))) else {
        return row;
    };
    match join::joined(there, row.clone()) {
        Ok(joined) => joined,
        Err(apart) => {
            let seeds: Vec<String> = there.seeds.iter().map(u64::to_string).collect();
            output::note(&format!("{}: seeds {} leave the atlas, since {apart}", row.study, seeds.join(", ")));
            row
        }
    }
}

/// The right to write the atlas, which others have for moments only.
fn alone(out: &Path) -> Result<Lock> {
    for _ in 0..PATIENCE {
        if let Ok(lock) = Lock::take(out) {
            return Ok(lock);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Lock::take(out)
}
