//! Values to be sealed: each leaves a mark where its envelope will stand, and all of a body's are sealed together before
//! it is written. A mark is a secret text that stands as it is in every format; were one left, it would show nothing.

use super::{Bound, KeyTrouble, Keys, associated};
use crate::counts::Counts;
use crate::edit::Edits;
use crate::mask;
use crate::plan::NOTHING_WIDTH;
use yingbi_crypto::envelope::Field;
use yingbi_policies::Keyed;
use yingbi_taxonomy::{Category, Kind};
use zeroize::Zeroize as _;

/// Values that wait.
pub(crate) struct Sealing {
    /// What all marks begin with.
    mark: String,
    items: Vec<Item>,
    /// The values, end to end.
    plain: String,
}

struct Item {
    category: Category,
    /// In the values.
    from: u32,
    to: u32,
    is_number: bool,
    /// Associated data, where it is bound to more than its category.
    aad: Option<Box<[u8]>>,
}

impl Sealing {
    pub(crate) fn new(seed: [u64; 2]) -> Self {
        let mark = format!("yb1m{:016x}{:016x}", seed[0] ^ MARKS, seed[1].rotate_left(17));
        Sealing { mark, items: Vec::new(), plain: String::new() }
    }

    /// Appends the mark of a value that is to be sealed.
    pub(crate) fn push(
        &mut self,
        category: Category,
        value: &str,
        is_number: bool,
        bound: Bound<'_>,
        out: &mut String,
    ) {
        let from = self.plain.len() as u32;
        self.plain.push_str(value);
        let is_bound = bound.subject.is_some() || bound.path.is_some();
        let aad = is_bound.then(|| associated(category, is_number, bound).into_boxed_slice());
        let item = Item { category, from, to: self.plain.len() as u32, is_number, aad };
        out.push_str(&self.mark);
        let mut digits = self.items.len();
        let mut number = [b'0'; DIGITS];
        for digit in number.iter_mut().rev() {
            *digit = b"0123456789abcdef".get(digits & 15).copied().unwrap_or(b'0');
            digits >>= 4;
        }
        out.push_str(std::str::from_utf8(&number).unwrap_or_default());
        self.items.push(item);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Forgets all values.
    pub(crate) fn clear(&mut self) {
        if !self.items.is_empty() {
            self.items.clear();
            self.plain.zeroize();
        }
    }

    /// Seals what these edits wait for, and puts the envelopes where the marks are.
    pub(crate) fn settle(&self, edits: &mut Edits, keys: Option<&Keys>, counts: &mut Counts) {
        if self.items.is_empty() {
            return;
        }
        let mut wanted: Vec<u32> = Vec::new();
        for text in edits.texts() {
            self.marks(text, |_, item| wanted.push(item));
        }
        if wanted.is_empty() {
            return;
        }
        let sealed = self.sealed(&wanted, keys, counts);
        edits.rewrite(|text, out| {
            let mut copied = 0;
            self.marks(text, |at, item| {
                out.push_str(text.get(copied..at).unwrap_or(""));
                match sealed.of(item) {
                    Some(envelope) => out.push_str(envelope),
                    None => mask::fill(NOTHING_WIDTH.into(), out),
                }
                copied = at + self.mark.len() + DIGITS;
            });
            out.push_str(text.get(copied..).unwrap_or(""));
        });
    }

    /// Calls with every mark in a text: where it begins, and whose it is.
    fn marks(&self, text: &str, mut each: impl FnMut(usize, u32)) {
        let length = self.mark.len() + DIGITS;
        if text.len() < length {
            return;
        }
        // Nearly always all of the text is one.
        let (mut from, mark) = (0, self.mark.as_bytes());
        while let Some(rest) = text.as_bytes().get(from..) {
            let at = match rest.starts_with(mark) {
                true => from,
                false => match memchr::memmem::find(rest, mark) {
                    Some(at) => from + at,
                    None => return,
                },
            };
            let digits = text.get(at + mark.len()..at + length);
            if let Some(item) = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
                each(at, item);
            }
            from = at + length;
            if text.len() < from + length {
                return;
            }
        }
    }

    fn sealed(&self, wanted: &[u32], keys: Option<&Keys>, counts: &mut Counts) -> Sealed {
        let mut places = vec![(0, 0); self.items.len()];
        let mut text = Vec::new();
        let mut done = 0;
        for category in Category::all() {
            if done == wanted.len() {
                break;
            }
            let items = wanted.iter().filter_map(|item| Some((*item, self.items.get(*item as usize)?)));
            let own: Vec<(u32, &Item)> = items.filter(|(_, item)| item.category == category).collect();
            let count = own.len();
            if count == 0 {
                continue;
            }
            done += count;
            let key = keys.and_then(|keys| keys.seal_key(category));
            let unbound = [false, true].map(|is_number| associated(category, is_number, Bound::default()));
            let fields: Vec<Field<'_>> = own
                .iter()
                .map(|(_, item)| {
                    let [text, number] = &unbound;
                    let unbound = if item.is_number { number } else { text };
                    let plain = self.plain.get(item.from as usize..item.to as usize).unwrap_or("");
                    Field { aad: item.aad.as_deref().unwrap_or(unbound), plain: plain.as_bytes() }
                })
                .collect();
            let from = text.len();
            let Some(key) = key.filter(|key| key.seal_batch(&fields, &mut text).is_ok()) else {
                text.truncate(from);
                (0..count)
                    .for_each(|_| counts.fell(Kind::general(category), Keyed::Encrypt, KeyTrouble::NoKey));
                continue;
            };
            let mut at = from;
            for ((item, _), field) in own.iter().zip(&fields) {
                let length = key.sealed_length(field.plain.len());
                if let Some(place) = places.get_mut(*item as usize) {
                    *place = (at, at + length);
                }
                at += length;
            }
        }
        Sealed { places, text: String::from_utf8(text).unwrap_or_default() }
    }
}

/// Envelopes of items.
struct Sealed {
    places: Vec<(usize, usize)>,
    text: String,
}

impl Sealed {
    fn of(&self, item: u32) -> Option<&str> {
        let (from, to) = *self.places.get(item as usize)?;
        self.text.get(from..to).filter(|text| !text.is_empty())
    }
}

impl Drop for Sealing {
    fn drop(&mut self) {
        self.plain.zeroize();
    }
}

const DIGITS: usize = 8;
const MARKS: u64 = 0x6d61_726b_7320_6f66;
