//! Reads the tokens of one tag and puts rewritten code together.

use super::{
    lexer::{Kind, Token},
    limits::EXPRESSION,
};

/// A rewritten expression.
pub(super) struct Code {
    pub text: String,
    /// The levels of nesting.
    pub height: usize,
    /// Whether something can follow it without parentheses.
    pub atom: bool,
}

/// Why an expression is refused.
pub(super) type Problem = String;

pub(super) type Parsed = Result<Code, Problem>;
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

    pub(super) fn is(&self, kind: Kind, text: &str) -> bool {
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

    pub(super) fn unexpected(&self, wanted: &str) -> Problem {
        match self.peek() {
            Some(token) => format!("expected {wanted} and found `{}`", token.text),
            None => format!("expected {wanted} and found the end of the tag"),
        }
    }

    /// The `name=` of a keyword argument.
    pub(super) fn keyword(&mut self) -> Option<&'a str> {
        match self.tokens.get(self.at..)? {
            [Token { kind: Kind::Name, text }, Token { kind: Kind::Operator, text: "=" }, ..] => {
                self.at += 2;
                Some(text)
            }
            _ => None,
        }
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), Problem> {
        self.peek().map_or(Ok(()), |_| Err(self.unexpected("the end of the tag")))
    }

    pub(super) fn call(&self, function: &str, arguments: &[&Code]) -> Parsed {
        let list: Vec<&str> = arguments.iter().map(|code| code.text.as_str()).collect();
        Self::code(format!("{}{function}({})", self.prefix, list.join(", ")), arguments, true)
    }

    pub(super) fn code(text: String, parts: &[&Code], atom: bool) -> Parsed {
        let height = 1 + parts.iter().map(|code| code.height).max().unwrap_or(0);
        if height > EXPRESSION {
            return Err(format!("an expression nests more than {EXPRESSION} levels deep"));
        }
        Ok(Code { text, height, atom })
    }

    pub(super) fn atom(text: impl Into<String>) -> Code {
        Code { text: text.into(), height: 1, atom: true }
    }

    pub(super) fn inside<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Problem>) -> Result<T, Problem> {
        self.depth += 1;
        if self.depth > EXPRESSION {
            return Err(format!("an expression nests more than {EXPRESSION} levels deep"));
        }
        let found = read(self);
        self.depth -= 1;
        found
    }
}
