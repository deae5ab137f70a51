//! What a GGUF header says under its keys.

use std::{collections::BTreeMap, path::PathBuf};

use crate::{Error, Result};

/// The type of a value, by the format's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    Bool,
    Text,
    Array,
    U64,
    I64,
    F64,
}

impl Kind {
    /// The type of that number, if there is one.
    pub fn of(code: u32) -> Option<Self> {
        Some(match code {
            0 => Self::U8,
            1 => Self::I8,
            2 => Self::U16,
            3 => Self::I16,
            4 => Self::U32,
            5 => Self::I32,
            6 => Self::F32,
            7 => Self::Bool,
            8 => Self::Text,
            9 => Self::Array,
            10 => Self::U64,
            11 => Self::I64,
            12 => Self::F64,
            _ => return None,
        })
    }

    /// The fewest bytes that a value takes: the length of a text, type and length of a list.
    pub fn least(self) -> u64 {
        match self {
            Self::U8 | Self::I8 | Self::Bool => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 | Self::Text => 8,
            Self::Array => 12,
        }
    }

    /// The number that little-endian bytes are; `None` for what is no number, and for a truth value
    /// other than 0 and 1.
    pub fn number(self, bytes: &[u8]) -> Option<Number> {
        let mut wide = [0; 8];
        wide.get_mut(..bytes.len())?.copy_from_slice(bytes);
        let [a, b, c, d, ..] = wide;
        Some(match self {
            Self::U8 | Self::U16 | Self::U32 | Self::U64 => Number::Whole(u64::from_le_bytes(wide).into()),
            Self::I8 => Number::Whole(i8::from_le_bytes([a]).into()),
            Self::I16 => Number::Whole(i16::from_le_bytes([a, b]).into()),
            Self::I32 => Number::Whole(i32::from_le_bytes([a, b, c, d]).into()),
            Self::I64 => Number::Whole(i64::from_le_bytes(wide).into()),
            // The shortest decimal that is this number: 1e-5 stays 1e-5.
            Self::F32 => Number::Real(f32::from_le_bytes([a, b, c, d]).to_string().parse().ok()?),
            Self::F64 => Number::Real(f64::from_le_bytes(wide)),
            Self::Bool if a < 2 => Number::Truth(a == 1),
            Self::Bool | Self::Text | Self::Array => return None,
        })
    }
}

/// A text of a file as an error shows it: short, and without what a terminal would obey.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(60).flat_map(char::escape_debug).collect()
}

/// A number of a header.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Whole(i128),
    Real(f64),
    Truth(bool),
}

impl Number {
    /// As a size, if it is one.
    pub fn size(self) -> Option<usize> {
        if let Self::Whole(number) = self { usize::try_from(number).ok() } else { None }
    }

    /// As a finite number, if it is one.
    #[allow(clippy::cast_precision_loss)] // settings are small
    pub fn real(self) -> Option<f64> {
        match self {
            Self::Real(number) if number.is_finite() => Some(number),
            Self::Whole(number) => Some(number as f64),
            _ => None,
        }
    }
}

/// A list of texts in one piece of memory: as large as in the file, whatever the texts are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Texts {
    all: String,
    ends: Vec<usize>,
}

impl Texts {
    pub fn push(&mut self, text: &str) {
        self.all.push_str(text);
        self.ends.push(self.all.len());
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, end)| self.all.get(begin..*end).unwrap_or_default())
    }

    pub fn get(&self, index: usize) -> Option<&str> {
        let begin = index.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.all.get(begin..*self.ends.get(index)?)
    }
}

/// A value of a header.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Number(Number),
    Text(String),
    /// A list of numbers as the file has it.
    Numbers(Kind, Vec<u8>),
    Texts(Texts),
    /// A list of lists, which nothing that we read needs.
    Lists,
}

impl Value {
    fn description(&self) -> &'static str {
        match self {
            Self::Number(Number::Whole(_)) => "a whole number",
            Self::Number(Number::Real(_)) => "a number",
            Self::Number(Number::Truth(_)) => "a truth value",
            Self::Text(_) => "a text",
            Self::Numbers(..) => "a list of numbers",
            Self::Texts(_) => "a list of texts",
            Self::Lists => "a list of lists",
        }
    }
}

/// The keys of a header and their values.
#[derive(Debug, Clone, Default)]
pub(super) struct Metadata {
    /// Names the file in errors.
    pub path: PathBuf,
    pub values: BTreeMap<String, Value>,
}

impl Metadata {
    /// An error about a key.
    pub fn wrong(&self, key: &str, problem: impl std::fmt::Display) -> Error {
        Error::model(&self.path, format!("`{key}` {problem}"))
    }

    /// An error about a key that has to be there.
    pub fn missing(&self, key: &str) -> Error {
        self.wrong(key, "is missing from the header; convert the model to GGUF again, with a newer converter")
    }

    fn typed<'a, T>(&'a self, key: &str, wanted: &str, read: impl Fn(&'a Value) -> Option<T>) -> Result<Option<T>> {
        let Some(value) = self.values.get(key) else { return Ok(None) };
        let unfit = || {
            let what = value.description();
            self.wrong(key, format!("is {what}, and {wanted} is expected; convert the model to GGUF again"))
        };
        read(value).map(Some).ok_or_else(unfit)
    }

    /// A text.
    ///
    /// # Errors
    /// If the key has something else; so for the others.
    pub fn text(&self, key: &str) -> Result<Option<&str>> {
        self.typed(key, "a text", |value| if let Value::Text(text) = value { Some(text.as_str()) } else { None })
    }

    /// A whole number that is not negative.
    pub fn size(&self, key: &str) -> Result<Option<usize>> {
        self.typed(key, "a size", |value| if let Value::Number(number) = value { number.size() } else { None })
    }

    /// A finite number.
    pub fn real(&self, key: &str) -> Result<Option<f64>> {
        self.typed(key, "a finite number", |value| if let Value::Number(number) = value { number.real() } else { None })
    }

    /// A truth value.
    pub fn truth(&self, key: &str) -> Result<Option<bool>> {
        self.typed(key, "a truth value", |value| match value {
            Value::Number(Number::Truth(truth)) => Some(*truth),
            _ => None,
        })
    }

    /// A list of texts.
    pub fn texts(&self, key: &str) -> Result<Option<&Texts>> {
        self.typed(key, "a list of texts", |value| if let Value::Texts(texts) = value { Some(texts) } else { None })
    }

    /// A list of numbers.
    pub fn numbers(&self, key: &str) -> Result<Option<Vec<Number>>> {
        self.typed(key, "a list of numbers", |value| match value {
            Value::Numbers(kind, bytes) => {
                let width = usize::try_from(kind.least()).ok()?;
                bytes.chunks_exact(width).map(|number| kind.number(number)).collect()
            }
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_their_bytes_are() {
        for (kind, bytes, number) in [
            (Kind::U8, &[255][..], Number::Whole(255)),
            (Kind::I8, &[255], Number::Whole(-1)),
            (Kind::U16, &[1, 2], Number::Whole(513)),
            (Kind::I16, &[0, 128], Number::Whole(-32_768)),
            (Kind::U32, &[255; 4], Number::Whole(4_294_967_295)),
            (Kind::I32, &[254, 255, 255, 255], Number::Whole(-2)),
            (Kind::U64, &[255; 8], Number::Whole(18_446_744_073_709_551_615)),
            (Kind::I64, &[255; 8], Number::Whole(-1)),
            (Kind::F32, &1e-5_f32.to_le_bytes(), Number::Real(1e-5)),
            (Kind::F64, &1e-5_f64.to_le_bytes(), Number::Real(1e-5)),
            (Kind::Bool, &[1], Number::Truth(true)),
        ] {
            assert_eq!(kind.number(bytes), Some(number), "{kind:?}");
        }
        assert_eq!(Kind::Bool.number(&[2]), None);
        assert_eq!(Kind::Text.number(&[0; 8]), None);
        assert_eq!(Kind::U64.number(&[0; 9]), None);
        assert!((0..13).all(|code| Kind::of(code).is_some()) && Kind::of(13).is_none());
    }

    #[test]
    fn texts_are_kept_apart() {
        let mut texts = Texts::default();
        let all = ["", "a", "", "bé", "c"];
        all.iter().for_each(|text| texts.push(text));
        assert!(texts.iter().eq(all) && texts.len() == 5);
        assert!(all.iter().enumerate().all(|(index, text)| texts.get(index) == Some(*text)));
        assert_eq!(texts.get(5), None);
    }

    #[test]
    fn a_value_of_another_type_is_named() {
        let mut metadata = Metadata { path: "m.gguf".into(), values: BTreeMap::new() };
        metadata.values.insert("k".to_owned(), Value::Number(Number::Whole(-3)));
        assert!(metadata.size("absent").unwrap().is_none());
        assert_eq!(metadata.real("k").unwrap(), Some(-3.0));
        let errors = [
            metadata.size("k").unwrap_err(),
            metadata.text("k").unwrap_err(),
            metadata.truth("k").unwrap_err(),
            metadata.texts("k").unwrap_err(),
            metadata.numbers("k").unwrap_err(),
        ];
        for error in errors {
            let error = error.to_string();
            assert!(error.contains("m.gguf") && error.contains("`k`") && error.contains("whole number"), "{error}");
        }
    }
}
