//! Texts that come in pieces over several records of a stream: a chat that sends `138`, `0013`, `8000` in successive
//! events. The pieces of one JSON path are read as one text too, and what spans them is masked in each.
//!
//! Records are added in order, each when it has been treated by itself; what must be known of them is kept here, so
//! that a segment of whole records can be treated while this is carried on to the next.

mod leaves;

use crate::classify::Classify;
use crate::counts::Counts;
use crate::edit::Edits;
use crate::json::string::{self, Escapes};
use crate::meaning::Meaning;
use crate::overlap::{Claim, merge};
use crate::plan::Rules;
use crate::spread::Spread;
use crate::tree::{Direct, Known, Place as _, Scan, Spelt, Treat, decode};
use crate::{Finding, Uninspectable};
use leaves::Reader;
use std::collections::HashMap;
use std::mem;
use std::ops::Range;
use yingbi_classifiers::{Hit, KeyMeaning, Scalar, Signals};
use yingbi_taxonomy::Kind;

/// The texts of a stream, by where their pieces stand.
#[derive(Default)]
pub(crate) struct Joined {
    pieces: Vec<Piece>,
    texts: Vec<Text>,
    by_name: HashMap<String, usize>,
    names: HashMap<String, Nature>,
    reader: Reader,
}

/// A text in pieces.
struct Text {
    nature: Nature,
    /// Indexes of its pieces, in order.
    pieces: Vec<usize>,
    /// The text that holds these pieces among others, which are left out here because they belong to another stream.
    of: Option<usize>,
}

/// What may be taken for one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    /// Deltas of a text that somebody reads.
    Deltas,
    /// Values of records, of which only a number that runs over several shows that they are one.
    Values,
    /// Never one text: the field's name says what each is.
    Apart,
}

/// A piece of a text, decoded.
struct Piece {
    /// The number of its record.
    record: usize,
    text: String,
    path: String,
    /// Where it stands in the body.
    spread: Spread,
    is_json: bool,
    /// As it is spelt between its quotes, when that differs.
    raw: Option<String>,
}

impl Joined {
    /// Adds the strings of a JSON record that stands in the body as `spread` says.
    pub(crate) fn add_json<C: Classify>(
        &mut self,
        classifier: &C,
        text: &str,
        spread: &Spread,
        record: usize,
        only_deltas: bool,
    ) {
        let Joined { reader, names, .. } = self;
        let leaves = reader.read(text, |name| {
            if only_deltas {
                return is_delta(name).then_some(Nature::Deltas);
            }
            let known = names.get(name).copied();
            let known = known.unwrap_or_else(|| {
                let nature = nature(classifier, name);
                names.insert(name.to_owned(), nature);
                nature
            });
            Some(known).filter(|nature| *nature != Nature::Apart)
        });
        for leaf in &leaves.strings {
            let nature = leaf.nature;
            let mut decoded = String::new();
            let raw = text.get(leaf.span.clone()).unwrap_or("");
            if raw.is_empty() || decode(Escapes::new(raw), &mut decoded).is_err() {
                continue;
            }
            let spread = spread.part(leaf.span.clone());
            let path = format!("/{record}{}", leaf.path);
            let raw = (raw != decoded).then(|| raw.to_owned());
            self.pieces.push(Piece { record, text: decoded, path, spread, is_json: true, raw });
            let piece = self.pieces.len() - 1;
            let whole = self.add_piece(&leaf.path, nature, piece, None);
            // Several streams may be interleaved on one path; an index or an id beside says which is which.
            let (indexes, ids) = leaves.marks_around(&leaf.path);
            for marks in [&indexes, &ids].into_iter().filter(|marks| !marks.is_empty()) {
                self.add_piece(&format!("{}\n{marks}", leaf.path), nature, piece, Some(whole));
            }
        }
    }

    /// Adds a text that is no JSON, as a piece of all texts of that name and of those that are of a kind with it.
    pub(crate) fn add_text(
        &mut self,
        text: &str,
        spread: Spread,
        (name, kind): (&str, Option<&str>),
        record: usize,
        nature: Nature,
    ) {
        let path = format!("/{record}");
        self.pieces.push(Piece { record, text: text.to_owned(), path, spread, is_json: false, raw: None });
        let piece = self.pieces.len() - 1;
        let whole = self.add_piece(&format!("!{name}"), nature, piece, None);
        if let Some(kind) = kind {
            self.add_piece(&format!("!{name}\n{kind}"), nature, piece, Some(whole));
        }
    }

    fn add_piece(&mut self, name: &str, nature: Nature, piece: usize, of: Option<usize>) -> usize {
        let at = match self.by_name.get(name) {
            Some(at) => *at,
            None => {
                self.texts.push(Text { nature, pieces: vec![], of });
                self.by_name.insert(name.to_owned(), self.texts.len() - 1);
                self.texts.len() - 1
            }
        };
        if let Some(text) = self.texts.get_mut(at) {
            text.pieces.push(piece);
        }
        at
    }

    /// The stretches of the first so many records that are read as one text: a quantity stands for itself.
    fn runs(&self, records: usize) -> impl Iterator<Item = (Nature, Run<'_>)> {
        let is_new = |text: &&Text| {
            let whole = text.of.and_then(|of| self.texts.get(of));
            whole.is_none_or(|whole| whole.pieces.len() > text.pieces.len())
        };
        self.texts.iter().filter(is_new).flat_map(move |text| {
            let pieces = text.pieces.iter().filter_map(|at| self.pieces.get(*at));
            let pieces: Vec<&Piece> = pieces.take_while(|piece| piece.record < records).collect();
            let runs = pieces.split(|piece| is_quantity(&piece.text)).filter(|run| run.len() > 1);
            runs.map(|run| (text.nature, Run::new(run.to_vec()))).collect::<Vec<_>>()
        })
    }

    /// Treats what spans several pieces. Of a segment it is told from where on records are new; which are to be
    /// released is for this to say, for what is begun in a record may go on in those that are still to come.
    pub(crate) fn treat<'p, C: Classify>(
        &self,
        treat: &mut Treat<'_, 'p, C>,
        rules: Rules<'p>,
        window: Window<'_>,
    ) -> Result<Spanning, Uninspectable> {
        let records = window.starts.len();
        // What is at the end may go on in what is still to come.
        let mut release = if window.is_last { records } else { self.back_from(records) };
        let counted = (!window.is_whole()).then(|| mem::take(&mut treat.counts));
        let mut hits: Vec<(Range<usize>, Vec<Replaced>)> = vec![];
        for (nature, run) in self.runs(records) {
            let edits = run.treat(treat, rules, nature)?;
            for (start, end, replacement) in edits.iter() {
                let mut made = vec![];
                run.share(start, end, replacement, &mut made);
                hits.push((run.records(start, end), made));
            }
        }
        // What is found in several records is released with all of them, or with none.
        while let Some((held, _)) = hits.iter().find(|(of, _)| of.start < release && release <= of.end) {
            release = held.start;
        }
        if let Some(counted) = counted {
            treat.counts = self.counts(treat, rules, release)?;
            let before = self.counts(treat, rules, window.known())?;
            treat.counts.take_away(&before);
            treat.counts.take_over(&counted);
        }
        let upto = window.starts.get(release).copied().filter(|_| release < records).unwrap_or(usize::MAX);
        let is_released = |(start, _, _): &Replaced| window.begin <= *start && *start < upto;
        let made = hits.into_iter().flat_map(|(_, made)| made).filter(is_released).collect();
        Ok(Spanning { release, made })
    }

    /// Counts what spans several pieces of the first so many records.
    fn counts<'p, C: Classify>(
        &self,
        treat: &mut Treat<'_, 'p, C>,
        rules: Rules<'p>,
        records: usize,
    ) -> Result<Counts, Uninspectable> {
        let outer = mem::take(&mut treat.counts);
        let done = self.runs(records).try_for_each(|(nature, run)| run.treat(treat, rules, nature).map(drop));
        let counts = mem::replace(&mut treat.counts, outer);
        done.map(|()| counts)
    }

    /// The first of the records before one that must be known for what stands behind to be read.
    pub(crate) fn back_from(&self, record: usize) -> usize {
        let mut first = record;
        for text in &self.texts {
            let pieces = text.pieces.iter().rev().filter_map(|at| self.pieces.get(*at));
            let most = if text.nature == Nature::Deltas { DELTA_BYTES } else { NUMBER_BYTES };
            let mut bytes = 0;
            for piece in pieces.skip_while(|piece| piece.record >= record) {
                if bytes >= most || record - piece.record > WINDOW_RECORDS {
                    break;
                }
                first = first.min(piece.record);
                bytes += piece.text.len();
            }
        }
        first
    }

    /// Makes one of these edits and those of the records by themselves.
    pub(crate) fn merge<C: Classify>(&self, treat: &mut Treat<'_, '_, C>, made: &[Replaced]) {
        if made.is_empty() {
            return;
        }
        treat.edits.sort();
        let records = mem::take(&mut treat.edits);
        let mut ranges: Vec<Range<usize>> =
            self.pieces.iter().flat_map(|piece| piece.spread.ranges()).collect();
        ranges.sort_by_key(|range| range.start);
        let is_within = |start: usize, end: usize| {
            let after = ranges.partition_point(|range| range.start <= start);
            after.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|range| end <= range.end)
        };
        // A member that is taken out takes along whatever was masked in it.
        let of_records = records.iter().map(|(start, end, text)| Claim {
            start,
            end,
            text,
            stands: !is_within(start, end),
        });
        let of_runs =
            made.iter().map(|(start, end, text)| Claim { start: *start, end: *end, text, stands: false });
        treat.edits = merge(of_records.chain(of_runs).collect());
    }

    /// Finds what spans several pieces: each part of it where it stands.
    pub(crate) fn scan<C: Classify>(self, scan: &mut Scan<'_, C>) {
        let mut findings = vec![];
        for (nature, run) in self.runs(usize::MAX) {
            for hit in run.hits(scan.classifier, nature) {
                let parts = run.parts(hit.start, hit.end);
                for (piece, part) in parts {
                    let (start, end) = piece.raw(part.start, part.end);
                    let Some(span) = piece.spread.span(start, end) else { continue };
                    let (path, kind, how) = (piece.path.clone(), hit.kind, hit.how);
                    findings.push(Finding { path, span, kind, how, confidence: hit.confidence });
                }
            }
        }
        let known: Vec<(usize, usize)> = scan.findings.iter().map(|finding| finding.span).collect();
        findings.retain(|finding| !known.contains(&finding.span));
        findings.sort_by_key(|finding| finding.span);
        findings.dedup_by_key(|finding| finding.span);
        scan.findings.append(&mut findings);
        scan.findings.sort_by_key(|finding| finding.span);
    }
}

/// A replacement: from, to, and what stands there instead.
pub(crate) type Replaced = (usize, usize, String);

/// What spans several records.
pub(crate) struct Spanning {
    /// How many records may be released.
    pub(crate) release: usize,
    pub(crate) made: Vec<Replaced>,
}

/// What is asked of the records of a text.
#[derive(Clone, Copy)]
pub(crate) struct Window<'w> {
    /// Where each record begins.
    pub(crate) starts: &'w [usize],
    /// Records before this offset were released before.
    pub(crate) begin: usize,
    /// Nothing comes behind.
    pub(crate) is_last: bool,
}

impl Window<'_> {
    fn is_whole(&self) -> bool {
        self.begin == 0 && self.is_last
    }

    /// Records that were released before.
    fn known(&self) -> usize {
        self.starts.partition_point(|start| *start < self.begin)
    }
}

/// Pieces that are read as one text.
struct Run<'j> {
    pieces: Vec<&'j Piece>,
    text: String,
    /// Where each piece begins in the text.
    begins: Vec<usize>,
}

impl<'j> Run<'j> {
    fn new(pieces: Vec<&'j Piece>) -> Self {
        let (mut text, mut begins) = (String::new(), vec![]);
        for piece in &pieces {
            begins.push(text.len());
            text.push_str(&piece.text);
        }
        Run { pieces, text, begins }
    }

    /// The pieces that a stretch of the text lies in, with the part in each.
    fn parts(&self, start: usize, end: usize) -> impl Iterator<Item = (&'j Piece, Range<usize>)> {
        let first = self.begins.partition_point(|begin| *begin <= start).saturating_sub(1);
        let pieces = self.pieces.iter().copied().zip(self.begins.iter().copied()).skip(first);
        pieces
            .take_while(move |(_, begin)| *begin < end)
            .map(move |(piece, begin)| (piece, start.max(begin) - begin..(end - begin).min(piece.text.len())))
    }

    /// The records that a stretch lies in, the last counted in.
    fn records(&self, start: usize, end: usize) -> Range<usize> {
        let mut records = self.parts(start, end).map(|(piece, _)| piece.record);
        let first = records.next().unwrap_or_default();
        first..records.last().unwrap_or(first)
    }

    fn treat<'p, C: Classify>(
        &self,
        treat: &mut Treat<'_, 'p, C>,
        rules: Rules<'p>,
        nature: Nature,
    ) -> Result<Edits, Uninspectable> {
        match nature {
            Nature::Deltas => self.treat_deltas(treat, rules),
            _ => self.treat_values(treat, rules),
        }
    }

    fn spans_pieces(&self, hit: &Hit) -> bool {
        self.parts(hit.start, hit.end).nth(1).is_some()
    }

    /// What is found in the text.
    fn hits<C: Classify>(&self, classifier: &C, nature: Nature) -> Vec<Hit> {
        let key = KeyMeaning { prose: nature == Nature::Deltas, ..KeyMeaning::UNKNOWN };
        let mut hits = vec![];
        Meaning::named(key).hits(classifier, Signals::default(), Scalar::Text(&self.text), &mut hits);
        if nature != Nature::Deltas {
            hits.retain(|hit| NUMBERS.contains(&hit.kind) && self.spans_pieces(hit));
        }
        hits
    }

    /// The edits of the text, counting only what the pieces by themselves don't show.
    fn treat_deltas<'p, C: Classify>(
        &self,
        treat: &mut Treat<'_, 'p, C>,
        rules: Rules<'p>,
    ) -> Result<Edits, Uninspectable> {
        let known = Known::prose(rules);
        let counted = mem::take(&mut treat.counts);
        let edits = treat.value(&self.text, &known)?;
        let mut together = mem::replace(&mut treat.counts, counted);
        if together.total() > 0 {
            let counted = mem::take(&mut treat.counts);
            for piece in &self.pieces {
                treat.value(&piece.text, &known)?;
            }
            let alone = mem::replace(&mut treat.counts, counted);
            together.take_away(&alone);
            treat.counts.take_over(&together);
        }
        Ok(edits)
    }

    fn treat_values<'p, C: Classify>(
        &self,
        treat: &mut Treat<'_, 'p, C>,
        rules: Rules<'p>,
    ) -> Result<Edits, Uninspectable> {
        let hits = self.hits(treat.classifier, Nature::Values);
        treat.apart(|treat| treat.spans(&self.text, &hits, rules, &mut Direct(0)))
    }

    /// Gives each piece its share of a replacement: as many characters as it had, or the first piece all.
    fn share(&self, start: usize, end: usize, replacement: &str, made: &mut Vec<(usize, usize, String)>) {
        let value = self.text.get(start..end).unwrap_or("");
        let is_even = value.chars().count() == replacement.chars().count();
        let mut rest = replacement.chars();
        for (at, (piece, part)) in self.parts(start, end).enumerate() {
            let had = piece.text.get(part.clone()).unwrap_or("").chars().count();
            let share: String = match (is_even, at) {
                (true, _) => rest.by_ref().take(had).collect(),
                (false, 0) => replacement.to_owned(),
                (false, _) => String::new(),
            };
            let mut spelt = String::new();
            match piece.is_json {
                true => string::encode(&share, &mut spelt),
                false => spelt.push_str(&share),
            }
            let (from, to) = piece.raw(part.start, part.end);
            piece
                .spread
                .replace(from, to, &spelt, |start, end, text| made.push((start, end, text.to_owned())));
        }
    }
}

impl Piece {
    /// Offsets of the decoded piece as offsets of its spelling.
    fn raw(&self, start: usize, end: usize) -> (usize, usize) {
        match &self.raw {
            Some(raw) => Spelt::new(Escapes::new(raw), 0).span(start, end),
            None => (start, end),
        }
    }
}

/// What the name of a field says about pieces under it.
fn nature<C: Classify>(classifier: &C, name: &str) -> Nature {
    if is_delta(name) {
        return Nature::Deltas;
    }
    let key = classifier.key(name);
    if key.denies || key.kind.is_some() { Nature::Apart } else { Nature::Values }
}

/// Whether services send a text bit by bit under this name.
fn is_delta(name: &str) -> bool {
    let mut plain = [0; LONGEST_DELTA];
    let mut length = 0;
    for byte in name.bytes().filter(u8::is_ascii_alphanumeric) {
        let Some(slot) = plain.get_mut(length) else { return false };
        *slot = byte.to_ascii_lowercase();
        length += 1;
    }
    DELTAS.iter().any(|delta| plain.get(..length) == Some(delta.as_bytes()))
}

/// Whether a text is a number with a fraction: a price, an amount; no piece of anything.
fn is_quantity(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.trim().trim_start_matches(['-', '+']).trim_end_matches('%');
    number.split_once('.').is_some_and(|(whole, fraction)| digits(whole) && digits(fraction))
}

/// What spans records is looked for in so much of a text that somebody reads, or of values that may be one number, and
/// in so many records, on either side of a cut.
const DELTA_BYTES: usize = 256;
const NUMBER_BYTES: usize = 64;
const WINDOW_RECORDS: usize = 64;

/// Names under which services send a text bit by bit, without case and marks.
const DELTAS: [&str; 27] = [
    "content",
    "text",
    "delta",
    "data",
    "message",
    "msg",
    "response",
    "answer",
    "output",
    "token",
    "chunk",
    "completion",
    "arguments",
    "partialjson",
    "thinking",
    "reasoning",
    "reasoningcontent",
    "generatedtext",
    "result",
    "reply",
    "input",
    "summary",
    "refusal",
    "transcript",
    "outputtext",
    "value",
    "body",
];

/// The longest of them.
const LONGEST_DELTA: usize = "reasoningcontent".len();

/// Numbers that a value of no meaning can't be by accident.
const NUMBERS: [Kind; 6] =
    [Kind::Mobile, Kind::ResidentId, Kind::BankCard, Kind::Email, Kind::IdNumber, Kind::Permit];
