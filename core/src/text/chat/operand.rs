//! What stands between the operators of an expression: names, literals, attributes, slices, calls, filters
//! and tests. `expression.rs` has the rest of the grammar.

use super::{
    lexer::{Kind, unescape},
    reader::{Code, Expressions, Parsed, Problem},
};

/// Filters of Jinja that templates may use, and whether their result is made of new lists.
const FILTERS: [(&str, bool); 41] = [
    ("abs", false),
    ("batch", true),
    ("capitalize", false),
    ("count", false),
    ("d", false),
    ("default", false),
    ("dictsort", true),
    ("first", false),
    ("float", false),
    ("groupby", true),
    ("indent", false),
    ("int", false),
    ("items", true),
    ("join", false),
    ("last", false),
    ("length", false),
    ("list", true),
    ("lower", false),
    ("map", true),
    ("max", false),
    ("min", false),
    ("reject", true),
    ("rejectattr", true),
    ("replace", false),
    ("reverse", true),
    ("round", false),
    ("safe", false),
    ("select", true),
    ("selectattr", true),
    ("slice", true),
    ("sort", true),
    ("string", false),
    ("sum", true),
    ("title", false),
    ("tojson", false),
    ("trim", false),
    ("unique", true),
    ("upper", false),
    ("wordcount", false),
    ("e", false),
    ("escape", false),
];

/// Names that Python's dictionaries answer to even where they hold no such key.
pub(super) const METHODS_OF_MAPPINGS: [&str; 11] =
    ["clear", "copy", "fromkeys", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values"];

/// Whether the engine has this filter.
pub(super) fn is_filter(name: &str) -> bool {
    FILTERS.iter().any(|(known, _)| *known == name)
}

impl Expressions<'_> {
    pub(super) fn primary(&mut self) -> Parsed {
        let token = self.next()?;
        match (token.kind, token.text) {
            (Kind::Name, "True" | "true") => Ok(Self::atom("true")),
            (Kind::Name, "False" | "false") => Ok(Self::atom("false")),
            (Kind::Name, "None" | "none") => Ok(Self::atom("none")),
            (Kind::Name, "namespace") if !self.is(Kind::Operator, "(") => {
                Err("`namespace` can only be called".to_owned())
            }
            // A loop holds what it goes over, and could be passed on without end.
            (Kind::Name, "loop")
                if !["(", "."].iter().any(|next| self.is(Kind::Operator, next)) && !self.is(Kind::Name, "is") =>
            {
                Err("`loop` can only be asked for its parts".to_owned())
            }
            (Kind::Name, "and" | "or" | "if" | "else" | "in" | "is" | "not") => {
                Err(format!("expected an expression and found `{}`", token.text))
            }
            (Kind::Name | Kind::Integer | Kind::Float, text) => Ok(Self::atom(text)),
            (Kind::String, first) => {
                let mut text = String::new();
                let mut piece = Some(first);
                while let Some(token) = piece {
                    text.push_str(&unescape(token).ok_or_else(|| format!("{token} has an escape that means nothing"))?);
                    piece = self.peek().filter(|next| next.kind == Kind::String).map(|next| next.text);
                    if piece.is_some() {
                        self.next()?;
                    }
                }
                Ok(Self::atom(quoted(&text)))
            }
            (Kind::Operator, "(") => {
                if self.eat(")") {
                    return self.call("tuple", &[]);
                }
                let code = self.inside(|this| this.tuple(true))?;
                self.expect(")")?;
                let text = if code.atom { code.text.clone() } else { format!("({})", code.text) };
                Self::code(text, &[&code], true)
            }
            (Kind::Operator, "[") => {
                let items = self.inside(|this| this.list("]"))?;
                self.call("list", &items.iter().collect::<Vec<_>>())
            }
            (Kind::Operator, "{") => {
                let items = self.inside(Self::mapping)?;
                self.call("dict", &items.iter().collect::<Vec<_>>())
            }
            (_, text) => Err(format!("expected an expression and found `{text}`")),
        }
    }

    fn list(&mut self, close: &str) -> Result<Vec<Code>, Problem> {
        let mut items = Vec::new();
        while !self.eat(close) {
            if !items.is_empty() {
                self.expect(",")?;
                if self.eat(close) {
                    break;
                }
            }
            items.push(self.expression()?);
        }
        Ok(items)
    }

    fn mapping(&mut self) -> Result<Vec<Code>, Problem> {
        let mut items = Vec::new();
        while !self.eat("}") {
            if !items.is_empty() {
                self.expect(",")?;
                if self.eat("}") {
                    break;
                }
            }
            items.push(self.expression()?);
            self.expect(":")?;
            items.push(self.expression()?);
        }
        Ok(items)
    }

    pub(super) fn postfix(&mut self, mut code: Code) -> Parsed {
        loop {
            if self.eat(".") {
                let token = self.next()?;
                code = match token.kind {
                    Kind::Name if self.is(Kind::Operator, "(") => self.method(&code, token.text)?,
                    Kind::Name => self.attribute(&code, token.text)?,
                    Kind::Integer => self.call("item", &[&code, &Self::atom(token.text)])?,
                    _ => return Err(format!("expected a name after `.` and found `{}`", token.text)),
                };
            } else if self.eat("[") {
                code = self.inside(|this| this.subscript(code))?;
            } else if self.is(Kind::Operator, "(") {
                let own = match code.text.as_str() {
                    "namespace" => Some("data"),
                    "loop" => Some("each"),
                    _ => None,
                };
                let (arguments, parts) = self.arguments(own)?;
                code = Self::with_arguments(&code.text.clone(), &arguments, code, parts)?;
            } else {
                return Ok(code);
            }
        }
    }

    fn with_arguments(callee: &str, arguments: &str, code: Code, mut parts: Vec<Code>) -> Parsed {
        parts.push(code);
        Self::code(format!("{callee}({arguments})"), &parts.iter().collect::<Vec<_>>(), true)
    }

    fn method(&mut self, code: &Code, name: &str) -> Parsed {
        let (arguments, parts) = self.arguments((name == "changed").then_some("weighed"))?;
        if name == "cycle" && (parts.is_empty() || arguments.contains('*')) {
            return Err("`loop.cycle` needs its values one by one".to_owned());
        }
        let mut all: Vec<&Code> = parts.iter().collect();
        all.push(code);
        Self::code(format!("{}.{name}({arguments})", code.text), &all, true)
    }

    /// An attribute that is not called: a mapping's method is found before its key.
    fn attribute(&mut self, code: &Code, name: &str) -> Parsed {
        if METHODS_OF_MAPPINGS.contains(&name) {
            return self.call("attribute", &[code, &Self::atom(quoted(name))]);
        }
        Self::code(format!("{}.{name}", code.text), &[code], true)
    }

    fn subscript(&mut self, code: Code) -> Parsed {
        let mut bounds: Vec<Option<Code>> = vec![None];
        let mut colons = 0;
        loop {
            if self.eat("]") {
                break;
            } else if self.eat(":") {
                colons += 1;
                bounds.push(None);
            } else if let Some(bound @ None) = bounds.last_mut() {
                *bound = Some(self.expression()?);
            } else {
                return Err(self.unexpected("`]`"));
            }
        }
        if colons == 0 {
            let index = bounds.pop().flatten().ok_or("`[]` needs an index")?;
            return self.call("item", &[&code, &index]);
        }
        if colons > 2 {
            return Err("a slice has at most three parts".to_owned());
        }
        bounds.resize_with(3, || None);
        let mut parts = vec![code];
        parts.extend(bounds.into_iter().map(|bound| bound.unwrap_or_else(|| Self::atom("none"))));
        self.call("slice", &parts.iter().collect::<Vec<_>>())
    }

    /// Arguments with their parentheses, each wrapped in one of our functions where `own` names it.
    fn arguments(&mut self, own: Option<&str>) -> Result<(String, Vec<Code>), Problem> {
        self.expect("(")?;
        let (mut texts, mut parts) = (Vec::new(), Vec::new());
        while !self.eat(")") {
            if !texts.is_empty() {
                self.expect(",")?;
                if self.eat(")") {
                    break;
                }
            }
            let mut lead = String::new();
            if self.eat("**") {
                lead.push_str("**");
            } else if self.eat("*") {
                lead.push('*');
            } else if let Some(name) = self.keyword() {
                lead = format!("{name}=");
            }
            let mut code = self.expression()?;
            if let Some(function) = own.filter(|_| !lead.starts_with('*')) {
                code = self.call(function, &[&code])?;
            }
            texts.push(format!("{lead}{}", code.text));
            parts.push(code);
        }
        Ok((texts.join(", "), parts))
    }

    pub(super) fn filters_and_tests(&mut self, mut code: Code) -> Parsed {
        loop {
            if self.eat("|") {
                code = self.filter(code)?;
            } else if self.eat_name("is") {
                code = self.test(code)?;
            } else if self.is(Kind::Operator, "(") {
                let (arguments, parts) = self.arguments(None)?;
                let callee = if code.atom { code.text.clone() } else { format!("({})", code.text) };
                code = Self::with_arguments(&callee, &arguments, code, parts)?;
            } else {
                return Ok(code);
            }
        }
    }

    fn filter(&mut self, code: Code) -> Parsed {
        let name = self.name()?;
        let Some((_, lists)) = FILTERS.iter().find(|(known, _)| *known == name) else {
            return Err(format!("there is no filter `{name}` here"));
        };
        let (arguments, mut parts) =
            if self.is(Kind::Operator, "(") { self.arguments(None)? } else { Default::default() };
        parts.push(code);
        let compares = matches!(name, "groupby" | "max" | "min" | "sort" | "unique");
        if let Some(base) = parts.pop() {
            parts.push(if compares { self.call("weighed", &[&base])? } else { base });
        }
        let [.., base] = &parts[..] else { return Err("a filter needs a value".to_owned()) };
        let call = if arguments.is_empty() { String::new() } else { format!("({arguments})") };
        let filtered = Self::code(format!("{}|{name}{call}", base.text), &parts.iter().collect::<Vec<_>>(), false)?;
        if *lists { self.call("adopt", &[&filtered]) } else { Ok(filtered) }
    }

    /// The filters of `{% set x | a | b %}` and `{% filter a | b %}`, as they are.
    pub(super) fn chain(&mut self) -> Result<String, Problem> {
        let mut chain = Vec::new();
        loop {
            let name = self.name()?;
            if !is_filter(name) {
                return Err(format!("there is no filter `{name}` here"));
            }
            let (arguments, _) = if self.is(Kind::Operator, "(") { self.arguments(None)? } else { Default::default() };
            chain.push(if arguments.is_empty() { name.to_owned() } else { format!("{name}({arguments})") });
            if !self.eat("|") {
                return Ok(chain.join(" | "));
            }
        }
    }

    fn test(&mut self, code: Code) -> Parsed {
        let not = if self.eat_name("not") { "not " } else { "" };
        let name = self.name()?;
        let mut parts = vec![code];
        let takes_one = self.peek().is_some_and(|token| match token.kind {
            Kind::Name => !matches!(token.text, "else" | "or" | "and" | "is" | "if" | "in" | "not" | "recursive"),
            Kind::Operator => matches!(token.text, "[" | "{"),
            _ => true,
        });
        let mut call = String::new();
        if self.is(Kind::Operator, "(") {
            let (arguments, more) = self.arguments(None)?;
            parts.extend(more);
            call = format!("({arguments})");
        } else if takes_one {
            let argument = self.primary()?;
            let argument = self.postfix(argument)?;
            call = format!("({})", argument.text);
            parts.push(argument);
        }
        let text = format!("({} is {not}{name}{call})", parts[0].text);
        Self::code(text, &parts.iter().collect::<Vec<_>>(), true)
    }
}

/// A string literal for the engine.
fn quoted(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => literal.extend(['\\', c]),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            _ => literal.push(c),
        }
    }
    literal.push('"');
    literal
}
