//! Which fields carry what: learned as bodies come, counted, and handed over when asked for (T/TSAC 001—2025 §7.6 f).
//!
//! A field is a place in an answer or request and a kind found there. Its path is a pattern: `*` stands for the elements
//! of an array, `!key` for a name that is not plainly a field's, because it may be somebody's (`{"13800138000": …}`).
//! No value is ever kept. What is known costs a look-up and an addition for each value found; all tables are bounded,
//! and beyond the bound a value is counted under `!more`, never forgotten.

mod elsewhere;
mod name;
#[cfg(test)]
mod tests;

pub(crate) use elsewhere::Elsewhere;
#[cfg(test)]
use name::pattern_of;
pub(crate) use name::{Patterns, is_field_name};

use crate::counts::{Found, Outcome};
use crate::tree::{Frame, KeyId, Keys};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::mem;
use std::sync::Arc;
use yingbi_classifiers::How;
use yingbi_taxonomy::{Kind, Level};

/// Which way personal information goes through a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// In answers.
    Returned,
    /// In requests.
    Accepted,
}

/// A place where a kind of personal information was found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// Route template.
    pub route: Arc<str>,
    /// In answers or in requests.
    pub direction: Direction,
    /// RFC 6901 pointer as a pattern; `!body`, `!header/…`, `!query/…` stand for places that are no member of a document.
    pub path: String,
    /// What was found there.
    pub kind: Kind,
    /// Its level on this route.
    pub level: Level,
    /// How it was recognised first.
    pub how: How,
}

/// How often something was found in a field since it was asked last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The field.
    pub field: Arc<Field>,
    /// What became of the values.
    pub counts: Outcomes,
}

/// Values by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Released or passed on as they are.
    pub clear: u64,
    /// Masked.
    pub masked: u64,
    /// Left out.
    pub dropped: u64,
    /// The whole was refused because of them.
    pub blocked: u64,
}

impl Outcomes {
    /// Adds others.
    pub fn add(&mut self, other: &Outcomes) {
        self.clear += other.clear;
        self.masked += other.masked;
        self.dropped += other.dropped;
        self.blocked += other.blocked;
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.clear + self.masked + self.dropped + self.blocked
    }

    pub(crate) fn count(&mut self, outcome: Outcome) {
        *self.of(outcome) += 1;
    }

    pub(crate) fn take_back(&mut self, outcome: Outcome) {
        let count = self.of(outcome);
        *count = count.saturating_sub(1);
    }

    fn of(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Clear => &mut self.clear,
            Outcome::Masked | Outcome::Keyed(_) => &mut self.masked,
            Outcome::Dropped => &mut self.dropped,
            Outcome::Blocked => &mut self.blocked,
        }
    }
}

/// The fields known to one working space.
pub(crate) struct Fields {
    /// Of a pattern: the one above, and the step from there. A route's own is above all of its patterns.
    patterns: Vec<(u32, u32)>,
    routes: Vec<Arc<str>>,
    by_route: HashMap<Arc<str>, u32>,
    /// Patterns by the one above and step; fields by pattern, step and kind.
    known: HashMap<u64, u32, BuildHasherDefault<Folding>>,
    fields: Vec<Known>,
    /// The field counted last, and the one that came after it the last time.
    last: u32,
    next: u32,
    generation: u32,
    /// What was counted since it may have to be taken back.
    log: Vec<(u32, Outcome)>,
    is_logging: bool,
    /// By learned name.
    names: Vec<Name>,
    /// The pattern of the route of the body at hand, and what stands for all that finds no room.
    route: u32,
    more: u32,
    /// The pattern of the document at hand, and its open containers.
    document: u32,
    open: Vec<Open>,
    /// Where the value at hand stands.
    site: Site,
}

/// A field, and how often something was found in it.
struct Known {
    entry: u64,
    /// The field that came next the last time.
    next: u32,
    counts: Outcomes,
    field: Arc<Field>,
}

/// Whether a name may stand in a path.
#[derive(Clone, Default)]
enum Name {
    #[default]
    Unknown,
    Hidden,
    Shown(Box<str>),
}

/// Where a value stands: the pattern of what it is in, and the step to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Site {
    pattern: u32,
    step: u32,
}

/// An open container: its node, its pattern, and the name that it has.
#[derive(Clone, Copy)]
struct Open {
    node: u32,
    pattern: u32,
    key: KeyId,
}

/// A document that is left for one inside it.
pub(crate) struct Outer {
    document: u32,
    open: Vec<Open>,
    site: Site,
}

/// What was noted before something void is counted.
pub(crate) struct Logged {
    length: usize,
    was_logging: bool,
}

impl Fields {
    pub(crate) fn new() -> Self {
        Fields {
            patterns: vec![],
            routes: vec![],
            by_route: HashMap::new(),
            known: HashMap::default(),
            fields: vec![],
            last: 0,
            next: 0,
            generation: 0,
            log: vec![],
            is_logging: false,
            names: vec![],
            route: TOP,
            more: TOP,
            document: TOP,
            open: vec![],
            site: Site { pattern: TOP, step: WHOLE },
        }
    }

    /// Makes ready for a body of a route.
    pub(crate) fn begin(&mut self, route: &Arc<str>) {
        if self.patterns.len() + 2 > MOST || self.fields.len() >= MOST {
            self.forget();
        }
        let last = self.patterns.get(self.route as usize).and_then(|(_, at)| self.routes.get(*at as usize));
        if !last.is_some_and(|last| Arc::ptr_eq(last, route)) {
            self.route = self.by_route.get(route).copied().unwrap_or_else(|| self.learn_route(route));
            self.more = self.pattern(self.route, MORE);
        }
        self.begin_document();
    }

    /// Makes ready for the value of a header.
    pub(crate) fn begin_header(&mut self, route: &Arc<str>) {
        self.begin(route);
        self.document = self.pattern(self.route, HEADER);
        self.site = self.whole();
    }

    /// Makes ready for a document that is the body, or a part of it.
    pub(crate) fn begin_document(&mut self) {
        self.document = self.route;
        self.open.clear();
        self.site = self.whole();
    }

    /// The document at hand.
    fn whole(&self) -> Site {
        Site { pattern: self.document, step: WHOLE }
    }

    /// Leaves the document at hand for one that stands where the value at hand is.
    pub(crate) fn enter(&mut self) -> Outer {
        let Site { pattern, step } = self.site;
        let at = if step == WHOLE { pattern } else { self.pattern(pattern, step) };
        let inner = self.pattern(at, DOCUMENT);
        let outer = Outer { document: self.document, open: mem::take(&mut self.open), site: self.site };
        self.document = inner;
        self.site = Site { pattern: inner, step: WHOLE };
        outer
    }

    /// Comes back to it.
    pub(crate) fn leave(&mut self, outer: Outer) {
        (self.document, self.open, self.site) = (outer.document, outer.open, outer.site);
    }

    /// The value at hand has this name, or none, and stands in these containers.
    #[inline]
    pub(crate) fn at<R>(
        &mut self,
        frames: &[Frame<R>],
        key: KeyId,
        keys: &Keys,
        may_stand: &impl Fn(&str) -> bool,
    ) {
        let pattern = self.pattern_at(frames, keys, may_stand);
        let step = if frames.is_empty() { WHOLE } else { self.step(key, keys, may_stand) };
        self.site = Site { pattern, step };
    }

    /// The pattern of the innermost of these containers.
    #[inline]
    pub(crate) fn pattern_at<R>(
        &mut self,
        frames: &[Frame<R>],
        keys: &Keys,
        may_stand: &impl Fn(&str) -> bool,
    ) -> u32 {
        let is_open = self.open.len() == frames.len();
        match (frames.last(), self.open.last()) {
            (None, _) => self.document,
            (Some(frame), Some(open)) if is_open && open.node == frame.node => open.pattern,
            _ => self.open_to(frames, keys, may_stand),
        }
    }

    /// What is at hand is the name of a member of the innermost of these containers.
    pub(crate) fn at_name<R>(&mut self, frames: &[Frame<R>], keys: &Keys, may_stand: &impl Fn(&str) -> bool) {
        self.at(frames, KeyId::NONE, keys, may_stand);
        self.site.step = HIDDEN;
    }

    /// Counts what was found where the value at hand stands; `describe` tells level and how when the field is new.
    #[inline]
    pub(crate) fn count(&mut self, found: Found, describe: impl FnOnce() -> (Level, How)) -> u32 {
        let entry = entry(self.site.pattern, self.site.step, Some(found.kind));
        // Records repeat their fields in one order.
        let at = match self.fields.get(self.next as usize) {
            Some(field) if field.entry == entry => self.next,
            _ => self.look_up(entry, found.kind, describe),
        };
        if let Some(field) = self.fields.get_mut(at as usize) {
            field.counts.count(found.outcome);
            if self.is_logging {
                self.log.push((at, found.outcome));
            }
            (self.last, self.next) = (at, field.next);
        }
        at
    }

    /// Counts more of what was counted in a field before.
    pub(crate) fn add(&mut self, field: u32, outcome: Outcome, count: u64) {
        if let Some(field) = self.fields.get_mut(field as usize) {
            *field.counts.of(outcome) += count;
        }
    }

    /// Another whenever what was told of fields before is void.
    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    #[inline(never)]
    fn look_up(&mut self, entry: u64, kind: Kind, describe: impl FnOnce() -> (Level, How)) -> u32 {
        let at = match self.known.get(&entry) {
            Some(at) => *at,
            None => self.learn(self.site, kind, describe()),
        };
        if let Some(last) = self.fields.get_mut(self.last as usize) {
            last.next = at;
        }
        at
    }

    /// Notes from now on, or no longer, what is counted, so that it can be taken back.
    pub(crate) fn log(&mut self, is_logging: bool) {
        if is_logging {
            self.log.clear();
        }
        self.is_logging = is_logging;
    }

    /// Whether what is counted may have to be taken back.
    pub(crate) fn is_logging(&self) -> bool {
        self.is_logging
    }

    /// What is counted from now on is void.
    pub(crate) fn begin_void(&mut self) -> Logged {
        let was_logging = mem::replace(&mut self.is_logging, true);
        Logged { length: self.log.len(), was_logging }
    }

    /// Takes back what was counted since.
    pub(crate) fn end_void(&mut self, before: Logged) {
        self.is_logging = before.was_logging;
        self.take_back_from(before.length);
    }

    /// Takes back what was noted: the treatment is made anew.
    pub(crate) fn take_back(&mut self) {
        self.take_back_from(0);
    }

    fn take_back_from(&mut self, first: usize) {
        for (at, outcome) in self.log.drain(first.min(self.log.len())..) {
            if let Some(field) = self.fields.get_mut(at as usize) {
                field.counts.take_back(outcome);
            }
        }
    }

    /// Hands over what was counted since the last time.
    pub(crate) fn take(&mut self, into: &mut Vec<Sighting>) {
        for field in &mut self.fields {
            let counts = mem::take(&mut field.counts);
            if counts != Outcomes::default() {
                into.push(Sighting { field: field.field.clone(), counts });
            }
        }
    }

    /// Forgets all names and fields: ids of names that were given out are void, or levels have changed. What was
    /// counted stays to be handed over.
    pub(crate) fn forget(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        self.known.clear();
        self.patterns.clear();
        self.routes.clear();
        self.by_route.clear();
        self.names.clear();
        self.open.clear();
        (self.route, self.more, self.document) = (TOP, TOP, TOP);
        self.site = Site { pattern: TOP, step: WHOLE };
        self.fields.retain(|field| field.counts != Outcomes::default());
        // No entry is found by itself any more.
        self.fields.iter_mut().for_each(|field| field.entry = u64::MAX);
    }

    #[cold]
    fn learn_route(&mut self, route: &Arc<str>) -> u32 {
        let index = self.routes.len() as u32;
        self.routes.push(route.clone());
        let pattern = self.push(TOP, index);
        self.by_route.insert(route.clone(), pattern);
        pattern
    }

    #[cold]
    fn learn(&mut self, site: Site, kind: Kind, (level, how): (Level, How)) -> u32 {
        let is_full = self.fields.len() >= MOST;
        // What finds no room is counted for the whole route: there are no more of these than kinds and routes.
        let site = if is_full { Site { pattern: self.more, step: WHOLE } } else { site };
        let entry = entry(site.pattern, site.step, Some(kind));
        if is_full && let Some(at) = self.known.get(&entry) {
            return *at;
        }
        let (route, path) = self.path(site);
        let field = Arc::new(Field { route, direction: Direction::Returned, path, kind, level, how });
        let at = self.fields.len() as u32;
        self.fields.push(Known { entry, next: at + 1, counts: Outcomes::default(), field });
        self.known.insert(entry, at);
        at
    }

    /// Opens these containers: the pattern of the innermost.
    #[inline(never)]
    fn open_to<R>(&mut self, frames: &[Frame<R>], keys: &Keys, may_stand: &impl Fn(&str) -> bool) -> u32 {
        // Nearly always the next of its list.
        let is_as_deep = frames.len() == self.open.len();
        if let ([.., above, frame], [.., outer, open]) = (frames, self.open.as_mut_slice())
            && is_as_deep
            && above.node == outer.node
            && frame.key == open.key
        {
            open.node = frame.node;
            return open.pattern;
        }
        let same = frames.iter().zip(&self.open).take_while(|(frame, open)| frame.node == open.node).count();
        self.open.truncate(same);
        let mut pattern = self.open.last().map_or(self.document, |open| open.pattern);
        for (depth, frame) in frames.iter().enumerate().skip(same) {
            // The outermost container is the document itself.
            if depth > 0 {
                let step = self.step(frame.key, keys, may_stand);
                pattern = self.pattern(pattern, step);
            }
            self.open.push(Open { node: frame.node, pattern, key: frame.key });
        }
        pattern
    }

    #[inline]
    fn step(&mut self, key: KeyId, keys: &Keys, may_stand: &impl Fn(&str) -> bool) -> u32 {
        match key.learned() {
            Some(index) => match self.names.get(index) {
                Some(Name::Shown(_)) => index as u32,
                Some(Name::Hidden) => HIDDEN,
                _ => self.learn_name(index, keys, may_stand),
            },
            None if key == KeyId::NONE => ELEMENT,
            None => HIDDEN,
        }
    }

    #[cold]
    fn learn_name(&mut self, index: usize, keys: &Keys, may_stand: &impl Fn(&str) -> bool) -> u32 {
        let name = keys.name(index).filter(|name| may_stand(name));
        let (name, step) = match name {
            Some(name) => (Name::Shown(name.into_boxed_str()), index as u32),
            None => (Name::Hidden, HIDDEN),
        };
        if self.names.len() <= index {
            self.names.resize(index + 1, Name::Unknown);
        }
        if let Some(slot) = self.names.get_mut(index) {
            *slot = name;
        }
        step
    }

    fn pattern(&mut self, above: u32, step: u32) -> u32 {
        match self.known.get(&entry(above, step, None)) {
            Some(at) => *at,
            None if self.patterns.len() >= MOST => self.more,
            None => self.push(above, step),
        }
    }

    fn push(&mut self, above: u32, step: u32) -> u32 {
        let at = self.patterns.len() as u32;
        self.patterns.push((above, step));
        self.known.insert(entry(above, step, None), at);
        at
    }

    /// A place as people read it.
    fn path(&self, site: Site) -> (Arc<str>, String) {
        let mut steps = Vec::new();
        if site.step != WHOLE {
            steps.push(site.step);
        }
        let mut at = site.pattern;
        let mut route = None;
        while let Some((above, step)) = self.patterns.get(at as usize) {
            if *above == TOP {
                route = self.routes.get(*step as usize).cloned();
                break;
            }
            steps.push(*step);
            at = *above;
        }
        let mut path = String::new();
        for step in steps.into_iter().rev() {
            let step = match step {
                ELEMENT => "*",
                HIDDEN => HIDDEN_NAME,
                DOCUMENT => "!json",
                HEADER => "!header",
                MORE => "!more",
                name => match self.names.get(name as usize) {
                    Some(Name::Shown(name)) => name,
                    _ => HIDDEN_NAME,
                },
            };
            if path.len() + step.len() >= LONGEST {
                path.push_str("/!more");
                break;
            }
            path.push('/');
            path.push_str(step);
        }
        if path.is_empty() {
            path.push_str("!body");
        }
        (route.unwrap_or_else(|| Arc::from("")), path)
    }
}

/// One word for a pattern, or for a field.
fn entry(pattern: u32, step: u32, kind: Option<Kind>) -> u64 {
    const { assert!(MOST <= 1 << 24 && Kind::COUNT < 255) };
    let kind = kind.map_or(0, |kind| kind.index() as u64 + 1);
    u64::from(pattern) << 32 | u64::from(step & 0xff_ffff) << 8 | kind
}

/// Hashes words of our own making: small numbers in a row, which no attacker chooses.
#[derive(Default)]
pub(crate) struct Folding(u64);

impl Hasher for Folding {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}

/// What stands in a path for a name that may be somebody's.
pub(crate) const HIDDEN_NAME: &str = "!key";

/// Above the patterns of routes.
const TOP: u32 = u32::MAX;
/// Steps that are no learned name.
const ELEMENT: u32 = 0xff_ffff;
const HIDDEN: u32 = 0xff_fffe;
const DOCUMENT: u32 = 0xff_fffd;
const MORE: u32 = 0xff_fffc;
/// No step: the place is the pattern itself.
const WHOLE: u32 = 0xff_fffb;
const HEADER: u32 = 0xff_fffa;

/// Most patterns, and most fields, learned before all are forgotten.
const MOST: usize = 4096;
/// Longest path, in bytes.
const LONGEST: usize = 400;
