//! The browser's private file system: folders and files that belong to this page's origin and that no
//! other page sees. Opening is asynchronous; an open file is read and written at once, which only a
//! worker may do.

use std::fmt;

use js_sys::{Array, AsyncIterator, Reflect, Uint8Array};
use selfsame_core::{Error, model::Source};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, DedicatedWorkerGlobalScope, DomException, FileSystemDirectoryHandle, FileSystemFileHandle,
    FileSystemGetDirectoryOptions, FileSystemGetFileOptions, FileSystemReadWriteOptions, FileSystemRemoveOptions,
    FileSystemSyncAccessHandle,
};

/// Shorthand for results of this folder.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The folder that holds everything of ours.
const ROOT: &str = "selfsame";

/// What went wrong with a file, in words that say what to do.
pub fn failed(name: &str, error: &JsValue) -> Error {
    let (kind, message) = error
        .dyn_ref::<DomException>()
        .map_or_else(|| (String::new(), format!("{error:?}")), |exception| (exception.name(), exception.message()));
    Error::Storage(match kind.as_str() {
        "QuotaExceededError" => format!(
            "the browser gives no more room for {name}. Export runs you want to keep and delete others, or free some of the disk"
        ),
        "NoModificationAllowedError" => {
            format!("{name} is being written by another tab with this page; close that tab, or wait for it")
        }
        "NotFoundError" => format!("{name} is not there any more; it was deleted, perhaps by the browser"),
        "SecurityError" => format!(
            "the browser does not let this page keep files (for {name}); private windows and blocked site data do that"
        ),
        _ => format!("{name}: {message}"),
    })
}

/// A folder of the private file system.
#[derive(Clone)]
pub struct Directory {
    handle: FileSystemDirectoryHandle,
    path: String,
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Directory({})", self.path)
    }
}

impl Directory {
    /// The folder that holds everything of ours.
    ///
    /// # Errors
    /// If the browser keeps no files for this page.
    pub async fn root(scope: &DedicatedWorkerGlobalScope) -> Result<Self> {
        let handle = JsFuture::from(scope.navigator().storage().get_directory())
            .await
            .map_err(|e| failed("its storage", &e))?
            .unchecked_into();
        Self { handle, path: String::new() }.enter(ROOT).await
    }

    /// The folder of a name, made where absent.
    ///
    /// # Errors
    /// If there is no room, or the name cannot be that of a folder.
    pub async fn enter(&self, name: &str) -> Result<Self> {
        let options = FileSystemGetDirectoryOptions::new();
        options.set_create(true);
        let found = self.handle.get_directory_handle_with_options(name, &options);
        self.entered(name, JsFuture::from(found).await)
    }

    /// The folder of a name.
    ///
    /// # Errors
    /// If there is none.
    pub async fn existing(&self, name: &str) -> Result<Self> {
        self.entered(name, JsFuture::from(self.handle.get_directory_handle(name)).await)
    }

    fn entered(&self, name: &str, found: std::result::Result<JsValue, JsValue>) -> Result<Self> {
        let path = self.name_of(name);
        let handle = found.map_err(|e| failed(&path, &e))?.unchecked_into();
        Ok(Self { handle, path })
    }

    fn name_of(&self, name: &str) -> String {
        if self.path.is_empty() || self.path == ROOT { name.to_owned() } else { format!("{}/{name}", self.path) }
    }

    /// The names of what it holds, sorted.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn names(&self) -> Result<Vec<String>> {
        let wrong = |e: JsValue| failed(&self.path, &e);
        let entries: AsyncIterator = self.handle.keys();
        let mut names = Vec::new();
        loop {
            let next = JsFuture::from(entries.next().map_err(wrong)?).await.map_err(wrong)?;
            let get = |key: &str| Reflect::get(&next, &JsValue::from_str(key)).map_err(wrong);
            if get("done")?.is_truthy() {
                break;
            }
            names.extend(get("value")?.as_string());
        }
        names.sort();
        Ok(names)
    }

    /// Removes a file, or a folder with all it holds; it may be absent.
    ///
    /// # Errors
    /// If another tab holds it open.
    pub async fn remove(&self, name: &str) -> Result<()> {
        let options = FileSystemRemoveOptions::new();
        options.set_recursive(true);
        match JsFuture::from(self.handle.remove_entry_with_options(name, &options)).await {
            Err(e) if e.dyn_ref::<DomException>().is_none_or(|e| e.name() != "NotFoundError") => {
                Err(failed(&self.name_of(name), &e))
            }
            _ => Ok(()),
        }
    }

    /// Opens a file for reading and writing, made where absent. One tab at a time can have it.
    ///
    /// # Errors
    /// If another tab has it, or there is no room.
    pub async fn open(&self, name: &str) -> Result<OpenFile> {
        let path = self.name_of(name);
        let wrong = |e: JsValue| failed(&path, &e);
        let options = FileSystemGetFileOptions::new();
        options.set_create(true);
        let handle: FileSystemFileHandle = JsFuture::from(self.handle.get_file_handle_with_options(name, &options))
            .await
            .map_err(wrong)?
            .unchecked_into();
        let access = JsFuture::from(handle.create_sync_access_handle()).await.map_err(wrong)?.unchecked_into();
        Ok(OpenFile { access, path })
    }

    /// A file as it is now, to be read in pieces; it may be open for writing.
    ///
    /// # Errors
    /// If there is none.
    pub async fn snapshot(&self, name: &str) -> Result<Snapshot> {
        let path = self.name_of(name);
        let wrong = |e: JsValue| failed(&path, &e);
        let handle: FileSystemFileHandle =
            JsFuture::from(self.handle.get_file_handle(name)).await.map_err(wrong)?.unchecked_into();
        let file: web_sys::File = JsFuture::from(handle.get_file()).await.map_err(wrong)?.unchecked_into();
        Ok(Snapshot::new(file.into(), path.clone()))
    }

    /// Writes a file in one piece.
    ///
    /// # Errors
    /// If there is no room, or another tab has it open.
    pub async fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let mut file = self.open(name).await?;
        file.truncate(0)?;
        file.write_at(0, bytes)?;
        file.flush()
    }
}

#[wasm_bindgen]
extern "C" {
    /// Reads at once what other readers give in time; only workers have it.
    type FileReaderSync;

    #[wasm_bindgen(constructor)]
    fn new() -> FileReaderSync;

    #[wasm_bindgen(method, catch, js_name = readAsArrayBuffer)]
    fn read(this: &FileReaderSync, blob: &Blob) -> std::result::Result<JsValue, JsValue>;
}

/// Something that is read in pieces without being in our memory: a file of the person's, or one of
/// ours.
#[derive(Debug, Clone)]
pub struct Snapshot {
    blob: Blob,
    name: String,
}

impl Snapshot {
    /// Reads a file or another blob.
    pub fn new(blob: Blob, name: String) -> Self {
        Self { blob, name }
    }

    /// Its size in bytes.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // sizes are whole and positive
    pub fn len(&self) -> u64 {
        self.blob.size() as u64
    }

    /// A piece of it.
    ///
    /// # Errors
    /// If it was deleted or changed meanwhile.
    #[allow(clippy::cast_precision_loss)] // files below 2^53 bytes
    pub async fn piece(&self, from: u64, to: u64) -> Result<Vec<u8>> {
        let wrong = |e: JsValue| failed(&self.name, &e);
        let piece = self.blob.slice_with_f64_and_f64(from as f64, to as f64).map_err(wrong)?;
        let buffer = JsFuture::from(piece.array_buffer()).await.map_err(wrong)?;
        Ok(Uint8Array::new(&buffer).to_vec())
    }

    /// Fills `into` with the bytes from `at` on, at once.
    ///
    /// # Errors
    /// If it was deleted or changed meanwhile, or ends before.
    #[allow(clippy::cast_precision_loss)] // files below 2^53 bytes
    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<()> {
        let wrong = |e: JsValue| failed(&self.name, &e);
        let end = at + into.len() as u64;
        let piece = self.blob.slice_with_f64_and_f64(at as f64, end as f64).map_err(wrong)?;
        let bytes = Uint8Array::new(&FileReaderSync::new().read(&piece).map_err(wrong)?);
        if bytes.length() as usize != into.len() {
            return Err(Error::Storage(format!("{} ends before byte {end}", self.name)));
        }
        bytes.copy_to(into);
        Ok(())
    }

    /// All of it, where it is no larger than `most`.
    ///
    /// # Errors
    /// If it is larger, or cannot be read.
    pub async fn all(&self, most: u64) -> Result<Vec<u8>> {
        if self.len() > most {
            return Err(Error::Storage(format!(
                "{} has {} bytes; such a file has {most} at most",
                self.name,
                self.len()
            )));
        }
        self.piece(0, self.len()).await
    }
}

/// An open file. Closed when dropped.
#[derive(Debug)]
pub struct OpenFile {
    access: FileSystemSyncAccessHandle,
    path: String,
}

impl OpenFile {
    fn wrong(&self, error: &JsValue) -> Error {
        failed(&self.path, error)
    }

    /// Its size in bytes.
    ///
    /// # Errors
    /// If the browser closed it.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // sizes are whole and positive
    pub fn size(&self) -> Result<u64> {
        Ok(self.access.get_size().map_err(|e| self.wrong(&e))? as u64)
    }

    /// Fills `into` with the bytes from `at` on.
    ///
    /// # Errors
    /// If the file ends before.
    pub fn read_at(&self, at: u64, into: &mut [u8]) -> Result<()> {
        let mut done = 0;
        while done < into.len() {
            let options = at_byte(at + done as u64);
            let rest = &mut into[done..];
            let read = self.access.read_with_u8_array_and_options(rest, &options).map_err(|e| self.wrong(&e))?;
            if read <= 0.0 {
                return Err(Error::Storage(format!("{} ends before byte {}", self.path, at + into.len() as u64)));
            }
            done += count(read);
        }
        Ok(())
    }

    /// Writes all of `bytes` at `at`.
    ///
    /// # Errors
    /// If there is no room.
    pub fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        let mut done = 0;
        while done < bytes.len() {
            let options = at_byte(at + done as u64);
            let written =
                self.access.write_with_u8_array_and_options(&bytes[done..], &options).map_err(|e| self.wrong(&e))?;
            if written <= 0.0 {
                return Err(Error::Storage(format!(
                    "the browser gives no more room for {}. Export runs you want to keep and delete others, or free some of the disk",
                    self.path
                )));
            }
            done += count(written);
        }
        Ok(())
    }

    /// Cuts it to a size.
    ///
    /// # Errors
    /// If the browser refuses.
    #[allow(clippy::cast_precision_loss)] // files below 2^53 bytes
    pub fn truncate(&mut self, size: u64) -> Result<()> {
        self.access.truncate_with_f64(size as f64).map_err(|e| self.wrong(&e))
    }

    /// Waits until what was written is safe.
    ///
    /// # Errors
    /// If the browser refuses.
    pub fn flush(&mut self) -> Result<()> {
        self.access.flush().map_err(|e| self.wrong(&e))
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        self.access.close();
    }
}

#[allow(clippy::cast_precision_loss)] // files below 2^53 bytes
fn at_byte(at: u64) -> FileSystemReadWriteOptions {
    let options = FileSystemReadWriteOptions::new();
    options.set_at(at as f64);
    options
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a positive count of bytes in memory
fn count(bytes: f64) -> usize {
    bytes as usize
}

/// The values of a JavaScript array.
pub fn items(array: &JsValue) -> Vec<JsValue> {
    if Array::is_array(array) { Array::from(array).to_vec() } else { Vec::new() }
}

impl Source for Snapshot {
    fn len(&self) -> u64 {
        Self::len(self)
    }

    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<()> {
        Self::read_at(self, at, into)
    }
}
