//! Where a run is kept: a folder on disk, or memory (tests, the browser).

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use crate::{Error, Result};

/// Named files of a checkpoint.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A place for one run. Checkpoints appear whole or not at all.
pub trait Store {
    /// Names the place in messages.
    fn path(&self) -> PathBuf;

    /// The bytes of the log so far; empty for a new run.
    ///
    /// # Errors
    /// If the place cannot be read.
    fn read_log(&self) -> Result<Vec<u8>>;

    /// Cuts the log to its first `length` bytes.
    ///
    /// # Errors
    /// If the place cannot be written.
    fn truncate_log(&mut self, length: usize) -> Result<()>;

    /// Appends one line, the line feed included. `sync` waits until it is safe.
    ///
    /// # Errors
    /// If the place cannot be written.
    fn append(&mut self, line: &str, sync: bool) -> Result<()>;

    /// Writes a checkpoint under a name, replacing what has that name.
    ///
    /// # Errors
    /// If the place cannot be written; nothing is visible under the name then.
    fn put(&mut self, name: &str, files: &Files) -> Result<()>;

    /// One file of a checkpoint.
    ///
    /// # Errors
    /// If there is no such file.
    fn get(&self, name: &str, file: &str) -> Result<Vec<u8>>;

    /// Forgets a checkpoint; it may be absent.
    ///
    /// # Errors
    /// If the place cannot be written.
    fn remove(&mut self, name: &str) -> Result<()>;

    /// Replaces a file of the run, such as `run.toml`.
    ///
    /// # Errors
    /// If the place cannot be written; the old content is intact then.
    fn write(&mut self, file: &str, content: &str) -> Result<()>;
}

/// A run folder.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    log: Option<File>,
}

impl Folder {
    /// The run folder at `root`, created where absent.
    ///
    /// # Errors
    /// If the folder cannot be created.
    pub fn create(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        let checkpoints = root.join("checkpoints");
        fs::create_dir_all(&checkpoints).map_err(|e| Error::write(&checkpoints, e))?;
        Ok(Self { root, log: None })
    }

    /// The log of the folder.
    #[must_use]
    pub fn log_path(root: &Path) -> PathBuf {
        root.join("events.jsonl")
    }

    fn checkpoint(&self, name: &str) -> PathBuf {
        self.root.join("checkpoints").join(name)
    }
}

/// Makes the names inside a folder survive a power cut, where the system can.
fn sync_folder(path: &Path) {
    if let Ok(folder) = File::open(path) {
        // Some systems cannot sync folders; the rename itself is atomic everywhere.
        let _ = folder.sync_all();
    }
}

impl Store for Folder {
    fn path(&self) -> PathBuf {
        Self::log_path(&self.root)
    }

    fn read_log(&self) -> Result<Vec<u8>> {
        let path = self.path();
        match fs::read(&path) {
            Ok(bytes) => Ok(bytes),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(e) => Err(Error::read(&path, e)),
        }
    }

    fn truncate_log(&mut self, length: usize) -> Result<()> {
        let path = self.path();
        let file = OpenOptions::new().write(true).open(&path).map_err(|e| Error::write(&path, e))?;
        file.set_len(length as u64).and_then(|()| file.sync_all()).map_err(|e| Error::write(&path, e))
    }

    fn append(&mut self, line: &str, sync: bool) -> Result<()> {
        let path = self.path();
        let fail = |e| Error::write(&path, e);
        let file = match &mut self.log {
            Some(file) => file,
            None => self.log.insert(OpenOptions::new().create(true).append(true).open(&path).map_err(fail)?),
        };
        file.write_all(line.as_bytes()).map_err(fail)?;
        if sync {
            file.sync_data().map_err(fail)?;
        }
        Ok(())
    }

    fn put(&mut self, name: &str, files: &Files) -> Result<()> {
        let (temporary, target) = (self.checkpoint(&format!(".{name}.tmp")), self.checkpoint(name));
        let _ = fs::remove_dir_all(&temporary);
        fs::create_dir_all(&temporary).map_err(|e| Error::write(&temporary, e))?;
        for (file, bytes) in files {
            let path = temporary.join(file);
            File::create(&path).and_then(|mut f| f.write_all(bytes).and_then(|()| f.sync_all())).map_err(|e| {
                // Nothing half-written stays, and a full disk gets its room back.
                let _ = fs::remove_dir_all(&temporary);
                Error::write(&path, e)
            })?;
        }
        sync_folder(&temporary);
        self.remove(name)?;
        fs::rename(&temporary, &target).map_err(|e| Error::write(&target, e))?;
        sync_folder(&self.root.join("checkpoints"));
        Ok(())
    }

    fn get(&self, name: &str, file: &str) -> Result<Vec<u8>> {
        let path = self.checkpoint(name).join(file);
        fs::read(&path).map_err(|e| Error::read(&path, e))
    }

    fn remove(&mut self, name: &str) -> Result<()> {
        let path = self.checkpoint(name);
        match fs::remove_dir_all(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::write(&path, e)),
            _ => Ok(()),
        }
    }

    fn write(&mut self, file: &str, content: &str) -> Result<()> {
        let (temporary, target) = (self.root.join(format!(".{file}.tmp")), self.root.join(file));
        File::create(&temporary)
            .and_then(|mut f| f.write_all(content.as_bytes()).and_then(|()| f.sync_all()))
            .and_then(|()| fs::rename(&temporary, &target))
            .map_err(|e| {
                let _ = fs::remove_file(&temporary);
                Error::write(&target, e)
            })
    }
}

/// A run in memory.
#[derive(Debug, Default)]
pub struct Memory {
    log: Vec<u8>,
    checkpoints: BTreeMap<String, Files>,
    files: BTreeMap<String, String>,
}

impl Store for Memory {
    fn path(&self) -> PathBuf {
        PathBuf::from("(memory)")
    }

    fn read_log(&self) -> Result<Vec<u8>> {
        Ok(self.log.clone())
    }

    fn truncate_log(&mut self, length: usize) -> Result<()> {
        self.log.truncate(length);
        Ok(())
    }

    fn append(&mut self, line: &str, _sync: bool) -> Result<()> {
        self.log.extend_from_slice(line.as_bytes());
        Ok(())
    }

    fn put(&mut self, name: &str, files: &Files) -> Result<()> {
        self.checkpoints.insert(name.to_owned(), files.clone());
        Ok(())
    }

    fn get(&self, name: &str, file: &str) -> Result<Vec<u8>> {
        self.checkpoints
            .get(name)
            .and_then(|files| files.get(file))
            .cloned()
            .ok_or_else(|| Error::Log { path: self.path(), problem: format!("checkpoint `{name}` has no `{file}`") })
    }

    fn remove(&mut self, name: &str) -> Result<()> {
        self.checkpoints.remove(name);
        Ok(())
    }

    fn write(&mut self, file: &str, content: &str) -> Result<()> {
        self.files.insert(file.to_owned(), content.to_owned());
        Ok(())
    }
}
