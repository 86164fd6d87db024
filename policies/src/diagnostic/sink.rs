//! Where problems are gathered, so that all are reported and not just the first.

use super::{CODES, Code, Diagnostic, Place, Severity, Text};
use crate::Source;
use crate::yaml::At;

/// Gathers problems of a set of files.
pub(crate) struct Sink<'s> {
    sources: &'s [Source],
    diagnostics: Vec<Diagnostic>,
}

impl<'s> Sink<'s> {
    pub(crate) fn new(sources: &'s [Source]) -> Self {
        Sink { sources, diagnostics: Vec::new() }
    }

    /// Reports a problem; its severity is the code's.
    pub(crate) fn report(&mut self, code: Code, at: At, message: Text, help: Text) {
        let row = CODES.iter().find(|row| row.code == code.id());
        let severity = row.map_or(Severity::Error, |row| row.severity);
        let place = self.place(at);
        let diagnostic = Diagnostic { code: code.id(), severity, place, message, help };
        if !self.diagnostics.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// A place as people are told it.
    pub(crate) fn place(&self, at: At) -> Place {
        let file = self.sources.get(at.file).map(|source| source.name.clone()).unwrap_or_default();
        Place { file, line: at.line, column: at.column, bytes: at.start..at.end }
    }

    /// A place inside a scalar: exact where the scalar stands in the file as it is, else the whole of it.
    pub(crate) fn inside(&self, at: At, value: &str, part: std::ops::Range<usize>) -> At {
        let text = self.sources.get(at.file).map_or("", |source| source.text.as_str());
        let quote = usize::from(text.get(at.start..).is_some_and(|text| text.starts_with(['"', '\''])));
        let start = at.start.saturating_add(quote);
        if value.contains('\n') || text.get(start..start.saturating_add(value.len())) != Some(value) {
            return at;
        }
        let characters = value.get(..part.start).map_or(0, |before| before.chars().count());
        let (start, end) =
            (start.saturating_add(part.start), start.saturating_add(part.end.min(value.len())));
        At { start, end: end.max(start.saturating_add(1)), column: at.column + quote + characters, ..at }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Everything reported, in the order of the files.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        let order = |place: &Place| self.sources.iter().position(|source| source.name == place.file);
        self.diagnostics.sort_by_key(|diagnostic| (order(&diagnostic.place), diagnostic.place.bytes.start));
        self.diagnostics
    }
}
