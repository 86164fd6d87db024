//! Replacements of spans: everything that is not replaced is copied as it stood.

/// Sorted, disjoint replacements over one text.
#[derive(Default)]
pub(crate) struct Edits {
    edits: Vec<Edit>,
    /// All replacement texts, end to end.
    texts: String,
}

/// One replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) start: usize,
    pub(crate) end: usize,
    from: usize,
    to: usize,
}

impl Edits {
    pub(crate) fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Replaces `start..end` by what `write` appends.
    pub(crate) fn push_with(&mut self, start: usize, end: usize, write: impl FnOnce(&mut String)) {
        let from = self.texts.len();
        write(&mut self.texts);
        self.edits.push(Edit { start, end, from, to: self.texts.len() });
    }

    /// Replaces `start..end` by `text`.
    pub(crate) fn push(&mut self, start: usize, end: usize, text: &str) {
        self.push_with(start, end, |texts| texts.push_str(text));
    }

    /// Moves the end of the replacement made last.
    pub(crate) fn end_last_at(&mut self, end: usize) {
        if let Some(edit) = self.edits.last_mut() {
            edit.end = end;
        }
    }

    /// Forgets every replacement that begins at `start` or later.
    pub(crate) fn forget_from(&mut self, start: usize) {
        while self.edits.last().is_some_and(|edit| edit.start >= start) {
            self.edits.pop();
        }
    }

    /// Takes over replacements in a stretch that begins at `offset`.
    pub(crate) fn append(&mut self, inner: &Edits, offset: usize) {
        for (start, end, replacement) in inner.iter() {
            self.push(start + offset, end + offset, replacement);
        }
    }

    /// Puts replacements in order that were not made in order.
    pub(crate) fn sort(&mut self) {
        self.edits.sort_by_key(|edit| edit.start);
    }

    /// The replacements in order with their texts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, usize, &str)> {
        self.edits.iter().map(|edit| (edit.start, edit.end, self.texts.get(edit.from..edit.to).unwrap_or("")))
    }

    /// The text with all replacements made.
    pub(crate) fn apply(&self, text: &[u8], out: &mut Vec<u8>) {
        out.reserve(text.len() + self.texts.len());
        let mut copied = 0;
        for (start, end, replacement) in self.iter() {
            out.extend_from_slice(text.get(copied..start).unwrap_or_default());
            out.extend_from_slice(replacement.as_bytes());
            copied = end;
        }
        out.extend_from_slice(text.get(copied..).unwrap_or_default());
    }
}
