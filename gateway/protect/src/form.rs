//! Bodies of forms, `application/x-www-form-urlencoded`: one object, each pair a member.
//!
//! What isn't UTF-8 once decoded is refused: other charsets can't be told from each other here.

use crate::Uninspectable;
use crate::classify::Classify;
use crate::coded::encode_percent;
use crate::tree::{
    BadSpelling, Grammar, KeyId, Keys, Level, Node, Part, Piece, Pieces, Shape, Spelling, decode, malformed,
};
use std::ops::Range;
use yingbi_classifiers::Signals;

/// A form.
#[derive(Clone, Copy)]
pub(crate) struct Form;

impl Grammar for Form {
    fn parse<C: Classify>(
        level: &mut Level,
        text: &str,
        keys: &mut Keys,
        classifier: &C,
        _: (usize, usize),
    ) -> Result<Self, Uninspectable> {
        let end = u32::try_from(text.len()).map_err(|_| malformed(u32::MAX as usize))?;
        let nodes = &mut level.nodes;
        nodes.clear();
        Node::push(nodes, 0..end as usize, 0, KeyId::NONE, Shape::Object);
        let mut of_names = Signals::default();
        let mut begin = 0;
        for part in text.split('&') {
            let pair = begin..begin + part.len();
            begin = pair.end + 1;
            if part.is_empty() {
                continue;
            }
            let mut key = KeyId::NONE;
            let mut value = pair.clone();
            // A part without a name is a value.
            if let Some((name, _)) = part.split_once('=').filter(|(name, _)| !name.is_empty()) {
                let of_name;
                (key, of_name) = keys.resolve_plain(&read(name, pair.start)?, classifier);
                of_names = of_names.union(of_name);
                value.start += name.len() + 1;
            }
            let raw = text.get(value.clone()).unwrap_or("");
            let is_plain = !raw.bytes().any(|byte| matches!(byte, b'%' | b'+'));
            if !is_plain {
                read(raw, value.start)?;
            }
            let shape = if is_plain { Shape::Plain } else { Shape::Escaped };
            Node::push(nodes, value, pair.start, key, shape);
        }
        let after = nodes.len() as u32;
        if let Some(form) = nodes.first_mut() {
            (form.after, form.signals) = (after, of_names);
        }
        Ok(Form)
    }
}

/// Decodes a text that stands at `at`.
fn read(raw: &str, at: usize) -> Result<String, Uninspectable> {
    let mut text = String::new();
    match decode(Percents::new(raw), &mut text) {
        Ok(()) => Ok(text),
        Err(bad) => Err(Uninspectable::Charset { at: at + bad.at }),
    }
}

impl Spelling for Form {
    type Pieces<'r> = Percents<'r>;

    fn pieces<'r>(self, raw: &'r str, _: Part<'_>) -> Percents<'r> {
        Percents::new(raw)
    }

    fn contents(self, node: &Node) -> Range<usize> {
        node.start as usize..node.end as usize
    }

    fn name(self, text: &str, node: &Node) -> Range<usize> {
        let from = node.name as usize;
        let rest = text.get(from..).unwrap_or("");
        from..from + rest.find(['=', '&']).unwrap_or(rest.len())
    }

    fn removal(self, _: &str, node: &Node, next: Option<&Node>, survivor: Option<u32>) -> Range<usize> {
        let (from, to) = match (next, survivor) {
            (Some(next), _) => (node.name, next.name),
            (None, Some(survivor)) => (survivor, node.end),
            (None, None) => (node.name, node.end),
        };
        from as usize..to as usize
    }

    fn emptied(self, node: &Node) -> (Range<usize>, &'static str) {
        (self.contents(node), "")
    }
}

/// Reads percent-encoded text (RFC 3986 2.1) in which `+` is a space.
#[derive(Clone)]
pub(crate) struct Percents<'r> {
    raw: &'r str,
    at: usize,
}

impl<'r> Percents<'r> {
    fn new(raw: &'r str) -> Self {
        Percents { raw, at: 0 }
    }

    /// The character that the text at hand begins with in coded form, and how many bytes spell it; `None` when it is
    /// none, and stands as it is.
    fn character(rest: &str) -> Result<Option<(char, usize)>, ()> {
        let mut bytes = [0u8; 4];
        let mut length = 0;
        for triplet in rest.as_bytes().chunks_exact(3).take(4) {
            let Some((slot, byte)) = bytes.get_mut(length).zip(octet(triplet)) else { break };
            *slot = byte;
            length += 1;
            let read = bytes.get(..length).unwrap_or_default();
            match str::from_utf8(read) {
                Ok(text) => return Ok(text.chars().next().map(|character| (character, 3 * length))),
                Err(error) if error.error_len().is_some() => return Err(()),
                Err(_) => {}
            }
        }
        if length == 0 { Ok(None) } else { Err(()) }
    }
}

impl<'r> Pieces<'r> for Percents<'r> {
    fn at(&self) -> usize {
        self.at
    }

    fn next(&mut self) -> Result<Option<Piece<'r>>, BadSpelling> {
        let rest = self.raw.get(self.at..).unwrap_or("");
        let skip = match rest.bytes().next() {
            None => return Ok(None),
            Some(b'+') => {
                self.at += 1;
                return Ok(Some(Piece::Character(' ')));
            }
            Some(b'%') => match Percents::character(rest) {
                Ok(Some((character, length))) => {
                    self.at += length;
                    return Ok(Some(Piece::Character(character)));
                }
                Ok(None) => 1,
                Err(()) => return Err(BadSpelling { at: self.at }),
            },
            Some(_) => 0,
        };
        let behind = rest.get(skip..).unwrap_or("");
        let length = skip + behind.find(['%', '+']).unwrap_or(behind.len());
        self.at += length;
        Ok(Some(Piece::Plain(rest.get(..length).unwrap_or(""))))
    }

    fn needs_encoding(&self, _: &str) -> bool {
        true
    }

    fn encode(&self, text: &str, out: &mut String) {
        encode_percent(text, false, out);
    }
}

/// The byte that `%` and two digits spell.
fn octet(triplet: &[u8]) -> Option<u8> {
    let [b'%', high, low] = triplet else { return None };
    let value = |digit: &u8| char::from(*digit).to_digit(16);
    u8::try_from(value(high)? << 4 | value(low)?).ok()
}

#[cfg(test)]
mod tests;
