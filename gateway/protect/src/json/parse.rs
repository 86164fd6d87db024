//! Stage two: the grammar of RFC 8259 over the tokens, without recursion, into one flat list of values.

use super::bits::{NONE, next};
use super::index::Index;
use super::{number, string};
use crate::Uninspectable;
use crate::classify::Classify;
use crate::tree::{Asked, Followed, KeyId, Keys, Lane, Level, Node, Open, Shape, Told, has_pair, malformed};
use yingbi_classifiers::Signals;

/// Reads a text that was indexed into the level's lists, and says whether names may stand as values.
///
/// `depth` is how deep containers may nest, and what to call the limit in the error.
pub(crate) fn parse<C: Classify>(
    text: &str,
    level: &mut Level,
    keys: &mut Keys,
    classifier: &C,
    (depth, limit): (usize, usize),
) -> Result<bool, Uninspectable> {
    let Level { index, nodes, told, open, is_terse, .. } = level;
    nodes.clear();
    told.clear();
    open.clear();
    let mut lists = Lists { nodes, told, is_terse: *is_terse };
    let mut parser = Parser::new(text, index);
    let mut name = UNNAMED;
    // The innermost open container; those around it are in `open`.
    let mut inner = Open { node: 0, is_object: false, is_quiet: true, signals: Signals::default() };
    let mut may_name = false;
    let mut at = parser.token(0)?;
    // Where the last object of a list ended: the name read last, the end of its value, the object's last brace.
    let mut turn: Option<(u32, u32, u32)> = None;
    'value: loop {
        let (shape, mut end) = match parser.byte(at) {
            b'"' => parser.string(at)?,
            b'{' => (Shape::Object, at),
            b'[' => (Shape::Array, at),
            first => parser.atom(first, at)?,
        };
        let this = lists.nodes.len() as u32;
        lists.add(name, (shape, at, end), &inner);
        let mut closing = None;
        if matches!(shape, Shape::Object | Shape::Array) {
            if open.len() >= depth {
                return Err(Uninspectable::TooDeep { limit });
            }
            may_name |=
                shape == Shape::Array && !inner.is_object && inner.node + 1 == this && !open.is_empty();
            let is_quiet = inner.is_quiet && name.is_quiet;
            let is_object = shape == Shape::Object;
            open.push(inner);
            inner = Open { node: this, is_object, is_quiet, signals: Signals::default() };
            let next = parser.token(at + 1)?;
            match (is_object, parser.byte(next)) {
                (true, b'}') | (false, b']') => closing = Some(next),
                (true, _) => {
                    let open = at;
                    (name, at) = parser.name(next, keys, classifier, &mut inner.signals)?;
                    if let Some((last, from, close)) = turn.take() {
                        let between = parser.bytes.get(from as usize..at as usize).unwrap_or_default();
                        keys.learn_turn(last, between, (close - from, open - from), next - from, name.key);
                    }
                    continue 'value;
                }
                (false, _) => {
                    turn = None;
                    (name, at) = (UNNAMED, next);
                    continue 'value;
                }
            }
        }
        turn = None;
        // A value is complete: close what closes, then go on to the next.
        loop {
            if let Some(at) = closing.take() {
                end = at + 1;
                may_name |= has_pair(inner.signals);
                lists.close(inner.node, end, inner.signals);
                inner = open.pop().unwrap_or(inner);
            }
            if open.is_empty() {
                return match next(parser.tokens, end) {
                    NONE => Ok(may_name),
                    at => Err(malformed(at as usize)),
                };
            }
            if inner.is_object {
                match parser.members(end, keys, (&mut inner, is_listed(open)), (&mut lists, &mut may_name)) {
                    Reached::End(at) => end = at,
                    Reached::Value(member, value) => {
                        (name, at) = (member, value);
                        continue 'value;
                    }
                }
            }
            let token = parser.token(end)?;
            match (parser.byte(token), inner.is_object) {
                (b',', true) => {
                    turn = None;
                    let last = keys.last();
                    let quote = parser.token(token + 1)?;
                    (name, at) = parser.name(quote, keys, classifier, &mut inner.signals)?;
                    let between = parser.bytes.get(end as usize..at as usize).unwrap_or_default();
                    keys.learn_follow(last, between, quote - end, name.key);
                    continue 'value;
                }
                (b',', false) => {
                    (name, at) = (UNNAMED, parser.token(token + 1)?);
                    continue 'value;
                }
                (b'}', true) | (b']', false) => {
                    let is_listed = inner.is_object && is_listed(open);
                    turn = is_listed.then(|| (keys.last(), end, token));
                    closing = Some(token);
                }
                _ => return Err(malformed(token as usize)),
            }
        }
    }
}

/// Whether the innermost open container, which these are around, is an element of an array.
fn is_listed(around: &[Open]) -> bool {
    around.len() > 1 && around.last().is_some_and(|outer| !outer.is_object)
}

/// A member's name.
#[derive(Clone, Copy)]
struct Name {
    at: u32,
    key: KeyId,
    /// Which way a scalar goes.
    lane: Lane,
    /// What is inside a container goes as if it had none.
    is_quiet: bool,
}

/// An element has none.
const UNNAMED: Name = Name { at: 0, key: KeyId::NONE, lane: Lane::Other, is_quiet: true };

impl Name {
    #[inline(always)]
    fn new(at: u32, key: KeyId, lane: Lane, asked: Asked) -> Name {
        let is_quiet = lane == Lane::Plain && !asked.is_end;
        Name { at, key, lane: if asked.is_asked { Lane::Other } else { lane }, is_quiet }
    }
}

/// Where what was read goes.
struct Lists<'l> {
    nodes: &'l mut Vec<Node>,
    told: &'l mut Vec<Told>,
    is_terse: bool,
}

impl Lists<'_> {
    /// Takes in an object of a list.
    #[inline(always)]
    fn open(&mut self, start: u32) -> u32 {
        let this = self.nodes.len() as u32;
        let (signals, shape) = (Signals::default(), Shape::Object);
        let node = Node {
            start,
            end: start,
            after: this + 1,
            name: 0,
            key: KeyId::NONE,
            signals,
            shape,
            is_mute: false,
        };
        self.nodes.push(node);
        this
    }

    /// Ends a container.
    #[inline(always)]
    fn close(&mut self, node: u32, end: u32, signals: Signals) {
        let after = self.nodes.len() as u32;
        if let Some(node) = self.nodes.get_mut(node as usize) {
            (node.end, node.after, node.signals) = (end, after, signals);
        }
    }

    /// Takes a value in, unless nobody looks for it.
    #[inline(always)]
    fn add(&mut self, name: Name, (shape, start, end): (Shape, u32, u32), inner: &Open) {
        let Name { at: quote, key, lane, .. } = name;
        // The quotes of a string don't count.
        let length = if shape == Shape::Plain { end - start - 2 } else { end - start };
        let is_mute = lane == Lane::Plain && shape.is_short(length);
        if self.is_terse {
            match (lane, shape) {
                (Lane::Plain, _) if is_mute && inner.is_quiet => return,
                (Lane::Telling, Shape::Plain | Shape::Number) => {
                    let is_number = shape == Shape::Number;
                    let quote = u32::from(!is_number);
                    let (start, end) = (start + quote, end - quote);
                    self.told.push(Told { start, end, key, object: inner.node, is_number });
                    return;
                }
                (Lane::Telling, Shape::Null) => return,
                _ => {}
            }
        }
        let (after, signals) = (self.nodes.len() as u32 + 1, Signals::default());
        self.nodes.push(Node { start, end, after, name: quote, key, signals, shape, is_mute });
    }
}

/// How far a run of members went.
enum Reached {
    /// To the end of a value.
    End(u32),
    /// To a value that must be looked at.
    Value(Name, u32),
}

struct Parser<'t> {
    bytes: &'t [u8],
    tokens: &'t [u64],
    backslashes: &'t [u64],
    /// The first backslash not read yet.
    backslash: u32,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, index: &'t Index) -> Self {
        let (tokens, backslashes) = (index.tokens.as_slice(), index.backslashes.as_slice());
        let backslash = if index.is_escaped { next(backslashes, 0) } else { NONE };
        Parser { bytes: text.as_bytes(), tokens, backslashes, backslash }
    }

    /// The first token from `from` on.
    #[inline(always)]
    fn token(&self, from: u32) -> Result<u32, Uninspectable> {
        match next(self.tokens, from) {
            NONE => Err(malformed(self.bytes.len())),
            at => Ok(at),
        }
    }

    #[inline(always)]
    fn byte(&self, at: u32) -> u8 {
        self.bytes.get(at as usize).copied().unwrap_or(0)
    }

    /// The string whose opening quote is at `at`: the next token is its closing quote.
    #[inline(always)]
    fn string(&mut self, at: u32) -> Result<(Shape, u32), Uninspectable> {
        let close = self.token(at + 1)?;
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
            let mut after = begin + 1;
            if begin > at {
                escaped = true;
                let text = self.bytes.get(begin as usize..close as usize).unwrap_or_default();
                // The backslashes within this escape begin none.
                after = begin + string::escape(text).ok_or(malformed(begin as usize))?.1 as u32;
            }
            self.backslash = next(self.backslashes, after);
        }
        Ok((if escaped { Shape::Escaped } else { Shape::Plain }, close + 1))
    }

    /// The member whose name begins at `at`, and where its value begins.
    #[inline(always)]
    fn name(
        &mut self,
        at: u32,
        keys: &mut Keys,
        classifier: &impl Classify,
        signals: &mut Signals,
    ) -> Result<(Name, u32), Uninspectable> {
        if self.byte(at) != b'"' {
            return Err(malformed(at as usize));
        }
        let (shape, end) = self.string(at)?;
        let colon = self.token(end)?;
        if self.byte(colon) != b':' {
            return Err(malformed(colon as usize));
        }
        let raw = self.bytes.get(at as usize + 1..end as usize - 1).unwrap_or_default();
        let (key, gist) = keys.resolve(raw, shape == Shape::Escaped, classifier);
        *signals = signals.union(gist.signals);
        Ok((Name::new(at, key, gist.lane, keys.asked(key)), self.token(colon + 1)?))
    }

    /// Reads the members that follow a value which ends at `end`, as long as each is the one that followed the last
    /// time, spelt the same up to its value, which was found to be good then; where objects are listed, from one to the
    /// next.
    #[inline(never)]
    fn members(
        &self,
        mut end: u32,
        keys: &mut Keys,
        (inner, is_listed): (&mut Open, bool),
        (lists, may_name): (&mut Lists<'_>, &mut bool),
    ) -> Reached {
        let (mut chain, mut said) = (keys.chain(), inner.signals);
        let mut value = None;
        while let Some(window) = self.bytes.get(end as usize..).and_then(<[u8]>::first_chunk) {
            let Followed { key, gist, asked, name, length } = match chain.follow(window) {
                Some(followed) => followed,
                None if is_listed => {
                    let Some((followed, (close, open))) = chain.turn(window) else { break };
                    *may_name |= has_pair(said);
                    lists.close(inner.node, end + close + 1, said);
                    inner.node = lists.open(end + open);
                    said = Signals::default();
                    followed
                }
                None => break,
            };
            said = said.union(gist.signals);
            let (name, at) = (Name::new(end + name, key, gist.lane, asked), end + length);
            let Some((shape, after)) = self.simple(at) else {
                value = Some((name, if self.byte(at) <= b' ' { next(self.tokens, at) } else { at }));
                break;
            };
            end = after;
            lists.add(name, (shape, at, end), inner);
        }
        let reached = chain.last();
        keys.reached(reached);
        inner.signals = said;
        match value {
            Some((name, at)) => Reached::Value(name, at),
            None => Reached::End(end),
        }
    }

    /// The value at `at` when it is a string without escapes or another scalar: its shape, and where it ends.
    #[inline(always)]
    fn simple(&self, at: u32) -> Option<(Shape, u32)> {
        match self.byte(at) {
            b'"' => {
                let close = next(self.tokens, at + 1);
                (close < self.backslash).then_some((Shape::Plain, close + 1))
            }
            first => {
                let short = number::short(self.bytes.get(at as usize..)?);
                short.map(|length| (Shape::Number, at + length as u32)).or_else(|| self.atom(first, at).ok())
            }
        }
    }

    /// A number or a literal.
    fn atom(&self, first: u8, at: u32) -> Result<(Shape, u32), Uninspectable> {
        let rest = self.bytes.get(at as usize..).unwrap_or_default();
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
