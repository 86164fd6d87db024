//! The segments of a log as a search reads them: by their index where there is one, whole where there is none.

use super::{Event, Filter, Order, Searched};
use crate::compact::{self, Fields};
use crate::format::{self, Begun, HEAD_BYTES, Head, Header};
use crate::index::{self, Index};
use crate::notary::evidence_dir;
use crate::record::{Intent, Outcome, Record};
use crate::walk;
use memchr::memmem::Finder;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// A log's segments, in order.
pub(super) struct Segments {
    dir: PathBuf,
    all: Vec<Segment>,
}

/// Where a record may stand that is wanted.
pub(super) struct Hit {
    pub sequence: u64,
    at: u64,
}

struct Segment {
    number: u64,
    /// Sequence of its first record, when its header can be read.
    first: Option<u64>,
    /// Records from this one on stand anew in a later segment.
    end: u64,
    index: Option<Index>,
    /// What has been read of it.
    read: Option<Read>,
    /// Without an index: of each outcome the hash of its id, its place and sequence, in order of the hashes.
    outcomes: Option<Vec<(u32, u64, u64)>>,
}

enum Read {
    /// The file, to be read at places.
    Places(File),
    /// All of it.
    Whole(Vec<u8>),
}

impl Segments {
    pub fn of(dir: &Path) -> io::Result<Self> {
        let mut numbers: Vec<u64> = std::fs::read_dir(dir)?
            .filter_map(|entry| {
                entry.map(|entry| format::number(&entry.file_name().to_string_lossy())).transpose()
            })
            .collect::<io::Result<_>>()?;
        numbers.sort_unstable();
        let mut end = u64::MAX;
        let mut all = Vec::with_capacity(numbers.len());
        for number in numbers.into_iter().rev() {
            let header = read_header(dir, number);
            let first = header.as_ref().map(|header| header.first);
            all.push(Segment { number, first, end, index: None, read: None, outcomes: None });
            // Records that a later segment, after a break, has anew are left out of the earlier.
            if let Some(header) = header.filter(|header| header.begun == Begun::Break) {
                end = end.min(header.first);
            }
        }
        all.reverse();
        let beside = evidence_dir(dir);
        for segment in &mut all {
            segment.index =
                Index::open(&beside, segment.number).ok().filter(|index| Some(index.first) == segment.first);
        }
        Ok(Segments { dir: dir.to_owned(), all })
    }

    pub fn count(&self) -> usize {
        self.all.len()
    }

    pub fn name(&self, place: usize) -> String {
        format::name(self.all.get(place).map_or(0, |segment| segment.number))
    }

    /// Whether a segment can hold anything that is wanted, by what is known without reading it.
    pub fn may_have(&self, place: usize, filter: &Filter) -> bool {
        let Some(segment) = self.all.get(place) else { return false };
        let next = self.all.get(place + 1).and_then(|next| next.first);
        if let (Some(before), Some(first)) = (filter.before, segment.first)
            && first >= before
        {
            return false;
        }
        if let (Some(after), Some(next)) = (filter.after, next)
            && next <= after.saturating_add(1)
        {
            return false;
        }
        let Some(index) = &segment.index else { return true };
        let latest = index.latest.accesses.max(index.latest.refusals);
        // No access has a readable time: then none may be ruled out by it.
        if latest == i64::MIN {
            return true;
        }
        filter.from.is_none_or(|from| latest >= from.as_microsecond())
            && filter.to.is_none_or(|to| index.earliest < to.as_microsecond())
    }

    /// The events of a segment, in order.
    pub fn events(
        &self,
        place: usize,
        filter: &Filter,
        each: &mut dyn FnMut(Event) -> io::Result<()>,
    ) -> io::Result<()> {
        let Some(segment) = self.all.get(place) else { return Ok(()) };
        if let (Some(index), Some(from)) = (&segment.index, filter.from)
            && index.latest.events < from.as_microsecond()
        {
            return Ok(());
        }
        let bytes = std::fs::read(self.dir.join(format::name(segment.number)))?;
        for (_, head, payload) in walk::skim(&bytes).filter(|(_, head, _)| head.sequence < segment.end) {
            if !payload.starts_with(b"{\"type\":\"event\"") {
                continue;
            }
            let Some(Record::Event { time, event, detail }) = compact::record(payload) else { continue };
            if filter.is_within(&time) {
                each(Event { sequence: head.sequence, time, event, detail })?;
            }
        }
        Ok(())
    }

    /// The places of a segment where something wanted may stand, in order.
    pub fn hits(&mut self, place: usize, filter: &Filter, searched: &mut Searched) -> io::Result<Vec<Hit>> {
        let Some(segment) = self.all.get_mut(place) else { return Ok(Vec::new()) };
        let keywords = filter.keywords();
        if let Some(index) = segment.index.as_ref().filter(|_| !keywords.is_empty()) {
            let mut found: Option<Vec<u64>> = None;
            for keyword in &keywords {
                let places = index.places(keyword)?;
                found = Some(match found {
                    None => places,
                    Some(before) => {
                        before.into_iter().filter(|place| places.binary_search(place).is_ok()).collect()
                    }
                });
            }
            let mut hits = Vec::new();
            let wanted = |sequence: &u64| *sequence < segment.end && filter.has_sequence(*sequence);
            for sequence in found.unwrap_or_default().into_iter().filter(wanted) {
                match index.offset(sequence)? {
                    Some(at) => hits.push(Hit { sequence, at }),
                    None => searched.unreadable += 1,
                }
            }
            segment.read = Some(Read::Places(File::open(self.dir.join(format::name(segment.number)))?));
            return Ok(hits);
        }
        let bytes = std::fs::read(self.dir.join(format::name(segment.number)))?;
        let needles = filter.needles();
        let needles: Vec<_> =
            needles.iter().map(|(text, written)| Needle::of(text, written.as_deref())).collect();
        let (mut hits, mut end) = (Vec::new(), format::HEADER_BYTES);
        searched.unreadable += u64::from(Header::decode(&bytes).is_err());
        for (at, head, payload) in walk::skim(&bytes) {
            searched.unreadable += u64::from(at != end);
            end = at + head.frame_bytes();
            // Types are the first member: outcomes and events are none of the wanted.
            let is_wanted = head.sequence < segment.end
                && filter.has_sequence(head.sequence)
                && !compact::is_outcome(payload)
                && needles.iter().all(|needle| needle.is_in(payload));
            if is_wanted {
                hits.push(Hit { sequence: head.sequence, at: at as u64 });
            }
        }
        // Behind the last record a seal or a reserve may stand.
        let rest = bytes.get(end..).unwrap_or_default();
        let is_seal = Head::decode(rest).is_some_and(|head| rest.len() == head.frame_bytes());
        searched.unreadable += u64::from(!is_seal && rest.iter().any(|byte| *byte != 0));
        segment.read = Some(Read::Whole(bytes));
        Ok(hits)
    }

    /// The access at a place, if one stands there.
    pub fn intent(&self, place: usize, hit: &Hit, searched: &mut Searched) -> io::Result<Option<Intent>> {
        let Some(segment) = self.all.get(place) else { return Ok(None) };
        match segment.record(hit)? {
            Some(Record::Intent(intent)) => Ok(Some(*intent)),
            // A keyword's hash may be another's too.
            Some(_) => Ok(None),
            None => {
                searched.unreadable += 1;
                Ok(None)
            }
        }
    }

    /// How an access ended: said in its own segment or any later one, mostly the next.
    pub fn outcome(&mut self, place: usize, id: &str) -> io::Result<Option<(u64, Outcome)>> {
        let keyword = format!("id={id}");
        for (at, segment) in self.all.iter_mut().enumerate().skip(place) {
            let was_read = segment.read.is_some();
            let found = segment.outcome(&self.dir, id, &keyword)?;
            if at >= place + NEAR_SEGMENTS && !was_read {
                segment.close();
            }
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Forgets what later turns don't need.
    pub fn leave(&mut self, place: usize, order: Order) {
        let gone = match order {
            Order::Oldest => Some(place),
            Order::Newest => place.checked_add(NEAR_SEGMENTS - 1),
        };
        if let Some(segment) = gone.and_then(|gone| self.all.get_mut(gone)) {
            segment.close();
        }
    }
}

/// A text to be found in a payload, however that is written.
struct Needle<'a> {
    in_json: Finder<'a>,
    /// None: it stands in no compact record.
    written: Option<Finder<'a>>,
}

impl<'a> Needle<'a> {
    fn of(text: &'a str, written: Option<&'a [u8]>) -> Self {
        Needle { in_json: Finder::new(text), written: written.map(Finder::new) }
    }

    fn is_in(&self, payload: &[u8]) -> bool {
        match Fields::of(payload) {
            None => self.in_json.find(payload).is_some(),
            Some(_) => self.written.as_ref().is_some_and(|written| written.find(payload).is_some()),
        }
    }
}

impl Segment {
    fn record(&self, hit: &Hit) -> io::Result<Option<Record>> {
        match &self.read {
            Some(Read::Whole(bytes)) => {
                let frame = usize::try_from(hit.at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
                let head = Head::decode(frame).filter(|head| head.sequence == hit.sequence);
                let payload = head.and_then(|head| frame.get(HEAD_BYTES..HEAD_BYTES + head.length as usize));
                Ok(payload.and_then(compact::record))
            }
            Some(Read::Places(file)) => {
                let mut head = [0; HEAD_BYTES];
                let short = |error: io::Error| match error.kind() {
                    io::ErrorKind::UnexpectedEof => Ok(None),
                    _ => Err(error),
                };
                if let Err(error) = file.read_exact_at(&mut head, hit.at) {
                    return short(error);
                }
                let Some(head) = Head::decode(&head).filter(|head| head.sequence == hit.sequence) else {
                    return Ok(None);
                };
                let mut payload = vec![0; head.length as usize];
                match file.read_exact_at(&mut payload, hit.at + HEAD_BYTES as u64) {
                    Ok(()) => Ok(compact::record(&payload)),
                    Err(error) => short(error),
                }
            }
            None => Ok(None),
        }
    }

    /// The outcome with this id, if it is in this segment.
    fn outcome(&mut self, dir: &Path, id: &str, keyword: &str) -> io::Result<Option<(u64, Outcome)>> {
        let mut hits = Vec::new();
        if let Some(index) = &self.index {
            for sequence in index.places(keyword)?.into_iter().filter(|sequence| *sequence < self.end) {
                hits.extend(index.offset(sequence)?.map(|at| Hit { sequence, at }));
            }
        } else {
            hits = self.outcomes_like(dir, index::place_hash(keyword))?;
        }
        if hits.is_empty() {
            return Ok(None);
        }
        if self.read.is_none() {
            self.read = Some(Read::Places(File::open(dir.join(format::name(self.number)))?));
        }
        for hit in hits.into_iter().rev() {
            if let Some(Record::Outcome(outcome)) = self.record(&hit)?
                && outcome.decision_id == id
            {
                return Ok(Some((hit.sequence, outcome)));
            }
        }
        Ok(None)
    }

    /// Where outcomes stand, in a segment without index, whose ids have this hash.
    fn outcomes_like(&mut self, dir: &Path, hash: u32) -> io::Result<Vec<Hit>> {
        if self.outcomes.is_none() {
            let read;
            let bytes = match &self.read {
                Some(Read::Whole(bytes)) => bytes,
                _ => {
                    read = std::fs::read(dir.join(format::name(self.number)))?;
                    &read
                }
            };
            let end = self.end;
            let outcomes = walk::skim(bytes).filter_map(|(at, head, payload)| {
                let id = outcome_id(payload).filter(|_| head.sequence < end)?;
                Some((index::place_hash(&format!("id={id}")), at as u64, head.sequence))
            });
            let mut outcomes: Vec<(u32, u64, u64)> = outcomes.collect();
            outcomes.sort_unstable();
            self.outcomes = Some(outcomes);
        }
        let outcomes = self.outcomes.as_deref().unwrap_or_default();
        let from = outcomes.partition_point(|(other, ..)| *other < hash);
        let like = outcomes.get(from..).unwrap_or_default().iter().take_while(|(other, ..)| *other == hash);
        Ok(like.map(|(_, at, sequence)| Hit { sequence: *sequence, at: *at }).collect())
    }

    fn close(&mut self) {
        self.read = None;
        if let Some(index) = &self.index {
            index.close();
        }
    }
}

/// The id in an outcome's record.
fn outcome_id(payload: &[u8]) -> Option<String> {
    if !compact::is_outcome(payload) {
        return None;
    }
    match compact::record(payload) {
        Some(Record::Outcome(outcome)) => Some(outcome.decision_id),
        _ => None,
    }
}

fn read_header(dir: &Path, number: u64) -> Option<Header> {
    let mut bytes = [0; format::HEADER_BYTES];
    File::open(dir.join(format::name(number))).and_then(|mut file| file.read_exact(&mut bytes)).ok()?;
    Header::decode(&bytes).ok().map(|(header, _)| header)
}

/// Most accesses end in their own segment or the next: so many are kept open.
const NEAR_SEGMENTS: usize = 3;
