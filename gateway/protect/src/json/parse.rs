//! Stage two: the grammar of RFC 8259 over the tokens, without recursion, into one flat list of values.

use super::index::Index;
use super::keys::{KeyId, Keys};
use super::{number, string};
use crate::Uninspectable;
use crate::classify::Classify;
use yingbi_classifiers::Signals;

/// One value. Values stand in document order; what a container holds follows it directly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// First byte of the value; of a string, its quote.
    pub(crate) start: u32,
    /// One past the last byte.
    pub(crate) end: u32,
    /// Index of the first node that isn't inside this one.
    pub(crate) after: u32,
    /// The opening quote of the member's name; meaningless unless `key` is one.
    pub(crate) name: u32,
    pub(crate) key: KeyId,
    /// Of an object: what all its names say together.
    pub(crate) signals: Signals,
    pub(crate) shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Object,
    Array,
    /// A string without escapes.
    Plain,
    /// A string with escapes, all of them good.
    Escaped,
    Number,
    Bool,
    Null,
}

/// What is wrong with a text that should be JSON.
pub(crate) fn malformed(at: usize) -> Uninspectable {
    Uninspectable::Malformed { at }
}

/// Reads `text` into `nodes`; `open` is working space.
///
/// `depth` is how deep containers may nest, `limit` what to call it in the error.
pub(crate) fn parse<C: Classify>(
    text: &str,
    index: &Index,
    keys: &mut Keys,
    classifier: &C,
    (depth, limit): (usize, usize),
    (nodes, open): (&mut Vec<Node>, &mut Vec<u32>),
) -> Result<(), Uninspectable> {
    nodes.clear();
    open.clear();
    let mut parser = Parser { text, tokens: index.tokens.iter(), backslashes: index.backslashes.iter() };
    let mut name = (0, KeyId::NONE);
    'value: loop {
        let at = parser.token()?;
        let (shape, end) = match parser.byte(at) {
            b'"' => parser.string(at)?,
            b'{' => (Shape::Object, at),
            b'[' => (Shape::Array, at),
            first => parser.atom(first, at)?,
        };
        let this = nodes.len() as u32;
        nodes.push(Node {
            start: at,
            end,
            after: this + 1,
            name: name.0,
            key: name.1,
            signals: Signals::default(),
            shape,
        });
        let mut closing = None;
        if matches!(shape, Shape::Object | Shape::Array) {
            if open.len() >= depth {
                return Err(Uninspectable::TooDeep { limit });
            }
            open.push(this);
            let next = parser.peek()?;
            match (shape, parser.byte(next)) {
                (Shape::Object, b'}') | (Shape::Array, b']') => closing = Some(parser.token()?),
                (Shape::Object, _) => {
                    name = parser.name(keys, classifier)?;
                    add_signals(nodes, this, keys.key(name.1).meaning.signals);
                    continue 'value;
                }
                _ => {
                    name = (0, KeyId::NONE);
                    continue 'value;
                }
            }
        }
        // A value is complete: close what closes, then go on to the next.
        loop {
            if let Some(at) = closing.take()
                && let Some(container) = open.pop()
            {
                let after = nodes.len() as u32;
                if let Some(node) = nodes.get_mut(container as usize) {
                    (node.end, node.after) = (at + 1, after);
                }
            }
            let Some(container) = open.last().copied() else {
                return match parser.tokens.next() {
                    None => Ok(()),
                    Some(at) => Err(malformed(*at as usize)),
                };
            };
            let is_object = nodes.get(container as usize).is_some_and(|node| node.shape == Shape::Object);
            let at = parser.token()?;
            match (parser.byte(at), is_object) {
                (b',', true) => {
                    name = parser.name(keys, classifier)?;
                    add_signals(nodes, container, keys.key(name.1).meaning.signals);
                    continue 'value;
                }
                (b',', false) => {
                    name = (0, KeyId::NONE);
                    continue 'value;
                }
                (b'}', true) | (b']', false) => closing = Some(at),
                _ => return Err(malformed(at as usize)),
            }
        }
    }
}

fn add_signals(nodes: &mut [Node], object: u32, signals: Signals) {
    if let Some(node) = nodes.get_mut(object as usize) {
        node.signals = node.signals.union(signals);
    }
}

struct Parser<'t> {
    text: &'t str,
    tokens: std::slice::Iter<'t, u32>,
    backslashes: std::slice::Iter<'t, u32>,
}

impl<'t> Parser<'t> {
    fn token(&mut self) -> Result<u32, Uninspectable> {
        self.tokens.next().copied().ok_or(malformed(self.text.len()))
    }

    fn peek(&self) -> Result<u32, Uninspectable> {
        self.tokens.as_slice().first().copied().ok_or(malformed(self.text.len()))
    }

    fn byte(&self, at: u32) -> u8 {
        self.text.as_bytes().get(at as usize).copied().unwrap_or(0)
    }

    /// The string whose opening quote is at `at`: the next token is its closing quote.
    fn string(&mut self, at: u32) -> Result<(Shape, u32), Uninspectable> {
        let close = self.token()?;
        let mut escaped = false;
        while let Some(backslash) = self.backslashes.as_slice().first().copied()
            && backslash < close
        {
            escaped |= backslash > at;
            self.backslashes.next();
        }
        if !escaped {
            return Ok((Shape::Plain, close + 1));
        }
        let raw = self.text.get(at as usize + 1..close as usize).unwrap_or("");
        string::check(raw).map_err(|bad| malformed(at as usize + 1 + bad.at))?;
        Ok((Shape::Escaped, close + 1))
    }

    /// A member's name and the colon after it.
    fn name(&mut self, keys: &mut Keys, classifier: &impl Classify) -> Result<(u32, KeyId), Uninspectable> {
        let at = self.token()?;
        if self.byte(at) != b'"' {
            return Err(malformed(at as usize));
        }
        let (shape, end) = self.string(at)?;
        let colon = self.token()?;
        if self.byte(colon) != b':' {
            return Err(malformed(colon as usize));
        }
        let raw = self.text.get(at as usize + 1..end as usize - 1).unwrap_or("");
        Ok((at, keys.resolve(raw, shape == Shape::Escaped, classifier)))
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
