//! The grammar of RFC 9535 §2, by recursive descent over characters.
//!
//! A filter is parsed too, though bindings can't use it: only so can a valid path that is not supported be told from
//! one that is wrong.

mod filter;

use super::{Path, PathError, Selector, Step};

/// Largest integer of I-JSON (RFC 9535 §2.1).
const LARGEST: i64 = (1 << 53) - 1;

/// Filters nest in filters; deeper than this is refused.
const DEPTH: usize = 64;

type Parsed<T> = Result<T, PathError>;

pub(super) fn path(text: &str) -> Parsed<Path> {
    let mut parser = Parser { text, at: 0, not_supported: None, depth: 0 };
    if !parser.eat('$') {
        return parser.invalid("`$`");
    }
    let steps = parser.segments()?;
    if parser.at != text.len() {
        return parser.invalid("`.`, `..`, `[` or the end");
    }
    match parser.not_supported {
        Some((at, what)) => Err(PathError::NotSupported { at, what }),
        None => Ok(Path { steps }),
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    /// The first thing that is valid but not supported.
    not_supported: Option<(usize, &'static str)>,
    depth: usize,
}

impl<'t> Parser<'t> {
    /// `segments = *(S segment)`; whitespace counts only when a segment follows.
    fn segments(&mut self) -> Parsed<Vec<Step>> {
        let mut steps = Vec::new();
        loop {
            let before = self.at;
            self.space();
            if self.eat_str("..") {
                steps.push(Step::Descendant(match self.peek() {
                    Some('[') => self.bracketed()?,
                    Some('*') => self.wildcard(),
                    _ => vec![Selector::Name(self.shorthand()?)],
                }));
            } else if self.eat('.') {
                steps.push(Step::Child(match self.peek() {
                    Some('*') => self.wildcard(),
                    _ => vec![Selector::Name(self.shorthand()?)],
                }));
            } else if self.peek() == Some('[') {
                steps.push(Step::Child(self.bracketed()?));
            } else {
                self.at = before;
                return Ok(steps);
            }
        }
    }

    fn wildcard(&mut self) -> Vec<Selector> {
        self.eat('*');
        vec![Selector::Wildcard]
    }

    fn bracketed(&mut self) -> Parsed<Vec<Selector>> {
        self.eat('[');
        let mut selectors = Vec::new();
        loop {
            self.space();
            selectors.push(self.selector()?);
            self.space();
            if self.eat(']') {
                return Ok(selectors);
            }
            if !self.eat(',') {
                return self.invalid("`,` or `]`");
            }
        }
    }

    fn selector(&mut self) -> Parsed<Selector> {
        match self.peek() {
            Some('*') => {
                self.eat('*');
                Ok(Selector::Wildcard)
            }
            Some('\'' | '"') => Ok(Selector::Name(self.string()?)),
            Some('?') => {
                self.refuse("a filter");
                self.eat('?');
                self.space();
                self.logical()?;
                Ok(Selector::Wildcard)
            }
            Some('-' | '0'..='9' | ':') => self.index_or_slice(),
            _ => self.invalid("a name, an index, a slice, `*` or a filter"),
        }
    }

    fn index_or_slice(&mut self) -> Parsed<Selector> {
        let begin = self.at;
        let start = self.optional_integer()?;
        let after = self.at;
        self.space();
        if !self.eat(':') {
            self.at = after;
            let Some(index) = start else { return self.invalid("an index") };
            return Ok(Selector::Index(self.natural(begin, index, "a negative index")));
        }
        self.space();
        let end = self.optional_integer()?;
        self.space();
        let step = if self.eat(':') {
            self.space();
            self.optional_integer()?
        } else {
            None
        };
        let step = step.unwrap_or(1);
        if step == 0 {
            // RFC 9535 §2.3.4.2.2: a step of 0 selects nothing.
            return Ok(Selector::Slice { start: 0, end: Some(0), step: 1 });
        }
        Ok(Selector::Slice {
            start: self.natural(begin, start.unwrap_or(0), "a negative slice bound"),
            end: end.map(|end| self.natural(begin, end, "a negative slice bound")),
            step: self.natural(begin, step, "a negative slice step"),
        })
    }

    /// A number that must not be negative to be supported.
    fn natural(&mut self, at: usize, value: i64, what: &'static str) -> u64 {
        u64::try_from(value).unwrap_or_else(|_| {
            self.not_supported.get_or_insert((at, what));
            0
        })
    }

    fn refuse(&mut self, what: &'static str) {
        self.not_supported.get_or_insert((self.at, what));
    }

    /// `int`: no leading zeros, no `-0`, within I-JSON.
    fn optional_integer(&mut self) -> Parsed<Option<i64>> {
        let begin = self.at;
        let negative = self.eat('-');
        let digits = self.digits();
        if digits.is_empty() {
            return if negative { self.invalid("a digit") } else { Ok(None) };
        }
        if digits.starts_with('0') && (digits.len() > 1 || negative) {
            self.at = begin;
            return self.invalid("an integer without leading zeros");
        }
        match digits.parse::<i64>() {
            Ok(value) if value <= LARGEST => Ok(Some(if negative { -value } else { value })),
            _ => {
                self.at = begin;
                self.invalid("an integer of at most 2^53-1")
            }
        }
    }

    fn digits(&mut self) -> &'t str {
        let rest = self.rest();
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn shorthand(&mut self) -> Parsed<String> {
        let first = |c: char| c.is_ascii_alphabetic() || c == '_' || c >= '\u{80}';
        match self.peek() {
            Some(c) if first(c) => {}
            _ => return self.invalid("a name or `*`"),
        }
        let rest = self.rest();
        let name: String = rest.chars().take_while(|c| first(*c) || c.is_ascii_digit()).collect();
        self.at += name.len();
        Ok(name)
    }

    fn string(&mut self) -> Parsed<String> {
        let quote = self.peek().unwrap_or('"');
        self.eat(quote);
        let mut name = String::new();
        loop {
            match self.next() {
                None => return self.invalid("the closing quote"),
                Some(c) if c == quote => return Ok(name),
                Some('\\') => name.push(self.escape(quote)?),
                Some(c) if c < ' ' => return self.invalid("no control character"),
                Some(c) => name.push(c),
            }
        }
    }

    fn escape(&mut self, quote: char) -> Parsed<char> {
        match self.next() {
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some(c @ ('/' | '\\')) => Ok(c),
            Some(c) if c == quote => Ok(c),
            Some('u') => {
                let high = self.hex4()?;
                match high {
                    0xD800..=0xDBFF => {
                        if !self.eat_str("\\u") {
                            return self.invalid("the low surrogate");
                        }
                        let low = self.hex4()?;
                        if !(0xDC00..=0xDFFF).contains(&low) {
                            return self.invalid("a low surrogate");
                        }
                        let scalar = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                        char::from_u32(scalar).map_or_else(|| self.invalid("a character"), Ok)
                    }
                    _ => char::from_u32(high).map_or_else(|| self.invalid("no lone surrogate"), Ok),
                }
            }
            _ => self.invalid("an escape of JSON"),
        }
    }

    fn hex4(&mut self) -> Parsed<u32> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(value) => {
                self.at += 4;
                Ok(value)
            }
            None => self.invalid("four hexadecimal digits"),
        }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn eat(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.at += expected.len_utf8();
        }
        found
    }

    fn eat_str(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.at += expected.len();
        }
        found
    }

    fn invalid<T>(&self, expected: &'static str) -> Parsed<T> {
        Err(PathError::Invalid { at: self.at, expected })
    }
}
