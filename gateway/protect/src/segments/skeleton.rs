//! What stands around the elements of a long JSON text, in short: the containers that are open with their names, what
//! stands beside them, and of each list its first element, for that says how the others are to be read. Long strings
//! and white space are left out.

use memchr::memchr2;

/// Grows as the text goes on; what was written stays.
#[derive(Default)]
pub(super) struct Skeleton {
    bytes: Vec<u8>,
    /// What closes the open containers, outermost first.
    open: Vec<u8>,
    /// Where the list that was opened last begins.
    list: usize,
    /// Too large or too odd to be kept: no more cuts.
    is_full: bool,
}

/// What stands around a cut.
#[derive(Clone, Debug)]
pub(crate) struct Around {
    /// Bytes of the skeleton.
    pub(crate) known: usize,
    /// Where the list that is cut begins in it.
    pub(crate) list: usize,
    /// What closes the containers that are open.
    pub(crate) closers: Vec<u8>,
}

impl Skeleton {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What stands around a cut that is made now; nothing when none can be.
    pub(super) fn around(&self) -> Option<Around> {
        let closers = self.open.iter().rev().copied().collect();
        (!self.is_full).then_some(Around { known: self.bytes.len(), list: self.list, closers })
    }

    /// Adds a stretch outside of lists, up to and with the bracket that begins one.
    pub(super) fn envelope(&mut self, text: &[u8]) {
        if !self.is_full {
            self.add(text);
            self.list = self.bytes.len().saturating_sub(1);
            self.is_full |= self.bytes.len() > MOST || self.open.len() > MOST_DEEP;
        }
    }

    /// Adds what a list holds that was not cut: it may name the columns of another.
    pub(super) fn list(&mut self, content: &[u8], first: Option<&[u8]>) {
        match first {
            Some(first) if content.len() > SMALL => self.open_list(first),
            None if content.len() > SMALL => self.open_list(content),
            _ => self.keep(content),
        }
    }

    /// Adds the first element of a list that is cut.
    pub(super) fn open_list(&mut self, first: &[u8]) {
        let first = first.trim_ascii();
        match first.first() {
            // A row of names says what the others hold.
            Some(b'[') if first.len() <= LONGEST_ROW => self.keep(first),
            Some(b'[') => self.is_full = true,
            Some(b'{') => self.object(first),
            _ => self.keep(b"null"),
        }
        self.is_full |= self.bytes.len() > MOST;
    }

    fn keep(&mut self, text: &[u8]) {
        if !self.is_full {
            self.bytes.extend_from_slice(text);
        }
    }

    /// Adds a stretch in which brackets open and close, without white space and long strings.
    fn add(&mut self, text: &[u8]) {
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            match byte {
                b'"' => at += self.string(text.get(at..).unwrap_or_default()),
                b' ' | b'\t' | b'\r' | b'\n' => at += 1,
                other => {
                    match other {
                        b'{' => self.open.push(b'}'),
                        b'[' => self.open.push(b']'),
                        // One that doesn't match is for the grammar to find.
                        b'}' | b']' => drop(self.open.pop()),
                        _ => {}
                    }
                    self.bytes.push(*other);
                    at += 1;
                }
            }
        }
    }

    /// Adds an object with its names and short scalars; what it holds besides is left out.
    fn object(&mut self, text: &[u8]) {
        let mut deep = 0usize;
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            let rest = text.get(at..).unwrap_or_default();
            match byte {
                b'"' if deep < 2 => at += self.string(rest),
                b'"' => at += length(rest),
                b'{' | b'[' => {
                    deep += 1;
                    if deep <= 2 {
                        self.bytes.push(*byte);
                    }
                    at += 1;
                }
                b'}' | b']' => {
                    if deep <= 2 {
                        self.bytes.push(*byte);
                    }
                    deep = deep.saturating_sub(1);
                    at += 1;
                }
                byte => {
                    if deep < 2 && !byte.is_ascii_whitespace() {
                        self.bytes.push(*byte);
                    }
                    at += 1;
                }
            }
        }
    }

    /// Adds a string, or an empty one for a value that is long or may hold a document; how long it is spelt.
    fn string(&mut self, text: &[u8]) -> usize {
        let length = length(text);
        let (string, behind) = text.split_at_checked(length).unwrap_or((text, &[]));
        let is_name = behind.trim_ascii_start().first() == Some(&b':');
        let may_hold = string.iter().skip(1).find(|byte| !byte.is_ascii_whitespace());
        let is_short = string.len() <= LONGEST_STRING && !matches!(may_hold, Some(b'{' | b'[' | b'<'));
        self.bytes.extend_from_slice(if is_name || is_short { string } else { b"\"\"" });
        length
    }
}

/// How long the string is that a text begins with, quotes counted in.
fn length(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = text.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if text.get(at) == Some(&b'"') {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

/// Most bytes kept of a skeleton, and of containers around a list.
const MOST: usize = 64 << 10;
const MOST_DEEP: usize = 4096;
/// A list of so many bytes may name columns.
const SMALL: usize = 4 << 10;
/// Longest row that names columns.
const LONGEST_ROW: usize = 32 << 10;
/// Longest value kept: no name that stands as a value is longer.
const LONGEST_STRING: usize = 256;
