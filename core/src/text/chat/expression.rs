//! Rewrites an expression of Jinja so that the engine computes what Python would, and nothing grows
//! without a bound: operators and literals that make new values become calls of our functions
//! (`operators.rs`); names, attributes, calls, filters and tests stay.
//!
//! The grammar is that of `jinja2.parser` 3.1.

use super::{
    lexer::{Kind, Token},
    reader::{Code, Expressions, Parsed},
};

impl Expressions<'_> {
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
                    Self::code(text, &[&code, &test, &other], true)?
                } else {
                    Self::code(format!("({} if {})", code.text, test.text), &[&code, &test], true)?
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
            code = Self::code(format!("({} or {})", code.text, right.text), &[&code, &right], true)?;
        }
        Ok(code)
    }

    fn both(&mut self) -> Parsed {
        let mut code = self.negated()?;
        while self.eat_name("and") {
            let right = self.negated()?;
            code = Self::code(format!("({} and {})", code.text, right.text), &[&code, &right], true)?;
        }
        Ok(code)
    }

    fn negated(&mut self) -> Parsed {
        if !self.eat_name("not") {
            return self.compared();
        }
        let code = self.inside(Self::negated)?;
        Self::code(format!("(not {})", code.text), &[&code], true)
    }

    fn compared(&mut self) -> Parsed {
        let mut left = self.sum()?;
        let mut all: Option<Code> = None;
        loop {
            let operator = match self.peek() {
                Some(
                    Token { kind: Kind::Operator, text: "==" | "!=" | "<" | "<=" | ">" | ">=" }
                    | Token { kind: Kind::Name, text: "in" },
                ) => self.next()?.text,
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
                Some(before) => Self::code(format!("({} and {})", before.text, one.text), &[&before, &one], true)?,
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
                code = Self::code(format!("({} - {})", code.text, right.text), &[&code, &right], true)?;
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
                _ => Self::code(format!("({} {operator} {})", code.text, right.text), &[&code, &right], true)?,
            };
        }
    }

    fn power(&mut self) -> Parsed {
        let mut code = self.unary(true)?;
        while self.eat("**") {
            let right = self.unary(true)?;
            code = Self::code(format!("({} ** {})", code.text, right.text), &[&code, &right], true)?;
        }
        Ok(code)
    }

    fn unary(&mut self, filters: bool) -> Parsed {
        let code = if self.eat("-") {
            let code = self.inside(|this| this.unary(false))?;
            Self::code(format!("(-{})", code.text), &[&code], true)?
        } else if self.eat("+") {
            self.inside(|this| this.unary(false))?
        } else {
            self.primary()?
        };
        let code = self.postfix(code)?;
        if filters { self.filters_and_tests(code) } else { Ok(code) }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{lexer, reader::Problem},
        *,
    };

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
