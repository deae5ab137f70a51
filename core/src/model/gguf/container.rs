//! The container: a header of keys and tensors, then the tensors' data. A header is believed only as far
//! as the file bears it out: nothing is reserved for what it merely claims.
//!
//! Format: ggml-org/ggml, `docs/gguf.md`, versions 2 and 3, little endian.

use std::{collections::BTreeMap, path::Path};

use super::{
    super::source::{PIECE, Source},
    blocks,
    value::{Kind, Metadata, Texts, Value},
};
use crate::{Error, Result};

/// The four bytes that every file begins with.
const MAGIC: [u8; 4] = *b"GGUF";

/// The longest header that is read: vocabularies of a quarter of a million tokens take a tenth of it.
const LONGEST_HEADER: u64 = 100_000_000;

/// The most tensors and the most keys: of each, the largest models have a few thousand.
const MOST: u64 = 65_536;

/// The longest name of a key or a tensor.
const LONGEST_NAME: u64 = 65_535;

/// The deepest that lists lie in lists.
const DEEPEST: usize = 4;

/// The most sides that a tensor has.
const MOST_SIDES: u32 = 4;

/// What is read ahead of a header at a time.
const WINDOW: u64 = 256 << 10;

/// Where the data of tensors may begin, unless the header says otherwise.
const ALIGNMENT: u64 = 32;

/// The key that says otherwise.
const ALIGNMENT_KEY: &str = "general.alignment";

/// What a header says of one tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its sides in the order of Hugging Face: rows first, the values of a row last.
    pub shape: Vec<u64>,
    /// Its number type.
    pub code: u32,
    /// Where its data begin, counted from the beginning of all data.
    pub offset: u64,
}

impl Entry {
    /// The bytes of its data; `None` for a type that we cannot read.
    fn size(&self) -> Option<u64> {
        blocks::format(self.code)?.size(&self.shape)
    }
}

/// Everything before the data.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub metadata: Metadata,
    pub tensors: BTreeMap<String, Entry>,
    /// Where the data begin.
    pub start: u64,
}

impl Header {
    /// Reads the header; `path` names the file in errors.
    ///
    /// # Errors
    /// If the file is none, is cut off, or its header is not sound in every entry.
    pub fn read(source: &mut dyn Source, path: &Path) -> Result<Self> {
        let whole = source.len();
        let mut reader = Reader {
            source,
            path,
            topic: "its beginning".to_owned(),
            next: 0,
            end: whole.min(LONGEST_HEADER),
            whole,
            window: Vec::new(),
            used: 0,
        };
        let (tensors, entries) = reader.beginning()?;
        let mut metadata = Metadata { path: path.to_path_buf(), values: BTreeMap::new() };
        for index in 0..entries {
            reader.topic = format!("entry {} of {entries}", index + 1);
            let key = reader.name()?;
            reader.topic = format!("the value of {key:?}");
            let value = reader.value()?;
            if metadata.values.insert(key.clone(), value).is_some() {
                return Err(reader.wrong("is there twice"));
            }
        }
        let alignment = alignment(&metadata)?;
        let mut list = BTreeMap::new();
        for index in 0..tensors {
            reader.topic = format!("tensor {} of {tensors}", index + 1);
            let name = reader.name()?;
            reader.topic = format!("tensor {name:?}");
            let entry = reader.entry(alignment)?;
            if list.insert(name, entry).is_some() {
                return Err(reader.wrong("is there twice"));
            }
        }
        let start = reader.position().next_multiple_of(alignment);
        let header = Self { metadata, tensors: list, start };
        header.check(whole).map_err(|problem| incomplete(path, &problem))?;
        Ok(header)
    }

    /// Checks that the tensors share the data among them without an overlap.
    fn check(&self, whole: u64) -> Result<(), String> {
        let available = whole.saturating_sub(self.start);
        let mut in_order: Vec<_> = self.tensors.iter().collect();
        in_order.sort_by_key(|(_, entry)| entry.offset);
        let mut taken = 0;
        for (name, entry) in in_order {
            let Entry { shape, code, offset } = entry;
            if *offset < taken {
                return Err(format!("tensor {name:?} overlaps the one before it"));
            }
            let size = match blocks::format(*code) {
                // Whoever asks for such a tensor is told; others are no reason to refuse the file.
                None => 0,
                Some(format) => entry.size().ok_or_else(|| {
                    format!("tensor {name:?} of shape {shape:?} is not made of whole blocks of {}", format.name)
                })?,
            };
            let end = offset.checked_add(size).filter(|end| *end <= available).ok_or_else(|| {
                format!(
                    "tensor {name:?} takes {size} bytes from byte {offset} of the data on, which end at {available}"
                )
            })?;
            taken = end;
        }
        Ok(())
    }
}

fn alignment(metadata: &Metadata) -> Result<u64> {
    let Some(alignment) = metadata.size(ALIGNMENT_KEY)? else { return Ok(ALIGNMENT) };
    let sound = alignment.is_power_of_two() && (8..=1 << 20).contains(&alignment);
    let unfit = || metadata.wrong(ALIGNMENT_KEY, format!("is {alignment}, which is no power of two from 8 on"));
    if sound { Ok(alignment as u64) } else { Err(unfit()) }
}

fn incomplete(path: &Path, problem: &str) -> Error {
    // A hostile header may be quoted in the problem, and is up to a hundred megabytes long.
    let problem: String = problem.chars().take(300).collect();
    Error::model(path, format!("not a complete GGUF file ({problem}); copy or download it again"))
}

/// Reads a header from its beginning to its end.
struct Reader<'a> {
    source: &'a mut dyn Source,
    path: &'a Path,
    /// What is being read, for errors.
    topic: String,
    /// Where the file goes on after the window.
    next: u64,
    /// Where the header ends at the latest.
    end: u64,
    /// The bytes of the file.
    whole: u64,
    window: Vec<u8>,
    /// How much of the window has been taken.
    used: usize,
}

impl Reader<'_> {
    fn wrong(&self, problem: &str) -> Error {
        // A key may be as long as a name may be.
        let topic: String = self.topic.chars().take(150).collect();
        incomplete(self.path, &format!("{topic} {problem}"))
    }

    fn position(&self) -> u64 {
        self.next - (self.window.len() - self.used) as u64
    }

    /// Checks that `count` things of `least` bytes each can follow.
    fn room(&self, count: u64, least: u64) -> Result<u64> {
        let left = self.end - self.position();
        match count.checked_mul(least) {
            Some(bytes) if bytes <= left => Ok(bytes),
            _ if self.whole > self.end => {
                Err(self
                    .wrong(&format!("claims {count} times {least} bytes; a header has no more than {LONGEST_HEADER}")))
            }
            _ => Err(self.wrong(&format!("claims {count} times {least} bytes, and {left} follow"))),
        }
    }

    /// Appends that many bytes, which grows with what is there and not with what is claimed.
    fn append(&mut self, count: u64, into: &mut Vec<u8>) -> Result<()> {
        let mut rest = self.room(count, 1)?;
        while rest > 0 {
            if self.used == self.window.len() {
                let size = (self.end - self.next).min(WINDOW);
                self.window.clear();
                self.used = 0;
                self.window.resize(usize::try_from(size).unwrap_or(PIECE), 0);
                self.source.read_at(self.next, &mut self.window)?;
                self.next += size;
            }
            let there = self.window.get(self.used..).unwrap_or_default();
            let size = usize::try_from(rest).map_or(there.len(), |rest| rest.min(there.len()));
            into.extend(there.iter().take(size));
            self.used += size;
            rest -= size as u64;
        }
        Ok(())
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = Vec::with_capacity(N);
        self.append(N as u64, &mut bytes)?;
        bytes.first_chunk().copied().ok_or_else(|| self.wrong("ends"))
    }

    fn u32(&mut self) -> Result<u32> {
        self.fixed().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64> {
        self.fixed().map(u64::from_le_bytes)
    }

    /// Magic, version and the two counts: of tensors and of keys.
    fn beginning(&mut self) -> Result<(u64, u64)> {
        if self.whole < 24 {
            return Err(self.wrong(&format!("takes 24 bytes, and there are {}", self.whole)));
        }
        let magic: [u8; 4] = self.fixed()?;
        if magic != MAGIC {
            let begins = magic.escape_ascii();
            return Err(Error::model(
                self.path,
                format!(
                    "is no GGUF file: it begins with \"{begins}\". Choose the file that ends with `.gguf`, or download it again"
                ),
            ));
        }
        let version = self.u32()?;
        if !matches!(version, 2 | 3) {
            let problem = match version {
                1 => "is GGUF version 1, from 2023".to_owned(),
                _ if matches!(version.swap_bytes(), 1..=3) => "is a big-endian GGUF file".to_owned(),
                _ => format!("is GGUF version {version}"),
            };
            return Err(Error::model(
                self.path,
                format!("{problem}; versions 2 and 3 in little endian are read. Convert the model again"),
            ));
        }
        let (tensors, entries) = (self.u64()?, self.u64()?);
        // Length of a name, number of sides, type, offset; and length of a key, type, a byte.
        for (topic, count, least) in [("the number of tensors", tensors, 24), ("the number of entries", entries, 13)] {
            topic.clone_into(&mut self.topic);
            if count > MOST {
                return Err(self.wrong(&format!("is {count}, and {MOST} are the most there may be")));
            }
            self.room(count, least)?;
        }
        Ok((tensors, entries))
    }

    fn text(&mut self, longest: u64) -> Result<String> {
        let length = self.u64()?;
        if length > longest {
            return Err(self.wrong(&format!("has a text of {length} bytes, and {longest} are the most there may be")));
        }
        let mut bytes = Vec::new();
        self.append(length, &mut bytes)?;
        String::from_utf8(bytes).map_err(|_| self.wrong("has a text that is not UTF-8"))
    }

    fn name(&mut self) -> Result<String> {
        self.text(LONGEST_NAME)
    }

    fn kind(&mut self) -> Result<Kind> {
        let code = self.u32()?;
        Kind::of(code).ok_or_else(|| self.wrong(&format!("has type {code}, which is none")))
    }

    fn value(&mut self) -> Result<Value> {
        Ok(match self.kind()? {
            Kind::Text => Value::Text(self.text(LONGEST_HEADER)?),
            Kind::Array => self.list(1)?,
            kind => {
                let mut bytes = Vec::new();
                self.append(kind.least(), &mut bytes)?;
                Value::Number(kind.number(&bytes).ok_or_else(|| self.not_a_truth())?)
            }
        })
    }

    fn not_a_truth(&self) -> Error {
        self.wrong("is a truth value other than 0 and 1")
    }

    /// A list, `depth` deep.
    fn list(&mut self, depth: usize) -> Result<Value> {
        let kind = self.kind()?;
        let count = self.u64()?;
        let bytes = self.room(count, kind.least())?;
        Ok(match kind {
            Kind::Text => {
                let mut texts = Texts::default();
                for _ in 0..count {
                    texts.push(&self.text(LONGEST_HEADER)?);
                }
                Value::Texts(texts)
            }
            Kind::Array if depth == DEEPEST => return Err(self.wrong(&format!("is a list more than {DEEPEST} deep"))),
            Kind::Array => {
                for _ in 0..count {
                    self.list(depth + 1)?;
                }
                Value::Lists
            }
            kind => {
                let mut numbers = Vec::new();
                self.append(bytes, &mut numbers)?;
                if kind == Kind::Bool && numbers.iter().any(|truth| *truth > 1) {
                    return Err(self.not_a_truth());
                }
                Value::Numbers(kind, numbers)
            }
        })
    }

    fn entry(&mut self, alignment: u64) -> Result<Entry> {
        let sides = self.u32()?;
        if sides > MOST_SIDES {
            return Err(self.wrong(&format!("has {sides} sides, and {MOST_SIDES} are the most there may be")));
        }
        let mut shape = (0..sides).map(|_| self.u64()).collect::<Result<Vec<_>>>()?;
        shape.reverse();
        if shape.contains(&0) {
            return Err(self.wrong("has a side of 0"));
        }
        let (code, offset) = (self.u32()?, self.u64()?);
        if !offset.is_multiple_of(alignment) {
            return Err(self.wrong(&format!("begins at byte {offset}, which is no multiple of {alignment}")));
        }
        Ok(Entry { shape, code, offset })
    }
}
