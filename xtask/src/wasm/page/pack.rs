//! Files of the page as they are written, packed where that helps.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::{GzDecoder, GzEncoder};
use sha2::{Digest, Sha256};

use crate::steps::Failure;
use crate::tools::create_folder;

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
    /// The hash of its content, unpacked: some hosts unpack files on the way.
    pub hash: String,
}

/// The folder of a page that is being written.
pub struct Folder {
    root: PathBuf,
    compression: Compression,
    files: Vec<File>,
}

impl Folder {
    /// The folder at `root`; `small` packs as well as it can, instead of quickly.
    pub fn new(root: &Path, small: bool) -> Self {
        let compression = if small { Compression::best() } else { Compression::fast() };
        Self { root: root.to_owned(), compression, files: Vec::new() }
    }

    /// What was written, in the order of its names.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// Writes a file as it is.
    pub fn put(&mut self, name: &str, content: &[u8]) -> Result<(), Failure> {
        self.write(name, content, hash(content))
    }

    /// Packs a file; its name gets `.gz` at its end.
    pub fn put_packed(&mut self, name: &str, content: &[u8]) -> Result<(), Failure> {
        let packed = all(GzEncoder::new(content, self.compression), name)?;
        self.write(&format!("{name}.gz"), &packed, hash(content))
    }

    /// Writes a file that is packed already.
    pub fn put_as_packed(&mut self, name: &str, packed: &[u8]) -> Result<(), Failure> {
        let content = all(GzDecoder::new(packed), name)?;
        self.write(name, packed, hash(&content))
    }

    fn write(&mut self, name: &str, bytes: &[u8], hash: String) -> Result<(), Failure> {
        let path = self.root.join(name);
        create_folder(path.parent().unwrap_or(&self.root))?;
        fs::write(&path, bytes).map_err(|e| Failure::io(path.display(), &e))?;
        self.files.push(File { name: name.to_owned(), size: bytes.len(), hash });
        self.files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(())
    }
}

fn all(mut from: impl Read, name: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).map_err(|e: io::Error| Failure::io(name, &e))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_file_has_the_hash_of_its_content() -> Result<(), Failure> {
        let root = std::env::temp_dir().join(format!("selfsame-pack-{}", std::process::id()));
        let mut folder = Folder::new(&root, true);
        let content = b"the same the same the same the same".as_slice();
        folder.put_packed("b/x.bin", content)?;
        let packed = fs::read(root.join("b/x.bin.gz")).map_err(|e| Failure::io("x", &e))?;
        folder.put_as_packed("a.gz", &packed)?;
        folder.put("c", content)?;
        let _ = fs::remove_dir_all(&root);
        let names: Vec<&str> = folder.files().iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["a.gz", "b/x.bin.gz", "c"]);
        assert!(folder.files().iter().all(|file| file.hash == hash(content)));
        assert_eq!(folder.files()[1].size, packed.len());
        // Packing the same twice gives the same bytes: nothing is downloaded anew for nothing.
        assert_eq!(packed[4..8], [0; 4]);
        assert!(folder.put_as_packed("d", content).is_err());
        Ok(())
    }
}
