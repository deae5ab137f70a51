//! Safetensors files, read tensor by tensor. A header is believed only as far as the file bears it out:
//! nothing is reserved for what it merely claims.
//!
//! The crate of that name wants the whole file in memory, and counts a tensor's bits in the
//! machine's words: a browser's 32 end at 512 MB.

use std::{cmp::Ordering, collections::BTreeMap, fmt, path::Path};

use safetensors::Dtype;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

use super::{
    files::Library,
    source::{Source, in_pieces},
};
use crate::{Error, Result};

/// Bytes that hold the length of the header.
const LENGTH: u64 = 8;

/// The longest header by the format's definition.
const LONGEST_HEADER: u64 = 100_000_000;

/// The key of a header that names no tensor.
const METADATA: &str = "__metadata__";

/// The tensors of a file.
pub(super) struct Tensors<'a> {
    source: &'a mut dyn Source,
    path: &'a Path,
    entries: BTreeMap<String, Entry>,
    /// Where the data begin that the entries' offsets count from.
    start: u64,
}

impl<'a> Tensors<'a> {
    /// Reads the header; `path` names the file in errors.
    ///
    /// # Errors
    /// If the file is cut off, too long, or its header is not sound in every entry.
    pub fn open(source: &'a mut dyn Source, path: &'a Path) -> Result<Self> {
        let incomplete = |problem: &str| {
            // A hostile header may be quoted in the problem, and is up to a hundred megabytes long.
            let problem: String = problem.chars().take(300).collect();
            Error::model(path, format!("not a complete safetensors file ({problem}); copy or download it again"))
        };
        let whole = source.len();
        let Some(rest) = whole.checked_sub(LENGTH) else {
            return Err(incomplete(&format!("it has {whole} bytes, and the length of its header takes {LENGTH}")));
        };
        let mut length = [0; 8];
        source.read_at(0, &mut length)?;
        let length = u64::from_le_bytes(length);
        let Some(size) = usize::try_from(length).ok().filter(|_| length <= rest.min(LONGEST_HEADER)) else {
            return Err(incomplete(&format!(
                "its header claims {length} bytes; {rest} follow, and {LONGEST_HEADER} are the most there may be"
            )));
        };
        let mut header = vec![0; size];
        source.read_at(LENGTH, &mut header)?;
        let Header(entries) =
            serde_json::from_slice(&header).map_err(|e| incomplete(&format!("its header is not sound: {e}")))?;
        drop(header);
        check(&entries, rest - length).map_err(|problem| incomplete(&problem))?;
        Ok(Self { source, path, entries, start: LENGTH + length })
    }
}

impl Library for Tensors<'_> {
    fn path(&self) -> &Path {
        self.path
    }

    fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    fn floats(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let path = self.path;
        let wrong = |problem: String| Error::model(path, format!("tensor `{name}` {problem}"));
        let entry = self.entries.get(name).ok_or_else(|| {
            wrong("is missing; config.json promises it (check that both files belong together)".to_owned())
        })?;
        if entry.shape != shape {
            return Err(wrong(format!("has shape {:?}, but config.json says {shape:?}", entry.shape)));
        }
        let append: fn(&mut Vec<f32>, &[u8]) = match entry.dtype {
            Dtype::F32 => |values, bytes| values.extend(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b))),
            Dtype::F16 => |values, bytes| {
                values.extend(bytes.as_chunks().0.iter().map(|b| half::f16::from_le_bytes(*b).to_f32()));
            },
            Dtype::BF16 => |values, bytes| {
                values.extend(bytes.as_chunks().0.iter().map(|b| half::bf16::from_le_bytes(*b).to_f32()));
            },
            other => return Err(wrong(format!("has number type {other:?}; F32, F16 and BF16 are read"))),
        };
        let (begin, end) = entry.data_offsets;
        let mut values = Vec::new();
        // The file has that many values, but a browser tab may still have no room for them.
        let count = (end - begin) * 8 / entry.dtype.bitsize() as u64;
        usize::try_from(count).ok().and_then(|count| values.try_reserve_exact(count).ok()).ok_or_else(|| {
            wrong(format!("has {count} values, and there is no memory for them; choose a smaller model"))
        })?;
        let width = entry.dtype.bitsize() as u64 / 8;
        in_pieces(self.source, self.start + begin..self.start + end, width, |piece| {
            let before = values.len();
            append(&mut values, piece);
            match values.iter().enumerate().skip(before).find(|(_, value)| !value.is_finite()) {
                None => Ok(()),
                Some((at, value)) => Err(wrong(format!("holds {value} at element {at}; these weights cannot be used"))),
            }
        })?;
        Ok(values)
    }
}

/// What the header says of one tensor.
#[derive(Debug, Deserialize)]
struct Entry {
    dtype: Dtype,
    shape: Vec<usize>,
    data_offsets: (u64, u64),
}

impl Entry {
    /// The bytes that shape and number type make, if that is a whole number of them.
    fn bytes(&self) -> Option<u64> {
        let one = self.dtype.bitsize() as u64;
        let bits = self.shape.iter().try_fold(one, |bits, size| bits.checked_mul(*size as u64))?;
        bits.is_multiple_of(8).then_some(bits / 8)
    }
}

/// Checks that the entries share `available` bytes among them without a gap or an overlap.
fn check(entries: &BTreeMap<String, Entry>, available: u64) -> Result<(), String> {
    let mut in_order: Vec<_> = entries.iter().collect();
    in_order.sort_by_key(|(_, entry)| entry.data_offsets);
    let mut taken = 0;
    for (name, entry) in in_order {
        let (begin, end) = entry.data_offsets;
        if end > available {
            return Err(format!("tensor {name:?} ends at byte {end} of the data, which end at {available}"));
        }
        match begin.cmp(&taken) {
            Ordering::Less => return Err(format!("tensor {name:?} overlaps the one before it")),
            Ordering::Greater => return Err(format!("no tensor has bytes {taken} to {begin} of the data")),
            Ordering::Equal => (),
        }
        let size = end.checked_sub(begin);
        if size.is_none() || size != entry.bytes() {
            return Err(format!(
                "tensor {name:?} goes from byte {begin} to {end}, which is not what {:?} of shape {:?} takes",
                entry.dtype, entry.shape
            ));
        }
        taken = end;
    }
    if taken < available {
        return Err(format!("its tensors end at byte {taken} of the data, which end at {available}"));
    }
    Ok(())
}

/// The entries of a header; two of one name are refused, which a map would take for one.
struct Header(BTreeMap<String, Entry>);

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Header;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("tensors by their names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut entries = BTreeMap::new();
                let mut metadata = false;
                while let Some(name) = map.next_key::<String>()? {
                    let seen = if name == METADATA { metadata } else { entries.contains_key(&name) };
                    if seen {
                        return Err(serde::de::Error::custom(format!("{name:?} is there twice")));
                    }
                    if name == METADATA {
                        metadata = true;
                        map.next_value::<IgnoredAny>()?;
                    } else {
                        entries.insert(name, map.next_value()?);
                    }
                }
                Ok(Header(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::source::tests::Recorder, *};

    /// A file of a header and zeros.
    fn file(header: &str, data: usize) -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        bytes
    }

    /// Checks that a file is refused with the words, having been asked for nothing beyond its header.
    fn refused(bytes: &[u8], words: &[&str]) {
        let mut source = Recorder::new(bytes);
        let error = Tensors::open(&mut source, Path::new("x.safetensors")).err();
        let error = error.unwrap_or_else(|| panic!("{words:?}: opened all the same")).to_string();
        for word in words.iter().chain(&["x.safetensors", "not a complete safetensors file"]) {
            assert!(error.contains(word), "{word:?} is not in: {error}");
        }
        assert!(!error.contains('\n') && error.len() < 1000, "{error}");
        assert!(source.largest() <= bytes.len() as u64, "{:?}", source.pieces);
        assert!(source.pieces.len() <= 2, "{:?}", source.pieces);
    }

    fn entry(dtype: &str, shape: &str, begin: &str, end: &str) -> String {
        format!(r#"{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{begin},{end}]}}"#)
    }

    #[test]
    fn a_length_that_lies_is_refused_before_anything_is_reserved() {
        for size in 0..8 {
            refused(&vec![0; size], &["length of its header"]);
        }
        let header = br#"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#;
        let inside = header.len() as u64;
        for length in [inside + 1, 1 << 20, 99_999_999, 100_000_001, 1 << 32, 1 << 40, u64::MAX - 8, u64::MAX] {
            let bytes = [&length.to_le_bytes()[..], header].concat();
            refused(&bytes, &["claims", &length.to_string()]);
        }
        // Nor is a header taken that the file could have, but no sound file has.
        let mut source = Recorder::new(&[0x01, 0xe1, 0xf5, 0x05, 0, 0, 0, 0]);
        source.claimed = 1 << 40;
        let error = Tensors::open(&mut source, Path::new("x")).err().unwrap().to_string();
        assert!(error.contains("100000001") && error.contains("the most"), "{error}");
        assert_eq!(source.pieces, [(0, 8)]);
    }

    #[test]
    fn headers_that_are_none() {
        for header in ["", " ", "{", "[]", "null", "3", "{} {}", "not json", "{\"a\":3}", "{\"a\":{}}", "{\"a\":null}"]
        {
            refused(&file(header, 0), &["header is not sound"]);
        }
        refused(&file(&"[".repeat(5000), 0), &["header is not sound"]);
        refused(&file(&format!("{{\"a\":{}", "[".repeat(5000)), 0), &["header is not sound"]);
        refused(&[&2_u64.to_le_bytes()[..], &[0xff, 0xfe]].concat(), &["header is not sound"]);
        refused(&[&8_u64.to_le_bytes()[..], b"{\"\xff\":{}}"].concat(), &["header is not sound"]);
        refused(&file(&format!("{{\"{}\":3}}", "long ".repeat(10_000)), 0), &["header is not sound"]);
    }

    #[test]
    fn entries_that_cannot_be() {
        let one = |entry: &str| format!("{{\"a\":{entry}}}");
        for (dtype, shape, begin, end) in [
            ("F33", "[1]", "0", "4"),
            ("F32", "[-1]", "0", "4"),
            ("F32", "[1.5]", "0", "4"),
            ("F32", "[18446744073709551616]", "0", "4"),
            ("F32", "1", "0", "4"),
            ("F32", "[1]", "-4", "4"),
            ("F32", "[1]", "0", "18446744073709551616"),
            ("F32", "[1]", "0", "1e9"),
            ("F32", "[1]", "0", "4,8"),
        ] {
            refused(&file(&one(&entry(dtype, shape, begin, end)), 4), &["header is not sound"]);
        }
        refused(&file(r#"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4), &["dtype"]);
        refused(&file(r#"{"a":{"dtype":"F32","shape":[1]}}"#, 4), &["data_offsets"]);
        for (dtype, shape, end) in [
            ("F32", "[2]", "4"),
            ("F16", "[1]", "4"),
            ("F32", "[0]", "4"),
            ("F32", "[]", "8"),
            // A shape whose product does not fit any number, although one of its sides is 0.
            ("F32", "[4294967296,4294967296,4294967296,0]", "8"),
            ("F32", "[9223372036854775807]", "4"),
            // Half a byte, and what its bits would be if they went around.
            ("F4", "[1]", "0"),
            ("F4", "[3]", "1"),
        ] {
            let data = end.parse().unwrap();
            refused(&file(&one(&entry(dtype, shape, "0", end)), data), &["\"a\"", dtype, "takes"]);
        }
        refused(&file(&one(&entry("F32", "[1]", "4", "0")), 8), &["no tensor has bytes 0 to 4"]);
        refused(
            &file(&format!("{{\"a\":{},\"b\":{}}}", entry("F32", "[1]", "0", "4"), entry("F32", "[1]", "4", "0")), 4),
            &["\"b\"", "from byte 4 to 0"],
        );
    }

    #[test]
    fn tensors_that_do_not_share_the_file_among_them() {
        let two = |a: (&str, &str), b: (&str, &str)| {
            format!("{{\"a\":{},\"b\":{}}}", entry("F32", "[2]", a.0, a.1), entry("F32", "[2]", b.0, b.1))
        };
        refused(&file(&two(("0", "8"), ("4", "12")), 12), &["\"b\" overlaps"]);
        refused(&file(&two(("0", "8"), ("0", "8")), 8), &["overlaps"]);
        refused(&file(&two(("4", "12"), ("0", "8")), 12), &["\"a\" overlaps"]);
        refused(&file(&two(("0", "8"), ("12", "20")), 20), &["bytes 8 to 12"]);
        refused(&file(&two(("4", "12"), ("12", "20")), 20), &["bytes 0 to 4"]);
        refused(&file(&two(("0", "8"), ("8", "16")), 15), &["\"b\" ends at byte 16", "15"]);
        refused(&file(&two(("0", "8"), ("8", "16")), 7), &["\"a\" ends at byte 8", "7"]);
        refused(&file(&two(("0", "8"), ("8", "16")), 17), &["end at byte 16", "17"]);
        refused(&file("{}", 1), &["end at byte 0"]);
        // A terabyte in a file of a hundred bytes.
        refused(&file(&format!("{{\"a\":{}}}", entry("F32", "[274877906944]", "0", "1099511627776")), 8), &["ends"]);
    }

    #[test]
    fn one_name_twice() {
        let a = entry("F32", "[1]", "0", "4");
        let b = entry("F32", "[1]", "4", "8");
        refused(&file(&format!("{{\"a\":{a},\"a\":{b}}}"), 8), &["twice"]);
        refused(&file(&format!("{{\"a\":{a},\"a\":{a}}}"), 4), &["twice"]);
        // The same name in another spelling.
        refused(&file(&format!("{{\"a\":{a},\"\\u0061\":{b}}}"), 8), &["twice"]);
        refused(&file(&format!("{{\"__metadata__\":{{}},\"a\":{a},\"__metadata__\":{{}}}}"), 4), &["twice"]);
    }

    #[test]
    fn sound_files_are_read_as_they_stand() {
        let header = format!(
            "{{\"__metadata__\":{{\"format\":\"pt\"}},\"b\":{},\"none\":{},\"a\":{}}}   ",
            entry("BF16", "[2,1]", "4", "8"),
            entry("I64", "[0,9]", "4", "4"),
            entry("F32", "[]", "0", "4"),
        );
        let mut bytes = file(&header, 0);
        bytes.extend_from_slice(&1.5_f32.to_le_bytes());
        bytes.extend_from_slice(&[0x80, 0x3f, 0x00, 0xc0]);
        let mut source = Recorder::new(&bytes);
        let mut tensors = Tensors::open(&mut source, Path::new("x")).unwrap();
        assert!(tensors.has("none") && !tensors.has("__metadata__"));
        assert_eq!(tensors.floats("a", &[]).unwrap(), [1.5]);
        assert_eq!(tensors.floats("b", &[2, 1]).unwrap(), [1.0, -2.0]);
        for (name, shape, word) in [("b", &[1, 2][..], "[1, 2]"), ("none", &[0, 9], "I64"), ("c", &[], "missing")] {
            let error = tensors.floats(name, shape).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(word), "{error}");
        }
        Tensors::open(&mut Recorder::new(&file("{}", 0)), Path::new("x")).unwrap();
    }
}
