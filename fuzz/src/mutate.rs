//! Changes a file. JSON is changed without breaking it: what a byte's change makes of it is mostly refused by the first
//! thing that reads it.

use serde_json::{Value, json};

/// Numbers, by a seed (Steele, Lea and Flood's `SplitMix64`).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of the numbers below `end`; 0 where there is none.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end.max(1)).unwrap_or(1)).unwrap_or(0)
    }
}

/// Bytes with one place changed: a bit, a number of four bytes, or some bytes that are lost or come twice.
#[cfg(test)]
pub(crate) fn bytes(bytes: &[u8], seed: u32) -> Vec<u8> {
    let mut chance = Chance(seed.into());
    let mut changed = bytes.to_vec();
    let at = chance.below(bytes.len());
    let end = bytes.len().min(at + 1 + chance.below(16));
    match chance.below(4) {
        0 if at < end => changed[at] ^= 1 << chance.below(8),
        1 if at + 4 <= bytes.len() => {
            let number = [0, 1, 0x7f, 0xffff, 0x7fff_ffff, u32::MAX][chance.below(6)];
            changed[at..at + 4].copy_from_slice(&u32::to_le_bytes(number));
        }
        2 => drop(changed.drain(at..end)),
        _ => drop(changed.splice(at..at, bytes[at..end].iter().copied())),
    }
    changed
}

/// A text of JSON, or lines of it, with one thing changed; `None` if there is no JSON in it.
pub(crate) fn json(bytes: &[u8], seed: u32) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut chance = Chance(seed.into());
    if let Some(mut whole) = structure(text) {
        change(&mut whole, &mut chance);
        return serde_json::to_vec(&whole).ok();
    }
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let known: Vec<usize> = (0..lines.len()).filter(|at| structure(&lines[*at]).is_some()).collect();
    let at = *known.get(chance.below(known.len()))?;
    match chance.below(12) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[at].clone()),
        2 => {
            let other = known[chance.below(known.len())];
            lines.swap(at, other);
        }
        3 => {
            // A value of another line.
            let other = structure(&lines[known[chance.below(known.len())]])?;
            let mut line = structure(&lines[at])?;
            *pick(&mut line, &mut chance) = pick(&mut other.clone(), &mut chance).clone();
            lines[at] = line.to_string();
        }
        _ => {
            let mut line = structure(&lines[at])?;
            change(&mut line, &mut chance);
            lines[at] = line.to_string();
        }
    }
    Some(lines.join("\n").into_bytes())
}

/// A list or an object.
fn structure(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().filter(|value: &Value| value.is_object() || value.is_array())
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// Any value inside, itself included.
fn pick<'a>(value: &'a mut Value, chance: &mut Chance) -> &'a mut Value {
    fn find(value: &mut Value, mut at: usize) -> Option<&mut Value> {
        if at == 0 {
            return Some(value);
        }
        at -= 1;
        let inside: Box<dyn Iterator<Item = &mut Value>> = match value {
            Value::Array(items) => Box::new(items.iter_mut()),
            Value::Object(fields) => Box::new(fields.values_mut()),
            _ => return None,
        };
        for part in inside {
            let size = count(part);
            if at < size {
                return find(part, at);
            }
            at -= size;
        }
        None
    }
    let at = chance.below(count(value));
    find(value, at).expect("it was counted")
}

fn change(value: &mut Value, chance: &mut Chance) {
    let other = pick(&mut value.clone(), chance).clone();
    let place = pick(value, chance);
    let numbers = [
        json!(0),
        json!(-1),
        json!(1),
        json!(u32::MAX),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1 << 20),
        json!(1e308),
        json!(-1e39),
        json!(1e-308),
        json!(0.5),
        json!(2),
        json!(100_000),
    ];
    match chance.below(10) {
        0 => *place = other,
        1 => *place = [Value::Null, json!(true), json!([]), json!({}), json!("")][chance.below(5)].clone(),
        _ => match place {
            Value::Array(items) => match chance.below(5) {
                0 => drop(items.pop()),
                1 => items.clear(),
                2 => items.push(other),
                3 => {
                    let (a, b) = (chance.below(items.len()), chance.below(items.len()));
                    if !items.is_empty() {
                        items.swap(a, b);
                    }
                }
                _ => items.extend(items.last().cloned()),
            },
            Value::Object(fields) => {
                let key = fields.keys().nth(chance.below(fields.len())).cloned();
                match (key, chance.below(2)) {
                    (Some(key), 0) => drop(fields.remove(&key)),
                    (Some(key), _) => drop(fields.insert(key, other)),
                    (None, _) => {}
                }
            }
            Value::Number(number) => {
                let near = number.as_i64().map(|whole| whole.wrapping_add([-1, 1][chance.below(2)]));
                *place = match near.filter(|_| chance.below(3) == 0) {
                    Some(near) => near.into(),
                    None => numbers[chance.below(numbers.len())].clone(),
                };
            }
            Value::String(text) => {
                *text = match chance.below(5) {
                    0 => String::new(),
                    1 => text.repeat(2),
                    2 => ["NaN", "inf", "-inf"][chance.below(3)].to_owned(),
                    3 => text.chars().rev().collect(),
                    _ => other.as_str().unwrap_or("\u{0}\u{1f999}\u{200d} \n").to_owned(),
                }
            }
            Value::Bool(truth) => *truth = !*truth,
            Value::Null => *place = other,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_change_in_one_place() {
        let before: Vec<u8> = (0..40).collect();
        let lengths: Vec<usize> = (0..200)
            .map(|seed| {
                let after = bytes(&before, seed);
                assert_eq!(after, bytes(&before, seed));
                let same = after.iter().zip(&before).take_while(|(a, b)| a == b).count();
                let left = after.iter().rev().zip(before.iter().rev()).take_while(|(a, b)| a == b).count();
                assert!(before.len() <= same + left + 16, "{after:?}");
                after.len()
            })
            .collect();
        assert!([24..40, 40..41, 41..57].iter().all(|range| lengths.iter().any(|length| range.contains(length))));
        assert!((0..20).all(|seed| bytes(&[], seed).is_empty()));
    }

    #[test]
    fn what_was_json_stays_json_and_changes() {
        let whole = br#"{"a": [1, 2, {"b": "c"}], "d": null}"#;
        let lines = b"first\n{\"a\": 1}\n---\n[\"b\", 2.5]\n";
        let mut changed = 0;
        for seed in 0..300 {
            let new = json(whole, seed).unwrap();
            changed += usize::from(
                structure(std::str::from_utf8(&new).unwrap()) != structure(std::str::from_utf8(whole).unwrap()),
            );
            assert!(json(lines, seed).unwrap().starts_with(b"first\n"));
            assert_eq!(json(whole, seed), json(whole, seed));
        }
        assert!(changed > 200, "{changed}");
        assert_eq!(json(b"no json", 1), None);
        assert_eq!(json(b"\xff", 1), None);
    }
}
