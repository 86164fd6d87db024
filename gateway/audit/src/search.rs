//! Search: who saw this investor, whose data did this caller see (T/TSAC 001—2025 §7.8 c, §7.11).
//!
//! Reads a log's files, also while they are written, segment by segment, and joins each access with its outcome. Of closed
//! slices the index (see [`crate::index`]) tells which records may be wanted; what it tells is read in the segment, and
//! only what stands there counts. What can't be read is passed over and counted; [`crate::verify`] says what is wrong
//! there, in an index too.

mod segments;
pub mod summary;

use crate::compact;
use crate::record::{Intent, Outcome};
use segments::Segments;
use std::collections::BTreeMap;
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
    /// A rule that decided.
    pub rule: Option<String>,
    /// Purpose.
    pub purpose: Option<String>,
    /// One of these grants could be used; none at all meets an empty list.
    pub grants: Option<Vec<String>>,
    /// Sequence less than this.
    pub before: Option<u64>,
    /// Sequence greater than this.
    pub after: Option<u64>,
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
    /// Sequence of that record.
    pub outcome_sequence: Option<u64>,
}

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Searched {
    /// Accesses given.
    pub found: u64,
    /// Whether the limit kept some back.
    pub more: bool,
    /// Sequence of the last access given: with it as `before` or `after`, as the order is, the next search goes on.
    pub last: Option<u64>,
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
            && is(&self.purpose, intent.purpose.as_deref().unwrap_or_default())
            && self.rule.as_ref().is_none_or(|rule| intent.rules.contains(rule))
            && self.grants.as_ref().is_none_or(|wanted| intent.grants.iter().any(|own| wanted.contains(own)))
            && self.route.as_ref().is_none_or(|part| intent.route.contains(part.as_str()))
            && self.subject.as_ref().is_none_or(has_subject)
            && self.category.is_none_or(|wanted| categories(intent).any(|category| category == wanted))
            && self.level.as_ref().is_none_or(has_level)
            && self.is_within(&intent.time)
    }

    /// Whether a sequence is between the cursors.
    fn has_sequence(&self, sequence: u64) -> bool {
        self.before.is_none_or(|before| sequence < before) && self.after.is_none_or(|after| sequence > after)
    }

    /// Keywords that every wanted access has, as indexes have them.
    fn keywords(&self) -> Vec<String> {
        let category = self.category.map(|category| category.id().to_owned());
        let fields = [
            ("id", &self.decision_id),
            ("trace", &self.trace),
            ("subject", &self.subject),
            ("caller", &self.caller),
            ("code", &self.code),
            ("rule", &self.rule),
            ("purpose", &self.purpose),
            ("category", &category),
        ];
        fields
            .iter()
            .filter_map(|(name, value)| value.as_ref().map(|value| format!("{name}={value}")))
            .collect()
    }

    /// Texts that stand in every wanted access: in its JSON, and as they are written in few bytes.
    fn needles(&self) -> Vec<(&str, Option<Vec<u8>>)> {
        let fields = [
            &self.decision_id,
            &self.trace,
            &self.subject,
            &self.caller,
            &self.code,
            &self.rule,
            &self.purpose,
        ];
        let is_plain = |text: &&str| {
            !text.is_empty() && text.chars().all(|c| !matches!(c, '"' | '\\') && !c.is_control())
        };
        let texts = fields.into_iter().filter_map(|field| field.as_deref()).filter(is_plain);
        texts.map(|text| (text, compact::text(text))).collect()
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

/// Gives every access in `dir` that the filter wants, at most `limit`, in order of their sequences.
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
    let mut segments = Segments::of(dir)?;
    let limit = limit.unwrap_or(u64::MAX);
    let mut searched = Searched::default();
    let count = segments.count();
    for turn in 0..count {
        let place = match order {
            Order::Newest => count - 1 - turn,
            Order::Oldest => turn,
        };
        if !segments.may_have(place, filter) {
            continue;
        }
        let mut hits = segments.hits(place, filter, &mut searched)?;
        if order == Order::Newest {
            hits.reverse();
        }
        for hit in hits {
            let Some(intent) = segments.intent(place, &hit, &mut searched)? else { continue };
            if !filter.matches(&intent) {
                continue;
            }
            if searched.found == limit {
                searched.more = true;
                return Ok(searched);
            }
            let (outcome_sequence, outcome) = segments.outcome(place, &intent.decision_id)?.unzip();
            searched.found += 1;
            searched.last = Some(hit.sequence);
            each(Entry {
                sequence: hit.sequence,
                segment: segments.name(place),
                intent,
                outcome,
                outcome_sequence,
            })?;
        }
        segments.leave(place, order);
    }
    Ok(searched)
}

/// An event of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Sequence of its record.
    pub sequence: u64,
    /// UTC, RFC 3339.
    pub time: String,
    /// Its name.
    pub event: String,
    /// Details.
    pub detail: BTreeMap<String, String>,
}

/// Gives every event in `dir` of the filter's time, oldest first; its other conditions are about accesses.
///
/// # Errors
/// The directory or a segment can't be read, or `each` fails.
pub fn events(dir: &Path, filter: &Filter, each: &mut dyn FnMut(Event) -> io::Result<()>) -> io::Result<()> {
    let segments = Segments::of(dir)?;
    for place in 0..segments.count() {
        segments.events(place, filter, each)?;
    }
    Ok(())
}

/// The grants that a ticket opened, as the log tells of them.
///
/// # Errors
/// The directory or a segment can't be read.
pub fn grants_of(dir: &Path, ticket: &str) -> io::Result<Vec<String>> {
    let mut grants = Vec::new();
    events(dir, &Filter::default(), &mut |event| {
        let is_of_it = event.detail.get("ticket").is_some_and(|own| own == ticket);
        grants.extend(event.detail.get("id").filter(|id| is_of_it && !grants.contains(*id)).cloned());
        Ok(())
    })?;
    Ok(grants)
}

/// Every category found in an access, however treated.
pub(crate) fn categories(intent: &Intent) -> impl Iterator<Item = Category> {
    [&intent.clear, &intent.masked, &intent.dropped, &intent.monitored]
        .into_iter()
        .flat_map(|counts| counts.keys())
        .filter_map(|id| Category::from_id(id))
}

#[cfg(test)]
mod tests;
