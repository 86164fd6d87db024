//! How a format spells names and texts: decoded to be read, and written where they stood.

use super::Node;
use crate::edit::Edits;
use crate::mask;
use std::borrow::Cow;
use std::ops::Range;

/// How a format spells what stands in it.
pub(crate) trait Spelling: Copy {
    /// Reads a spelt text piece by piece.
    type Pieces<'r>: Pieces<'r>;

    /// Whether members of one name are a list of that name, as elements are in XML.
    const REPEATS: bool = false;

    /// Reads the bytes of a name or of a text's contents.
    fn pieces<'r>(self, raw: &'r str, part: Part<'_>) -> Self::Pieces<'r>;

    /// The bytes of a text's contents: without quotes.
    fn contents(self, node: &Node) -> Range<usize>;

    /// The bytes of a member's name.
    fn name(self, text: &str, node: &Node) -> Range<usize>;

    /// What a member is called in paths, given its name.
    fn step<'n>(self, _: &str, _: &Node, name: &'n str) -> Cow<'n, str> {
        Cow::Borrowed(name)
    }

    /// What a member is, where members of one name are a list.
    fn member(self, _: &str, _: &Node) -> Member {
        Member::Element
    }

    /// The bytes that go when a member is left out, given the next member and where the last one ends that stays.
    fn removal(self, text: &str, node: &Node, next: Option<&Node>, survivor: Option<u32>) -> Range<usize>;

    /// What takes the place of an element that is left out and keeps its position.
    fn emptied(self, node: &Node) -> (Range<usize>, &'static str);

    /// A member's name was changed by the edits from `from` on: changes what else depends on it.
    fn renamed(self, _text: &str, _node: &Node, _edits: &mut Edits, _from: usize) {}

    /// Whether readers take members of one name for one.
    const NAMES_ARE_UNIQUE: bool = false;

    /// Whether edits come in another order than that of the text, or over each other.
    const UNORDERED: bool = false;
}

/// A part of a document that is spelt.
#[derive(Clone, Copy)]
pub(crate) enum Part<'n> {
    /// The name of a member.
    Name,
    /// The contents of a text.
    Contents(&'n Node),
}

/// What a member is where members of one name are a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    /// One of its name, and in its place among all elements.
    Element,
    /// A property of what it is in.
    Attribute,
    /// The text of what it is in.
    Text,
    /// No part of the data.
    Aside,
}

/// Where a spelling is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadSpelling {
    /// Byte of the spelt text.
    pub(crate) at: usize,
}

/// A piece of a spelt text.
pub(crate) enum Piece<'r> {
    /// Stands for itself.
    Plain(&'r str),
    /// A character that is spelt out.
    Character(char),
    /// Stands for nothing.
    Markup,
}

/// Reads a spelt text piece by piece.
pub(crate) trait Pieces<'r>: Clone {
    /// Where the next piece begins.
    fn at(&self) -> usize;

    fn next(&mut self) -> Result<Option<Piece<'r>>, BadSpelling>;

    /// Appends what the rest of the text stands for.
    fn decode(mut self, out: &mut String) -> Result<(), BadSpelling> {
        while let Some(piece) = self.next()? {
            match piece {
                Piece::Plain(text) => out.push_str(text),
                Piece::Character(character) => out.push(character),
                Piece::Markup => {}
            }
        }
        Ok(())
    }

    /// Whether `text` must be spelt out where the pieces now are.
    fn needs_encoding(&self, text: &str) -> bool;

    /// Appends `text` as it must be spelt where the pieces now are.
    fn encode(&self, text: &str, out: &mut String);

    /// Which element inside the text the last piece belongs to; zero for none.
    fn inside(&self) -> usize {
        0
    }
}

/// Appends what a spelt text stands for.
pub(crate) fn decode<'r>(pieces: impl Pieces<'r>, out: &mut String) -> Result<(), BadSpelling> {
    pieces.decode(out)
}

/// Where a text that was read stands in a document. Fastest when stretches are asked for in order.
pub(crate) trait Place {
    /// Replaces a stretch of the text by what `write` appends.
    fn replace(&mut self, edits: &mut Edits, start: usize, end: usize, write: impl FnOnce(&mut String));

    /// Replaces a stretch of the text by so many fill characters.
    fn fill(&mut self, edits: &mut Edits, start: usize, end: usize, count: usize) {
        self.replace(edits, start, end, |out| mask::fill(count, out));
    }

    /// Takes over the replacements made in the text when it was read as a document of its own.
    fn lift(&mut self, edits: &mut Edits, inner: &Edits) {
        for (start, end, replacement) in inner.iter() {
            self.replace(edits, start, end, |out| out.push_str(replacement));
        }
    }

    /// The bytes from the first to the last of a stretch.
    fn span(&mut self, start: usize, end: usize) -> (usize, usize);

    /// Whether a stretch belongs to one element inside the text, which is read for itself.
    fn is_inside(&mut self, _start: usize, _end: usize) -> bool {
        false
    }

    /// The stretches that markup parts, where it does, without those of elements inside.
    fn parts(&self) -> Vec<Range<usize>> {
        vec![]
    }
}

/// A text that stands as it is from an offset on. Replacements are made of its own characters and of others that need
/// no spelling out.
pub(crate) struct Direct(pub(crate) usize);

impl Place for Direct {
    #[inline]
    fn replace(&mut self, edits: &mut Edits, start: usize, end: usize, write: impl FnOnce(&mut String)) {
        edits.push_with(self.0 + start, self.0 + end, write);
    }

    #[inline]
    fn fill(&mut self, edits: &mut Edits, start: usize, end: usize, count: usize) {
        edits.push_fill(self.0 + start, self.0 + end, count);
    }

    fn span(&mut self, start: usize, end: usize) -> (usize, usize) {
        (self.0 + start, self.0 + end)
    }
}

/// A text of a document in which nothing is spelt out: so it is with masks, which are made of its own characters and
/// some that need no spelling out. What is written as a document in it may need it, a quote for one.
pub(crate) struct Unspelt<F> {
    pub(crate) place: Direct,
    /// Reads the text.
    pub(crate) pieces: F,
}

impl<'r, P: Pieces<'r>, F: Fn() -> P> Place for Unspelt<F> {
    #[inline]
    fn replace(&mut self, edits: &mut Edits, start: usize, end: usize, write: impl FnOnce(&mut String)) {
        self.place.replace(edits, start, end, write);
    }

    #[inline]
    fn fill(&mut self, edits: &mut Edits, start: usize, end: usize, count: usize) {
        self.place.fill(edits, start, end, count);
    }

    fn lift(&mut self, edits: &mut Edits, inner: &Edits) {
        if !inner.is_empty() {
            Spelt::new((self.pieces)(), self.place.0).lift(edits, inner);
        }
    }

    fn span(&mut self, start: usize, end: usize) -> (usize, usize) {
        self.place.span(start, end)
    }
}

/// A part of a text that begins at an offset of it.
pub(crate) struct Within<'p, P> {
    pub(crate) place: &'p mut P,
    pub(crate) offset: usize,
}

impl<P: Place> Place for Within<'_, P> {
    fn replace(&mut self, edits: &mut Edits, start: usize, end: usize, write: impl FnOnce(&mut String)) {
        self.place.replace(edits, self.offset + start, self.offset + end, write);
    }

    fn span(&mut self, start: usize, end: usize) -> (usize, usize) {
        self.place.span(self.offset + start, self.offset + end)
    }
}

/// A text that is spelt out from an offset on.
pub(crate) struct Spelt<P> {
    /// From the start, to begin anew.
    fresh: P,
    pieces: P,
    offset: usize,
    /// The current piece: what it is of the decoded and of the spelt text, and whether offsets within run alike.
    decoded: Range<usize>,
    raw: Range<usize>,
    alike: bool,
    /// Markup stands before it.
    parted: bool,
}

impl<'r, P: Pieces<'r>> Spelt<P> {
    pub(crate) fn new(pieces: P, offset: usize) -> Self {
        let fresh = pieces.clone();
        Spelt { fresh, pieces, offset, decoded: 0..0, raw: 0..0, alike: true, parted: false }
    }

    /// Goes on to the next piece that stands for something; `false` at the end.
    fn advance(&mut self) -> bool {
        self.parted = false;
        loop {
            let begin = self.pieces.at();
            let length = match self.pieces.next() {
                Ok(Some(Piece::Plain(text))) => {
                    self.alike = true;
                    text.len()
                }
                Ok(Some(Piece::Character(character))) => {
                    self.alike = false;
                    character.len_utf8()
                }
                Ok(Some(Piece::Markup)) => {
                    self.parted = true;
                    continue;
                }
                Ok(None) | Err(_) => {
                    (self.decoded, self.raw) = (self.decoded.end..self.decoded.end, begin..begin);
                    return false;
                }
            };
            self.decoded = self.decoded.end..self.decoded.end + length;
            self.raw = begin..self.pieces.at();
            return true;
        }
    }

    /// Goes to the piece in which a byte of the text is spelt; where its spelling begins.
    fn begin(&mut self, at: usize) -> usize {
        if at < self.decoded.start {
            *self = Spelt::new(self.fresh.clone(), self.offset);
        }
        while self.decoded.end <= at && self.advance() {}
        let within = if self.alike { at.saturating_sub(self.decoded.start) } else { 0 };
        self.offset + self.raw.start + within
    }

    /// Where the spelling of the text up to a byte ends in the current piece.
    fn end(&self, at: usize) -> usize {
        let within = at.saturating_sub(self.decoded.start);
        let is_inside = self.alike && at < self.decoded.end;
        self.offset + if is_inside { self.raw.start + within } else { self.raw.end }
    }

    /// Goes on to the next piece when the text up to a byte is not all in this one.
    fn goes_on(&mut self, to: usize) -> bool {
        to > self.decoded.end && self.advance()
    }
}

impl<'r, P: Pieces<'r>> Place for Spelt<P> {
    fn replace(&mut self, edits: &mut Edits, start: usize, end: usize, write: impl FnOnce(&mut String)) {
        let from = self.begin(start);
        let pieces = &self.pieces;
        edits.push_with(from, from, |out| {
            let begin = out.len();
            write(out);
            let Some(tail) = out.get(begin..).filter(|tail| pieces.needs_encoding(tail)) else { return };
            let tail = tail.to_owned();
            out.truncate(begin);
            pieces.encode(&tail, out);
        });
        edits.end_last_at(self.end(end));
        while self.goes_on(end) {
            if self.parted {
                // All of the replacement stands before the markup, which stays.
                edits.push(self.offset + self.raw.start, self.offset + self.raw.start, "");
            }
            edits.end_last_at(self.end(end));
        }
    }

    fn span(&mut self, start: usize, end: usize) -> (usize, usize) {
        let from = self.begin(start);
        let mut to = self.end(end);
        while self.goes_on(end) {
            to = self.end(end);
        }
        (from, to)
    }

    fn is_inside(&mut self, start: usize, end: usize) -> bool {
        self.begin(start);
        let inside = self.pieces.inside();
        while self.goes_on(end) {
            if self.pieces.inside() != inside {
                return false;
            }
        }
        inside != 0
    }

    fn parts(&self) -> Vec<Range<usize>> {
        let mut spelt = Spelt::new(self.fresh.clone(), 0);
        let mut parts: Vec<Range<usize>> = vec![];
        let (mut has_markup, mut is_open) = (false, false);
        while spelt.advance() {
            has_markup |= spelt.parted;
            is_open &= !spelt.parted;
            if spelt.pieces.inside() == 0 {
                match parts.last_mut().filter(|_| is_open) {
                    Some(part) => part.end = spelt.decoded.end,
                    None => parts.push(spelt.decoded.clone()),
                }
                is_open = true;
            }
        }
        if has_markup { parts } else { vec![] }
    }
}
