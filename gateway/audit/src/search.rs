//! Search: who saw this investor, whose data did this caller see (T/TSAC 001—2025 §7.8 c, §7.11).
//!
//! Reads a log's files, also while they are written, segment by segment, and joins each access with its outcome. What
//! can't be read is passed over and counted; [`crate::verify`] says what is wrong there.

use crate::format::{self, Begun, FrameKind, Header};
use crate::record::{Intent, Outcome, Record};
use crate::walk::{self, Flaw, Step, Walk};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::Path;
use yingbi_taxonomy::{Category, Level};

/// Which accesses are wanted: all that meet every given condition.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Not before.
    pub from: Option<jiff::Timestamp>,
    /// Before.
    pub to: Option<jiff::Timestamp>,
    /// Pseudonym of the caller.
    pub caller: Option<String>,
    /// Pseudonym of one of the investors concerned.
    pub subject: Option<String>,
    /// Part of the route template.
    pub route: Option<String>,
    /// Something of this category was found, whatever became of it.
    pub category: Option<Category>,
    /// Something of this level or above was found.
    pub level: Option<Level>,
    /// `permit` or `refuse`.
    pub decision: Option<String>,
    /// Trace id.
    pub trace: Option<String>,
    /// Decision id.
    pub decision_id: Option<String>,
    /// Refusal code.
    pub code: Option<String>,
}

/// In which order accesses come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Newest first.
    #[default]
    Newest,
    /// Oldest first.
    Oldest,
}

/// One access.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Sequence of its record.
    pub sequence: u64,
    /// File name of the segment that holds it.
    pub segment: String,
    /// What was recorded before release.
    pub intent: Intent,
    /// How the release ended, if that was recorded.
    pub outcome: Option<Outcome>,
}

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Searched {
    /// Accesses given.
    pub found: u64,
    /// Whether the limit kept some back.
    pub more: bool,
    /// Places that can't be read: the log is damaged, or its last record is still being written.
    pub unreadable: u64,
}

impl Entry {
    /// How it ended: the outcome's result, `refused`, or `unknown` when nothing is known of a permitted access.
    pub fn result(&self) -> &str {
        match &self.outcome {
            Some(outcome) => &outcome.result,
            None if self.intent.decision == "permit" => "unknown",
            None => "refused",
        }
    }
}

impl Filter {
    /// Whether an access meets every condition.
    pub fn matches(&self, intent: &Intent) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        let has_subject = |wanted: &String| intent.subjects.contains(wanted);
        let has_level = |level: &Level| categories(intent).any(|category| category.level() >= *level);
        is(&self.caller, &intent.caller)
            && is(&self.decision, &intent.decision)
            && is(&self.trace, &intent.trace)
            && is(&self.decision_id, &intent.decision_id)
            && is(&self.code, intent.code.as_deref().unwrap_or_default())
            && self.route.as_ref().is_none_or(|part| intent.route.contains(part.as_str()))
            && self.subject.as_ref().is_none_or(has_subject)
            && self.category.is_none_or(|wanted| categories(intent).any(|category| category == wanted))
            && self.level.as_ref().is_none_or(has_level)
            && self.is_within(&intent.time)
    }

    fn is_within(&self, time: &str) -> bool {
        if self.from.is_none() && self.to.is_none() {
            return true;
        }
        // A record without readable time can't be ruled out.
        let Ok(time) = time.parse::<jiff::Timestamp>() else { return true };
        self.from.is_none_or(|from| time >= from) && self.to.is_none_or(|to| time < to)
    }
}

/// Gives every access in `dir` that the filter wants, at most `limit`.
///
/// # Errors
/// The directory or a segment can't be read, or `each` fails.
pub fn search(
    dir: &Path,
    filter: &Filter,
    order: Order,
    limit: Option<u64>,
    each: &mut dyn FnMut(Entry) -> io::Result<()>,
) -> io::Result<Searched> {
    let mut numbers: Vec<u64> = std::fs::read_dir(dir)?
        .filter_map(|entry| {
            entry.map(|entry| format::number(&entry.file_name().to_string_lossy())).transpose()
        })
        .collect::<io::Result<_>>()?;
    numbers.sort_unstable();
    let limit = limit.unwrap_or(u64::MAX);
    let mut segments: Vec<Extent> =
        numbers.into_iter().map(|number| Extent { number, end: u64::MAX }).collect();
    bound(dir, &mut segments);
    match order {
        Order::Newest => newest(dir, filter, &segments, limit, each),
        Order::Oldest => oldest(dir, filter, &segments, limit, each),
    }
}

/// A segment, and where what counts of it ends.
struct Extent {
    number: u64,
    end: u64,
}

/// Records that a later segment, after a break, has anew are left out of the earlier.
fn bound(dir: &Path, segments: &mut [Extent]) {
    let mut end = u64::MAX;
    for segment in segments.iter_mut().rev() {
        segment.end = end;
        let Some(header) = read_header(dir, segment.number) else { continue };
        if header.begun == Begun::Break {
            end = end.min(header.first);
        }
    }
}

fn newest(
    dir: &Path,
    filter: &Filter,
    segments: &[Extent],
    limit: u64,
    each: &mut dyn FnMut(Entry) -> io::Result<()>,
) -> io::Result<Searched> {
    let mut searched = Searched::default();
    let mut outcomes: HashMap<String, Outcome> = HashMap::new();
    for segment in segments.iter().rev() {
        let (name, bytes) = read(dir, segment)?;
        let (frames, unreadable) = frames(&bytes, segment.end);
        searched.unreadable += unreadable;
        for (sequence, payload) in frames.into_iter().rev() {
            match serde_json::from_slice(payload) {
                Ok(Record::Outcome(outcome)) => {
                    outcomes.insert(outcome.decision_id.clone(), outcome);
                }
                Ok(Record::Intent(intent)) => {
                    // One outcome is that of all parts of an answer; the first stands before the others.
                    let outcome = match intent.part {
                        Some(2..) => outcomes.get(&intent.decision_id).cloned(),
                        _ => outcomes.remove(&intent.decision_id),
                    };
                    if !filter.matches(&intent) {
                        continue;
                    }
                    if searched.found == limit {
                        searched.more = true;
                        return Ok(searched);
                    }
                    searched.found += 1;
                    each(Entry { sequence, segment: name.clone(), intent: *intent, outcome })?;
                }
                // A process ends what the one before it left open: no outcome reaches back beyond.
                Ok(Record::Event { event, .. }) if event == "opened" => outcomes.clear(),
                Ok(Record::Event { .. }) => {}
                Err(_) => searched.unreadable += 1,
            }
        }
    }
    Ok(searched)
}

fn oldest(
    dir: &Path,
    filter: &Filter,
    segments: &[Extent],
    limit: u64,
    each: &mut dyn FnMut(Entry) -> io::Result<()>,
) -> io::Result<Searched> {
    let mut searched = Searched::default();
    // Accesses wait here for their outcome, and for those before them.
    let mut waiting: VecDeque<Entry> = VecDeque::new();
    'segments: for segment in segments {
        let (name, bytes) = read(dir, segment)?;
        let (frames, unreadable) = frames(&bytes, segment.end);
        searched.unreadable += unreadable;
        for (sequence, payload) in frames {
            match serde_json::from_slice(payload) {
                Ok(Record::Intent(intent)) if filter.matches(&intent) => {
                    if searched.found + waiting.len() as u64 >= limit {
                        searched.more = true;
                        if waiting.is_empty() {
                            break 'segments;
                        }
                        continue;
                    }
                    waiting.push_back(Entry {
                        sequence,
                        segment: name.clone(),
                        intent: *intent,
                        outcome: None,
                    });
                }
                Ok(Record::Intent(_)) => {}
                Ok(Record::Outcome(outcome)) => {
                    let same = waiting.iter_mut().filter(|e| e.intent.decision_id == outcome.decision_id);
                    same.for_each(|entry| entry.outcome = Some(outcome.clone()));
                    let is_done =
                        |entry: &Entry| entry.outcome.is_some() || entry.intent.decision != "permit";
                    while waiting.len() > LOOK_AHEAD || waiting.front().is_some_and(is_done) {
                        searched.found += 1;
                        waiting.pop_front().map_or(Ok(()), &mut *each)?;
                    }
                }
                Ok(Record::Event { event, .. }) if event == "opened" => {
                    drain(&mut waiting, &mut searched, each)?;
                }
                Ok(Record::Event { .. }) => {}
                Err(_) => searched.unreadable += 1,
            }
        }
    }
    drain(&mut waiting, &mut searched, each)?;
    Ok(searched)
}

fn drain(
    waiting: &mut VecDeque<Entry>,
    searched: &mut Searched,
    each: &mut dyn FnMut(Entry) -> io::Result<()>,
) -> io::Result<()> {
    searched.found += waiting.len() as u64;
    waiting.drain(..).try_for_each(each)
}

/// Sequence and payload of every record that can be read, and how many places can't.
fn frames(bytes: &[u8], end: u64) -> (Vec<(u64, &[u8])>, u64) {
    let Ok((header, hash)) = Header::decode(bytes) else { return (Vec::new(), 1) };
    let mut walk = Walk::new(bytes, hash, header.first);
    let (mut frames, mut unreadable) = (Vec::new(), 0);
    loop {
        let frame = match walk.step() {
            Step::End => break,
            Step::Frame(frame) => frame,
            Step::Flaw(flaw) => {
                unreadable += 1;
                match flaw {
                    Flaw::Sequence(frame) => {
                        walk.pass(&frame);
                        frame
                    }
                    Flaw::Hash { found, .. } => {
                        walk.pass(&found);
                        found
                    }
                    Flaw::Short | Flaw::Head => {
                        let Some((skip, _)) = walk::heads(walk.rest()).find(|(at, _)| *at > 0) else { break };
                        walk.at += skip;
                        continue;
                    }
                }
            }
        };
        if frame.head.kind == FrameKind::Record && frame.head.sequence < end {
            frames.push((frame.head.sequence, frame.payload));
        }
    }
    (frames, unreadable)
}

fn read(dir: &Path, segment: &Extent) -> io::Result<(String, Vec<u8>)> {
    let name = format::name(segment.number);
    std::fs::read(dir.join(&name)).map(|bytes| (name, bytes))
}

fn read_header(dir: &Path, number: u64) -> Option<Header> {
    use io::Read as _;
    let mut bytes = [0; format::HEADER_BYTES];
    std::fs::File::open(dir.join(format::name(number)))
        .and_then(|mut file| file.read_exact(&mut bytes))
        .ok()?;
    Header::decode(&bytes).ok().map(|(header, _)| header)
}

/// Every category found in an access, however treated.
fn categories(intent: &Intent) -> impl Iterator<Item = Category> {
    [&intent.clear, &intent.masked, &intent.dropped, &intent.monitored]
        .into_iter()
        .flat_map(|counts| counts.keys())
        .filter_map(|id| Category::from_id(id))
}

/// Accesses that wait for an outcome before the oldest is given without.
const LOOK_AHEAD: usize = 10_000;

#[cfg(test)]
mod tests;
