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

    /// A small number for a name that is learned; it stands for that name throughout the body.
    pub(crate) fn learned(self) -> Option<usize> {
        (self.0 < PASSING).then_some(self.0 as usize)
    }
}

/// Whether what ids of learned names stood for is void.
#[must_use]
pub(crate) struct Forgotten(pub(crate) bool);

/// What a walk must know of a name before it looks at anything else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gist {
    /// What the name says about its whole record.
    pub(crate) signals: Signals,
    /// The name says nothing of its value and is nobody's information: a value too short to show anything by itself
    /// needs no look.
    pub(crate) is_plain: bool,
}

/// Learned names, and those of the current body that can't be learned.
pub(crate) struct Keys {
    seed: [u64; 2],
    /// Open addressing, one more than the entry's index; zero is free.
    slots: Vec<u32>,
    entries: Vec<Entry>,
    names: Vec<u8>,
    passing: Vec<Key>,
    /// The name read last, and the one that came after it the last time.
    last: u32,
    next: u32,
    decoded: String,
    hits: Vec<Hit>,
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
struct Ends(u64, u64);

impl Ends {
    const WHOLE: usize = 16;

    #[inline(always)]
    fn of(name: &[u8]) -> Ends {
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
        (self.last, self.next) = (0, 0);
        let is_full = self.entries.len() >= MOST;
        if is_full {
            self.entries.clear();
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
                self.follow(found);
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
        let is_plain = !key.is_personal && !key.meaning.is_kind();
        let gist = Gist { signals: key.meaning.signals().union(role), is_plain };
        if key.is_personal || raw.len() > LONGEST || self.entries.len() >= MOST {
            return (self.pass(key), gist);
        }
        let entry = self.entries.len() as u32;
        let (from, length) = (self.names.len() as u32, raw.len() as u32);
        self.names.extend_from_slice(raw);
        self.entries.push(Entry { ends: Ends::of(raw), from, length, next: 0, gist, key, hash });
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = entry + 1;
        }
        self.follow(entry);
        (KeyId(entry), gist)
    }

    #[cfg(test)]
    pub(crate) fn learned(&self) -> usize {
        self.entries.len()
    }

    fn follow(&mut self, entry: u32) {
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

/// Personal information in the text of a name (`{"13800138000": …}`): by its value alone.
pub(crate) fn name_hits(name: &str, classifier: &impl Classify, hits: &mut Vec<Hit>) {
    use yingbi_classifiers::Scalar;
    // No value recognizer is content with less than five characters, and most names are letters only.
    if name.len() < 5 || !name.bytes().any(|byte| byte.is_ascii_digit() || byte == b'@' || !byte.is_ascii()) {
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
