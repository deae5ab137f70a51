//! Numbers as a log writes them. JSON has no word for what is not finite, and serde_json writes `null`,
//! which cannot be read back as a number: a log with one such figure could never be continued. Here
//! such a number is written as the string `"NaN"`, `"inf"` or `"-inf"` and read as what it was.
//!
//! Used as `#[serde(with = "crate::number")]` on every field of a log line that holds such numbers.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};

/// Writes a number, or what holds numbers.
///
/// # Errors
/// As the format.
pub fn serialize<T: Number, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.write(serializer)
}

/// Reads a number, or what holds numbers. A `null` where a number has to be is not a number: logs of
/// schema 1 have it for everything that is not finite.
///
/// # Errors
/// As the format, and if a string is none of the three words.
pub fn deserialize<'de, T: Number, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(deserializer)
}

/// A number, or something that holds numbers.
pub trait Number: Sized {
    /// Writes it.
    ///
    /// # Errors
    /// As the format.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Reads it.
    ///
    /// # Errors
    /// As the format.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

impl Number for f64 {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_finite() { serializer.serialize_f64(*self) } else { serializer.collect_str(self) }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader::<Self>(PhantomData))
    }
}

impl Number for f32 {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_finite() { serializer.serialize_f32(*self) } else { serializer.collect_str(self) }
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader::<Self>(PhantomData))
    }
}

impl<T: Number> Number for Option<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().map(Outside).serialize(serializer)
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<Inside<T>>::deserialize(deserializer)?.map(|inside| inside.0))
    }
}

impl<T: Number> Number for Vec<T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Outside))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Inside<T>>::deserialize(deserializer)?.into_iter().map(|inside| inside.0).collect())
    }
}

impl<T: Number> Number for BTreeMap<String, T> {
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(name, value)| (name, Outside(value))))
    }

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let inside = BTreeMap::<String, Inside<T>>::deserialize(deserializer)?;
        Ok(inside.into_iter().map(|(name, inside)| (name, inside.0)).collect())
    }
}

/// A number on its way out.
struct Outside<'a, T>(&'a T);

impl<T: Number> Serialize for Outside<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

/// A number that came in.
struct Inside<T>(T);

impl<'de, T: Number> Deserialize<'de> for Inside<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self)
    }
}

/// The two widths of a number.
trait Width: Sized {
    /// The nearest number of this width.
    fn near(value: f64) -> Self;
}

impl Width for f64 {
    fn near(value: f64) -> Self {
        value
    }
}

impl Width for f32 {
    #[allow(clippy::cast_possible_truncation)] // what was written was one of these
    fn near(value: f64) -> Self {
        value as Self
    }
}

struct Reader<T>(PhantomData<T>);

impl<T: Width> Visitor<'_> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, \"NaN\", \"inf\" or \"-inf\"")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<T, E> {
        Ok(T::near(value))
    }

    #[allow(clippy::cast_precision_loss)] // a whole number that stands for a real one
    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        Ok(T::near(value as f64))
    }

    #[allow(clippy::cast_precision_loss)] // see `visit_u64`
    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        Ok(T::near(value as f64))
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::near(f64::NAN))
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<T, E> {
        match word {
            "NaN" => Ok(T::near(f64::NAN)),
            "inf" => Ok(T::near(f64::INFINITY)),
            "-inf" => Ok(T::near(f64::NEG_INFINITY)),
            other => Err(E::invalid_value(serde::de::Unexpected::Str(other), &self)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Line {
        #[serde(with = "crate::number")]
        wide: f64,
        #[serde(with = "crate::number")]
        narrow: Vec<Vec<f32>>,
        #[serde(with = "crate::number", default)]
        perhaps: Option<f64>,
        #[serde(with = "crate::number")]
        named: BTreeMap<String, BTreeMap<String, f32>>,
    }

    fn line(wide: f64, narrow: f32) -> Line {
        Line {
            wide,
            narrow: vec![vec![narrow, 0.1], Vec::new()],
            perhaps: Some(wide),
            named: BTreeMap::from([("a".to_owned(), BTreeMap::from([("b".to_owned(), narrow)]))]),
        }
    }

    /// The bits of a line's numbers; all numbers that are none count as one.
    fn bits(line: &Line) -> Vec<u64> {
        let narrow = line.narrow.iter().flatten().chain(line.named.values().flat_map(BTreeMap::values));
        let all = [Some(line.wide), line.perhaps].into_iter().flatten().chain(narrow.map(|n| f64::from(*n)));
        all.map(|n| if n.is_nan() { f64::NAN.to_bits() } else { n.to_bits() }).collect()
    }

    fn round(line: &Line) -> Line {
        let text = serde_json::to_string(line).unwrap();
        assert!(!text.contains("null"), "{text}");
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn what_is_not_finite_is_read_as_what_it_was() {
        for (wide, narrow) in [
            (f64::NAN, f32::NAN),
            (f64::INFINITY, f32::INFINITY),
            (f64::NEG_INFINITY, f32::NEG_INFINITY),
            (-f64::NAN, -f32::NAN),
        ] {
            let written = line(wide, narrow);
            assert_eq!(bits(&round(&written)), bits(&written));
        }
    }

    /// Every pattern of bits, drawn evenly, is read as what was written: what is not finite too.
    #[test]
    fn any_number_is_read_as_what_it_was() {
        let mut stream = crate::rng::Stream::new(1, crate::rng::Purpose::Corpus, 0, 0);
        let mut strange = 0;
        for _ in 0..20_000 {
            let (high, low) = (stream.bits(), stream.bits());
            let written = line(f64::from_bits(u64::from(high) << 32 | u64::from(low)), f32::from_bits(low));
            strange += u32::from(!written.narrow[0][0].is_finite());
            assert_eq!(bits(&round(&written)), bits(&written));
        }
        assert!(strange > 20, "{strange}: one number in 256 is not finite");
    }

    #[test]
    fn older_lines_whole_numbers_and_other_words() {
        let read = |text: &str| serde_json::from_str::<Line>(text);
        let old = read(r#"{"wide": null, "narrow": [[null, 2]], "perhaps": null, "named": {}}"#).unwrap();
        assert!(old.wide.is_nan() && old.narrow[0][0].is_nan() && old.perhaps.is_none());
        assert_eq!(old.narrow[0][1], 2.0);
        assert_eq!(read(r#"{"wide": -3, "narrow": [], "named": {}}"#).unwrap().wide, -3.0);
        for word in ["\"nan\"", "\"Infinity\"", "\"1.0\"", "true", "[]"] {
            let error = read(&format!(r#"{{"wide": {word}, "narrow": [], "named": {{}}}}"#)).unwrap_err();
            assert!(error.to_string().contains("a number, \"NaN\""), "{error}");
        }
    }
}
