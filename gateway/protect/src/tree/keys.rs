//! What field names mean, learned as they come: an API repeats its few hundred names in every answer.
//!
//! The table is bounded, and hashed under a secret: names that an attacker makes up neither grow it nor collide at
//! will. Names in which personal information stands are never kept.

use super::decode;
use super::naming::{HAS_NAME, HAS_VALUE, Role, role};
use crate::classify::Classify;
use crate::json::string::Escapes;
use crate::meaning::Meaning;
use yingbi_classifiers::{Hit, KeyMeaning, Signals};

/// What is known of a field name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) meaning: Meaning,
    /// Personal information stands in the name itself.
    pub(crate) is_personal: bool,
    /// What it says of the members beside it.
    pub(crate) role: Option<Role>,
}

/// Where a [`Key`] is found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyId(u32);

impl KeyId {
    /// No name: an element of an array, or the whole document.
    pub(crate) const NONE: KeyId = KeyId(u32::MAX);

    /// Whether there is no name.
    pub(crate) fn is_none(self) -> bool {
        self == KeyId::NONE
    }

    /// Its number, beyond all learned ones unless it is learned.
    #[inline(always)]
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }

    /// A small number for a name that is learned; it stands for that name throughout the body.
    pub(crate) fn learned(self) -> Option<usize> {
        (self.0 < PASSING).then_some(self.0 as usize)
    }
}

/// Whether what ids of learned names stood for is void.
#[must_use]
pub(crate) struct Forgotten(pub(crate) bool);

/// What must be known of a name before anything is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gist {
    /// What the name says about its whole record.
    pub(crate) signals: Signals,
    pub(crate) lane: Lane,
}

/// Which way a member goes by its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Lane {
    /// The name must be looked at.
    #[default]
    Other,
    /// The name says nothing of its value and is nobody's information: a value too short to show anything by itself
    /// needs no look.
    Plain,
    /// The name speaks of a kind and is nobody's information.
    Telling,
}

/// Learned names, and those of the current body that can't be learned.
pub(crate) struct Keys {
    seed: [u64; 2],
    /// Open addressing, one more than the entry's index; zero is free.
    slots: Vec<u32>,
    entries: Vec<Entry>,
    /// By entry.
    follows: Vec<Follow>,
    /// By entry: the same where the next member was the first of the next object of a list.
    turns: Vec<Follow>,
    asked: Vec<Asked>,
    names: Vec<u8>,
    passing: Vec<Key>,
    /// The name read last, and the one that came after it the last time.
    last: u32,
    next: u32,
    decoded: String,
    hits: Vec<Hit>,
}

/// What stood between the value of a name and the next value the last time, where that was another member of the same
/// object: a comma, white space, a name without escapes, a colon.
#[derive(Clone, Copy, Default)]
struct Follow {
    /// The bytes, and which of them count.
    bytes: [u64; 4],
    counts: [u64; 4],
    length: u8,
    /// Where the name begins in it.
    name: u8,
    /// Where an object ends and the next begins, of a turn.
    braces: (u8, u8),
    gist: Gist,
    /// The entry of the name.
    entry: u32,
}

impl Follow {
    const LONGEST: usize = 32;

    /// Whether a text begins with it.
    #[inline(always)]
    fn is_at(&self, text: &[u8; Follow::LONGEST]) -> bool {
        let mut differs = 0;
        for ((word, same), counts) in Follow::words(text).iter().zip(&self.bytes).zip(&self.counts) {
            differs |= (word ^ same) & counts;
        }
        differs == 0 && self.length != 0
    }

    #[inline(always)]
    fn followed(&self, asked: &[Asked]) -> Followed {
        let asked = asked.get(self.entry as usize).copied().unwrap_or_default();
        let (name, length) = (self.name.into(), self.length.into());
        Followed { key: KeyId(self.entry), gist: self.gist, asked, name, length }
    }

    /// Four words of eight bytes.
    #[inline(always)]
    fn words(bytes: &[u8; Follow::LONGEST]) -> [u64; 4] {
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        words
    }
}

/// Names as they followed each other.
pub(crate) struct Chain<'k> {
    follows: &'k [Follow],
    turns: &'k [Follow],
    asked: &'k [Asked],
    last: u32,
}

impl Chain<'_> {
    /// The name reached.
    pub(crate) fn last(&self) -> u32 {
        self.last
    }

    /// The member that a text goes on with, from the end of a value, when it goes on as it did the last time.
    #[inline(always)]
    pub(crate) fn follow(&mut self, text: &[u8; Follow::LONGEST]) -> Option<Followed> {
        let follow = self.follows.get(self.last as usize).filter(|follow| follow.is_at(text))?;
        self.last = follow.entry;
        Some(follow.followed(self.asked))
    }

    /// The same for the first member of the next object of a list: also where the object at hand ends, and where the
    /// next begins.
    #[inline(always)]
    pub(crate) fn turn(&mut self, text: &[u8; Follow::LONGEST]) -> Option<(Followed, (u32, u32))> {
        let turn = self.turns.get(self.last as usize).filter(|turn| turn.is_at(text))?;
        self.last = turn.entry;
        Some((turn.followed(self.asked), (turn.braces.0.into(), turn.braces.1.into())))
    }
}

/// What paths want of a name.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    /// Some go through it or end at it.
    pub(crate) is_asked: bool,
    /// Some that declare a field end at it.
    pub(crate) is_end: bool,
}

/// A member that follows another as it did before.
#[derive(Clone, Copy)]
pub(crate) struct Followed {
    pub(crate) key: KeyId,
    pub(crate) gist: Gist,
    pub(crate) asked: Asked,
    /// Where its name begins, and its value, counted from the end of the value before.
    pub(crate) name: u32,
    pub(crate) length: u32,
}

struct Entry {
    ends: Ends,
    from: u32,
    length: u32,
    /// The name that came next the last time.
    next: u32,
    gist: Gist,
    key: Key,
    hash: u64,
}

/// Both ends of a name: all of it, together with its length, when that is no more than [`Ends::WHOLE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ends(pub(super) u64, pub(super) u64);

impl Ends {
    const WHOLE: usize = 16;

    #[inline(always)]
    pub(super) fn of(name: &[u8]) -> Ends {
        if let Some((first, last)) = name.first_chunk::<8>().zip(name.last_chunk::<8>()) {
            return Ends(u64::from_le_bytes(*first), u64::from_le_bytes(*last));
        }
        if let Some((first, last)) = name.first_chunk::<4>().zip(name.last_chunk::<4>()) {
            return Ends(u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into());
        }
        Ends(name.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0)
    }
}

impl Keys {
    pub(crate) fn new(seed: [u64; 2]) -> Self {
        Keys {
            seed,
            slots: vec![0; SLOTS],
            entries: Vec::new(),
            follows: Vec::new(),
            turns: Vec::new(),
            asked: Vec::new(),
            names: Vec::new(),
            passing: Vec::new(),
            last: 0,
            next: 0,
            decoded: String::new(),
            hits: Vec::new(),
        }
    }

    /// Makes ready for the next body; ids given out before are void.
    pub(crate) fn begin(&mut self) -> Forgotten {
        self.passing.clear();
        self.passing.shrink_to(MOST);
        self.asked.clear();
        (self.last, self.next) = (0, 0);
        let is_full = self.entries.len() >= MOST;
        if is_full {
            self.entries.clear();
            self.follows.clear();
            self.turns.clear();
            self.names.clear();
            self.slots.fill(0);
        }
        Forgotten(is_full)
    }

    /// A learned name, decoded.
    pub(crate) fn name(&self, learned: usize) -> Option<String> {
        let entry = self.entries.get(learned)?;
        let (from, length) = (entry.from as usize, entry.length as usize);
        let raw = std::str::from_utf8(self.names.get(from..from + length)?).ok()?;
        let mut decoded = String::new();
        decode(Escapes::new(raw), &mut decoded).ok()?;
        Some(decoded)
    }

    /// What an id stands for.
    pub(crate) fn key(&self, id: KeyId) -> &Key {
        let known = match id.0.checked_sub(PASSING) {
            None => self.entries.get(id.0 as usize).map(|entry| &entry.key),
            Some(passing) => self.passing.get(passing as usize),
        };
        known.unwrap_or(&Key { meaning: Meaning::UNKNOWN, is_personal: false, role: None })
    }

    /// Resolves the raw text between the quotes of a name whose escapes are known to be good.
    #[inline(always)]
    pub(crate) fn resolve(
        &mut self,
        raw: &[u8],
        is_escaped: bool,
        classifier: &impl Classify,
    ) -> (KeyId, Gist) {
        // Records repeat their names in one order.
        let next = self.next;
        if let Some(entry) = self.entries.get(next as usize)
            && entry.length as usize == raw.len()
            && entry.ends == Ends::of(raw)
            && (raw.len() <= Ends::WHOLE || self.is_named(entry, raw))
        {
            (self.last, self.next) = (next, entry.next);
            return (KeyId(next), entry.gist);
        }
        self.look_up(raw, is_escaped, classifier)
    }

    /// The name read last, by what [`Keys::learn_follow`] asks for.
    pub(crate) fn last(&self) -> u32 {
        self.last
    }

    /// What followed what, from the name read last on.
    pub(crate) fn chain(&self) -> Chain<'_> {
        Chain { follows: &self.follows, turns: &self.turns, asked: &self.asked, last: self.last }
    }

    /// Takes note of names that paths of the body at hand go through, or end at.
    pub(crate) fn ask<'n>(
        &mut self,
        names: impl Iterator<Item = (&'n str, bool)>,
        classifier: &impl Classify,
    ) {
        self.asked.clear();
        for (name, is_end) in names {
            let (key, _) = self.resolve(name.as_bytes(), false, classifier);
            if let Some(at) = key.learned() {
                self.asked.resize(self.asked.len().max(at + 1), Asked::default());
                if let Some(asked) = self.asked.get_mut(at) {
                    *asked = Asked { is_asked: true, is_end: asked.is_end | is_end };
                }
            }
        }
        (self.last, self.next) = (0, 0);
    }

    /// Whether paths go through a name.
    #[inline(always)]
    pub(crate) fn asked(&self, key: KeyId) -> Asked {
        self.asked.get(key.0 as usize).copied().unwrap_or_default()
    }

    /// Takes note that a chain was followed to this name.
    pub(crate) fn reached(&mut self, last: u32) {
        self.last = last;
        self.next = self.entries.get(last as usize).map_or(0, |entry| entry.next);
    }

    /// Learns what stood between the value of a name and that of the next, whose name begins at `name` in it.
    pub(crate) fn learn_follow(&mut self, last: u32, between: &[u8], name: u32, next: KeyId) {
        let follow = self.between(between, name, next);
        if let Some((slot, follow)) = self.follows.get_mut(last as usize).zip(follow) {
            *slot = follow;
        }
    }

    /// The same where the next is the first of the next object: also where the braces are.
    pub(crate) fn learn_turn(
        &mut self,
        last: u32,
        between: &[u8],
        braces: (u32, u32),
        name: u32,
        next: KeyId,
    ) {
        let follow = self.between(between, name, next);
        if let Some((slot, follow)) = self.turns.get_mut(last as usize).zip(follow) {
            *slot = Follow { braces: (braces.0 as u8, braces.1 as u8), ..follow };
        }
    }

    fn between(&self, between: &[u8], name: u32, next: KeyId) -> Option<Follow> {
        let entry = self.entries.get(next.learned()?)?;
        if between.len() > Follow::LONGEST || between.contains(&b'\\') {
            return None;
        }
        let (mut bytes, mut counts) = ([0; Follow::LONGEST], [0; Follow::LONGEST]);
        for ((byte, counts), own) in bytes.iter_mut().zip(&mut counts).zip(between) {
            (*byte, *counts) = (*own, u8::MAX);
        }
        let (bytes, counts) = (Follow::words(&bytes), Follow::words(&counts));
        let (length, name) = (between.len() as u8, name as u8);
        Some(Follow { bytes, counts, length, name, braces: (0, 0), gist: entry.gist, entry: next.0 })
    }

    /// Resolves a name that is spelt without escapes.
    pub(crate) fn resolve_plain(&mut self, name: &str, classifier: &impl Classify) -> (KeyId, Signals) {
        // In JSON the same bytes would spell another name, and ids are learned by their spelling there.
        if !name.contains('\\') {
            let (id, gist) = self.resolve(name.as_bytes(), false, classifier);
            return (id, gist.signals);
        }
        let key = self.classify(name, false, classifier);
        (self.pass(key), key.meaning.signals())
    }

    /// An id for what is known of one member of this body, whatever its name.
    pub(crate) fn pass(&mut self, key: Key) -> KeyId {
        self.passing.push(key);
        KeyId(PASSING + (self.passing.len() - 1) as u32)
    }

    #[inline(never)]
    fn look_up(&mut self, raw: &[u8], is_escaped: bool, classifier: &impl Classify) -> (KeyId, Gist) {
        let hash = self.hash(raw);
        let mut slot = hash as usize % SLOTS;
        while let Some(found) = self.slots.get(slot).and_then(|entry| entry.checked_sub(1)) {
            if let Some(entry) = self.entries.get(found as usize)
                && entry.hash == hash
                && entry.length as usize == raw.len()
                && self.is_named(entry, raw)
            {
                let gist = entry.gist;
                self.reach(found);
                return (KeyId(found), gist);
            }
            slot = (slot + 1) % SLOTS;
        }
        // The document is text, and its quotes stand between characters.
        let key = self.classify(std::str::from_utf8(raw).unwrap_or(""), is_escaped, classifier);
        let role = match key.role {
            None => Signals::default(),
            Some(Role::Names) => HAS_NAME,
            Some(Role::Holds) => HAS_VALUE,
        };
        let signals = key.meaning.signals().union(role);
        if key.is_personal || raw.len() > LONGEST || self.entries.len() >= MOST {
            return (self.pass(key), Gist { signals, lane: Lane::Other });
        }
        let lane = match key.meaning.is_kind() {
            // It may be spelt so to hide from who asks for it.
            _ if is_escaped => Lane::Other,
            true => Lane::Telling,
            false => Lane::Plain,
        };
        let gist = Gist { signals, lane };
        let entry = self.entries.len() as u32;
        let (from, length) = (self.names.len() as u32, raw.len() as u32);
        self.names.extend_from_slice(raw);
        self.follows.push(Follow::default());
        self.turns.push(Follow::default());
        self.entries.push(Entry { ends: Ends::of(raw), from, length, next: 0, gist, key, hash });
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = entry + 1;
        }
        self.reach(entry);
        (KeyId(entry), gist)
    }

    #[cfg(test)]
    pub(crate) fn learned(&self) -> usize {
        self.entries.len()
    }

    fn reach(&mut self, entry: u32) {
        if let Some(last) = self.entries.get_mut(self.last as usize) {
            last.next = entry;
        }
        self.last = entry;
        self.next = self.entries.get(entry as usize).map_or(0, |entry| entry.next);
    }

    fn is_named(&self, entry: &Entry, raw: &[u8]) -> bool {
        let (from, length) = (entry.from as usize, entry.length as usize);
        self.names.get(from..from + length) == Some(raw)
    }

    fn classify(&mut self, raw: &str, is_escaped: bool, classifier: &impl Classify) -> Key {
        self.decoded.clear();
        let name = if is_escaped && decode(Escapes::new(raw), &mut self.decoded).is_ok() {
            &self.decoded
        } else {
            raw
        };
        let meaning = Meaning::named(classifier.key(name));
        self.hits.clear();
        name_hits(name, classifier, &mut self.hits);
        Key { meaning, is_personal: !self.hits.is_empty(), role: role(name) }
    }

    /// Folded multiplication over words of eight bytes, keyed.
    fn hash(&self, bytes: &[u8]) -> u64 {
        let [mut state, key] = self.seed;
        state ^= bytes.len() as u64;
        let (words, rest) = bytes.as_chunks::<8>();
        let last = rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        for word in words.iter().map(|word| u64::from_le_bytes(*word)).chain([last]) {
            let product = u128::from(state ^ word) * u128::from(key | 1);
            state = (product as u64 ^ (product >> 64) as u64).rotate_left(23) ^ key;
        }
        state ^ state >> 32
    }
}

/// Personal information in the text of a name (`{"13800138000": …}`, `{"林超": …}`): by its value alone.
pub(crate) fn name_hits(name: &str, classifier: &impl Classify, hits: &mut Vec<Hit>) {
    use yingbi_classifiers::{How, Scalar};
    use yingbi_taxonomy::Kind;
    // No value recognizer is content with less than five characters, and most names are letters only.
    if name.len() < 5 || !name.bytes().any(|byte| byte.is_ascii_digit() || byte == b'@' || !byte.is_ascii()) {
        return;
    }
    if classifier.names_person(name) {
        hits.push(Hit { start: 0, end: name.len(), kind: Kind::Name, how: How::Value, confidence: 60 });
        return;
    }
    let from = hits.len();
    classifier.value(KeyMeaning::UNKNOWN, Signals::default(), Scalar::Text(name), hits);
    let mut kept = from;
    for at in from..hits.len() {
        if hits.get(at).is_some_and(|hit| hit.confidence >= crate::classify::CONFIDENT) {
            hits.swap(kept, at);
            kept += 1;
        }
    }
    hits.truncate(kept);
}

/// Most names learned before all are forgotten: several times what one API has.
const MOST: usize = 4096;
/// A quarter full at most.
const SLOTS: usize = 4 * MOST;
/// Longest name learned, in bytes.
const LONGEST: usize = 128;
/// First id of the names that aren't learned.
const PASSING: u32 = 1 << 24;
