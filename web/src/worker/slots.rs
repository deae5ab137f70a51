//! A run in the browser's private file system.
//!
//! Files there are opened asynchronously and a recipe writes its checkpoints at once, so all files
//! of a run are opened before it begins: the log, and a number of *slots*. A checkpoint goes into a
//! free slot: its content first, then, once that is safe, a header that names it. A tab that dies in
//! between leaves a slot without a header, which is a free one.

use std::{cell::RefCell, path::PathBuf, rc::Rc};

use selfsame_core::{
    Error,
    run::{Store, store::Files},
};

use super::storage::{Directory, OpenFile, Result};
use crate::packing::{HEADER, header, pack, parse_header, unpack};

/// The log's file in the run's folder.
pub const LOG: &str = "events.jsonl";

/// What stands before the names of single files, such as `run.toml`.
const SINGLE: &str = "file:";

struct Slot {
    file: OpenFile,
    name: Option<String>,
    size: usize,
}

/// The store of a run.
pub struct Slots {
    path: String,
    log: OpenFile,
    log_end: u64,
    slots: Vec<Slot>,
}

/// The store of a run that is being computed, at which others may look meanwhile.
#[derive(Clone)]
pub struct Shared(pub Rc<RefCell<Slots>>);

impl Store for Shared {
    fn path(&self) -> PathBuf {
        self.0.borrow().path()
    }

    fn read_log(&self) -> Result<Vec<u8>> {
        self.0.borrow().read_log()
    }

    fn truncate_log(&mut self, length: usize) -> Result<()> {
        self.0.borrow_mut().truncate_log(length)
    }

    fn append(&mut self, line: &str, sync: bool) -> Result<()> {
        self.0.borrow_mut().append(line, sync)
    }

    fn put(&mut self, name: &str, files: &Files) -> Result<()> {
        self.0.borrow_mut().put(name, files)
    }

    fn get(&self, name: &str, file: &str) -> Result<Vec<u8>> {
        self.0.borrow().get(name, file)
    }

    fn remove(&mut self, name: &str) -> Result<()> {
        self.0.borrow_mut().remove(name)
    }

    fn write(&mut self, file: &str, content: &str) -> Result<()> {
        self.0.borrow_mut().write(file, content)
    }
}

fn slot_name(index: usize) -> String {
    format!("slot-{index}")
}

impl Slots {
    /// Opens the run in a folder with room for `checkpoints` checkpoints.
    ///
    /// # Errors
    /// If another tab has it open, or there is no room.
    pub async fn open(folder: &Directory, path: &str, checkpoints: usize) -> Result<Self> {
        let log = folder.open(LOG).await?;
        let log_end = log.size()?;
        let there = folder.names().await?.iter().filter(|name| name.starts_with("slot-")).count();
        let mut slots = Vec::new();
        for index in 0..checkpoints.max(there) {
            let file = folder.open(&slot_name(index)).await?;
            let (name, size) = match read_header(&file)? {
                Some((name, size)) => (Some(name), size),
                None => (None, 0),
            };
            slots.push(Slot { file, name, size });
        }
        Ok(Self { path: path.to_owned(), log, log_end, slots })
    }

    /// Everything in a run's folder, by the paths that a folder on disk has.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn contents(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let mut all = vec![(LOG.to_owned(), self.read_log()?)];
        for slot in &self.slots {
            let Some(name) = &slot.name else { continue };
            for (file, bytes) in self.content(slot)? {
                let path = match name.strip_prefix(SINGLE) {
                    Some(single) => single.to_owned(),
                    None => format!("checkpoints/{name}/{file}"),
                };
                all.push((path, bytes));
            }
        }
        Ok(all)
    }

    fn content(&self, slot: &Slot) -> Result<Files> {
        let mut bytes = vec![0; slot.size];
        slot.file.read_at(HEADER as u64, &mut bytes)?;
        unpack(&bytes).ok_or_else(|| self.damaged(slot.name.as_deref().unwrap_or_default()))
    }

    fn damaged(&self, name: &str) -> Error {
        Error::Log { path: self.path(), problem: format!("checkpoint `{name}` is damaged; start a new run") }
    }

    fn find(&self, name: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.name.as_deref() == Some(name))
    }
}

impl Store for Slots {
    fn path(&self) -> PathBuf {
        PathBuf::from(format!("{}/{LOG}", self.path))
    }

    fn read_log(&self) -> Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(self.log_end).unwrap_or_default()];
        self.log.read_at(0, &mut bytes)?;
        Ok(bytes)
    }

    fn truncate_log(&mut self, length: usize) -> Result<()> {
        self.log_end = length as u64;
        self.log.truncate(self.log_end)?;
        self.log.flush()
    }

    fn append(&mut self, line: &str, sync: bool) -> Result<()> {
        if let Err(e) = self.log.write_at(self.log_end, line.as_bytes()) {
            // What was written of the line is not part of the log.
            let _ = self.log.truncate(self.log_end);
            return Err(e);
        }
        self.log_end += line.len() as u64;
        if sync { self.log.flush() } else { Ok(()) }
    }

    fn put(&mut self, name: &str, files: &Files) -> Result<()> {
        let path = self.path();
        let bytes = pack(files);
        let header = header(name, bytes.len()).ok_or_else(|| Error::Log {
            path: path.clone(),
            problem: format!("`{name}` is too long a name for a checkpoint"),
        })?;
        let slot = self
            .slots
            .iter_mut()
            .find(|slot| slot.name.is_none())
            .ok_or_else(|| Error::Log { path, problem: "no slot is left for a checkpoint".to_owned() })?;
        let written = (|| {
            slot.file.truncate(0)?;
            slot.file.write_at(HEADER as u64, &bytes)?;
            slot.file.flush()?;
            slot.file.write_at(0, &header)?;
            slot.file.flush()
        })();
        if let Err(e) = written {
            // Gives the room back.
            let _ = slot.file.truncate(0);
            return Err(e);
        }
        let size = bytes.len();
        // Only now may what had the name before go.
        let written = self.slots.iter().position(|slot| slot.name.is_none());
        self.remove(name)?;
        if let Some(slot) = written.and_then(|index| self.slots.get_mut(index)) {
            slot.name = Some(name.to_owned());
            slot.size = size;
        }
        Ok(())
    }

    fn get(&self, name: &str, file: &str) -> Result<Vec<u8>> {
        let missing = || Error::Log { path: self.path(), problem: format!("checkpoint `{name}` has no `{file}`") };
        let slot = self.find(name).ok_or_else(missing)?;
        self.content(slot)?.remove(file).ok_or_else(missing)
    }

    fn remove(&mut self, name: &str) -> Result<()> {
        for slot in self.slots.iter_mut().filter(|slot| slot.name.as_deref() == Some(name)) {
            slot.file.truncate(0)?;
            slot.file.flush()?;
            (slot.name, slot.size) = (None, 0);
        }
        Ok(())
    }

    fn write(&mut self, file: &str, content: &str) -> Result<()> {
        self.put(&format!("{SINGLE}{file}"), &Files::from([(file.to_owned(), content.as_bytes().to_vec())]))
    }
}

/// The name and the size of what a slot holds; `None` for one that holds nothing whole.
fn read_header(file: &OpenFile) -> Result<Option<(String, usize)>> {
    let size = file.size()?;
    if size < HEADER as u64 {
        return Ok(None);
    }
    let mut header = [0; HEADER];
    file.read_at(0, &mut header)?;
    Ok(parse_header(&header).filter(|(_, length)| size == (HEADER + length) as u64))
}
