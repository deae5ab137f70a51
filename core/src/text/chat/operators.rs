//! The operators that make new values, as Python computes them, within the limits.

// The engine hands its values over.
#![allow(clippy::needless_pass_by_value)]

use std::borrow::Cow;

use minijinja::{
    Error, ErrorKind, State, Value,
    value::{Rest, ValueKind},
};

use super::{
    limits::{RANGE, exceeded, room},
    operand::METHODS_OF_MAPPINGS,
    printf, show,
    value::{Dict, List, Measure, Method, adopt, list},
};

/// A complaint in Python's words.
pub(super) fn wrong(problem: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, problem)
}

/// A number with Python's distinction; `True` is 1.
#[derive(Clone, Copy)]
enum Number {
    Integer(i128),
    Float(f64),
}

impl Number {
    fn of(value: &Value) -> Option<Self> {
        match value.kind() {
            ValueKind::Bool => Some(Self::Integer(i128::from(value.is_true()))),
            ValueKind::Number if value.is_integer() => i128::try_from(value.clone()).ok().map(Self::Integer),
            ValueKind::Number => f64::try_from(value.clone()).ok().map(Self::Float),
            _ => None,
        }
    }

    #[allow(clippy::cast_precision_loss)] // as Python's float()
    fn float(self) -> f64 {
        match self {
            Self::Integer(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}

/// An integer as the engine likes it best.
pub(super) fn integer(value: i128) -> Value {
    i64::try_from(value).map_or_else(|_| Value::from(value), Value::from)
}

fn arithmetic(
    a: &Value,
    b: &Value,
    whole: impl Fn(i128, i128) -> Option<i128>,
    broken: impl Fn(f64, f64) -> f64,
) -> Option<Result<Value, Error>> {
    Some(match (Number::of(a)?, Number::of(b)?) {
        (Number::Integer(a), Number::Integer(b)) => {
            whole(a, b).map(integer).ok_or_else(|| exceeded("an integer leaves 128 bits"))
        }
        (a, b) => Ok(Value::from(broken(a.float(), b.float()))),
    })
}

/// `a + b + c`.
pub(super) fn add(state: &State<'_, '_>, terms: Rest<Value>) -> Result<Value, Error> {
    if terms.iter().all(|term| term.as_str().is_some()) {
        return joined(state, terms.iter().filter_map(Value::as_str));
    }
    let mut terms = terms.0.into_iter();
    let first = terms.next().unwrap_or_default();
    terms.try_fold(first, |sum, term| add_two(state, sum, term))
}

fn joined<'a>(state: &State<'_, '_>, texts: impl Iterator<Item = &'a str> + Clone) -> Result<Value, Error> {
    room(state, texts.clone().map(str::len).fold(0, usize::saturating_add))?;
    Ok(Value::from(texts.collect::<String>()))
}

fn add_two(state: &State<'_, '_>, a: Value, b: Value) -> Result<Value, Error> {
    if let (Some(a), Some(b)) = (a.as_str(), b.as_str()) {
        return joined(state, [a, b].into_iter());
    }
    if let Some(sum) = arithmetic(&a, &b, i128::checked_add, |a, b| a + b) {
        return sum;
    }
    let (a, b) = (adopt(state, a)?, adopt(state, b)?);
    match (a.downcast_object_ref::<List>(), b.downcast_object_ref::<List>()) {
        (Some(a), Some(b)) if a.tuple == b.tuple => {
            state.consume_fuel((a.items.len() + b.items.len()) as u64 / 2)?;
            Ok(Value::from_object(List::new(a.items.iter().chain(&b.items).cloned().collect(), a.tuple)?))
        }
        _ => Err(unfit("+", &a, &b)),
    }
}

fn unfit(operator: &str, a: &Value, b: &Value) -> Error {
    if a.is_undefined() || b.is_undefined() {
        return Error::new(ErrorKind::UndefinedError, format!("one side of `{operator}` is undefined"));
    }
    wrong(format!("`{operator}` does not go with a {} and a {}", a.kind(), b.kind()))
}

/// A value as text; lists are walked through, which takes longer than copying.
pub(super) fn shown<'a>(state: &State<'_, '_>, value: &'a Value) -> Result<Cow<'a, str>, Error> {
    if value.as_object().is_some() {
        state.consume_fuel(Measure::of(value).map_or(0, |measure| measure.bytes) as u64 / 16)?;
    }
    show::text(value)
}

/// `a ~ b ~ c`.
pub(super) fn concatenate(state: &State<'_, '_>, terms: Rest<Value>) -> Result<Value, Error> {
    let texts = terms.iter().map(|term| shown(state, term)).collect::<Result<Vec<_>, _>>()?;
    joined(state, texts.iter().map(AsRef::as_ref))
}

/// `a * b`.
pub(super) fn multiply(state: &State<'_, '_>, a: Value, b: Value) -> Result<Value, Error> {
    if let Some(product) = arithmetic(&a, &b, i128::checked_mul, |a, b| a * b) {
        return product;
    }
    let (sequence, times) = if Number::of(&b).is_some() { (&a, &b) } else { (&b, &a) };
    let Some(Number::Integer(times)) = Number::of(times) else { return Err(unfit("*", &a, &b)) };
    let times = usize::try_from(times.max(0)).unwrap_or(usize::MAX);
    if let Some(text) = sequence.as_str() {
        room(state, text.len().saturating_mul(times))?;
        return Ok(Value::from(text.repeat(times)));
    }
    let sequence = adopt(state, sequence.clone())?;
    let Some(list) = sequence.downcast_object_ref::<List>() else { return Err(unfit("*", &a, &b)) };
    room(state, list.items.len().saturating_mul(times).saturating_mul(size_of::<Value>()))?;
    let items = std::iter::repeat_n(&list.items, times).flatten().cloned().collect();
    Ok(Value::from_object(List::new(items, list.tuple)?))
}

/// `a % b`: the remainder, or a text with its `%s` filled in.
pub(super) fn modulo(state: &State<'_, '_>, a: Value, b: Value) -> Result<Value, Error> {
    if let Some(format) = a.as_str() {
        let text = printf::format(format, &adopt(state, b)?)?;
        room(state, text.len())?;
        return Ok(Value::from(text));
    }
    if Number::of(&b).is_some_and(|b| b.float() == 0.0) {
        return Err(wrong("division by zero"));
    }
    let whole = |a: i128, b: i128| {
        let rest = a.checked_rem(b)?;
        // The remainder has the sign of the divisor.
        Some(if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest })
    };
    let broken = |a: f64, b: f64| a - b * (a / b).floor();
    arithmetic(&a, &b, whole, broken).unwrap_or_else(|| Err(unfit("%", &a, &b)))
}

/// `a == b` and its like.
pub(super) fn compare(state: &State<'_, '_>, operator: &str, a: Value, b: Value) -> Result<bool, Error> {
    match operator {
        "in" => return contains(state, &b, &a),
        "not in" => return contains(state, &b, &a).map(|found| !found),
        _ => {}
    }
    let (a, b) = (adopt(state, a)?, adopt(state, b)?);
    match operator {
        "==" => return equal(state, &a, &b),
        "!=" => return equal(state, &a, &b).map(|same| !same),
        _ => {}
    }
    let numbers = Number::of(&a).is_some() && Number::of(&b).is_some();
    let texts = a.as_str().is_some() && b.as_str().is_some();
    let lists = a.downcast_object_ref::<List>().is_some() && b.downcast_object_ref::<List>().is_some();
    if !(numbers || texts || lists) {
        return Err(unfit(operator, &a, &b));
    }
    charge(state, &a, &b)?;
    Ok(match operator {
        "<" => a < b,
        "<=" => a <= b,
        ">" => a > b,
        _ => a >= b,
    })
}

/// Comparing takes as long as the shorter of the two.
fn charge(state: &State<'_, '_>, a: &Value, b: &Value) -> Result<(), Error> {
    let bytes = |value: &Value| Measure::of(value).map_or(8, |measure| measure.bytes);
    let shorter = bytes(a).min(bytes(b)) as u64;
    state.consume_fuel(shorter / if a.as_object().is_some() { 8 } else { 64 })
}

/// Whether two values are equal for Python.
pub(super) fn equal(state: &State<'_, '_>, a: &Value, b: &Value) -> Result<bool, Error> {
    charge(state, a, b)?;
    if a.is_undefined() || b.is_undefined() {
        return Ok(a.is_undefined() && b.is_undefined());
    }
    let data = |value: &Value| Measure::of(value).is_ok();
    if !data(a) || !data(b) {
        // Namespaces, loops and macros are equal to themselves alone.
        return Ok(a.as_object().zip(b.as_object()).is_some_and(|(a, b)| std::ptr::eq(a, b)));
    }
    Ok(a == b)
}

fn contains(state: &State<'_, '_>, container: &Value, item: &Value) -> Result<bool, Error> {
    if let Some(text) = container.as_str() {
        let Some(part) = item.as_str() else {
            return Err(wrong(format!("`in` looks for a text in a text, not for a {}", item.kind())));
        };
        state.consume_fuel(text.len() as u64 / 64)?;
        return Ok(text.contains(part));
    }
    if let Some(dict) = container.downcast_object_ref::<Dict>() {
        return found(state, dict, item).map(|found| found.is_some());
    }
    if container.is_undefined() {
        return Ok(false);
    }
    if container.is_none() || container.as_object().is_none() {
        return Err(wrong(format!("`in` cannot look into a {}", container.kind())));
    }
    for candidate in container.try_iter()?.checked() {
        state.consume_fuel(1)?;
        if equal(state, &adopt(state, candidate?)?, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `value[start:stop:step]`.
pub(super) fn slice(state: &State<'_, '_>, value: Value, bounds: [Value; 3]) -> Result<Value, Error> {
    let bound = |value: &Value| -> Result<Option<i128>, Error> {
        match Number::of(value) {
            Some(Number::Integer(value)) => Ok(Some(value)),
            None if value.is_none() => Ok(None),
            _ => Err(wrong("the parts of a slice are integers")),
        }
    };
    let [start, stop, step] = [bound(&bounds[0])?, bound(&bounds[1])?, bound(&bounds[2])?];
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(wrong("the step of a slice cannot be 0"));
    }
    if let Some(text) = value.as_str() {
        state.consume_fuel(text.len() as u64 / 16)?;
        let characters: Vec<char> = text.chars().collect();
        return Ok(Value::from(
            chosen(characters.len(), start, stop, step).map(|at| characters[at]).collect::<String>(),
        ));
    }
    let value = adopt(state, value)?;
    let Some(list) = value.downcast_object_ref::<List>() else {
        return Err(unfit("[:]", &value, &Value::from(())));
    };
    state.consume_fuel(list.items.len() as u64 / 2)?;
    let items = chosen(list.items.len(), start, stop, step).map(|at| list.items[at].clone()).collect();
    Ok(Value::from_object(List::new(items, list.tuple)?))
}

/// The indices of a slice of a sequence of this length.
fn chosen(length: usize, start: Option<i128>, stop: Option<i128>, step: i128) -> impl Iterator<Item = usize> {
    let length = i128::try_from(length).unwrap_or(i128::MAX);
    let (lowest, highest) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let clamp = |bound: Option<i128>, default| {
        bound.map_or(default, |at| if at < 0 { at + length } else { at }.clamp(lowest, highest))
    };
    let (first, last) = if step > 0 { (lowest, highest) } else { (highest, lowest) };
    let (start, stop) = (clamp(start, first), clamp(stop, last));
    std::iter::successors(Some(start), move |at| at.checked_add(step))
        .take_while(move |at| if step > 0 { *at < stop } else { *at > stop })
        .filter_map(|at| usize::try_from(at).ok())
}

/// `[a, b]`.
pub(super) fn literal_list(items: Rest<Value>) -> Result<Value, Error> {
    list(items.0)
}

/// `(a, b)`.
pub(super) fn literal_tuple(items: Rest<Value>) -> Result<Value, Error> {
    List::new(items.0, true).map(Value::from_object)
}

/// `{a: b}`, given as `a, b`.
pub(super) fn literal_dict(items: Rest<Value>) -> Result<Value, Error> {
    let mut items = items.0.into_iter();
    let mut pairs = Vec::new();
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        pairs.push((key, value));
    }
    Dict::new(pairs).map(Value::from_object)
}

/// A value that a namespace can hold.
pub(super) fn data(state: &State<'_, '_>, value: Value) -> Result<Value, Error> {
    let value = adopt(state, value)?;
    Measure::of(&value).map(|_| value)
}

/// `value.name` where Python's mappings have a method of that name.
pub(super) fn attribute(value: &Value, name: &str) -> Result<Value, Error> {
    match value.downcast_object_ref::<Dict>() {
        // The sandbox hides what would change a mapping.
        Some(_) if matches!(name, "clear" | "pop" | "popitem" | "setdefault" | "update") => Ok(Value::UNDEFINED),
        Some(_) => Ok(Value::from_object(Method)),
        None => value.get_attr(name),
    }
}

/// `value[key]`. Where a mapping has no such key, Jinja looks for an attribute.
pub(super) fn item(state: &State<'_, '_>, value: &Value, key: &Value) -> Result<Value, Error> {
    if let Some(dict) = value.downcast_object_ref::<Dict>() {
        return match (found(state, dict, key)?, key.as_str()) {
            (None, Some(name)) if METHODS_OF_MAPPINGS.contains(&name) => attribute(value, name),
            (found, _) => Ok(found.unwrap_or_default()),
        };
    }
    if let Some(text) = value.as_str() {
        state.consume_fuel(text.len() as u64 / 64)?;
    }
    value.get_item(key)
}

/// What a mapping holds under a key; a container is never one. Hashing takes as long as the key.
pub(super) fn found(state: &State<'_, '_>, dict: &Dict, key: &Value) -> Result<Option<Value>, Error> {
    state.consume_fuel(key.as_str().map_or(0, str::len) as u64 / 64)?;
    Ok(if key.as_object().is_some() { None } else { dict.get(key).cloned() })
}

/// A value whose parts are about to be compared with each other.
pub(super) fn weighed(state: &State<'_, '_>, value: Value) -> Result<Value, Error> {
    let value = adopt(state, value)?;
    state.consume_fuel(Measure::of(&value).map_or(0, |measure| measure.bytes) as u64 / 8)?;
    Ok(value)
}

/// `range(start, stop, step)`.
pub(super) fn range(state: &State<'_, '_>, first: i64, stop: Option<i64>, step: Option<i64>) -> Result<Value, Error> {
    let (start, stop) = stop.map_or((0, first), |stop| (first, stop));
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(wrong("the step of a range cannot be 0"));
    }
    let distance = if step > 0 { i128::from(stop) - i128::from(start) } else { i128::from(start) - i128::from(stop) };
    let length = distance.max(0).unsigned_abs().div_ceil(u128::from(step.unsigned_abs()));
    if length > RANGE as u128 {
        return Err(exceeded(format_args!("a range would have more than {RANGE} numbers")));
    }
    let length = i64::try_from(length).map_err(|_| wrong("a range is too long"))?;
    state.consume_fuel(length.unsigned_abs() / 2)?;
    list((0..length).map(|index| Value::from(start.saturating_add(index.saturating_mul(step)))).collect())
}
