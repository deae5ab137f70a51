//! Rewrites an expression of Jinja so that the engine computes what Python would, and nothing grows
//! without a bound: operators and literals that make new values become calls of our functions
//! (`operators.rs`); names, attributes, calls, filters and tests stay.
//!
//! The grammar is that of `jinja2.parser` 3.1.

use super::{
    lexer::{Kind, Token, unescape},
    limits::EXPRESSION,
};

/// A rewritten expression.
pub(super) struct Code {
    pub text: String,
    /// The levels of nesting.
    height: usize,
    /// Whether something can follow it without parentheses.
    atom: bool,
}

/// Why an expression is refused.
pub(super) type Problem = String;

type Parsed = Result<Code, Problem>;

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

/// Reads the tokens of one tag.
pub(super) struct Expressions<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    depth: usize,
    /// What the names of our functions begin with.
    prefix: String,
}

impl<'a> Expressions<'a> {
    pub(super) fn new(tokens: &'a [Token<'a>], prefix: &str) -> Self {
        Self { tokens, at: 0, depth: 0, prefix: prefix.to_owned() }
    }

    pub(super) fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    pub(super) fn next(&mut self) -> Result<Token<'a>, Problem> {
        let token = self.peek().ok_or("the tag ends too early")?;
        self.at += 1;
        Ok(token)
    }

    fn is(&self, kind: Kind, text: &str) -> bool {
        self.peek().is_some_and(|token| token.kind == kind && token.text == text)
    }

    pub(super) fn eat(&mut self, operator: &str) -> bool {
        let found = self.is(Kind::Operator, operator);
        self.at += usize::from(found);
        found
    }

    pub(super) fn eat_name(&mut self, name: &str) -> bool {
        let found = self.is(Kind::Name, name);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, operator: &str) -> Result<(), Problem> {
        if self.eat(operator) {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{operator}`")))
    }

    pub(super) fn name(&mut self) -> Result<&'a str, Problem> {
        match self.peek() {
            Some(Token { kind: Kind::Name, text }) => {
                self.at += 1;
                Ok(text)
            }
            _ => Err(self.unexpected("a name")),
        }
    }

    fn unexpected(&self, wanted: &str) -> Problem {
        match self.peek() {
            Some(token) => format!("expected {wanted} and found `{}`", token.text),
            None => format!("expected {wanted} and found the end of the tag"),
        }
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), Problem> {
        self.peek().map_or(Ok(()), |_| Err(self.unexpected("the end of the tag")))
    }

    fn call(&self, function: &str, arguments: &[&Code]) -> Parsed {
        let list: Vec<&str> = arguments.iter().map(|code| code.text.as_str()).collect();
        self.code(format!("{}{function}({})", self.prefix, list.join(", ")), arguments, true)
    }

    fn code(&self, text: String, parts: &[&Code], atom: bool) -> Parsed {
        let height = 1 + parts.iter().map(|code| code.height).max().unwrap_or(0);
        if height > EXPRESSION {
            return Err(format!("an expression nests more than {EXPRESSION} levels deep"));
        }
        Ok(Code { text, height, atom })
    }

    fn atom(text: impl Into<String>) -> Code {
        Code { text: text.into(), height: 1, atom: true }
    }

    fn inside<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Problem>) -> Result<T, Problem> {
        self.depth += 1;
        if self.depth > EXPRESSION {
            return Err(format!("an expression nests more than {EXPRESSION} levels deep"));
        }
        let found = read(self);
        self.depth -= 1;
        found
    }

    /// An expression, or several with commas between them, which are a tuple.
    pub(super) fn tuple(&mut self, conditional: bool) -> Parsed {
        let item = |this: &mut Self| if conditional { this.expression() } else { this.either() };
        let first = item(self)?;
        if !self.is(Kind::Operator, ",") {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.eat(",") {
            let over = self.peek().is_none_or(|token| {
                (token.kind == Kind::Operator && matches!(token.text, ")" | "=")) || token.text == "in"
            });
            if over {
                break;
            }
            items.push(item(self)?);
        }
        self.call("tuple", &items.iter().collect::<Vec<_>>())
    }

    /// `a if b else c`.
    pub(super) fn expression(&mut self) -> Parsed {
        self.inside(|this| {
            let mut code = this.either()?;
            while this.eat_name("if") {
                let test = this.either()?;
                code = if this.eat_name("else") {
                    let other = this.expression()?;
                    let text = format!("({} if {} else {})", code.text, test.text, other.text);
                    this.code(text, &[&code, &test, &other], true)?
                } else {
                    this.code(format!("({} if {})", code.text, test.text), &[&code, &test], true)?
                };
            }
            Ok(code)
        })
    }

    /// `a or b`.
    pub(super) fn either(&mut self) -> Parsed {
        let mut code = self.both()?;
        while self.eat_name("or") {
            let right = self.both()?;
            code = self.code(format!("({} or {})", code.text, right.text), &[&code, &right], true)?;
        }
        Ok(code)
    }

    fn both(&mut self) -> Parsed {
        let mut code = self.negated()?;
        while self.eat_name("and") {
            let right = self.negated()?;
            code = self.code(format!("({} and {})", code.text, right.text), &[&code, &right], true)?;
        }
        Ok(code)
    }

    fn negated(&mut self) -> Parsed {
        if !self.eat_name("not") {
            return self.compared();
        }
        let code = self.inside(Self::negated)?;
        self.code(format!("(not {})", code.text), &[&code], true)
    }

    fn compared(&mut self) -> Parsed {
        let mut left = self.sum()?;
        let mut all: Option<Code> = None;
        loop {
            let operator = match self.peek() {
                Some(Token { kind: Kind::Operator, text: "==" | "!=" | "<" | "<=" | ">" | ">=" }) => self.next()?.text,
                Some(Token { kind: Kind::Name, text: "in" }) => self.next()?.text,
                Some(Token { kind: Kind::Name, text: "not" }) => {
                    self.next()?;
                    if !self.eat_name("in") {
                        return Err(self.unexpected("`in`"));
                    }
                    "not in"
                }
                _ => return Ok(all.unwrap_or(left)),
            };
            let right = self.sum()?;
            let one = self.call("compare", &[&Self::atom(format!("'{operator}'")), &left, &right])?;
            all = Some(match all {
                None => one,
                Some(before) => self.code(format!("({} and {})", before.text, one.text), &[&before, &one], true)?,
            });
            left = right;
        }
    }

    fn sum(&mut self) -> Parsed {
        let mut code = self.concatenation()?;
        loop {
            if self.is(Kind::Operator, "+") {
                // One call for the whole chain: templates add up dozens of texts.
                let mut terms = vec![code];
                while self.eat("+") {
                    terms.push(self.concatenation()?);
                }
                code = self.call("add", &terms.iter().collect::<Vec<_>>())?;
            } else if self.eat("-") {
                let right = self.concatenation()?;
                code = self.code(format!("({} - {})", code.text, right.text), &[&code, &right], true)?;
            } else {
                return Ok(code);
            }
        }
    }

    fn concatenation(&mut self) -> Parsed {
        let first = self.product()?;
        if !self.is(Kind::Operator, "~") {
            return Ok(first);
        }
        let mut terms = vec![first];
        while self.eat("~") {
            terms.push(self.product()?);
        }
        self.call("concatenate", &terms.iter().collect::<Vec<_>>())
    }

    fn product(&mut self) -> Parsed {
        let mut code = self.power()?;
        loop {
            let operator = match self.peek() {
                Some(Token { kind: Kind::Operator, text: "*" | "/" | "//" | "%" }) => self.next()?.text,
                _ => return Ok(code),
            };
            let right = self.power()?;
            code = match operator {
                "*" => self.call("multiply", &[&code, &right])?,
                "%" => self.call("modulo", &[&code, &right])?,
                _ => self.code(format!("({} {operator} {})", code.text, right.text), &[&code, &right], true)?,
            };
        }
    }

    fn power(&mut self) -> Parsed {
        let mut code = self.unary(true)?;
        while self.eat("**") {
            let right = self.unary(true)?;
            code = self.code(format!("({} ** {})", code.text, right.text), &[&code, &right], true)?;
        }
        Ok(code)
    }

    fn unary(&mut self, filters: bool) -> Parsed {
        let code = if self.eat("-") {
            let code = self.inside(|this| this.unary(false))?;
            self.code(format!("(-{})", code.text), &[&code], true)?
        } else if self.eat("+") {
            self.inside(|this| this.unary(false))?
        } else {
            self.primary()?
        };
        let code = self.postfix(code)?;
        if filters { self.filters_and_tests(code) } else { Ok(code) }
    }

    fn primary(&mut self) -> Parsed {
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
                    self.at += usize::from(piece.is_some());
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
                self.code(text, &[&code], true)
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

    fn postfix(&mut self, mut code: Code) -> Parsed {
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
                code = self.with_arguments(&code.text.clone(), &arguments, code, parts)?;
            } else {
                return Ok(code);
            }
        }
    }

    fn with_arguments(&self, callee: &str, arguments: &str, code: Code, mut parts: Vec<Code>) -> Parsed {
        parts.push(code);
        self.code(format!("{callee}({arguments})"), &parts.iter().collect::<Vec<_>>(), true)
    }

    fn method(&mut self, code: &Code, name: &str) -> Parsed {
        let (arguments, parts) = self.arguments((name == "changed").then_some("weighed"))?;
        if name == "cycle" && (parts.is_empty() || arguments.contains('*')) {
            return Err("`loop.cycle` needs its values one by one".to_owned());
        }
        let mut all: Vec<&Code> = parts.iter().collect();
        all.push(code);
        self.code(format!("{}.{name}({arguments})", code.text), &all, true)
    }

    /// An attribute that is not called: a mapping's method is found before its key.
    fn attribute(&mut self, code: &Code, name: &str) -> Parsed {
        if METHODS_OF_MAPPINGS.contains(&name) {
            return self.call("attribute", &[code, &Self::atom(quoted(name))]);
        }
        self.code(format!("{}.{name}", code.text), &[code], true)
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
            } else if let [Token { kind: Kind::Name, text }, Token { kind: Kind::Operator, text: "=" }, ..] =
                &self.tokens[self.at..]
            {
                lead = format!("{text}=");
                self.at += 2;
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

    fn filters_and_tests(&mut self, mut code: Code) -> Parsed {
        loop {
            if self.eat("|") {
                code = self.filter(code)?;
            } else if self.eat_name("is") {
                code = self.test(code)?;
            } else if self.is(Kind::Operator, "(") {
                let (arguments, parts) = self.arguments(None)?;
                let callee = if code.atom { code.text.clone() } else { format!("({})", code.text) };
                code = self.with_arguments(&callee, &arguments, code, parts)?;
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
        let filtered = self.code(format!("{}|{name}{call}", base.text), &parts.iter().collect::<Vec<_>>(), false)?;
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
        self.code(text, &parts.iter().collect::<Vec<_>>(), true)
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

#[cfg(test)]
mod tests {
    use super::{super::lexer, *};

    fn rewritten(expression: &str) -> Result<String, Problem> {
        let source = format!("{{{{ {expression} }}}}");
        let pieces = lexer::pieces(&source).unwrap();
        let [lexer::Piece::Tag(tag)] = &pieces[..] else { panic!("{pieces:?}") };
        let mut reader = Expressions::new(&tag.tokens, "_");
        let code = reader.tuple(true)?;
        reader.end()?;
        Ok(code.text)
    }

    #[test]
    fn operators_bind_as_in_jinja() {
        for (expression, expected) in [
            ("a + b ~ c * d", "_add(a, _concatenate(b, _multiply(c, d)))"),
            ("a - b + c + d", "_add((a - b), c, d)"),
            ("a == b != (c == 0)", r"(_compare('==', a, b) and _compare('!=', b, _compare('==', c, 0)))"),
            ("not a is defined and b in c or d", "(((not (a is defined)) and _compare('in', b, c)) or d)"),
            ("a not in b", "_compare('not in', a, b)"),
            ("-a|abs", "(-a)|abs"),
            ("a + b|tojson", "_add(a, b|tojson)"),
            ("a|map('upper')|list", r#"_adopt(_adopt(a|map("upper"))|list)"#),
            ("a if b else c if d", "(a if b else (c if d))"),
            ("[1, 'x' 'y', (2,)]", r#"_list(1, "xy", _tuple(2))"#),
            ("{'a': 1}.items()", r#"_dict("a", 1).items()"#),
            ("a[1:][::-1][0]", "_item(_slice(_slice(a, 1, none, none), none, none, (-1)), 0)"),
            ("a.items is defined", r#"(_attribute(a, "items") is defined)"#),
            ("a['items'].b", r#"_item(a, "items").b"#),
            ("a is divisibleby 3 ~ b", "_concatenate((a is divisibleby(3)), b)"),
            ("a[b].1", "_item(_item(a, b), 1)"),
            ("loop.index0 + loop(x)", "_add(loop.index0, loop(_each(x)))"),
            ("a|sort", "_adopt(_weighed(a)|sort)"),
            ("namespace(a=[], **b)", "namespace(a=_data(_list()), **b)"),
            ("f(x, y=1)(z)", "f(x, y=1)(z)"),
            ("2 ** 3 ** 2 % 5", "_modulo(((2 ** 3) ** 2), 5)"),
            ("a, b", "_tuple(a, b)"),
            ("'\\n\"'", r#""\n\"""#),
        ] {
            assert_eq!(rewritten(expression).as_deref(), Ok(expected), "{expression}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (expression, word) in [
            ("a b", "end of the tag"),
            ("a +", "too early"),
            ("a | nothing", "no filter"),
            ("namespace", "only be called"),
            ("loop", "its parts"),
            ("[loop]", "its parts"),
            ("loop.cycle()", "one by one"),
            ("loop.cycle(*a)", "one by one"),
            ("a[1:2:3:4]", "three parts"),
            ("if", "an expression"),
            ("a.(b)", "after `.`"),
        ] {
            let problem = rewritten(expression).unwrap_err();
            assert!(problem.contains(word), "{expression}: {problem}");
        }
    }

    #[test]
    fn deep_expressions_are_refused_and_long_chains_are_not() {
        for deep in [
            "(".repeat(500) + "a" + &")".repeat(500),
            "[".repeat(500) + &"]".repeat(500),
            "not ".repeat(500) + "a",
            "-".repeat(500) + "a",
            "a".to_owned() + &".b".repeat(500),
            "a".to_owned() + &"|upper".repeat(500),
            "a".to_owned() + &" and a".repeat(500),
            "a".to_owned() + &" if a else a".repeat(500),
            "a".to_owned() + &"[a".repeat(500) + &"]".repeat(500),
            "a".to_owned() + &" * a".repeat(500),
        ] {
            assert!(rewritten(&deep).unwrap_err().contains("levels deep"), "{}", &deep[..20]);
        }
        assert!(rewritten(&("a".to_owned() + &" + a".repeat(500))).is_ok());
        assert!(rewritten(&("a".to_owned() + &" ~ a".repeat(500))).is_ok());
    }
}
