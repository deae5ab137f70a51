//! Bytes that are read piece by piece. A browser tab or a small laptop has room for a model, but not
//! for a copy of its file beside it.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    path::PathBuf,
};

use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// The most bytes that are asked for at once, except for the header of a file of weights: large enough
/// that asking costs nothing beside reading.
pub(super) const PIECE: usize = 4 << 20;

/// Bytes that can be read piece by piece: a file, a browser's handle of one, memory.
pub trait Source {
    /// How many there are.
    fn len(&self) -> u64;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `into` with the bytes from `at` on.
    ///
    /// # Errors
    /// If they cannot be read, or end before `into` is full.
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<()>;
}

/// Bytes in memory.
#[derive(Debug, Clone, Copy)]
pub struct MemorySource<'a> {
    bytes: &'a [u8],
}

impl<'a> MemorySource<'a> {
    /// These bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }
}

impl Source for MemorySource<'_> {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<()> {
        let rest = usize::try_from(at).ok().and_then(|at| self.bytes.get(at..));
        let piece = rest
            .and_then(|rest| rest.get(..into.len()))
            .ok_or_else(|| Error::read("(memory)", too_short(at, into.len())))?;
        into.copy_from_slice(piece);
        Ok(())
    }
}

/// A file, of which only what is asked for is in memory. Browsers have no files of this kind; there it
/// cannot be opened.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    path: PathBuf,
    length: u64,
}

impl FileSource {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// Names the file that is missing, is a folder, or must not be read.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let opened = File::open(&path).and_then(|file| {
            let about = file.metadata()?;
            // Some systems open a folder like a file and only fail when it is read.
            if about.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { Ok((file, about.len())) }
        });
        match opened {
            Ok((file, length)) => Ok(Self { file, path, length }),
            Err(e) => Err(Error::read(path, e)),
        }
    }
}

impl Source for FileSource {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<()> {
        let size = into.len();
        self.file.seek(SeekFrom::Start(at)).and_then(|_| self.file.read_exact(into)).map_err(|e| {
            let ended = e.kind() == io::ErrorKind::UnexpectedEof;
            Error::read(&self.path, if ended { too_short(at, size) } else { e })
        })
    }
}

fn too_short(at: u64, size: usize) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, format!("ends before the {size} bytes from byte {at} on"))
}

/// Shows `take` the bytes of a range in their order, at most [`PIECE`] at a time, and never a part of
/// `unit` bytes that belong together.
pub(super) fn in_pieces(
    source: &mut dyn Source,
    range: Range<u64>,
    unit: u64,
    mut take: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let (mut at, end) = (range.start, range.end);
    let piece = usize::try_from(unit).map_or(PIECE, |unit| PIECE - PIECE % unit.clamp(1, PIECE));
    let mut buffer = Vec::new();
    while at < end {
        let size = usize::try_from(end - at).map_or(piece, |rest| rest.min(piece));
        buffer.resize(size, 0);
        source.read_at(at, &mut buffer)?;
        take(&buffer)?;
        at += size as u64;
    }
    Ok(())
}

/// SHA-256 of bytes as lower-case hexadecimal digits.
#[must_use]
pub fn content_hash(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// [`content_hash`] of a source, which is never in memory as a whole.
///
/// # Errors
/// If the source cannot be read.
pub fn hash_source(source: &mut dyn Source) -> Result<String> {
    let mut hash = Sha256::new();
    let whole = 0..source.len();
    in_pieces(source, whole, 1, |piece| {
        hash.update(piece);
        Ok(())
    })?;
    Ok(hexadecimal(&hash.finalize()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Bytes in memory that remember where they were read and how much at once.
    pub struct Recorder<'a> {
        pub bytes: &'a [u8],
        /// What the source says of its length.
        pub claimed: u64,
        /// Beginning and length of every piece, in the order of reading.
        pub pieces: Vec<(u64, u64)>,
    }

    impl<'a> Recorder<'a> {
        pub fn new(bytes: &'a [u8]) -> Self {
            Self { bytes, claimed: bytes.len() as u64, pieces: Vec::new() }
        }

        pub fn largest(&self) -> u64 {
            self.pieces.iter().map(|piece| piece.1).max().unwrap_or(0)
        }
    }

    impl Source for Recorder<'_> {
        fn len(&self) -> u64 {
            self.claimed
        }

        fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<()> {
            self.pieces.push((at, into.len() as u64));
            MemorySource::new(self.bytes).read_at(at, into)
        }
    }

    #[test]
    fn the_hash_of_pieces_is_the_hash_of_the_whole() {
        // By the standard's own example (FIPS 180-2, appendix B.1), and of nothing.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash_source(&mut MemorySource::new(b"abc")).unwrap(), known);
        for size in [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 7] {
            let bytes: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
            let mut source = Recorder::new(&bytes);
            assert_eq!(hash_source(&mut source).unwrap(), content_hash(&bytes), "{size}");
            assert!(source.largest() <= PIECE as u64);
            assert_eq!(source.pieces.iter().map(|piece| piece.1).sum::<u64>(), size as u64);
        }
    }

    #[test]
    fn memory_ends_where_it_ends() {
        let mut source = MemorySource::new(b"0123456789");
        let mut piece = [0; 3];
        source.read_at(7, &mut piece).unwrap();
        assert_eq!(&piece, b"789");
        source.read_at(10, &mut []).unwrap();
        for at in [8, 10, 11, u64::MAX] {
            assert!(source.read_at(at, &mut piece).unwrap_err().to_string().contains("ends"), "{at}");
        }
        assert!(!source.is_empty() && MemorySource::new(b"").is_empty());
    }

    #[test]
    fn a_file_is_read_where_it_is_asked_and_named_when_it_fails() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights");
        std::fs::write(&path, b"0123456789").unwrap();
        let mut source = FileSource::open(&path).unwrap();
        assert_eq!(source.len(), 10);
        let mut piece = [0; 4];
        for (at, expected) in [(6, b"6789"), (0, b"0123"), (3, b"3456")] {
            source.read_at(at, &mut piece).unwrap();
            assert_eq!(&piece, expected);
        }
        // It became shorter after it was opened.
        std::fs::write(&path, b"0123").unwrap();
        let error = source.read_at(2, &mut piece).unwrap_err().to_string();
        assert!(error.contains("weights") && error.contains("ends before"), "{error}");
        let error = hash_source(&mut source).unwrap_err().to_string();
        assert!(error.contains("weights"), "{error}");
        for unusable in [folder.path().join("absent"), folder.path().to_path_buf()] {
            let error = FileSource::open(&unusable).unwrap_err().to_string();
            assert!(error.contains(&unusable.display().to_string()), "{error}");
        }
    }
}
