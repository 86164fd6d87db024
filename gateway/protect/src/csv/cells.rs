//! CSV cut into rows and cells.

use crate::Uninspectable;
use crate::tree::{Shape, malformed};
use std::borrow::Cow;
use std::ops::Range;

/// A cell's contents: without quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) shape: Shape,
}

impl Cell {
    pub(super) fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let raw = text.get(self.start as usize..self.end as usize).unwrap_or("");
        match raw.contains('"') {
            true => Cow::Owned(raw.replace("\"\"", "\"")),
            false => Cow::Borrowed(raw),
        }
    }
}

/// Rows of cells.
#[derive(Debug, Default)]
pub(super) struct Table {
    cells: Vec<Cell>,
    /// Where each row ends in the cells.
    ends: Vec<usize>,
}

impl Table {
    /// Reads the rows of a text from an offset on, at most so many. Empty lines are none.
    pub(super) fn read(text: &str, from: usize, delimiter: u8, most: usize) -> Result<Table, Uninspectable> {
        let mut table = Table::default();
        let mut at = from;
        let mut row = 0;
        while at < text.len() && table.ends.len() < most {
            let (cell, behind) = cell(text, at, delimiter)?;
            table.cells.push(cell);
            at = behind;
            let next = text.as_bytes().get(at).copied();
            if next == Some(delimiter) {
                at += 1;
                // A delimiter at the very end has an empty cell behind it.
                if at < text.len() {
                    continue;
                }
                table.cells.push(Cell { start: at as u32, end: at as u32, shape: Shape::Plain });
            }
            at += match text.as_bytes().get(at..) {
                Some([b'\r', b'\n', ..]) => 2,
                Some([_, ..]) => 1,
                _ => 0,
            };
            let is_blank =
                table.cells.len() == row + 1 && table.cells.last().is_some_and(|cell| cell.start == cell.end);
            if is_blank {
                table.cells.truncate(row);
            } else {
                table.ends.push(table.cells.len());
                row = table.cells.len();
            }
        }
        Ok(table)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &[Cell]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(from, to)| self.cells.get(from..*to).unwrap_or_default())
    }
}

/// The cell that begins at an offset, and where it ends with its quotes.
fn cell(text: &str, at: usize, delimiter: u8) -> Result<(Cell, usize), Uninspectable> {
    let bytes = text.as_bytes();
    let rest = bytes.get(at..).unwrap_or_default();
    let skip = if rest.starts_with(b"=\"") { 1 } else { 0 };
    let (contents, behind, is_doubled) = if rest.get(skip) == Some(&b'"') {
        let from = at + skip + 1;
        let (to, is_doubled) = closing_quote(text, from).ok_or(malformed(at))?;
        let inside = bytes.get(from..to).unwrap_or_default();
        // Not every reader takes the quotes of a formula for quotes.
        if skip > 0 && (is_doubled || inside.iter().any(|byte| ends_cell(*byte, delimiter))) {
            return Err(malformed(at));
        }
        match inside {
            // The same formula in a quoted cell.
            [b'=', b'"', b'"', digits @ .., b'"', b'"'] if !digits.contains(&b'"') => {
                (from + 3..to - 2, to + 1, false)
            }
            _ => (from..to, to + 1, is_doubled),
        }
    } else {
        let length = rest.iter().position(|byte| ends_cell(*byte, delimiter) || *byte == b'"');
        let to = at + length.unwrap_or(rest.len());
        (at..to, to, false)
    };
    match bytes.get(behind) {
        Some(byte) if !ends_cell(*byte, delimiter) => return Err(malformed(behind)),
        _ => {}
    }
    let raw = text.get(contents.clone()).unwrap_or("");
    // What may hold a document is written back with care.
    let is_plain = !is_doubled && !raw.trim_start().starts_with(['[', '{', '<']);
    let shape = if is_plain { Shape::Plain } else { Shape::Escaped };
    Ok((Cell { start: contents.start as u32, end: contents.end as u32, shape }, behind))
}

/// The contents of the cell that begins at an offset, given behind its opening quote if it has one.
pub(super) fn contents_at(text: &str, at: usize, delimiter: u8) -> Range<usize> {
    let is_quoted = at > 0 && text.as_bytes().get(at - 1) == Some(&b'"');
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    let end = match is_quoted {
        true => closing_quote(text, at).map(|(end, _)| end),
        false => rest.iter().position(|byte| ends_cell(*byte, delimiter)).map(|length| at + length),
    };
    at..end.unwrap_or(text.len())
}

/// Where the quote is that closes the cell whose contents begin at an offset, and whether there are two in one before.
fn closing_quote(text: &str, from: usize) -> Option<(usize, bool)> {
    let mut is_doubled = false;
    let mut at = from;
    loop {
        at += memchr::memchr(b'"', text.as_bytes().get(at..)?)?;
        if text.as_bytes().get(at + 1) != Some(&b'"') {
            return Some((at, is_doubled));
        }
        is_doubled = true;
        at += 2;
    }
}

fn ends_cell(byte: u8, delimiter: u8) -> bool {
    byte == delimiter || matches!(byte, b'\r' | b'\n')
}
