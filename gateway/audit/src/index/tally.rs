//! Goes through a segment's records for their keywords.

use super::{Latest, place_hash};
use crate::compact::{Fields, Text, tag};
use crate::record::Keys;
use std::collections::HashMap;
use yingbi_taxonomy::{Category, Level};

/// What has been seen of a segment.
pub(super) struct Tally<'a> {
    /// Byte of each record.
    pub offsets: Vec<u32>,
    /// Hash and number of the record of every place.
    pub places: Vec<u64>,
    pub counted: Vec<Counted>,
    pub earliest: i64,
    pub latest: Latest,
    by_keyword: HashMap<String, usize>,
    /// By what field it is, and the text as it is written: most keywords are seen often, and need be spelt once only.
    by_written: HashMap<(u8, &'a [u8]), usize>,
    /// For spelling.
    text: String,
}

/// A keyword.
pub(super) struct Counted {
    pub keyword: String,
    pub count: u32,
    /// Its hash, if it has places.
    place: Option<u32>,
    level: Option<Level>,
    /// The last record that it was counted in, from 1.
    last: u64,
}

impl<'a> Tally<'a> {
    pub fn new(records: usize) -> Self {
        Tally {
            offsets: vec![0; records],
            places: Vec::new(),
            counted: Vec::new(),
            earliest: i64::MAX,
            latest: Latest { accesses: i64::MIN, refusals: i64::MIN, events: i64::MIN },
            by_keyword: HashMap::new(),
            by_written: HashMap::new(),
            text: String::new(),
        }
    }

    /// Takes in the record of this number from the slice's start, which stands at this byte; the first of its number counts.
    pub fn record(&mut self, ordinal: u64, at: usize, payload: &'a [u8]) {
        let offset = usize::try_from(ordinal).ok().and_then(|ordinal| self.offsets.get_mut(ordinal));
        let Some(offset) = offset.filter(|offset| **offset == 0) else { return };
        *offset = u32::try_from(at).unwrap_or(u32::MAX);
        match Fields::of(payload) {
            Some(fields) => {
                // Of what is no record, what could be read of it stands in the index; the verifier reports it.
                let _ = self.fields(ordinal, fields);
            }
            None => {
                if let Ok(keys) = serde_json::from_slice::<Keys<'_>>(payload) {
                    self.keys(ordinal, &keys);
                }
            }
        }
    }

    fn fields(&mut self, ordinal: u64, mut fields: Fields<'a>) -> Option<()> {
        let (mut time, mut is_refusal, mut level) = (None, false, None);
        while let Some(field) = fields.next()? {
            let name = match field.tag {
                tag::TIME => {
                    time = i64::try_from(field.number).ok();
                    continue;
                }
                tag::DECISION_ID => {
                    self.spell("id", field.text);
                    self.place(ordinal);
                    continue;
                }
                _ if fields.is_outcome => continue,
                tag::TRACE => {
                    self.spell("trace", field.text);
                    self.place(ordinal);
                    continue;
                }
                tag::DECISION => {
                    is_refusal = field.text == Text::Plain("refuse");
                    "decision"
                }
                tag::CALLER => "caller",
                tag::ROUTE => "route",
                tag::CODE => "code",
                tag::PURPOSE => "purpose",
                tag::SUBJECTS => "subject",
                tag::RULES => "rule",
                tag::CLEAR | tag::MASKED | tag::DROPPED | tag::MONITORED => "category",
                _ => continue,
            };
            if field.text == Text::Plain("") {
                continue;
            }
            // A category is one keyword, however its values were treated.
            let by = (if name == "category" { tag::CLEAR } else { field.tag }, field.written);
            let keyword = match self.by_written.get(&by) {
                Some(keyword) => *keyword,
                None => {
                    self.spell(name, field.text);
                    let keyword = self.keyword(name);
                    self.by_written.insert(by, keyword);
                    keyword
                }
            };
            level = level.max(self.count(keyword, ordinal));
        }
        self.level(level, ordinal);
        self.time(time, fields.is_outcome, is_refusal, false);
        Some(())
    }

    fn keys(&mut self, ordinal: u64, keys: &Keys<'_>) {
        let time = keys.time.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond);
        let (is_intent, is_outcome) = (keys.kind == "intent", keys.kind == "outcome");
        self.time(time, is_outcome, is_intent && keys.decision == "refuse", !is_intent && !is_outcome);
        for (name, value) in [("trace", &keys.trace), ("id", &keys.decision_id)] {
            if !value.is_empty() {
                self.spell(name, Text::Plain(value));
                self.place(ordinal);
            }
        }
        if !is_intent {
            return;
        }
        let mut level = None;
        let mut one = |name: &str, value: &str| {
            if !value.is_empty() {
                self.spell(name, Text::Plain(value));
                let keyword = self.keyword(name);
                level = level.max(self.count(keyword, ordinal));
            }
        };
        one("caller", &keys.caller);
        one("route", &keys.route);
        one("decision", &keys.decision);
        one("code", keys.code.as_deref().unwrap_or_default());
        one("purpose", keys.purpose.as_deref().unwrap_or_default());
        keys.subjects.iter().for_each(|subject| one("subject", subject));
        keys.rules.iter().for_each(|rule| one("rule", rule));
        for counts in [&keys.clear, &keys.masked, &keys.dropped, &keys.monitored] {
            counts.keys().for_each(|category| one("category", category));
        }
        self.level(level, ordinal);
    }

    fn time(&mut self, time: Option<i64>, is_outcome: bool, is_refusal: bool, is_event: bool) {
        let Some(time) = time else { return };
        self.earliest = self.earliest.min(time);
        let latest = match () {
            () if is_event => &mut self.latest.events,
            () if is_refusal && !is_outcome => &mut self.latest.refusals,
            () => &mut self.latest.accesses,
        };
        *latest = time.max(*latest);
    }

    /// The highest level among an access's categories is a keyword too.
    fn level(&mut self, level: Option<Level>, ordinal: u64) {
        if let Some(level) = level {
            self.text.clear();
            self.text.extend(["level=", &level.number().to_string()]);
            let keyword = self.keyword("level");
            self.count(keyword, ordinal);
        }
    }

    /// Spells a keyword.
    fn spell(&mut self, name: &str, value: Text<'_>) {
        self.text.clear();
        self.text.extend([name, "="]);
        value.push_to(&mut self.text);
    }

    fn place(&mut self, ordinal: u64) {
        self.places.push(place(place_hash(&self.text), ordinal));
    }

    /// The keyword that is spelt.
    fn keyword(&mut self, name: &str) -> usize {
        if let Some(keyword) = self.by_keyword.get(&self.text) {
            return *keyword;
        }
        let value = self.text.strip_prefix("category=");
        self.counted.push(Counted {
            keyword: self.text.clone(),
            count: 0,
            place: (!matches!(name, "decision" | "level")).then(|| place_hash(&self.text)),
            level: value.and_then(Category::from_id).map(Category::level),
            last: 0,
        });
        self.by_keyword.insert(self.text.clone(), self.counted.len() - 1);
        self.counted.len() - 1
    }

    /// Counts a keyword, once a record; gives its level.
    fn count(&mut self, keyword: usize, ordinal: u64) -> Option<Level> {
        let counted = self.counted.get_mut(keyword)?;
        if counted.last != ordinal + 1 {
            counted.last = ordinal + 1;
            counted.count = counted.count.saturating_add(1);
            self.places.extend(counted.place.map(|hash| place(hash, ordinal)));
        }
        counted.level
    }
}

fn place(hash: u32, ordinal: u64) -> u64 {
    u64::from(hash) << 32 | ordinal & 0xffff_ffff
}
