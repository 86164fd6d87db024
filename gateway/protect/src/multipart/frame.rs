//! Where the parts of a multipart body are (RFC 2046 5.1.1), read so that no two readers can differ on it.
//!
//! Wherever the boundary stands it must be a delimiter line; a body in which it stands in any other way, or that has no
//! end, is refused. So is text before the first part and behind the last, which readers skip.

use crate::Uninspectable;
use memchr::memmem;
use std::fmt;
use std::ops::Range;

/// A boundary between parts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Boundary {
    bytes: [u8; LONGEST],
    length: u8,
}

/// The longest boundary that the grammar allows.
const LONGEST: usize = 70;

impl Boundary {
    /// Reads the value of the parameter; `None` when it is no boundary.
    pub fn parse(text: &str) -> Option<Boundary> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
        if text.is_empty() || text.ends_with(' ') || !text.bytes().all(legal) {
            return None;
        }
        let mut bytes = [0; LONGEST];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Boundary { bytes, length: text.len() as u8 })
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(self.bytes.get(..self.length.into()).unwrap_or_default()).unwrap_or("")
    }
}

/// A boundary is chosen by the sender and could hold anything: only its length is shown.
impl fmt::Debug for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<boundary:{}>", self.length)
    }
}

/// Where a part is.
#[derive(Debug)]
pub(super) struct Place {
    /// From its delimiter line to the next one.
    pub(super) all: Range<usize>,
    /// Header lines, the last one's end counted in.
    pub(super) head: Range<usize>,
    pub(super) content: Range<usize>,
}

/// Finds all parts.
pub(super) fn parts(body: &[u8], boundary: &Boundary) -> Result<Vec<Place>, Uninspectable> {
    let delimiter = [b"--", boundary.as_str().as_bytes()].concat();
    let mut parts: Vec<Place> = vec![];
    // Where the part at hand begins: its delimiter, and what is behind it.
    let mut open: Option<(usize, usize)> = None;
    let mut is_closed = false;
    for at in memmem::find_iter(body, &delimiter) {
        let malformed = Uninspectable::Malformed { at };
        let before = body.get(..at).unwrap_or_default();
        let behind = body.get(at + delimiter.len()..).unwrap_or_default();
        let is_line = (at == 0 || before.ends_with(b"\r\n")) && !is_closed;
        let is_last = behind.starts_with(b"--");
        if !is_line || (open.is_none() && (is_last || !is_blank(before))) {
            return Err(malformed);
        }
        if let Some((from, start)) = open {
            parts.push(part(body, from..at, start)?);
        }
        if is_last {
            is_closed = true;
            if !is_blank(behind.get(2..).unwrap_or_default()) {
                return Err(malformed);
            }
        } else if behind.starts_with(b"\r\n") {
            open = Some((at, at + delimiter.len() + 2));
        } else {
            return Err(malformed);
        }
    }
    if is_closed { Ok(parts) } else { Err(Uninspectable::Malformed { at: body.len() }) }
}

fn part(body: &[u8], all: Range<usize>, start: usize) -> Result<Place, Uninspectable> {
    // The line end before a delimiter belongs to it.
    let end = all.end.checked_sub(2).filter(|end| *end >= start);
    let end = end.ok_or(Uninspectable::Malformed { at: start })?;
    let inside = body.get(start..end).unwrap_or_default();
    if inside.starts_with(b"\r\n") {
        return Ok(Place { all, head: start..start, content: start + 2..end });
    }
    let length = memmem::find(inside, b"\r\n\r\n").filter(|length| *length <= LONGEST_HEAD);
    let head = start + length.ok_or(Uninspectable::Malformed { at: start })? + 2;
    Ok(Place { all, head: start..head, content: head + 2..end })
}

fn is_blank(bytes: &[u8]) -> bool {
    bytes.chunks(2).all(|line| line == b"\r\n")
}

/// In bytes: many times what clients write.
const LONGEST_HEAD: usize = 16 << 10;
