//! Bodies of JSON documents one behind another: NDJSON and JSON text sequences.

use crate::Uninspectable;
use crate::classify::Classify;
use crate::joined::{Joined, Window};
use crate::json::Json;
use crate::spread::Spread;
use crate::tree::{Records, Scan, Subject, Treat};
use std::ops::Range;

/// What a body holds: how many records, and whose.
#[derive(Default)]
pub(crate) struct Content {
    pub(crate) count: u64,
    pub(crate) subjects: Vec<Subject>,
}

impl Content {
    pub(crate) fn add(&mut self, records: Records) {
        self.count += records.count;
        match self.subjects.is_empty() {
            true => self.subjects = records.subjects,
            false => self.subjects.extend(records.subjects),
        }
    }

    pub(crate) fn extend(&mut self, other: Content) {
        self.count += other.count;
        self.subjects.extend(other.subjects);
    }
}

/// How documents follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// One a line.
    Lines,
    /// Each behind a record separator, at a line's end (RFC 7464 2.2).
    Sequence,
}

/// Which part of a text is a segment of a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    /// Bytes that were released before; they tell how the others are to be read.
    pub(crate) known: usize,
    /// Nothing comes behind.
    pub(crate) is_last: bool,
}

impl Segment {
    /// All of a body.
    pub(crate) const WHOLE: Segment = Segment { known: 0, is_last: true };

    pub(crate) fn is_whole(self) -> bool {
        self.known == 0 && self.is_last
    }

    pub(crate) fn window(self, starts: &[usize]) -> Window<'_> {
        Window { starts, begin: self.known, is_last: self.is_last }
    }
}

/// How much of a segment may be released, and from where on it must be known to read what comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) upto: usize,
    pub(crate) context: usize,
}

impl Release {
    /// Of the first so many records of a text that begin there.
    pub(crate) fn of(text: &str, starts: &[usize], records: usize, joined: &Joined) -> Release {
        let begin = |record: usize| starts.get(record).copied().unwrap_or(text.len());
        Release { upto: begin(records), context: begin(joined.back_from(records)) }
    }
}

/// Treats a body; the edits are relative to it.
pub(crate) fn treat<C: Classify>(
    treat: &mut Treat<'_, '_, C>,
    text: &str,
    framing: Framing,
    segment: Segment,
) -> Result<(Content, Release), Uninspectable> {
    let mut content = Content::default();
    let mut joined = Joined::default();
    let spans = split(text, framing)?;
    for (number, span) in spans.iter().enumerate() {
        let document = text.get(span.clone()).unwrap_or("");
        let spread = Spread::at(span.start, document.len());
        joined.add_json(treat.classifier, document, &spread, number, true);
    }
    // A separator goes with what it begins.
    let ahead = usize::from(framing == Framing::Sequence);
    let starts: Vec<usize> = spans.iter().map(|span| span.start.saturating_sub(ahead)).collect();
    let rules = treat.plan.rules(None);
    let spanning = joined.treat(treat, rules, segment.window(&starts))?;
    for span in spans.into_iter().take(spanning.release).filter(|span| span.start >= segment.known) {
        let document = text.get(span.clone()).unwrap_or("");
        let mut records = None;
        let inner = treat.apart(|treat| {
            records = Some(treat.document::<Json>(document).map_err(|error| moved(error, span.start))?);
            Ok(())
        })?;
        treat.edits.append(&inner, span.start);
        records.into_iter().for_each(|records| content.add(records));
    }
    joined.merge(treat, &spanning.made);
    Ok((content, Release::of(text, &starts, spanning.release, &joined)))
}

/// Scans a body.
pub(crate) fn scan<C: Classify>(
    scan: &mut Scan<'_, C>,
    text: &str,
    framing: Framing,
) -> Result<(), Uninspectable> {
    let mut joined = Joined::default();
    for (number, span) in (0..).zip(split(text, framing)?) {
        let document = text.get(span.clone()).unwrap_or("");
        let before = scan.findings.len();
        scan.document::<Json>(document).map_err(|error| moved(error, span.start))?;
        for finding in scan.findings.iter_mut().skip(before) {
            finding.path = format!("/{number}{}", finding.path);
            finding.span = (finding.span.0 + span.start, finding.span.1 + span.start);
        }
        let spread = Spread::at(span.start, document.len());
        joined.add_json(scan.classifier, document, &spread, number, true);
    }
    joined.scan(scan);
    Ok(())
}

/// Where the documents are.
pub(crate) fn split(text: &str, framing: Framing) -> Result<Vec<Range<usize>>, Uninspectable> {
    let mark = match framing {
        Framing::Lines => '\n',
        Framing::Sequence => RECORD_SEPARATOR,
    };
    let mut spans = vec![];
    let mut at = 0;
    for part in text.split(mark) {
        let span = at..at + part.len();
        at = span.end + mark.len_utf8();
        let is_blank = part.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        // Nothing may stand before the first separator: a reader would skip it.
        if framing == Framing::Sequence && span.start == 0 {
            match part.is_empty() {
                true => continue,
                false => return Err(Uninspectable::Malformed { at: 0 }),
            }
        }
        if !is_blank {
            spans.push(span);
        }
    }
    Ok(spans)
}

/// An error in a document that stands at an offset.
fn moved(error: Uninspectable, offset: usize) -> Uninspectable {
    match error {
        Uninspectable::Malformed { at } => Uninspectable::Malformed { at: at + offset },
        other => other,
    }
}

const RECORD_SEPARATOR: char = '\u{1e}';
