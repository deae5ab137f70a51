//! Files of the page as they are written, packed where that helps.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use lzma_rust2::{CheckType, LzmaOptions, XzOptions, XzWriter};
use sha2::{Digest, Sha256};

use crate::steps::Failure;
use crate::tools::create_folder;

/// The largest dictionary, in bytes: the page makes no room for a larger one (`DICTIONARY` of `web/unpack`).
const DICTIONARY: u32 = 8 << 20;

/// What the names of packed files end with. It is no encoding of HTTP, so that no host unpacks them on the way.
const SUFFIX: &str = ".xz";

/// The beginning of the SHA-256 of some bytes: enough to tell versions apart.
pub fn hash(bytes: &[u8]) -> String {
    let beginning = Sha256::digest(bytes).first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
    format!("{beginning:016x}")
}

/// A file of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its address, from the page's folder.
    pub name: String,
    /// Bytes as it lies there.
    pub size: usize,
    /// The hash of its content, as it lies there.
    pub hash: String,
}

/// The folder of a page that is being written.
pub struct Folder {
    root: PathBuf,
    small: bool,
    files: Vec<File>,
}

impl Folder {
    /// The folder at `root`; `small` packs as well as it can, instead of quickly.
    pub fn new(root: &Path, small: bool) -> Self {
        Self { root: root.to_owned(), small, files: Vec::new() }
    }

    /// What was written, in the order of its names.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// Writes a file as it is.
    pub fn put(&mut self, name: &str, content: &[u8]) -> Result<(), Failure> {
        let path = self.root.join(name);
        create_folder(path.parent().unwrap_or(&self.root))?;
        fs::write(&path, content).map_err(|e| Failure::io(path.display(), &e))?;
        self.files.push(File { name: name.to_owned(), size: content.len(), hash: hash(content) });
        self.files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(())
    }

    /// Packs a file; its name gets `.xz` at its end.
    pub fn put_packed(&mut self, name: &str, content: &[u8]) -> Result<(), Failure> {
        let packed = packed(content, &self.options(name)).map_err(|e| Failure::io(name, &e))?;
        self.put(&format!("{name}{SUFFIX}"), &packed)
    }

    /// Packs a file that `gzip` has packed, whose name ends with `.gz`.
    pub fn put_repacked(&mut self, name: &str, gzip: &[u8]) -> Result<(), Failure> {
        let content = all(GzDecoder::new(gzip), name)?;
        self.put_packed(name.strip_suffix(".gz").unwrap_or(name), &content)
    }

    /// How a file is packed.
    fn options(&self, name: &str) -> LzmaOptions {
        let mut options = LzmaOptions::with_preset(if self.small { 9 } else { 1 });
        options.dict_size = options.dict_size.min(DICTIONARY);
        if self.small {
            options.nice_len = LzmaOptions::NICE_LEN_MAX;
        }
        if name.ends_with(".safetensors") {
            // Numbers of two bytes: what a byte is likely to be depends on which of the two it is, and on
            // nothing before it.
            (options.lc, options.lp, options.pb) = (0, 1, 1);
        }
        options
    }
}

/// The bytes of an `.xz` file.
fn packed(content: &[u8], options: &LzmaOptions) -> io::Result<Vec<u8>> {
    let options = XzOptions { lzma_options: options.clone(), check_type: CheckType::Crc32, ..XzOptions::default() };
    let mut writer = XzWriter::new(Vec::new(), options)?;
    writer.write_all(content)?;
    writer.finish()
}

fn all(mut from: impl Read, name: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).map_err(|e: io::Error| Failure::io(name, &e))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use lzma_rust2::XzReader;

    use super::*;
    use crate::tools::{Workspace, read};

    #[test]
    fn a_packed_file_holds_its_content() -> Result<(), Failure> {
        let root = std::env::temp_dir().join(format!("selfsame-pack-{}", std::process::id()));
        let content = b"the same the same the same the same".as_slice();
        let gzip = all(flate2::read::GzEncoder::new(content, flate2::Compression::fast()), "x")?;
        for small in [false, true] {
            let mut folder = Folder::new(&root, small);
            folder.put_packed("b/x.safetensors", content)?;
            folder.put_repacked("a.gz", &gzip)?;
            folder.put("c", content)?;
            let names: Vec<&str> = folder.files().iter().map(|file| file.name.as_str()).collect();
            assert_eq!(names, ["a.xz", "b/x.safetensors.xz", "c"]);
            for file in &folder.files()[..2] {
                let bytes = fs::read(root.join(&file.name)).map_err(|e| Failure::io("x", &e))?;
                assert_eq!((file.size, &file.hash), (bytes.len(), &hash(&bytes)));
                assert_eq!(all(XzReader::new(bytes.as_slice(), false), "x")?, content);
            }
            assert_eq!(folder.files()[2].hash, hash(content));
            assert!(folder.put_repacked("d.gz", content).is_err());
            // Packing the same twice gives the same bytes: nothing is downloaded anew for nothing.
            let before = folder.files().to_vec();
            folder.files.clear();
            folder.put_packed("b/x.safetensors", content)?;
            assert_eq!(folder.files()[0], before[1]);
        }
        let _ = fs::remove_dir_all(&root);
        Ok(())
    }

    #[test]
    fn the_page_makes_room_for_the_dictionary() -> Result<(), Failure> {
        let unpacks = read(&Workspace::locate().root.join("web/unpack/src/lib.rs"))?;
        assert!(unpacks.contains(&format!("pub const DICTIONARY: usize = {} << 20;", DICTIONARY >> 20)));
        let folder = Folder::new(Path::new("x"), true);
        assert!(folder.options("x.wasm").dict_size <= DICTIONARY);
        Ok(())
    }
}
