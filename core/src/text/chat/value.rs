//! Lists and mappings that know how long they would be if they were written out. That number is
//! what keeps `{% set x = [x, x] %}`, forty times over, from being a bomb: it is there before the
//! text is.

use std::{cmp::Ordering, collections::HashMap, fmt, sync::Arc};

use minijinja::{
    Error, ErrorKind, State, Value,
    value::{DynObject, Enumerator, Object, ObjectExt, ObjectRepr, ValueKind},
};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};

use super::{
    limits::{DEPTH, VALUE, exceeded},
    show,
};

/// JSON whose objects keep the order they are written in, which templates show.
#[derive(Clone, PartialEq, Eq)]
pub struct Json(pub(super) Value);

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Json {
    /// Reads JSON.
    ///
    /// # Errors
    /// If the text is none, or nests too deep.
    pub fn parse(text: &str) -> crate::Result<Self> {
        serde_json::from_str(text).map_err(|e| crate::Error::Template(format!("not valid JSON ({e})")))
    }

    /// One message: its role and its text.
    ///
    /// # Errors
    /// If the text is too long for any template.
    pub fn message(role: &str, content: &str) -> crate::Result<Self> {
        let entries = [("role", role), ("content", content)].map(|(key, text)| (key.into(), text.into()));
        let dict = Dict::new(entries.to_vec());
        dict.map(|dict| Self(Value::from_object(dict))).map_err(|e| crate::Error::Template(super::told(&e)))
    }

    /// A list of these.
    ///
    /// # Errors
    /// If they are too long together.
    pub fn list(items: Vec<Self>) -> crate::Result<Self> {
        let list = List::new(items.into_iter().map(|item| item.0).collect(), false);
        list.map(|list| Self(Value::from_object(list))).map_err(|e| crate::Error::Template(super::told(&e)))
    }

    /// Bytes that it takes if it is written out, about.
    pub(super) fn bytes(&self) -> usize {
        Measure::of(&self.0).map_or(usize::MAX, |measure| measure.bytes)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json(Value::from(())))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json(Value::from(value)))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
                Ok(Json(Value::from(value)))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
                Ok(Json(Value::from(value)))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
                Ok(Json(Value::from(value)))
            }
            fn visit_str<E>(self, value: &str) -> Result<Json, E> {
                Ok(Json(Value::from(value)))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element::<Json>()? {
                    list.push(item.0);
                }
                List::new(list, false).map(|list| Json(Value::from_object(list))).map_err(serde::de::Error::custom)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, item)) = items.next_entry::<String, Json>()? {
                    entries.push((Value::from(key), item.0));
                }
                Dict::new(entries).map(|dict| Json(Value::from_object(dict))).map_err(serde::de::Error::custom)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// How large a value is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure {
    /// Bytes if it is written out, shared parts as often as they appear.
    pub bytes: usize,
    /// Levels of lists and mappings.
    pub depth: usize,
}

impl Measure {
    /// The size of data; what is not data has none.
    pub(super) fn of(value: &Value) -> Result<Self, Error> {
        if let Some(list) = value.downcast_object_ref::<List>() {
            return Ok(list.measure);
        }
        if let Some(dict) = value.downcast_object_ref::<Dict>() {
            return Ok(dict.measure);
        }
        match value.kind() {
            ValueKind::String => Ok(Self { bytes: value.as_str().map_or(0, str::len) + 4, depth: 0 }),
            ValueKind::Undefined | ValueKind::None | ValueKind::Bool | ValueKind::Number => {
                Ok(Self { bytes: 8, depth: 0 })
            }
            kind => Err(Error::new(
                ErrorKind::InvalidOperation,
                format!(
                    "a list, mapping or namespace of a chat template holds text, numbers, lists and mappings, not a {kind}"
                ),
            )),
        }
    }

    fn all<'a>(values: impl Iterator<Item = &'a Value>) -> Result<Self, Error> {
        let mut sum = Self { bytes: 8, depth: 1 };
        for value in values {
            let Self { bytes, depth } = Self::of(value)?;
            sum.bytes = sum.bytes.saturating_add(bytes);
            sum.depth = sum.depth.max(depth + 1);
        }
        if sum.depth > DEPTH {
            return Err(exceeded(format_args!("lists nest more than {DEPTH} levels deep")));
        }
        if sum.bytes > VALUE {
            return Err(exceeded(format_args!("a list would have more than {VALUE} bytes if it were written out")));
        }
        Ok(sum)
    }
}

/// A list or a tuple.
#[derive(Debug)]
pub(super) struct List {
    pub items: Vec<Value>,
    pub tuple: bool,
    measure: Measure,
}

impl List {
    pub(super) fn new(items: Vec<Value>, tuple: bool) -> Result<Self, Error> {
        let measure = Measure::all(items.iter())?;
        Ok(Self { items, tuple, measure })
    }
}

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.items.get(key.as_usize()?).cloned()
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.items.len())
    }
    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        // A tuple never equals a list; two of a kind are compared item by item.
        let other = other.downcast_ref::<Self>()?;
        (self.tuple != other.tuple).then(|| self.tuple.cmp(&other.tuple))
    }
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&show::repr(&Value::from_dyn_object(self.clone())).map_err(|_| fmt::Error)?)
    }
}

/// A mapping that keeps its order.
#[derive(Debug)]
pub(super) struct Dict {
    pub entries: Vec<(Value, Value)>,
    index: HashMap<Value, usize>,
    measure: Measure,
}

impl Dict {
    /// Later values of a key replace earlier ones, in the earlier place.
    pub(super) fn new(pairs: Vec<(Value, Value)>) -> Result<Self, Error> {
        let mut entries: Vec<(Value, Value)> = Vec::with_capacity(pairs.len());
        let mut index = HashMap::with_capacity(pairs.len());
        for (key, value) in pairs {
            if key.as_object().is_some() || key.is_undefined() {
                return Err(Error::new(ErrorKind::InvalidOperation, format!("a {} cannot be a key", key.kind())));
            }
            let at = *index.entry(key.clone()).or_insert(entries.len());
            match entries.get_mut(at) {
                Some(entry) => entry.1 = value,
                None => entries.push((key, value)),
            }
        }
        let measure = Measure::all(entries.iter().flat_map(|(key, value)| [key, value]))?;
        Ok(Self { entries, index, measure })
    }

    pub(super) fn get(&self, key: &Value) -> Option<&Value> {
        self.entries.get(*self.index.get(key)?).map(|(_, value)| value)
    }
}

impl Object for Dict {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        // A container is never a key, and hashing one takes as long as it is large.
        if key.as_object().is_some() { None } else { self.get(key).cloned() }
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.mapped_enumerator(|this| Box::new(this.entries.iter().map(|(key, _)| key.clone())))
    }
    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.entries.len())
    }
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&show::repr(&Value::from_dyn_object(self.clone())).map_err(|_| fmt::Error)?)
    }
}

/// A method of a mapping that is named and not called.
#[derive(Debug)]
pub(super) struct Method;

impl Object for Method {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

/// A list of these values.
pub(super) fn list(items: Vec<Value>) -> Result<Value, Error> {
    List::new(items, false).map(Value::from_object)
}

/// What a loop goes over: the characters of a text and the keys of a mapping as a list, which are counted.
pub(super) fn each(state: &State<'_, '_>, value: Value) -> Result<Value, Error> {
    if let Some(text) = value.as_str() {
        state.consume_fuel(text.len() as u64 / 2)?;
        return list(text.chars().map(Value::from).collect());
    }
    if value.is_none() {
        return Err(Error::new(ErrorKind::InvalidOperation, "a loop cannot go over none"));
    }
    if let Some(dict) = value.downcast_object_ref::<Dict>() {
        state.consume_fuel(dict.entries.len() as u64)?;
        return list(dict.entries.iter().map(|(key, _)| key.clone()).collect());
    }
    Ok(value)
}

/// A value of the engine's as one of ours: what it iterates over becomes a list.
///
/// # Errors
/// If it cannot be data, or is too large.
pub(super) fn adopt(state: &State<'_, '_>, value: Value) -> Result<Value, Error> {
    adopt_below(state, value, 0)
}

fn adopt_below(state: &State<'_, '_>, value: Value, depth: usize) -> Result<Value, Error> {
    if value.downcast_object_ref::<List>().is_some() || value.downcast_object_ref::<Dict>().is_some() {
        return Ok(value);
    }
    if !matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable) {
        return Ok(value);
    }
    if depth > DEPTH {
        return Err(exceeded(format_args!("lists nest more than {DEPTH} levels deep")));
    }
    let tuple = value.is_tuple();
    let mut items = Vec::new();
    for item in value.try_iter()?.checked() {
        state.consume_fuel(1)?;
        items.push(adopt_below(state, item?, depth + 1)?);
    }
    List::new(items, tuple).map(Value::from_object)
}
