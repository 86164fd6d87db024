//! Bodies without limit, a segment at a time: fed in chunks, cut between records, each segment treated and handed over
//! before the next is read.
//!
//! A body is cut only where what stands in it decides, never how it came: any chunking gives the same bytes. Up to a
//! threshold it is one segment and treated as ever. Beyond it
//!
//! * a JSON text is cut between the elements of its outermost arrays. A segment is read as a document of its own: what
//!   stands around the elements, in short, then the elements, then what closes it. Where something that is still to
//!   come might bear on what has passed (members behind a list), the body is held as long as one may be, and treated
//!   as a whole if that is all of it; else the worst is supposed of what is to come.
//! * lines, sequences and events are cut between two of them. What may go on from one to the next is held back until
//!   it has come, and what came right before is read again with what follows.
//! * tables of cells are cut between rows, each segment read with the first rows.
//!
//! A record that is larger than what may be held is refused, and so is a body that turns out not to be what was
//! supposed of it; what was handed over then stays a torso.

mod json;
mod probe;
mod rows;
mod skeleton;
mod torn;

pub(crate) use probe::named_before;
pub(crate) use torn::Torn;

use crate::body::{self, Input};
use crate::classify::Classify;
use crate::meaning::Meaning;
use crate::plan::Plan;
use crate::records::Segment;
use crate::tree::Workspace;
use crate::{Format, Treated, Uninspectable, csv};
use json::Json;
use probe::{Probe, Verdict};
use rows::{Kind, Rows};
use skeleton::Around;
use std::sync::Arc;
use yingbi_crypto::PseudonymKey;

/// How a long body is cut and held.
#[derive(Clone, Copy, Debug)]
pub struct SegmentLimits {
    /// A body of so many bytes is one segment; a longer one is cut at the first place behind so many.
    pub segment_bytes: usize,
    /// The most that is held: of one record, or of a body of which a later part may bear on an earlier.
    pub held_bytes: usize,
}

/// A body on its way, as far as it has come.
pub struct Segments {
    format: Format,
    limits: SegmentLimits,
    cutter: Cutter,
    /// What has not been handed over, of the whole from `begin` on.
    buffer: Vec<u8>,
    begin: usize,
    /// Bytes of the byte order mark.
    mark: Option<usize>,
    is_ended: bool,
    /// Something came since all that was whole could be handed over.
    is_fresh: bool,
    phase: Phase,
    /// Of a text that was cut: what is known of it where the next segment begins.
    known: Known,
    /// A text as it is read, kept for its room.
    text: Vec<u8>,
}

enum Cutter {
    Json(Box<Json>),
    Rows(Rows),
}

/// Where a text may be cut.
#[derive(Clone, Debug)]
struct Cut {
    at: usize,
    around: Around,
    /// Elements of the list that are behind.
    elements: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing was handed over, and all of it may be one segment.
    Gathering,
    /// The same, and it is better treated as a whole.
    Held,
    /// Segments are handed over. Whether the worst is supposed of what is still to come.
    Cutting {
        is_doubtful: bool,
    },
    Done,
}

#[derive(Default)]
struct Known {
    /// Of JSON: what stands around the next segment, and what is called by others there.
    around: Option<(Around, u64)>,
    names: Option<Arc<[(u32, Meaning)]>>,
    /// What was found out of the next cut.
    probe: Option<Probe>,
    /// Of rows of cells: those that say how the others are to be read, and how many rows have passed.
    head: Vec<u8>,
    rows: u64,
    /// Of a stream: bytes of the buffer that were handed over, and up to where it was treated.
    context: usize,
    treated: usize,
}

impl Segments {
    /// Whether bodies of a format are cut at all.
    pub fn may_cut(format: Format) -> bool {
        match format {
            Format::Json | Format::Lines | Format::Sequence | Format::Events | Format::Csv | Format::Tsv => {
                true
            }
            Format::Xml | Format::Html | Format::Form | Format::Text | Format::Multipart(_) => false,
        }
    }

    /// A body of a format, none of which has come; nothing when bodies of this format are never cut.
    pub fn new(format: Format, limits: SegmentLimits) -> Option<Segments> {
        let cutter = match format {
            Format::Json => Cutter::Json(Box::default()),
            Format::Lines => Cutter::Rows(Rows::new(Kind::Lines, 0)),
            Format::Sequence => Cutter::Rows(Rows::new(Kind::Sequence, 0)),
            Format::Events => Cutter::Rows(Rows::new(Kind::Events, 0)),
            Format::Csv | Format::Tsv => Cutter::Rows(Rows::new(Kind::Cells, csv::ROWS_TRIED + 1)),
            Format::Xml | Format::Html | Format::Form | Format::Text | Format::Multipart(_) => return None,
        };
        let (buffer, begin, mark, is_ended, is_fresh, known, text) = Default::default();
        let phase = Phase::Gathering;
        Some(Segments { format, limits, cutter, buffer, begin, mark, is_ended, is_fresh, phase, known, text })
    }

    /// Takes a chunk.
    pub fn push(&mut self, chunk: &[u8]) {
        self.is_fresh = true;
        self.buffer.extend_from_slice(chunk);
    }

    /// Takes a whole buffer without copying it, if it is the first.
    pub fn begin(&mut self, buffer: Vec<u8>) {
        match self.buffer.is_empty() {
            true => self.buffer = buffer,
            false => self.push(&buffer),
        }
    }

    /// Whether something may be handed over before a segment is full, when nothing comes for a while: lines and events
    /// have readers who wait for them. See [`Segments::flush`].
    pub fn may_flush(&self) -> bool {
        self.is_fresh && self.is_stream() && !self.is_ended
    }

    /// Cuts behind the last line or event that is whole.
    pub fn flush(&mut self) {
        self.is_fresh = false;
        self.scan();
        if let Cutter::Rows(rows) = &mut self.cutter
            && self.mark.is_some()
        {
            rows.flush(&self.buffer, self.begin);
        }
    }

    /// Nothing comes any more.
    pub fn end(&mut self) {
        self.is_ended = true;
    }

    /// Whether all was handed over.
    pub fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }

    /// Scans what has come, and says whether something may be done with it.
    pub(crate) fn is_ready(&mut self) -> bool {
        self.scan();
        match self.phase {
            Phase::Done => false,
            Phase::Held => self.is_ended || self.buffer.len() > self.limits.held_bytes,
            Phase::Gathering | Phase::Cutting { .. } => {
                self.is_ended
                    || self.next_cut().is_some()
                    || self.is_too_long(self.begin + self.known.context)
            }
        }
    }

    /// The next segment, treated; nothing when more must come first, or all is done.
    pub(crate) fn next<C: Classify>(
        &mut self,
        engine: &Engine<'_, C>,
        workspace: &mut Workspace,
    ) -> Result<Option<Treated>, Uninspectable> {
        if !self.is_ready() {
            return Ok(None);
        }
        loop {
            // Of the segment before.
            workspace.edits.clear();
            let step = match self.phase {
                Phase::Done => return Ok(None),
                Phase::Gathering => self.gather(engine, workspace)?,
                Phase::Held => self.hold(engine, workspace)?,
                Phase::Cutting { is_doubtful } => self.cut(engine, workspace, is_doubtful)?,
            };
            match step {
                Step::Again => {}
                Step::Wait => return Ok(None),
                Step::Treated(treated) => return Ok(Some(*treated)),
            }
        }
    }

    fn scan(&mut self) {
        if self.mark.is_none() {
            if self.buffer.len() < MARK.len() && !self.is_ended && MARK.starts_with(&self.buffer) {
                return;
            }
            let mark = if self.buffer.starts_with(MARK) { MARK.len() } else { 0 };
            self.mark = Some(mark);
        }
        let least = self.limits.segment_bytes;
        match &mut self.cutter {
            Cutter::Json(json) => json.scan(&self.buffer, self.begin, least, self.is_ended),
            Cutter::Rows(rows) => rows.scan(&self.buffer, self.begin, least),
        }
    }

    /// Where the next cut is.
    fn next_cut(&mut self) -> Option<usize> {
        match &mut self.cutter {
            Cutter::Json(json) => json.cuts().front().map(|cut| cut.at),
            Cutter::Rows(rows) => rows.cuts().front().copied(),
        }
    }

    fn skip_cut(&mut self) {
        match &mut self.cutter {
            Cutter::Json(json) => drop(json.cuts().pop_front()),
            Cutter::Rows(rows) => drop(rows.cuts().pop_front()),
        }
    }

    /// Whether what can't be handed over yet is more than may be held, given where it could be.
    fn is_too_long(&mut self, from: usize) -> bool {
        let end = self.begin + self.buffer.len();
        // The next cut may be in what is not scanned yet.
        let scanned = match &self.cutter {
            Cutter::Json(json) => json.scanned().min(end),
            Cutter::Rows(rows) => rows.scanned(),
        };
        let until = self.next_cut().unwrap_or(if self.is_ended { end } else { scanned });
        until.saturating_sub(from) > self.limits.held_bytes
    }

    fn too_long<T>(&self) -> Result<T, Uninspectable> {
        Err(Uninspectable::TooLarge { limit: self.limits.held_bytes })
    }

    fn gather<C: Classify>(
        &mut self,
        engine: &Engine<'_, C>,
        workspace: &mut Workspace,
    ) -> Result<Step, Uninspectable> {
        if self.is_too_long(0) {
            return self.too_long();
        }
        if self.next_cut().is_none() {
            return if self.is_ended { self.whole(engine, workspace) } else { Ok(Step::Wait) };
        }
        if self.is_stream() {
            self.phase = Phase::Cutting { is_doubtful: false };
            return Ok(Step::Again);
        }
        match self.verdict(engine, workspace)? {
            Verdict::Never => self.skip_cut(),
            Verdict::Doubtful => self.phase = Phase::Held,
            Verdict::Free => {
                let step = self.cut(engine, workspace, false)?;
                // Not handed over yet, so the doubt comes in time.
                match step {
                    Step::Again => self.phase = Phase::Held,
                    step => {
                        self.phase = Phase::Cutting { is_doubtful: false };
                        return Ok(step);
                    }
                }
            }
        }
        Ok(Step::Again)
    }

    fn hold<C: Classify>(
        &mut self,
        engine: &Engine<'_, C>,
        workspace: &mut Workspace,
    ) -> Result<Step, Uninspectable> {
        if self.buffer.len() > self.limits.held_bytes {
            self.phase = Phase::Cutting { is_doubtful: true };
            return Ok(Step::Again);
        }
        if self.is_ended { self.whole(engine, workspace) } else { Ok(Step::Wait) }
    }

    fn whole<C: Classify>(
        &mut self,
        engine: &Engine<'_, C>,
        workspace: &mut Workspace,
    ) -> Result<Step, Uninspectable> {
        self.phase = Phase::Done;
        let input = Input {
            classifier: engine.classifier,
            limits: engine.limits,
            format: self.format,
            body: &self.buffer,
        };
        body::treat(&input, engine.plan, engine.pseudonyms, workspace)
            .map(|treated| Step::Treated(Box::new(treated)))
    }
}

enum Step {
    Again,
    Wait,
    Treated(Box<Treated>),
}

/// What treats.
pub(crate) struct Engine<'e, C> {
    pub(crate) classifier: &'e C,
    pub(crate) limits: crate::Limits,
    pub(crate) plan: Plan<'e>,
    pub(crate) pseudonyms: &'e PseudonymKey,
}

// A text that is cut.
impl Segments {
    /// Whether the text may be cut at the next cut.
    fn verdict<C: Classify>(
        &mut self,
        engine: &Engine<'_, C>,
        workspace: &mut Workspace,
    ) -> Result<Verdict, Uninspectable> {
        match &mut self.cutter {
            Cutter::Json(json) => {
                let Some(cut) = json.cuts().front().cloned() else { return Ok(Verdict::Never) };
                if self.known.probe.as_ref().is_none_or(|probe| probe.known != cut.around.known) {
                    self.known.probe =
                        Some(probe::json(json.skeleton().bytes(), &cut.around, engine, workspace)?);
                }
                Ok(self.known.probe.as_ref().map_or(Verdict::Never, |probe| probe.verdict))
            }
            Cutter::Rows(rows) if self.format.is_cells() => {
                let mark = self.mark.unwrap_or_default();
                // The head is there as long as nothing was handed over.
                if self.known.head.is_empty() {
                    let head = self.buffer.get(mark..rows.head()).unwrap_or_default();
                    if head.len() > LONGEST_HEAD {
                        return Ok(Verdict::Never);
                    }
                    self.known.head = head.to_vec();
                }
                probe::cells(self.format, &self.known.head, engine, workspace)
            }
            Cutter::Rows(_) => Ok(Verdict::Free),
        }
    }

    /// Treats what stands up to the next cut; again when the first segment shows that the whole had better be held.
    fn cut<C: Classify>(
        &mut self,
        engine: &Engine<'_, C>,
        workspace: &mut Workspace,
        is_doubtful: bool,
    ) -> Result<Step, Uninspectable> {
        if self.is_stream() {
            return self.stream(engine, workspace);
        }
        if self.is_too_long(self.begin) {
            return self.too_long();
        }
        let at = self.next_cut();
        if at.is_none() && !self.is_ended {
            return Ok(Step::Wait);
        }
        if at.is_some() && self.verdict(engine, workspace)? == Verdict::Never {
            self.skip_cut();
            return Ok(Step::Again);
        }
        let end = at.unwrap_or(self.begin + self.buffer.len());
        let treated = self.segment(engine, workspace, end, is_doubtful)?;
        let Some((treated, rows)) = treated else { return Ok(Step::Again) };
        self.known.rows += rows;
        match &mut self.cutter {
            Cutter::Json(json) => {
                self.known.around = json.cuts().pop_front().map(|cut| (cut.around, cut.elements));
                self.known.names = self.known.probe.as_ref().map(|probe| Arc::clone(&probe.names));
            }
            Cutter::Rows(rows) => drop(rows.cuts().pop_front()),
        }
        self.take(end - self.begin);
        if at.is_none() {
            self.phase = Phase::Done;
        }
        Ok(Step::Treated(Box::new(treated)))
    }

    /// Treats a segment of a text; nothing when it must be held after all. Also, how many rows it has.
    fn segment<C: Classify>(
        &mut self,
        engine: &Engine<'_, C>,
        workspace: &mut Workspace,
        end: usize,
        is_doubtful: bool,
    ) -> Result<Option<(Treated, u64)>, Uninspectable> {
        let is_first = self.begin == 0;
        let mark = if is_first { self.mark.unwrap_or_default() } else { 0 };
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        let mut torn = Torn::new(is_doubtful);
        let mut closers = &[][..];
        match &mut self.cutter {
            Cutter::Json(json) => {
                if let Some((around, elements)) = &self.known.around {
                    text.extend_from_slice(json.skeleton().bytes().get(..around.known).unwrap_or_default());
                    torn.list_at(around.list, *elements);
                }
                closers = match json.cuts().front() {
                    Some(cut) => cut.around.closers.as_slice(),
                    None => &[],
                };
            }
            Cutter::Rows(_) if is_first => torn.count_rows(),
            Cutter::Rows(_) => {
                text.extend_from_slice(&self.known.head);
                torn.list_at(0, self.known.rows);
                torn.count_rows();
            }
        }
        let known = text.len();
        text.extend_from_slice(self.buffer.get(mark..end - self.begin).unwrap_or_default());
        torn.real(known..text.len())?;
        text.extend_from_slice(closers);
        let names = self.known.names.as_deref();
        let done = body::treat_torn(engine, self.format, &text, torn, names, workspace);
        self.text = text;
        let (mut treated, torn, has_outside) = done?;
        // What stands outside of the records may raise each of them, also those that are not here.
        if has_outside && !is_doubtful {
            return if is_first { Ok(None) } else { Err(Uninspectable::Contradicted) };
        }
        if mark > 0 {
            treated.body.splice(0..0, MARK.iter().copied());
        }
        Ok(Some((treated, torn.rows())))
    }

    /// Lets go of bytes that were handed over.
    fn take(&mut self, count: usize) {
        self.buffer.drain(..count.min(self.buffer.len()));
        self.begin += count;
    }
}

// A stream of lines or events.
impl Segments {
    fn is_stream(&self) -> bool {
        matches!(self.format, Format::Lines | Format::Sequence | Format::Events)
    }

    fn stream<C: Classify>(
        &mut self,
        engine: &Engine<'_, C>,
        workspace: &mut Workspace,
    ) -> Result<Step, Uninspectable> {
        let is_first = self.begin == 0 && self.known.treated == 0;
        let from = self.begin + self.known.context;
        if self.is_too_long(from) {
            return self.too_long();
        }
        let at = self.next_cut();
        if at.is_none() && !self.is_ended {
            return Ok(Step::Wait);
        }
        self.skip_cut();
        let mark = if is_first { self.mark.unwrap_or_default() } else { 0 };
        let end = at.map_or(self.buffer.len(), |at| at - self.begin);
        let text = self.buffer.get(mark..end).unwrap_or_default();
        let segment = Segment { known: self.known.context, is_last: at.is_none() };
        let (mut treated, release) = body::treat_stream(engine, self.format, text, segment, workspace)?;
        if mark > 0 {
            treated.body.splice(0..0, MARK.iter().copied());
        }
        self.known.treated = self.begin + end;
        self.known.context = release.upto - release.context;
        self.take(mark + release.context);
        if at.is_none() {
            self.phase = Phase::Done;
        }
        // All of it may be held back.
        match treated.body.is_empty() && at.is_some() {
            true => Ok(Step::Again),
            false => Ok(Step::Treated(Box::new(treated))),
        }
    }
}

impl Format {
    fn is_cells(self) -> bool {
        matches!(self, Format::Csv | Format::Tsv)
    }
}

const MARK: &[u8] = "\u{feff}".as_bytes();

/// Most bytes of the rows that every segment of a table is read with.
const LONGEST_HEAD: usize = 64 << 10;

#[cfg(test)]
mod tests;
