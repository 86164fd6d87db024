//! Server-sent events, read as the HTML standard says (9.2.6): an event's data is its `data` lines joined by line
//! feeds, whatever stands between them. Data is treated as JSON where it is, else as text; what comes in pieces over
//! several events is read as one too. Comments, ids, names and unknown fields go to clients as well: they are text.

use crate::classify::Classify;
use crate::joined::{Joined, Nature};
use crate::json::{Json, looks_like_json};
use crate::plan::Rules;
use crate::records::{Content, Release, Segment};
use crate::spread::Spread;
use crate::tree::{Grammar as _, Known, Level, Scan, Treat};
use crate::{Finding, Uninspectable};
use std::mem;
use std::ops::Range;

/// Treats a stream; the edits are relative to it.
pub(crate) fn treat<'p, C: Classify>(
    treat: &mut Treat<'_, 'p, C>,
    text: &str,
    rules: Rules<'p>,
    segment: Segment,
) -> Result<(Content, Release), Uninspectable> {
    let events: Vec<Event> = Events::new(text).collect();
    let starts: Vec<usize> = events.iter().map(|event| event.start).collect();
    let mut content = Content::default();
    let mut joined = Joined::default();
    let spanning = if segment.is_whole() {
        for (number, event) in events.iter().enumerate() {
            let is_json = treat_event(treat, text, event, rules, &mut content)?;
            event.add(text, treat.classifier, &mut joined, number, is_json);
        }
        content.count = content.count.max(1);
        joined.treat(treat, rules, segment.window(&starts))?
    } else {
        let mut level = Level::default();
        for (number, event) in events.iter().enumerate() {
            let is_json = is_json(treat, &event.data, &mut level);
            event.add(text, treat.classifier, &mut joined, number, is_json);
        }
        let spanning = joined.treat(treat, rules, segment.window(&starts))?;
        let released = events.iter().take(spanning.release);
        for event in released.filter(|event| event.start >= segment.known) {
            treat_event(treat, text, event, rules, &mut content)?;
        }
        spanning
    };
    treat.edits.sort();
    joined.merge(treat, &spanning.made);
    Ok((content, Release::of(text, &starts, spanning.release, &joined)))
}

/// Treats an event by itself; whether its data is JSON.
fn treat_event<'p, C: Classify>(
    treat: &mut Treat<'_, 'p, C>,
    text: &str,
    event: &Event,
    rules: Rules<'p>,
    content: &mut Content,
) -> Result<bool, Uninspectable> {
    let mut read = None;
    let inner = treat.apart(|treat| {
        if looks_like_json(&event.data) {
            read = treat.part(&event.data, 0)?;
        }
        if read.is_none() {
            treat.edits = treat.prose(&event.data, rules)?;
        }
        Ok(())
    })?;
    let edits = &mut treat.edits;
    for (start, end, replacement) in inner.iter() {
        event.spread.replace(start, end, replacement, |start, end, text| edits.push(start, end, text));
    }
    for field in &event.fields {
        let value = text.get(field.value.clone()).unwrap_or("");
        let inner = treat.value(value, &Known::prose(rules))?;
        let spread = Spread::at(field.value.start, value.len());
        let edits = &mut treat.edits;
        for (start, end, replacement) in inner.iter() {
            spread.replace(start, end, replacement, |start, end, text| edits.push(start, end, text));
        }
    }
    let is_json = read.is_some();
    read.into_iter().for_each(|read| content.add(read));
    Ok(is_json)
}

/// Whether data will be read as JSON.
fn is_json<C: Classify>(treat: &mut Treat<'_, '_, C>, data: &str, level: &mut Level) -> bool {
    let depth = (treat.limits.depth, treat.limits.depth);
    looks_like_json(data)
        && !matches!(
            Json::parse(level, data, &mut treat.workspace.keys, treat.classifier, depth),
            Err(Uninspectable::Malformed { .. })
        )
}

/// Scans a stream.
pub(crate) fn scan<C: Classify>(scan: &mut Scan<'_, C>, text: &str) -> Result<(), Uninspectable> {
    let mut joined = Joined::default();
    for (number, event) in (0..).zip(Events::new(text)) {
        let outer = mem::take(&mut scan.findings);
        let is_json = looks_like_json(&event.data) && scan.part(&event.data)?;
        if !is_json {
            scan.prose(&event.data)?;
        }
        let inner = mem::replace(&mut scan.findings, outer);
        let place = |finding: Finding| {
            let span = event.spread.span(finding.span.0, finding.span.1)?;
            Some(Finding { path: format!("/{number}{}", finding.path), span, ..finding })
        };
        scan.findings.extend(inner.into_iter().filter_map(place));
        event.add(text, scan.classifier, &mut joined, number, is_json);
        for field in event.fields {
            let value = text.get(field.value.clone()).unwrap_or("");
            let before = scan.findings.len();
            scan.value(value, &Known::prose(()), 0, &format!("/{number}/!{}", field.name))?;
            for finding in scan.findings.iter_mut().skip(before) {
                let from = field.value.start;
                finding.span = (finding.span.0 + from, finding.span.1 + from);
            }
        }
    }
    joined.scan(scan);
    Ok(())
}

/// An event, or what there is of one at the stream's end: clients drop it, but its bytes reach them.
#[derive(Debug, Default)]
struct Event {
    /// Where it begins in the stream.
    start: usize,
    data: String,
    spread: Spread,
    has_data: bool,
    kind: String,
    fields: Vec<Field>,
}

/// A line that is no data.
#[derive(Debug)]
struct Field {
    /// `event`, `id`, `retry`, `comment`, or `field` for one that has no meaning.
    name: &'static str,
    value: Range<usize>,
}

impl Event {
    fn line(&mut self, text: &str, line: Range<usize>) {
        let content = text.get(line.clone()).unwrap_or("");
        let (name, value) =
            content.split_once(':').map_or((content, None), |(name, value)| (name, Some(value)));
        let from = line.end - value.map_or(0, |value| value.strip_prefix(' ').unwrap_or(value).len());
        let value = from..line.end;
        match name {
            "data" => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.has_data = true;
                self.spread.push(self.data.len(), value.len(), value.start);
                self.data.push_str(text.get(value).unwrap_or(""));
            }
            "" => self.fields.push(Field { name: "comment", value }),
            "id" => self.fields.push(Field { name: "id", value }),
            "retry" => self.fields.push(Field { name: "retry", value }),
            "event" => {
                self.kind = text.get(value.clone()).unwrap_or("").to_owned();
                self.fields.push(Field { name: "event", value });
            }
            _ if text.get(value.clone()).is_some_and(looks_like_json) => {
                self.fields.push(Field { name: "field", value: line.start..line.start + name.len() });
                self.fields.push(Field { name: "field", value });
            }
            // The name of a field without meaning can hold anything as well.
            _ => self.fields.push(Field { name: "field", value: line }),
        }
    }

    /// Adds what may go on in the next event.
    fn add<C: Classify>(
        &self,
        text: &str,
        classifier: &C,
        joined: &mut Joined,
        number: usize,
        is_json: bool,
    ) {
        match is_json {
            true => joined.add_json(classifier, &self.data, &self.spread, number, false),
            false => self.join(joined, number),
        }
        for field in &self.fields {
            let value = text.get(field.value.clone()).unwrap_or("");
            let spread = Spread::at(field.value.start, value.len());
            joined.add_text(value, spread, (field.name, None), number, Nature::Values);
        }
    }

    /// A text may go on in the next event, of the same kind or of any.
    fn join(&self, joined: &mut Joined, number: usize) {
        // An empty document is no piece of a text.
        if !self.data.is_empty() && !["{}", "[]"].contains(&self.data.trim()) {
            let spread = self.spread.clone();
            joined.add_text(&self.data, spread, ("data", Some(&self.kind)), number, Nature::Deltas);
        }
    }
}

/// The events of a stream.
struct Events<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Events<'t> {
    fn new(text: &'t str) -> Self {
        Events { text, at: 0 }
    }

    /// The next line, without its end.
    fn line(&mut self) -> Option<Range<usize>> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr2(b'\r', b'\n', rest.as_bytes()).unwrap_or(rest.len());
        let line = self.at..self.at + length;
        let end = rest.get(length..).unwrap_or("");
        self.at = line.end + if end.starts_with("\r\n") { 2 } else { usize::from(!end.is_empty()) };
        Some(line)
    }
}

impl Iterator for Events<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        let mut event = Event::default();
        let mut is_begun = false;
        while let Some(line) = self.line() {
            if line.is_empty() {
                if is_begun {
                    break;
                }
                continue;
            }
            if !is_begun {
                event.start = line.start;
            }
            is_begun = true;
            event.line(self.text, line);
        }
        is_begun.then_some(event)
    }
}
