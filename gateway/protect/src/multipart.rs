//! Multipart bodies: each part treated by its own type, its field's name and its file's name told.
//!
//! Parts that are no text are refused, unless the binding passes their type as it is, or the field's name says what
//! they are; then they are masked or left out whole. Framing on which readers could differ is refused.

mod check;
mod frame;
mod head;
mod transfer;

pub(crate) use check::check;
pub use frame::Boundary;

use crate::classify::Classify;
use crate::coded::decode_words;
use crate::counts::Outcome;
use crate::edit::Edits;
use crate::meaning::Meaning;
use crate::overlap::{Claim, merge, nothing};
use crate::plan::{Action, Rules};
use crate::records::Content;
use crate::tree::{Direct, Known, Scan, Treat, name_hits, pointer_step};
use crate::{Format, Uninspectable, body, header};
use frame::Place;
use head::{Line, Parameter};
use std::borrow::Cow;
use std::mem;
use std::ops::Range;
use transfer::Transfer;
use yingbi_classifiers::{Hit, KeyMeaning, Scalar, Signals};

/// Treats a body; the edits are relative to it.
pub(crate) fn treat<'p, C: Classify>(
    treat: &mut Treat<'_, 'p, C>,
    body: &[u8],
    boundary: &Boundary,
    depth: usize,
) -> Result<Content, Uninspectable> {
    let parts = parts(treat.classifier, treat.plan.binding(), body, boundary, depth)?;
    let rules = treat.plan.rules(None);
    let mut content = Content::default();
    let mut edits = Edits::default();
    let mut dropped = vec![];
    for part in &parts {
        let before = mem::take(&mut treat.edits);
        let done = part.treat(treat, body, rules, &mut content);
        edits.append(&mem::replace(&mut treat.edits, before), 0);
        if done? == Fate::Dropped {
            dropped.push(part.place.all.clone());
        }
    }
    // A body has at least one part: when none is left, the first stays with nothing in it.
    let emptied = if dropped.len() == parts.len() {
        parts.first().map(|part| part.place.content.clone())
    } else {
        None
    };
    let removed = dropped
        .into_iter()
        .skip(usize::from(emptied.is_some()))
        .chain(emptied.filter(|range| !range.is_empty()));
    let removed = removed.map(|range| Claim { start: range.start, end: range.end, text: "", stands: true });
    let kept = edits.iter().map(|(start, end, text)| Claim { start, end, text, stands: false });
    treat.edits = merge(kept.chain(removed).collect());
    content.count = content.count.max(1);
    Ok(content)
}

/// Scans a body.
pub(crate) fn scan<C: Classify>(
    scan: &mut Scan<'_, C>,
    body: &[u8],
    boundary: &Boundary,
    depth: usize,
) -> Result<(), Uninspectable> {
    let parts = parts(scan.classifier, None, body, boundary, depth)?;
    for (number, part) in parts.iter().enumerate() {
        part.scan(scan, number)?;
    }
    Ok(())
}

/// Whether a part stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Kept,
    Dropped,
}

/// A part, its head read.
struct Part<'b> {
    place: Place,
    lines: Vec<Line<'b>>,
    /// The name of its field, and what that says.
    name: String,
    key: KeyMeaning,
    signals: Signals,
    transfer: Transfer,
    content: Cow<'b, [u8]>,
    /// Its media type, and whether it is a file.
    essence: String,
    is_file: bool,
    reading: Reading,
    depth: usize,
}

/// How a part's content is read.
#[derive(Clone, Copy)]
enum Reading {
    /// As a body of this format.
    Body(Format),
    /// As the value of its field.
    Value,
    /// The binding passes it as it is.
    Opaque,
    /// Not at all.
    Binary,
}

fn parts<'b, C: Classify>(
    classifier: &C,
    binding: Option<&yingbi_policies::Binding>,
    body: &'b [u8],
    boundary: &Boundary,
    depth: usize,
) -> Result<Vec<Part<'b>>, Uninspectable> {
    if depth >= DEEPEST {
        return Err(Uninspectable::TooDeep { limit: DEEPEST });
    }
    // The boundary stands in every delimiter, and goes out as it is.
    let mut hits = vec![];
    Known::prose(()).meaning.hits(classifier, Signals::default(), Scalar::Text(boundary.as_str()), &mut hits);
    if !hits.is_empty() {
        return Err(Uninspectable::Malformed { at: 0 });
    }
    let places = frame::parts(body, boundary)?;
    let mut parts = places
        .into_iter()
        .map(|place| {
            let at = place.head.start;
            Part::read(classifier, binding, body, place, depth)
                .map_err(|error| error.unwrap_or(Uninspectable::Malformed { at }))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let signals = parts.iter().fold(Signals::default(), |all, part| all.union(part.key.signals));
    parts.iter_mut().for_each(|part| part.signals = signals);
    Ok(parts)
}

impl<'b> Part<'b> {
    /// Reads a part's head; `Err(None)` when it is malformed.
    fn read<C: Classify>(
        classifier: &C,
        binding: Option<&yingbi_policies::Binding>,
        body: &'b [u8],
        place: Place,
        depth: usize,
    ) -> Result<Part<'b>, Option<Uninspectable>> {
        let head = body.get(place.head.clone()).unwrap_or_default();
        let lines = simdutf8::basic::from_utf8(head).ok().and_then(head::lines).ok_or(None)?;
        let of = |name: &str| lines.iter().find(|line| line.name == name).map(|line| line.value);
        let disposition =
            of("content-disposition").map(head::parameters).map(|read| read.ok_or(None)).transpose()?;
        let parameters =
            disposition.as_ref().map(|(_, parameters)| parameters.as_slice()).unwrap_or_default();
        // Forms spell names plainly, mail programs in encoded words.
        let name = decode_words(find(parameters, "name").unwrap_or(""));
        let is_file = parameters.iter().any(|parameter| parameter.name.starts_with("filename"));
        let (essence, parameters) = match of("content-type") {
            Some(value) => head::parameters(value).ok_or(None)?,
            None => ("text/plain".to_owned(), vec![]),
        };
        let transfer =
            of("content-transfer-encoding").map_or(Some(Transfer::Identity), Transfer::of).ok_or(None)?;
        let raw = body.get(place.content.clone()).unwrap_or_default();
        let content = transfer.decode(raw).ok_or(None)?;
        let said = of("content-length").map(str::parse::<usize>);
        if said.is_some_and(|said| said != Ok(raw.len())) {
            return Err(None);
        }
        let key = if name.is_empty() { KeyMeaning::UNKNOWN } else { classifier.key(&name) };
        let format = Format::of(&essence, find(&parameters, "boundary"));
        let is_opaque = binding.is_some_and(|binding| binding.opaque.contains(&essence));
        let at = place.content.start;
        let reading = match format {
            // Parts of parts are never coded as a whole (RFC 2045 6.4).
            Some(Format::Multipart(_)) if transfer != Transfer::Identity => return Err(None),
            Some(Format::Multipart(_)) => Reading::Body(format.unwrap_or(Format::Text)),
            None if is_opaque => Reading::Opaque,
            None => Reading::Binary,
            Some(Format::Text) if !name.is_empty() => Reading::Value,
            Some(_) if key.kind.is_some() => Reading::Value,
            Some(format) => Reading::Body(format),
        };
        let is_read = matches!(reading, Reading::Value | Reading::Body(_));
        let is_multipart = matches!(reading, Reading::Body(Format::Multipart(_)));
        let charset = find(&parameters, "charset").unwrap_or("utf-8").to_ascii_lowercase();
        let is_of_charset = match charset.as_str() {
            "utf-8" | "utf8" => true,
            "us-ascii" | "ascii" => content.is_ascii(),
            _ => false,
        };
        // Another part may say what charset those that say none are in (RFC 7578 4.6).
        let is_default = name != "_charset_" || content.trim_ascii().eq_ignore_ascii_case(b"utf-8");
        if is_read && !is_multipart && !(is_of_charset && is_default) {
            return Err(Some(Uninspectable::Charset { at }));
        }
        let signals = Signals::default();
        Ok(Part { place, lines, name, key, signals, transfer, content, essence, is_file, reading, depth })
    }

    /// The content as text, without its byte order mark, and where that begins.
    fn text(&self) -> Result<(&str, usize), Uninspectable> {
        let text = simdutf8::compat::from_utf8(&self.content)
            .map_err(|error| Uninspectable::Charset { at: self.place.content.start + error.valid_up_to() })?;
        let marked = text.strip_prefix('\u{feff}').unwrap_or(text);
        Ok((marked, text.len() - marked.len()))
    }

    /// What it is called in paths: a name that is somebody's information is not repeated.
    fn step<C: Classify>(&self, classifier: &C, number: usize) -> String {
        let mut hits = vec![];
        name_hits(&self.name, classifier, &mut hits);
        match self.name.is_empty() || !hits.is_empty() {
            true => number.to_string(),
            false => pointer_step(&self.name),
        }
    }

    fn known<R>(&self, rules: R) -> Known<R> {
        let key = match self.key == KeyMeaning::UNKNOWN {
            true => KeyMeaning { prose: true, ..KeyMeaning::UNKNOWN },
            false => self.key,
        };
        Known { meaning: Meaning::named(key), signals: self.signals, rules, depth: 0 }
    }

    fn treat<'p, C: Classify>(
        &self,
        treat: &mut Treat<'_, 'p, C>,
        body: &[u8],
        rules: Rules<'p>,
        content: &mut Content,
    ) -> Result<Fate, Uninspectable> {
        let mut inner = match self.reading {
            Reading::Opaque => Edits::default(),
            Reading::Binary => match self.binary(treat, rules)? {
                Some(inner) => inner,
                None => return Ok(Fate::Dropped),
            },
            Reading::Value => {
                let known = self.known(rules);
                let (text, mark) = self.text()?;
                if text.is_empty() {
                    self.treat_head(treat, &Edits::default(), rules)?;
                    return Ok(Fate::Kept);
                }
                let mut hits: Vec<Hit> = vec![];
                known.meaning.hits(treat.classifier, known.signals, Scalar::Text(text), &mut hits);
                if let [hit] = hits.as_slice()
                    && (hit.start, hit.end) == (0, text.len())
                    && rules.action(hit.kind) == Action::Drop
                {
                    treat.counts.add(hit.kind, Outcome::Dropped, rules.is_monitored(hit.kind));
                    return Ok(Fate::Dropped);
                }
                moved(&treat.value(text, &known)?, mark)
            }
            Reading::Body(Format::Multipart(boundary)) => {
                let mut found = Content::default();
                let inner = treat.apart(|treat| {
                    found = self::treat(treat, &self.content, &boundary, self.depth + 1)?;
                    Ok(())
                })?;
                content.extend(found);
                inner
            }
            Reading::Body(format) => {
                let (text, mark) = self.text()?;
                let mut found = Content::default();
                let inner = treat.apart(|treat| {
                    found = body::content(treat, format, text, rules)?;
                    Ok(())
                })?;
                content.extend(found);
                moved(&inner, mark)
            }
        };
        treat.settle_keyed(&mut inner);
        self.treat_head(treat, &inner, rules)?;
        let place = &self.place.content;
        match self.transfer {
            Transfer::Identity => treat.edits.append(&inner, place.start),
            _ if inner.is_empty() => {}
            transfer => {
                let mut treated = Vec::new();
                inner.apply(&self.content, &mut treated);
                let like = body.get(place.clone()).unwrap_or_default();
                treat.edits.push(place.start, place.end, &transfer.encode(&treated, like));
            }
        }
        Ok(Fate::Kept)
    }

    /// The edits of a part that is no text; `None` when it is to be left out.
    fn binary<'p, C: Classify>(
        &self,
        treat: &mut Treat<'_, 'p, C>,
        rules: Rules<'p>,
    ) -> Result<Option<Edits>, Uninspectable> {
        let unread = Uninspectable::MediaType { at: self.place.content.start };
        let kind = self.key.kind.ok_or(unread)?;
        let outcome = match rules.action(kind) {
            Action::Block => return Err(Uninspectable::Blocked(kind.category())),
            // What the name says of it may be seen, but nobody has looked inside.
            Action::Clear => return Err(unread),
            Action::Mask(_) => Outcome::Masked,
            Action::Drop => Outcome::Dropped,
        };
        treat.counts.add(kind, outcome, rules.is_monitored(kind));
        let mut edits = Edits::default();
        edits.push(0, self.content.len(), &nothing());
        Ok((outcome == Outcome::Masked).then_some(edits))
    }

    /// Treats names and headers, and what headers say about a content that changes.
    fn treat_head<'p, C: Classify>(
        &self,
        treat: &mut Treat<'_, 'p, C>,
        inner: &Edits,
        rules: Rules<'p>,
    ) -> Result<(), Uninspectable> {
        for line in &self.lines {
            let from = self.place.head.start + line.span.start;
            if DIGESTS.contains(&line.name.as_str()) {
                let start = self.place.head.start;
                treat.edits.push(start + line.line.start, start + line.line.end, "");
                continue;
            }
            if line.name == "content-length" {
                let length = self.length_after(inner);
                if !inner.is_empty() {
                    treat.edits.push(from, from + line.value.len(), &length.to_string());
                }
                continue;
            }
            for piece in pieces(line) {
                let mut inner = piece.treat(treat, rules)?;
                treat.settle_keyed(&mut inner);
                if inner.is_empty() {
                    continue;
                }
                let mut treated = Vec::new();
                inner.apply(piece.text.as_bytes(), &mut treated);
                let treated = String::from_utf8_lossy(&treated);
                let spelt = match piece.is_parameter {
                    true if piece.is_bare && head::is_token(&treated) => treated.into_owned(),
                    true => head::quoted(&treated),
                    false => treated.replace(['\r', '\n'], " "),
                };
                treat.edits.push(from + piece.span.start, from + piece.span.end, &spelt);
            }
        }
        Ok(())
    }

    /// How long the content is with its edits, coded as it was.
    fn length_after(&self, inner: &Edits) -> usize {
        let mut treated = Vec::new();
        inner.apply(&self.content, &mut treated);
        match self.transfer {
            Transfer::Identity => treated.len(),
            // Lines are what changes the length, and a part that says its length has none.
            transfer => transfer.encode(&treated, &[]).len(),
        }
    }

    fn scan<C: Classify>(&self, scan: &mut Scan<'_, C>, number: usize) -> Result<(), Uninspectable> {
        let before = scan.findings.len();
        let step = self.step(scan.classifier, number);
        for line in &self.lines {
            for piece in pieces(line) {
                let seen = scan.findings.len();
                piece.scan(scan)?;
                let from = self.place.head.start + line.span.start;
                for finding in scan.findings.iter_mut().skip(seen) {
                    finding.path = format!("/!{}", line.name);
                    finding.span = (from + piece.span.start, from + piece.span.end);
                }
            }
        }
        let seen = scan.findings.len();
        let mut mark = 0;
        match self.reading {
            Reading::Opaque => {}
            Reading::Binary => {
                let kind = self.key.kind.ok_or(Uninspectable::MediaType { at: self.place.content.start })?;
                let hit = Hit {
                    start: 0,
                    end: self.content.len(),
                    kind,
                    how: yingbi_classifiers::How::Key,
                    confidence: 95,
                };
                scan.add(&[hit], "", &mut Direct(0));
            }
            Reading::Value => {
                let (text, skipped) = self.text()?;
                mark = skipped;
                if !text.is_empty() {
                    scan.value(text, &self.known(()), 0, "")?;
                }
            }
            Reading::Body(Format::Multipart(boundary)) => {
                self::scan(scan, &self.content, &boundary, self.depth + 1)?;
            }
            Reading::Body(format) => {
                let (text, skipped) = self.text()?;
                mark = skipped;
                body::findings(scan, format, text)?;
            }
        }
        let place = &self.place.content;
        for finding in scan.findings.iter_mut().skip(seen) {
            finding.span = match self.transfer {
                Transfer::Identity => {
                    (place.start + mark + finding.span.0, place.start + mark + finding.span.1)
                }
                _ => (place.start, place.end),
            };
        }
        for finding in scan.findings.iter_mut().skip(before) {
            finding.path.insert_str(0, &format!("/{step}"));
        }
        Ok(())
    }
}

/// What of a header may hold anything.
struct Piece<'l> {
    text: Cow<'l, str>,
    /// In the header's value.
    span: Range<usize>,
    kind: PieceKind<'l>,
    is_parameter: bool,
    is_bare: bool,
}

enum PieceKind<'l> {
    /// The name of the field.
    Name,
    /// Anything.
    Prose,
    /// The value of a header of this name.
    Header(&'l str),
}

/// What of a header is to be treated.
fn pieces<'l>(line: &'l Line<'_>) -> Vec<Piece<'l>> {
    let has_parameters = matches!(line.name.as_str(), "content-type" | "content-disposition");
    if matches!(line.name.as_str(), "content-transfer-encoding" | "content-length") {
        return vec![];
    }
    let Some((_, parameters)) = has_parameters.then(|| head::parameters(line.value)).flatten() else {
        let (text, span) = (Cow::Borrowed(line.value), 0..line.value.len());
        return vec![Piece {
            text,
            span,
            kind: PieceKind::Header(&line.name),
            is_parameter: false,
            is_bare: false,
        }];
    };
    let told =
        parameters.into_iter().filter(|parameter| !matches!(parameter.name.as_str(), "charset" | "boundary"));
    let piece = |parameter: Parameter| Piece {
        is_bare: line.value.get(parameter.span.clone()).is_some_and(|raw| !raw.starts_with('"')),
        text: Cow::Owned(parameter.value),
        span: parameter.span,
        kind: if parameter.name == "name" { PieceKind::Name } else { PieceKind::Prose },
        is_parameter: true,
    };
    told.map(piece).collect()
}

impl Piece<'_> {
    fn treat<'p, C: Classify>(
        &self,
        treat: &mut Treat<'_, 'p, C>,
        rules: Rules<'p>,
    ) -> Result<Edits, Uninspectable> {
        match self.kind {
            PieceKind::Name => {
                let mut hits = vec![];
                name_hits(&self.text, treat.classifier, &mut hits);
                treat.apart(|treat| treat.spans(&self.text, &hits, rules, &mut Direct(0)))
            }
            PieceKind::Prose => treat.value(&self.text, &Known::prose(rules)),
            PieceKind::Header(name) => header::edits(treat, name, &self.text, rules),
        }
    }

    fn scan<C: Classify>(&self, scan: &mut Scan<'_, C>) -> Result<(), Uninspectable> {
        match self.kind {
            PieceKind::Name => {
                let mut hits = vec![];
                name_hits(&self.text, scan.classifier, &mut hits);
                scan.add(&hits, "", &mut Direct(0));
                Ok(())
            }
            PieceKind::Prose | PieceKind::Header(_) => scan.value(&self.text, &Known::prose(()), 0, ""),
        }
    }
}

fn find<'p>(parameters: &'p [Parameter], name: &str) -> Option<&'p str> {
    parameters.iter().find(|parameter| parameter.name == name).map(|parameter| parameter.value.as_str())
}

fn moved(edits: &Edits, by: usize) -> Edits {
    let mut moved = Edits::default();
    moved.append(edits, by);
    moved
}

/// Digests of a content, which would be wrong for another and tell too much about a short one.
const DIGESTS: [&str; 4] = ["content-md5", "digest", "content-digest", "repr-digest"];

/// How deep bodies of parts may stand in each other.
const DEEPEST: usize = 3;
