//! Stage two: the grammar of RFC 8259 over the tokens, without recursion, into one flat list of values.

use super::index::Index;
use super::{number, string};
use crate::Uninspectable;
use crate::classify::Classify;
use crate::tree::{Gist, KeyId, Keys, Node, Open, Shape, has_pair, malformed};
use yingbi_classifiers::Signals;

/// Reads `text` into `nodes`, and says whether names may stand as values; `open` is working space.
///
/// `depth` is how deep containers may nest, `limit` what to call it in the error.
pub(crate) fn parse<C: Classify>(
    text: &str,
    index: &Index,
    keys: &mut Keys,
    classifier: &C,
    (depth, limit): (usize, usize),
    (nodes, open): (&mut Vec<Node>, &mut Vec<Open>),
) -> Result<bool, Uninspectable> {
    nodes.clear();
    open.clear();
    let mut parser = Parser {
        text,
        tokens: index.tokens.as_slice().iter(),
        backslashes: index.backslashes.as_slice().iter(),
        backslash: NONE,
    };
    parser.next_backslash();
    let mut name = UNNAMED;
    // The innermost open container; those around it are in `open`.
    let mut inner = Open { node: 0, is_object: false, signals: Signals::default() };
    let mut may_name = false;
    'value: loop {
        let at = parser.token()?;
        let (shape, end) = match parser.byte(at) {
            b'"' => parser.string(at)?,
            b'{' => (Shape::Object, at),
            b'[' => (Shape::Array, at),
            first => parser.atom(first, at)?,
        };
        let this = nodes.len() as u32;
        let signals = Signals::default();
        let Name { at: quote, key, is_plain } = name;
        // The quotes of a string don't count.
        let length = if shape == Shape::Plain { end - at - 2 } else { end - at };
        let is_mute = is_plain && shape.is_short(length);
        nodes.push(Node { start: at, end, after: this + 1, name: quote, key, signals, shape, is_mute });
        let mut closing = None;
        if matches!(shape, Shape::Object | Shape::Array) {
            if open.len() >= depth {
                return Err(Uninspectable::TooDeep { limit });
            }
            may_name |=
                shape == Shape::Array && !inner.is_object && inner.node + 1 == this && !open.is_empty();
            open.push(inner);
            inner = Open { node: this, is_object: shape == Shape::Object, signals };
            let next = parser.peek()?;
            match (inner.is_object, parser.byte(next)) {
                (true, b'}') | (false, b']') => closing = Some(parser.token()?),
                (true, _) => {
                    name = parser.name(keys, classifier, &mut inner.signals)?;
                    continue 'value;
                }
                (false, _) => {
                    name = UNNAMED;
                    continue 'value;
                }
            }
        }
        // A value is complete: close what closes, then go on to the next.
        loop {
            if let Some(at) = closing.take() {
                let after = nodes.len() as u32;
                may_name |= has_pair(inner.signals);
                if let Some(node) = nodes.get_mut(inner.node as usize) {
                    (node.end, node.after, node.signals) = (at + 1, after, inner.signals);
                }
                inner = open.pop().unwrap_or(inner);
            }
            if open.is_empty() {
                return match parser.tokens.next() {
                    None => Ok(may_name),
                    Some(at) => Err(malformed(*at as usize)),
                };
            }
            let at = parser.token()?;
            match (parser.byte(at), inner.is_object) {
                (b',', true) => {
                    name = parser.name(keys, classifier, &mut inner.signals)?;
                    continue 'value;
                }
                (b',', false) => {
                    name = UNNAMED;
                    continue 'value;
                }
                (b'}', true) | (b']', false) => closing = Some(at),
                _ => return Err(malformed(at as usize)),
            }
        }
    }
}

/// A member's name.
#[derive(Clone, Copy)]
struct Name {
    at: u32,
    key: KeyId,
    is_plain: bool,
}

/// An element has none.
const UNNAMED: Name = Name { at: 0, key: KeyId::NONE, is_plain: false };

struct Parser<'t> {
    text: &'t str,
    tokens: std::slice::Iter<'t, u32>,
    backslashes: std::slice::Iter<'t, u32>,
    /// The first backslash not read yet.
    backslash: u32,
}

/// Behind every text.
const NONE: u32 = u32::MAX;

impl Parser<'_> {
    #[inline(always)]
    fn token(&mut self) -> Result<u32, Uninspectable> {
        match self.tokens.next() {
            Some(at) => Ok(*at),
            None => Err(malformed(self.text.len())),
        }
    }

    #[inline(always)]
    fn peek(&self) -> Result<u32, Uninspectable> {
        match self.tokens.as_slice().first() {
            Some(at) => Ok(*at),
            None => Err(malformed(self.text.len())),
        }
    }

    #[inline(always)]
    fn byte(&self, at: u32) -> u8 {
        self.text.as_bytes().get(at as usize).copied().unwrap_or(0)
    }

    fn next_backslash(&mut self) {
        self.backslash = self.backslashes.next().copied().unwrap_or(NONE);
    }

    /// The string whose opening quote is at `at`: the next token is its closing quote.
    #[inline(always)]
    fn string(&mut self, at: u32) -> Result<(Shape, u32), Uninspectable> {
        let close = self.token()?;
        if self.backslash > close {
            return Ok((Shape::Plain, close + 1));
        }
        self.escapes(at, close)
    }

    /// Checks the escapes of a string, and those that stood where none may.
    #[cold]
    fn escapes(&mut self, at: u32, close: u32) -> Result<(Shape, u32), Uninspectable> {
        let mut escaped = false;
        while self.backslash < close {
            let begin = self.backslash;
            self.next_backslash();
            if begin > at {
                escaped = true;
                let text = self.text.get(begin as usize..close as usize).unwrap_or("");
                let length = string::escape(text.as_bytes()).ok_or(malformed(begin as usize))?.1 as u32;
                // The backslashes within this escape begin none.
                while self.backslash < begin + length {
                    self.next_backslash();
                }
            }
        }
        Ok((if escaped { Shape::Escaped } else { Shape::Plain }, close + 1))
    }

    /// A member's name and the colon after it.
    #[inline(always)]
    fn name(
        &mut self,
        keys: &mut Keys,
        classifier: &impl Classify,
        signals: &mut Signals,
    ) -> Result<Name, Uninspectable> {
        let at = self.token()?;
        if self.byte(at) != b'"' {
            return Err(malformed(at as usize));
        }
        let (shape, end) = self.string(at)?;
        let colon = self.token()?;
        if self.byte(colon) != b':' {
            return Err(malformed(colon as usize));
        }
        let raw = self.text.as_bytes().get(at as usize + 1..end as usize - 1).unwrap_or_default();
        let (key, Gist { signals: of_name, is_plain }) =
            keys.resolve(raw, shape == Shape::Escaped, classifier);
        *signals = signals.union(of_name);
        Ok(Name { at, key, is_plain })
    }

    /// A number or a literal.
    fn atom(&self, first: u8, at: u32) -> Result<(Shape, u32), Uninspectable> {
        let rest = self.text.as_bytes().get(at as usize..).unwrap_or_default();
        let literal = |word: &[u8], shape| rest.starts_with(word).then_some((shape, word.len()));
        let read = match first {
            b't' => literal(b"true", Shape::Bool),
            b'f' => literal(b"false", Shape::Bool),
            b'n' => literal(b"null", Shape::Null),
            _ => number::length(rest).map(|length| (Shape::Number, length)),
        };
        let (shape, length) = read.ok_or(malformed(at as usize))?;
        match rest.get(length) {
            None | Some(b' ' | b'\n' | b'\r' | b'\t' | b',' | b':' | b'{' | b'}' | b'[' | b']') => {
                Ok((shape, at + length as u32))
            }
            Some(_) => Err(malformed(at as usize + length)),
        }
    }
}

#[cfg(test)]
mod tests;
