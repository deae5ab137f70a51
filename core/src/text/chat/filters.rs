//! Filters, tests and functions where the engine differs from Jinja or from transformers.

// The engine hands its values over.
#![allow(clippy::needless_pass_by_value)]

use minijinja::{
    Environment, Error, ErrorKind, State, Value, filters,
    value::{Kwargs, Rest, ValueKind},
};

use super::{
    json::Layout,
    limits::{FORMAT, exceeded},
    methods,
    operand::is_filter,
    operators, show,
    time::Moment,
    value::{Dict, adopt, each},
};

/// Filters of the engine that Jinja does not have.
const FOREIGN: [&str; 9] = ["attr", "bool", "chain", "format", "lines", "pprint", "split", "urlencode", "zip"];

/// Adds everything that templates find in the environment.
pub(super) fn install(environment: &mut Environment<'static>, prefix: &str, now: Moment) {
    FOREIGN.iter().filter(|name| !is_filter(name)).for_each(|name| environment.remove_filter(name));
    for name in ["debug", "dict", "range"] {
        environment.remove_global(name);
    }
    environment.set_unknown_method_callback(methods::call);
    environment.set_formatter(|out, _, value| Ok(out.write_str(&show::text(value)?)?));
    filters(environment);
    tests(environment);
    functions(environment, now);
    rewritten(environment, prefix);
}

fn filters(environment: &mut Environment<'static>) {
    environment.add_filter("string", |state: &State, value: &Value| operators::shown(state, value).map(Value::from));
    environment.add_filter("trim", |state: &State, value: &Value, set: Option<&str>| -> Result<Value, Error> {
        let text = show::text(value)?;
        Ok(Value::from(match set {
            Some(set) => {
                let set = methods::characters(state, &text, set)?;
                text.trim_matches(|c| set.contains(&c))
            }
            None => text.trim_matches(methods::blank),
        }))
    });
    for name in ["default", "d"] {
        environment.add_filter(name, default);
    }
    environment.add_filter("tojson", tojson);
    environment.add_filter(
        "int",
        |state: &State, value: &Value, default: Option<Value>, base: Option<u32>, named: Kwargs| {
            let fallback =
                default.clone().map_or_else(|| named.peek::<Option<Value>>("default"), |value| Ok(Some(value)))?;
            filters::int(state, value, default, base, named)
                .or_else(|_| Ok::<_, Error>(fallback.unwrap_or_else(|| Value::from(0))))
        },
    );
    environment.add_filter("float", |state: &State, value: &Value, default: Option<Value>, named: Kwargs| {
        let fallback =
            default.clone().map_or_else(|| named.peek::<Option<Value>>("default"), |value| Ok(Some(value)))?;
        filters::float(state, value, default, named)
            .or_else(|_| Ok::<_, Error>(fallback.unwrap_or_else(|| Value::from(0.0))))
    });
    environment.add_filter("wordcount", |text: &str| {
        text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty()).count()
    });
    for name in ["e", "escape"] {
        environment.add_filter(name, |value: &Value| -> Result<String, Error> {
            let mut escaped = String::new();
            for c in show::text(value)?.chars() {
                match c {
                    '&' => escaped.push_str("&amp;"),
                    '<' => escaped.push_str("&lt;"),
                    '>' => escaped.push_str("&gt;"),
                    '"' => escaped.push_str("&#34;"),
                    '\'' => escaped.push_str("&#39;"),
                    _ => escaped.push(c),
                }
            }
            Ok(escaped)
        });
    }
}

fn default(value: &Value, other: Option<Value>, lax: Option<Value>, named: Kwargs) -> Result<Value, Error> {
    let other = other.map_or_else(|| named.get::<Option<Value>>("default_value"), |other| Ok(Some(other)))?;
    let lax = lax.map_or_else(|| named.get::<Option<Value>>("boolean"), |lax| Ok(Some(lax)))?;
    named.assert_all_used()?;
    let absent = value.is_undefined() || (lax.is_some_and(|lax| lax.is_true()) && !value.is_true());
    Ok(if absent { other.unwrap_or_else(|| Value::from("")) } else { value.clone() })
}

fn tojson(
    state: &State,
    value: &Value,
    ascii: Option<Value>,
    indent: Option<Value>,
    named: Kwargs,
) -> Result<Value, Error> {
    let ascii = ascii.map_or_else(|| named.get::<Option<Value>>("ensure_ascii"), |ascii| Ok(Some(ascii)))?;
    let indent = indent.map_or_else(|| named.get::<Option<Value>>("indent"), |indent| Ok(Some(indent)))?;
    let separators = named.get::<Option<Value>>("separators")?;
    let sorted = named.get::<Option<Value>>("sort_keys")?;
    named.assert_all_used()?;
    let truth = |value: Option<Value>| value.is_some_and(|value| value.is_true());
    let layout = Layout::new(truth(ascii), indent.as_ref(), separators.as_ref(), truth(sorted))?;
    let json = layout.dumps(&adopt(state, value.clone())?)?;
    state.consume_fuel(json.len() as u64 / 8)?;
    Ok(Value::from(json))
}

fn tests(environment: &mut Environment<'static>) {
    environment.add_test("sequence", |value: &Value| {
        let dict = value.downcast_object_ref::<Dict>().is_some();
        dict || matches!(value.kind(), ValueKind::Undefined | ValueKind::String | ValueKind::Seq | ValueKind::Iterable)
    });
    environment.add_test("iterable", |value: &Value| !value.is_none() && value.try_iter().is_ok());
    environment.add_test("mapping", |value: &Value| value.downcast_object_ref::<Dict>().is_some());
    for name in ["startingwith", "endingwith"] {
        environment.remove_test(name);
    }
    // Those of the engine compare without counting.
    let comparisons = [
        ("==", ["==", "eq", "equalto"].as_slice()),
        ("!=", &["!=", "ne"]),
        ("<", &["<", "lt", "lessthan"]),
        ("<=", &["<=", "le"]),
        (">", &[">", "gt", "greaterthan"]),
        (">=", &[">=", "ge"]),
        ("in", &["in"]),
    ];
    for (operator, names) in comparisons {
        for name in names {
            environment
                .add_test(*name, move |state: &State, a: Value, b: Value| operators::compare(state, operator, a, b));
        }
    }
    for (name, cased, other) in [
        ("upper", char::is_uppercase as fn(char) -> bool, char::is_lowercase as fn(char) -> bool),
        ("lower", char::is_lowercase, char::is_uppercase),
    ] {
        environment.add_test(name, move |state: &State, value: &Value| -> Result<bool, Error> {
            let text = show::text(value)?;
            state.consume_fuel(text.len() as u64 / 64)?;
            Ok(text.chars().any(cased) && !text.chars().any(other))
        });
    }
    environment.add_test("callable", |value: &Value| {
        let data = value.kind() != ValueKind::Plain && value.kind() != ValueKind::Map;
        !data && value.downcast_object_ref::<Dict>().is_none()
    });
}

fn functions(environment: &mut Environment<'static>, now: Moment) {
    environment.add_function("raise_exception", |message: Value| -> Result<Value, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, show::text(&message)?.into_owned()))
    });
    environment.add_function("strftime_now", move |format: &str| {
        if format.len() > FORMAT {
            return Err(exceeded(format_args!("a date's format has more than {FORMAT} bytes")));
        }
        Ok(now.format(format))
    });
    environment.add_function("range", operators::range);
    environment.add_function("dict", |state: &State, pairs: Option<Value>, named: Kwargs| -> Result<Value, Error> {
        let mut entries = Vec::new();
        if let Some(pairs) = pairs {
            match pairs.downcast_object_ref::<Dict>() {
                Some(dict) => entries.extend(dict.entries.iter().cloned()),
                None => {
                    for pair in pairs.try_iter()?.checked() {
                        let parts: Vec<Value> = pair?.try_iter()?.checked().collect::<Result<_, _>>()?;
                        let [key, value] = &parts[..] else {
                            return Err(operators::wrong("`dict` needs pairs"));
                        };
                        entries.push((key.clone(), value.clone()));
                    }
                }
            }
        }
        state.consume_fuel(entries.len() as u64)?;
        for name in named.args() {
            entries.push((Value::from(name), named.peek(name)?));
        }
        Dict::new(entries).map(Value::from_object)
    });
}

/// What `expression.rs` calls instead of operators.
fn rewritten(environment: &mut Environment<'static>, prefix: &str) {
    let name = |function: &str| format!("{prefix}{function}");
    environment.add_function(name("add"), operators::add);
    environment.add_function(name("concatenate"), operators::concatenate);
    environment.add_function(name("multiply"), operators::multiply);
    environment.add_function(name("modulo"), operators::modulo);
    environment.add_function(name("compare"), operators::compare);
    environment.add_function(name("slice"), |state: &State, value: Value, bounds: Rest<Value>| {
        let [start, stop, step] = &bounds[..] else { return Err(operators::wrong("a slice has three parts")) };
        operators::slice(state, value, [start, stop, step].map(Clone::clone))
    });
    environment.add_function(name("list"), operators::literal_list);
    environment.add_function(name("tuple"), operators::literal_tuple);
    environment.add_function(name("dict"), operators::literal_dict);
    environment.add_function(name("adopt"), adopt as fn(&State<'_, '_>, Value) -> Result<Value, Error>);
    environment.add_function(name("each"), each as fn(&State<'_, '_>, Value) -> Result<Value, Error>);
    environment.add_function(name("weighed"), operators::weighed);
    environment.add_function(name("data"), operators::data);
    environment.add_function(name("attribute"), operators::attribute);
    environment.add_function(name("item"), operators::item);
}
