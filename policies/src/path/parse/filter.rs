//! Filters (RFC 9535 §2.3.5), checked and thrown away: well-formed, and well-typed as §2.4.3 says.

use super::{DEPTH, Parsed, Parser, PathError};
use crate::path::{Selector, Step};

/// What an operand of a comparison or an argument of a function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Literal,
    SingularQuery,
    Query,
    /// A function's result, by its declared type.
    Value,
    Logical,
}

/// The functions of §2.4 and the types of their parameters and results.
const FUNCTIONS: &[(&str, &[Parameter], Sort)] = &[
    ("length", &[Parameter::Value], Sort::Value),
    ("count", &[Parameter::Nodes], Sort::Value),
    ("match", &[Parameter::Value, Parameter::Value], Sort::Logical),
    ("search", &[Parameter::Value, Parameter::Value], Sort::Logical),
    ("value", &[Parameter::Nodes], Sort::Value),
];

#[derive(Clone, Copy)]
enum Parameter {
    Value,
    Nodes,
}

impl Parser<'_> {
    /// `logical-or-expr`.
    pub(super) fn logical(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEPTH {
            return self.invalid("filters nested less deeply");
        }
        loop {
            self.conjunction()?;
            let before = self.at;
            self.space();
            if !self.eat_str("||") {
                self.at = before;
                self.depth -= 1;
                return Ok(());
            }
            self.space();
        }
    }

    fn conjunction(&mut self) -> Parsed<()> {
        loop {
            self.basic()?;
            let before = self.at;
            self.space();
            if !self.eat_str("&&") {
                self.at = before;
                return Ok(());
            }
            self.space();
        }
    }

    fn basic(&mut self) -> Parsed<()> {
        let negated = self.eat('!');
        if negated {
            self.space();
        }
        if self.eat('(') {
            self.space();
            self.logical()?;
            self.space();
            return if self.eat(')') { Ok(()) } else { self.invalid("`)`") };
        }
        let left = self.operand()?;
        let before = self.at;
        self.space();
        let comparison =
            ["==", "!=", "<=", ">=", "<", ">"].into_iter().any(|operator| self.eat_str(operator));
        if !comparison {
            self.at = before;
            // A test: a query, or a function that yields a truth.
            return match left {
                Sort::Query | Sort::SingularQuery | Sort::Logical => Ok(()),
                Sort::Literal | Sort::Value => self.invalid("a comparison"),
            };
        }
        if negated {
            return self.invalid("parentheses around a negated comparison");
        }
        self.space();
        let right = self.operand()?;
        for operand in [left, right] {
            if matches!(operand, Sort::Query | Sort::Logical) {
                return self.invalid("operands that yield one value");
            }
        }
        Ok(())
    }

    fn operand(&mut self) -> Parsed<Sort> {
        match self.peek() {
            Some('\'' | '"') => self.string().map(|_| Sort::Literal),
            Some('-' | '0'..='9') => self.number().map(|()| Sort::Literal),
            Some('@' | '$') => {
                self.next();
                let steps = self.segments()?;
                Ok(if is_singular(&steps) { Sort::SingularQuery } else { Sort::Query })
            }
            Some('a'..='z') => self.word(),
            _ => self.invalid("a query, a literal or a function"),
        }
    }

    /// `true`, `false`, `null`, or a function.
    fn word(&mut self) -> Parsed<Sort> {
        let word: String = self
            .rest()
            .chars()
            .take_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_')
            .collect();
        let begin = self.at;
        self.at += word.len();
        if !self.eat('(') {
            return if matches!(word.as_str(), "true" | "false" | "null") {
                Ok(Sort::Literal)
            } else {
                self.invalid("`true`, `false`, `null` or a function")
            };
        }
        let Some((_, parameters, result)) = FUNCTIONS.iter().find(|(name, _, _)| *name == word) else {
            return Err(PathError::Invalid { at: begin, expected: "a function of RFC 9535" });
        };
        for (position, parameter) in parameters.iter().enumerate() {
            self.space();
            if position > 0 {
                if !self.eat(',') {
                    return self.invalid("another argument");
                }
                self.space();
            }
            let argument = self.operand()?;
            let fits = match parameter {
                Parameter::Value => matches!(argument, Sort::Literal | Sort::SingularQuery | Sort::Value),
                Parameter::Nodes => matches!(argument, Sort::Query | Sort::SingularQuery),
            };
            if !fits {
                return self.invalid("an argument of the function's type");
            }
        }
        self.space();
        if self.eat(')') { Ok(*result) } else { self.invalid("`)`") }
    }

    /// `number = (int / "-0") [ frac ] [ exp ]`.
    fn number(&mut self) -> Parsed<()> {
        self.eat('-');
        let digits = self.digits();
        if digits.is_empty() || (digits.len() > 1 && digits.starts_with('0')) {
            return self.invalid("a number");
        }
        if self.eat('.') && self.digits().is_empty() {
            return self.invalid("a digit");
        }
        if self.eat('e') || self.eat('E') {
            let _ = self.eat('+') || self.eat('-');
            if self.digits().is_empty() {
                return self.invalid("a digit");
            }
        }
        Ok(())
    }
}

fn is_singular(steps: &[Step]) -> bool {
    steps.iter().all(|step| match step {
        Step::Child(selectors) => {
            matches!(selectors.as_slice(), [Selector::Name(_) | Selector::Index(_)])
        }
        Step::Descendant(_) => false,
    })
}
