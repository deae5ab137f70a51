//! A run as one file: a packed tar of its folder, which the window, the page and `tar` itself open.

use std::{
    io::{Cursor, Read},
    path::{Component, Path},
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};

use crate::{Error, Result};

/// How such a file is named.
pub const EXTENSION: &str = "selfsame.tgz";

/// The largest run that is unpacked: a small hostile file must not fill a disk.
const LARGEST: u64 = 8 << 30;

/// Packs files, each with its path inside the run.
///
/// # Errors
/// If a path is too long, or memory is short.
pub fn pack(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>> {
    let wrong = |e: std::io::Error| Error::told(format!("the run cannot be packed: {e}"));
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, bytes.as_slice()).map_err(wrong)?;
    }
    archive.into_inner().and_then(GzEncoder::finish).map_err(wrong)
}

/// Unpacks files. Only plain files with paths inside the run are taken.
///
/// # Errors
/// If it is not a packed run, is damaged, or holds anything that could lie outside a run's folder.
pub fn unpack(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
    let wrong = |e: std::io::Error| Error::told(format!("this is not a whole packed run ({e}); export it again"));
    let mut archive = tar::Archive::new(GzDecoder::new(Cursor::new(bytes)).take(LARGEST));
    let mut files = Vec::new();
    for entry in archive.entries().map_err(wrong)? {
        let mut entry = entry.map_err(wrong)?;
        if entry.header().entry_type().is_dir() {
            continue;
        }
        let path = entry.path().map_err(wrong)?.into_owned();
        let name = inside(&path).filter(|_| entry.header().entry_type().is_file()).ok_or_else(|| {
            Error::told(format!(
                "the packed run holds `{}`, which is no file of a run; it was not opened",
                path.display()
            ))
        })?;
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(wrong)?;
        files.push((name, content));
    }
    if files.iter().any(|(name, _)| name == "events.jsonl") {
        Ok(files)
    } else {
        Err(Error::told("this packed file holds no run (there is no events.jsonl)"))
    }
}

/// A path as text, if it leads nowhere but down.
fn inside(path: &Path) -> Option<String> {
    let parts = path
        .components()
        .filter(|part| *part != Component::CurDir)
        .map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect::<Option<Vec<_>>>()?;
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Vec<(String, Vec<u8>)> {
        vec![
            ("events.jsonl".to_owned(), b"{}\n".repeat(1000)),
            ("checkpoints/main-1/model.safetensors".to_owned(), vec![7; 5000]),
        ]
    }

    #[test]
    fn a_run_survives_packing() {
        let packed = pack(&run()).unwrap();
        assert!(packed.len() < 2000);
        assert_eq!(unpack(&packed).unwrap(), run());
    }

    #[test]
    fn what_is_no_run_is_refused() {
        assert!(unpack(b"hello").is_err());
        let packed = pack(&run()).unwrap();
        assert!(unpack(&packed[..packed.len() / 2]).is_err());
        let other = pack(&[("notes.txt".to_owned(), Vec::new())]).unwrap();
        assert!(unpack(&other).unwrap_err().to_string().contains("no run"));
    }

    #[test]
    fn nothing_leads_out_of_the_folder() {
        for path in ["../x", "/etc/passwd", "a/../../x", "."] {
            assert_eq!(inside(Path::new(path)), None, "{path}");
        }
        assert_eq!(inside(Path::new("./a/b")).as_deref(), Some("a/b"));
        // A link is no file, whatever its name.
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        archive.append_link(&mut header, "events.jsonl", "/etc/passwd").unwrap();
        let packed = archive.into_inner().unwrap().finish().unwrap();
        assert!(unpack(&packed).unwrap_err().to_string().contains("no file of a run"));
    }
}
