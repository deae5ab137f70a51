//! Run folders: where a new one goes, which ones may be written, and who is writing.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use selfsame_core::{
    Error as CoreError,
    run::{Folder, Record, log::parse},
};

use crate::{
    Error, Result, archive,
    run_name::{RUNS, new_name},
};

/// What a run leaves in its folder before its first event.
const BEGINNINGS: [&str; 5] = ["checkpoints", "events.jsonl", "run.toml", ".run.toml.tmp", LOCK];

/// Held while a program writes to the run.
const LOCK: &str = ".lock";

/// Where a run goes if nobody says otherwise.
#[must_use]
pub fn default_out(recipe: &str, seed: u64) -> PathBuf {
    Path::new(RUNS).join(new_name(recipe, seed))
}

/// The records of a run's log. A last line that was cut off is left out.
///
/// # Errors
/// If there is no log, a line before the last is damaged, or the run has not begun.
pub fn records(root: &Path) -> Result<Vec<Record>> {
    let path = Folder::log_path(root);
    let bytes = fs::read(&path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => no_run(root),
        _ => CoreError::read(&path, e).into(),
    })?;
    let records = parse(&bytes, &path)?.records;
    if records.is_empty() {
        return Err(Error::told(format!(
            "the run in {} has not begun (its log is empty); start it again with `selfsame run --out`",
            root.display()
        )));
    }
    Ok(records)
}

/// What is said of a folder without a log.
#[must_use]
pub fn no_run(root: &Path) -> Error {
    Error::told(format!("{} holds no run (there is no events.jsonl)", root.display()))
}

/// Refuses a folder that holds anything, and what is no folder; one that is not there yet is fine.
///
/// # Errors
/// Says what to do.
pub fn check_empty(out: &Path) -> Result<()> {
    match fs::read_dir(out) {
        Ok(mut entries) => match entries.next() {
            Some(_) => Err(Error::told(format!("{} is not empty; choose another --out", out.display()))),
            None => Ok(()),
        },
        Err(e) if e.kind() == std::io::ErrorKind::NotADirectory => Err(no_folder(out)),
        Err(_) => Ok(()),
    }
}

fn no_folder(out: &Path) -> Error {
    Error::told(format!(
        "{} cannot be written: it, or what it would lie in, is no folder; choose another --out",
        out.display()
    ))
}

/// Refuses a folder for a new run that holds a run or anything else.
///
/// # Errors
/// Says what the folder holds and what to do.
pub fn check_new(root: &Path) -> Result<()> {
    let entries = match fs::read_dir(root) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::NotADirectory => return Err(no_folder(root)),
        Err(e) => return Err(CoreError::write(root, e).into()),
    };
    let foreign = entries
        .filter_map(|entry| Some(entry.ok()?.file_name()))
        .find(|name| !BEGINNINGS.iter().any(|known| name == known));
    // A log without a complete first line is a run that was killed before it began.
    let log = Folder::log_path(root);
    let begun = match fs::read(&log) {
        Ok(bytes) => !bytes.is_empty() && parse(&bytes, &log).map_or(true, |parsed| !parsed.records.is_empty()),
        Err(_) => false,
    };
    match foreign {
        _ if begun => Err(Error::told(format!(
            "{0} already holds a run; continue it with `selfsame resume {0}`, or choose another --out",
            root.display()
        ))),
        Some(name) => Err(Error::told(format!(
            "{} is not empty (it holds {}) and not a run; choose another --out",
            root.display(),
            name.display()
        ))),
        None => Ok(()),
    }
}

/// Writes a file so that its old content stays until the new one is complete.
///
/// # Errors
/// If the folder cannot be written.
pub fn replace(path: &Path, content: &str) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let temporary = path.with_file_name(name);
    fs::write(&temporary, content).and_then(|()| fs::rename(&temporary, path)).map_err(|e| {
        // On a full disk the part that was written must not stay.
        let _ = fs::remove_file(&temporary);
        CoreError::write(path, e).into()
    })
}

/// Whether a file is a run that was packed into one.
#[must_use]
pub fn is_packed(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|extension| extension == "tgz")
}

/// A run as one file, with a name for it.
///
/// # Errors
/// If a file of the run cannot be read.
pub fn export(root: &Path) -> Result<(String, Vec<u8>)> {
    let mut files = Vec::new();
    collect(root, "", &mut files)?;
    let name = root.file_name().map_or_else(|| "run".to_owned(), |name| name.to_string_lossy().into_owned());
    Ok((format!("{name}.{}", archive::EXTENSION), archive::pack(&files)?))
}

/// The files below a folder, without what is hidden: the lock, and what was not written to its end.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, Vec<u8>)>) -> Result<()> {
    let read = |e| CoreError::read(folder, e);
    let mut entries = fs::read_dir(folder).map_err(read)?.collect::<std::io::Result<Vec<_>>>().map_err(read)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), files)?;
        } else {
            files.push((format!("{prefix}{name}"), fs::read(&path).map_err(|e| CoreError::read(&path, e))?));
        }
    }
    Ok(())
}

/// The folder of a run: `path` itself, or, if it is a packed run, a new folder that it is unpacked
/// into.
///
/// # Errors
/// If it is no packed run, or there is no room for it.
pub fn unpacked(path: &Path) -> Result<PathBuf> {
    if !is_packed(path) {
        return Ok(path.to_path_buf());
    }
    let files = archive::unpack(&fs::read(path).map_err(|e| CoreError::read(path, e))?)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.trim_end_matches(".tgz").trim_end_matches(".selfsame");
    let runs = std::path::absolute(RUNS).map_err(|e| CoreError::read(Path::new(RUNS), e))?;
    let mut root = runs.join(stem);
    let mut number = 2;
    while root.exists() {
        root = runs.join(format!("{stem}-{number}"));
        number += 1;
    }
    // Under its name only when it is whole.
    let temporary = runs.join(format!(".{stem}.{}.tmp", std::process::id()));
    let written = (|| {
        for (file, bytes) in &files {
            let target = temporary.join(file);
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&target, bytes)?;
        }
        fs::create_dir_all(temporary.join("checkpoints"))?;
        fs::rename(&temporary, &root)
    })();
    written.map_err(|e| {
        // On a full disk the part that was written must not stay.
        let _ = fs::remove_dir_all(&temporary);
        CoreError::write(&root, e)
    })?;
    Ok(root)
}

/// The right to write to a run, given back when dropped or when the program ends in any way.
#[derive(Debug)]
pub struct Lock(#[allow(dead_code)] File);

impl Lock {
    /// Takes the right to write to the run in a folder, which is created where absent.
    ///
    /// # Errors
    /// If another program has it, or the folder cannot be written.
    pub fn take(root: &Path) -> Result<Self> {
        fs::create_dir_all(root).map_err(|e| CoreError::write(root, e))?;
        let path = root.join(LOCK);
        let file = File::create(&path).map_err(|e| CoreError::write(&path, e))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(Error::told(format!(
                "another program is writing to {}; wait for it or stop it first (`selfsame view` and `report` can watch)",
                root.display()
            ))),
            // Some file systems have no locks; that is no reason not to run.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Self(file)),
        }
    }
}

/// Whether another program, or another part of this one, is writing to a run. Where locks do not
/// work nobody knows; it is then taken to be in use.
#[must_use]
pub fn in_use(root: &Path) -> bool {
    let Ok(file) = File::open(root.join(LOCK)) else {
        // A copy of a run has no lock, and nobody writes to it.
        return false;
    };
    // The right to write is not taken, only asked about, and given back at once.
    file.try_lock_shared().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let root = std::env::temp_dir().join(format!("selfsame-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        root
    }

    #[test]
    fn only_new_and_unbegun_folders_are_taken() {
        let root = scratch("new");
        check_new(&root).unwrap();
        fs::create_dir_all(root.join("checkpoints")).unwrap();
        fs::write(root.join("events.jsonl"), "{\"schema\":1,").unwrap();
        check_new(&root).unwrap();
        assert!(records(&root).unwrap_err().to_string().contains("not begun"));
        fs::write(root.join("thesis.doc"), "").unwrap();
        assert!(check_new(&root).unwrap_err().to_string().contains("thesis.doc"));
        fs::write(root.join("events.jsonl"), "not\na log\n").unwrap();
        assert!(check_new(&root).unwrap_err().to_string().contains("resume"));
        fs::remove_dir_all(&root).unwrap();
        assert!(records(&root).unwrap_err().to_string().contains("holds no run"));
    }

    #[test]
    fn a_place_that_can_be_no_folder_is_refused_for_writing() {
        let root = scratch("file");
        fs::write(&root, "").unwrap();
        for place in [root.clone(), root.join("foo")] {
            let told = check_new(&place).unwrap_err().to_string();
            assert!(told.contains(&place.display().to_string()) && told.contains("choose another --out"), "{told}");
            assert!(told.contains("written") && !told.contains("read"), "{told}");
        }
        fs::remove_file(&root).unwrap();
    }

    #[test]
    fn an_exported_run_is_whole_and_unpacks_beside_others() {
        let root = scratch("export");
        fs::create_dir_all(root.join("checkpoints/main-1")).unwrap();
        fs::write(root.join("events.jsonl"), "{}\n").unwrap();
        fs::write(root.join(".lock"), "").unwrap();
        fs::write(root.join("checkpoints/main-1/model.safetensors"), [1, 2, 3]).unwrap();
        let (name, bytes) = export(&root).unwrap();
        assert!(name.ends_with(".selfsame.tgz"), "{name}");
        let names: Vec<String> = archive::unpack(&bytes).unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["checkpoints/main-1/model.safetensors", "events.jsonl"]);
        let packed = root.join(name);
        fs::write(&packed, bytes).unwrap();
        assert!(is_packed(&packed) && !is_packed(&root));
        assert_eq!(unpacked(&root).unwrap(), root);
        fs::write(&packed, "no run").unwrap();
        assert!(unpacked(&packed).is_err());
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn one_writer_at_a_time() {
        let root = scratch("lock");
        assert!(!in_use(&root));
        let first = Lock::take(&root).unwrap();
        assert!(in_use(&root));
        assert!(Lock::take(&root).unwrap_err().to_string().contains("another program"));
        drop(first);
        assert!(!in_use(&root));
        Lock::take(&root).unwrap();
        fs::remove_dir_all(&root).unwrap();
    }
}
