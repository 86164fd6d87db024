//! Objects as `toString` prints them: `Client(clientName=何霞, idNo=3702…)`, `{client_name=何霞, trade_pwd=abc}`,
//! `User{name='何霞'}`, `Client [mobile=138…]`.

use super::record::{Keys, Record};
use crate::lexicon::Lexicon;
use crate::{Hit, KeyMeaning};

/// Appends the values of the fields of printed objects.
pub(crate) fn find(lexicon: &Lexicon, text: &str, hits: &mut Vec<Hit>) {
    let bytes = text.as_bytes();
    let first = memchr::memchr_iter(b'=', bytes)
        .filter_map(|at| name_before(text, at))
        .find_map(|(start, _)| start.checked_sub(1).filter(|at| bytes.get(*at).copied().is_some_and(opens)));
    let Some(first) = first else { return };
    let mut keys = Keys::new(lexicon);
    let mut frames: Vec<Frame> = Vec::new();
    let mut at = first;
    while let Some(byte) = bytes.get(at).copied() {
        match byte {
            _ if opens(byte) => {
                // Of what nests deeper than any object, the outermost frame is settled early.
                if frames.len() >= DEEPEST {
                    frames.remove(0).settle(text, hits);
                }
                frames.push(Frame { open: at, ..Frame::default() });
            }
            _ if closes(byte) && frames.last().is_some_and(|frame| frame.is_closed_by(bytes, byte)) => {
                if let Some(mut frame) = frames.pop() {
                    frame.end(text, at);
                    let held_fields = frame.fields;
                    frame.settle(text, hits);
                    if held_fields && let Some(outer) = frames.last_mut() {
                        outer.open_field = None;
                    }
                }
            }
            b'=' => {
                if let Some(frame) = frames.last_mut()
                    && let Some((start, name)) = name_before(text, at)
                    && let Some(border) = frame.border(bytes, start)
                {
                    frame.end(text, border);
                    let meaning = keys.meaning(name);
                    frame.record.field(meaning);
                    frame.open_field = Some((meaning, at + 1));
                    frame.fields = true;
                    if let Some(end) = quoted_end(text, at + 1) {
                        frame.end(text, end);
                        at = end;
                        continue;
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    // A line cut short: what stands behind its last names are values all the same.
    for mut frame in frames {
        let end = frame.open_field.map_or(0, |(_, start)| start + line_length(text, start));
        frame.end(text, end);
        frame.settle(text, hits);
    }
}

/// More than objects nest in logs; a hostile text nests deeper.
const DEEPEST: usize = 32;

/// One pair of brackets.
#[derive(Default)]
struct Frame {
    open: usize,
    /// The field whose value has begun and where.
    open_field: Option<(KeyMeaning, usize)>,
    fields: bool,
    record: Record,
}

impl Frame {
    fn is_closed_by(&self, bytes: &[u8], close: u8) -> bool {
        matches!((bytes.get(self.open), close), (Some(b'('), b')') | (Some(b'{'), b'}') | (Some(b'['), b']'))
    }

    /// Where the value before the field at `start` ends: fields begin behind the bracket or a comma.
    fn border(&self, bytes: &[u8], start: usize) -> Option<usize> {
        let before = bytes.get(..start)?.trim_ascii_end();
        let last = before.len().checked_sub(1)?;
        (last == self.open || matches!(before.last(), Some(b',' | b';'))).then_some(last)
    }

    /// The open field's value ends here.
    fn end(&mut self, text: &str, end: usize) {
        let Some((meaning, start)) = self.open_field.take() else { return };
        let Some(raw) = text.get(start..end) else { return };
        // `(a=1 AND b=2)` is a condition, not an object.
        let raw = [" AND ", " and ", " OR ", " or ", "&"]
            .iter()
            .fold(raw, |raw, joint| raw.split_once(joint).map_or(raw, |(value, _)| value));
        let begin = start + (raw.len() - raw.trim_start().len());
        let value = raw.trim();
        let (inset, value) = match value.strip_prefix(['\'', '"']) {
            Some(inner) => (1, inner.trim_end_matches(['\'', '"'])),
            None => (0, value),
        };
        self.record.value(meaning, begin + inset, begin + inset + value.len());
    }

    fn settle(mut self, text: &str, hits: &mut Vec<Hit>) {
        self.record.settle(text, hits);
    }
}

/// The name that stands right before the `=` at `at`, and where it begins.
fn name_before(text: &str, at: usize) -> Option<(usize, &str)> {
    let left = text.get(..at)?;
    let name = super::tail(left, 64, |c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    (!name.is_empty()).then(|| (at - name.len(), name))
}

/// Where a quoted value that begins at `start` ends, its closing quote included.
fn quoted_end(text: &str, start: usize) -> Option<usize> {
    let value = text.get(start..start + line_length(text, start))?;
    let quote = value.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let inner = value.get(1..)?;
    inner.find(quote).map(|length| start + length + 2)
}

fn line_length(text: &str, start: usize) -> usize {
    let rest = text.as_bytes().get(start..).unwrap_or_default();
    memchr::memchr(b'\n', rest).unwrap_or(rest.len())
}

fn opens(byte: u8) -> bool {
    matches!(byte, b'(' | b'{' | b'[')
}

fn closes(byte: u8) -> bool {
    matches!(byte, b')' | b'}' | b']')
}

#[cfg(test)]
mod tests;
