//! Treatments that need keys: envelopes, tokens, shifted dates. Keys come in, bytes go out; what can't be made is the mask
//! that shows nothing, and counted by a code (T/TSAC 001—2025 §8.3.3.2 c, d, §8.4.6 e; T/SAC 003 App. A).

mod canonical;
mod date;
mod reveal;
mod sealing;

pub use reveal::{Reveal, Revealed};
pub(crate) use sealing::Sealing;

use canonical::canonical;
use std::cell::{OnceCell, RefCell};
use std::num::NonZeroU16;
use std::rc::Rc;
use std::sync::Arc;
use yingbi_crypto::date::DateShift;
use yingbi_crypto::envelope::{self, Binding, Envelope, SealKey};
use yingbi_crypto::fpe::{Ff1, Format};
use yingbi_crypto::keys::{DataKey, KeyFault, Ring};
use yingbi_crypto::token::{TokenKey, looks_like_token};
use yingbi_taxonomy::{Category, Kind, Level};
use zeroize::Zeroizing;

/// Gives the keys that rule now.
pub type KeySource = Arc<dyn Fn() -> Arc<Ring> + Send + Sync>;

/// Keys of categories that were asked for; `None`: there is none.
type Made<T> = RefCell<Vec<(Category, Option<Rc<T>>)>>;

/// The keys that one body is treated with, and what is made of them once.
pub(crate) struct Keys {
    ring: Arc<Ring>,
    /// Tokens join within it and not across.
    purpose: String,
    tokens: Made<TokenKey>,
    forms: Made<Ff1>,
    shift: OnceCell<Option<DateShift>>,
}

/// Why something has not been made or opened, as metrics and records say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyTrouble {
    /// No key to make it with.
    NoKey,
    /// The value, or whose it is, is not what the treatment needs.
    Unfit,
    /// The envelope names a key that was never here.
    UnknownKey,
    /// The envelope's key was destroyed.
    Destroyed,
    /// The envelope's key can't be had now.
    Unavailable,
    /// The envelope was altered, moved from where it belongs, or is another key's.
    Forged,
    /// The envelope is cut or misspelt.
    Malformed,
}

impl KeyTrouble {
    /// All of them.
    pub const ALL: [KeyTrouble; 7] = [
        KeyTrouble::NoKey,
        KeyTrouble::Unfit,
        KeyTrouble::UnknownKey,
        KeyTrouble::Destroyed,
        KeyTrouble::Unavailable,
        KeyTrouble::Forged,
        KeyTrouble::Malformed,
    ];

    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            KeyTrouble::NoKey => "YB0720",
            KeyTrouble::Unfit => "YB0721",
            KeyTrouble::UnknownKey => "YB0722",
            KeyTrouble::Destroyed => "YB0723",
            KeyTrouble::Unavailable => "YB0724",
            KeyTrouble::Forged => "YB0725",
            KeyTrouble::Malformed => "YB0726",
        }
    }
}

impl From<KeyFault> for KeyTrouble {
    fn from(fault: KeyFault) -> Self {
        match fault {
            KeyFault::Unknown => KeyTrouble::UnknownKey,
            KeyFault::Destroyed => KeyTrouble::Destroyed,
            KeyFault::Unavailable => KeyTrouble::Unavailable,
        }
    }
}

/// What an envelope held.
pub(crate) struct Opened {
    pub(crate) text: Zeroizing<String>,
    /// It was a number, and stands for one again.
    pub(crate) is_number: bool,
}

impl Keys {
    pub(crate) fn new(ring: Arc<Ring>, purpose: Option<&str>) -> Keys {
        let purpose = purpose.unwrap_or_default().to_owned();
        Keys { ring, purpose, tokens: RefCell::default(), forms: RefCell::default(), shift: OnceCell::new() }
    }

    /// What seals values of a category now.
    fn seal_key(&self, category: Category) -> Option<&SealKey> {
        self.ring.active(category.id()).map(|key| key.seal())
    }

    /// What is made with the lasting key of a category, made ready once.
    fn lasting<T>(
        &self,
        made: &Made<T>,
        category: Category,
        make: impl FnOnce(&DataKey) -> T,
    ) -> Result<Rc<T>, KeyTrouble> {
        let mut made = made.borrow_mut();
        if let Some((_, key)) = made.iter().find(|(of, _)| *of == category) {
            return key.clone().ok_or(KeyTrouble::NoKey);
        }
        let key = self.ring.lasting(category.id()).map(make).map(Rc::new);
        made.push((category, key.clone()));
        key.ok_or(KeyTrouble::NoKey)
    }

    /// Appends the token of a value; a token stays what it is.
    pub(crate) fn token(&self, category: Category, value: &str, out: &mut String) -> Result<(), KeyTrouble> {
        if looks_like_token(value) {
            out.push_str(value);
            return Ok(());
        }
        let make = |key: &DataKey| TokenKey::new(&key.token(), category.id(), &self.purpose);
        let key = self.lasting(&self.tokens, category, make)?;
        let value = Zeroizing::new(canonical(value));
        out.push_str(&key.token(value.as_bytes()));
        Ok(())
    }

    fn form_key(&self, kind: Kind) -> Result<Rc<Ff1>, KeyTrouble> {
        self.lasting(&self.forms, kind.category(), |key| Ff1::new(&key.ff1()))
    }

    fn tweak(&self, kind: Kind) -> Vec<u8> {
        [kind.category().id().as_bytes(), b"/", self.purpose.as_bytes()].concat()
    }

    /// Appends another value of the same form.
    pub(crate) fn of_same_form(
        &self,
        kind: Kind,
        value: &str,
        is_number: bool,
        out: &mut String,
    ) -> Result<(), KeyTrouble> {
        let (key, tweak) = (self.form_key(kind)?, self.tweak(kind));
        let mut text = Zeroizing::new(value.to_owned());
        // What stands for a number has no zero in front: again, until it has none.
        for _ in 0..WALK {
            let next = form(kind).iter().find_map(|format| key.encrypt(*format, &tweak, &text).ok());
            text = Zeroizing::new(next.ok_or(KeyTrouble::Unfit)?);
            if !(is_number && text.starts_with('0')) {
                out.push_str(&text);
                return Ok(());
            }
        }
        Err(KeyTrouble::Unfit)
    }

    /// Appends a date, moved by its subject's number of days.
    pub(crate) fn shifted(
        &self,
        subject: Option<&str>,
        value: &str,
        out: &mut String,
    ) -> Result<(), KeyTrouble> {
        let subject = subject.ok_or(KeyTrouble::Unfit)?;
        // One key for all categories, so that all of a subject's dates keep their distance.
        let key = self.shift.get_or_init(|| {
            let key = self.ring.lasting(Kind::BirthDate.category().id())?;
            Some(DateShift::new(&key.shift(), MOST_DAYS))
        });
        let key = key.as_ref().ok_or(KeyTrouble::NoKey)?;
        let within = Zeroizing::new(format!("{}\0{subject}", self.purpose));
        date::shifted(value, |day| key.shift(&within, day), out).ok_or(KeyTrouble::Unfit)
    }

    /// Opens the envelope that stands for a value of a kind.
    pub(crate) fn open(
        &self,
        kind: Option<Kind>,
        place: Bound<'_>,
        text: &str,
    ) -> Result<(Kind, Opened), (Kind, KeyTrouble)> {
        let known = kind.unwrap_or(Kind::general(Category::Other));
        let envelope = envelope::parse(text).map_err(|_| (known, KeyTrouble::Malformed))?;
        let key = self.ring.by_id(envelope.kid()).map_err(|fault| (known, fault.into()))?;
        let sealed = Category::from_id(key.category()).ok_or((known, KeyTrouble::UnknownKey))?;
        let kind = kind.unwrap_or(Kind::general(sealed));
        // A key of another category: the envelope was moved. Authentication data is opened for nobody (§8.3.3.2 d).
        if kind.category() != sealed || sealed.level() == Level::L4 || kind.level() == Level::L4 {
            return Err((kind, KeyTrouble::Forged));
        }
        let (plain, is_number, _) =
            unsealed(key, &envelope, sealed, place).ok_or((kind, KeyTrouble::Forged))?;
        let text = String::from_utf8(plain.to_vec()).map_err(|_| (kind, KeyTrouble::Forged))?;
        Ok((kind, Opened { text: Zeroizing::new(text), is_number }))
    }

    /// Whether a text is an envelope of ours for a value of this category already.
    pub(crate) fn is_sealed(&self, category: Category, place: Bound<'_>, text: &str) -> bool {
        let Ok(envelope) = envelope::parse(text) else { return false };
        let Ok(key) = self.ring.by_id(envelope.kid()) else { return false };
        key.category() == category.id() && unsealed(key, &envelope, category, place).is_some()
    }

    /// The category of the key that a text names, when the text is an envelope.
    pub(crate) fn category_of(&self, text: &str) -> Option<Category> {
        let envelope = envelope::parse(text).ok()?;
        let slot = self.ring.slots().iter().find(|slot| slot.name.kid == envelope.kid())?;
        Category::from_id(&slot.name.category)
    }
}

/// What an envelope may be bound to beside its category: whose the value at hand is, and where it stands.
#[derive(Clone, Copy, Default)]
pub(crate) struct Bound<'a> {
    pub(crate) subject: Option<&'a str>,
    /// The names that lead from the record to the value: `/contact/mobile`.
    pub(crate) path: Option<&'a str>,
}

/// The value in an envelope, whether it was a number, and what the envelope was bound to. Not its rule but the envelope
/// says that, and only by opening: whatever of the place it was bound to must be that of the place where it stands.
fn unsealed<'b>(
    key: &DataKey,
    envelope: &Envelope<'_>,
    category: Category,
    place: Bound<'b>,
) -> Option<(Zeroizing<Vec<u8>>, bool, Bound<'b>)> {
    let alone = |part: Option<&'b str>| [None, part].into_iter().take(1 + usize::from(part.is_some()));
    for path in alone(place.path) {
        for subject in alone(place.subject) {
            let bound = Bound { subject, path };
            for is_number in [false, true] {
                if let Ok(plain) = key.open().open(envelope, &associated(category, is_number, bound)) {
                    return Some((plain, is_number, bound));
                }
            }
        }
    }
    None
}

/// The associated data of a sealed value.
fn associated(category: Category, is_number: bool, bound: Bound<'_>) -> Vec<u8> {
    let numbered;
    let path = match (is_number, bound.path) {
        (false, path) => path,
        (true, None) => Some(NUMBER),
        // Paths begin with a slash, so none is taken for another.
        (true, Some(path)) => {
            numbered = format!("{NUMBER}{path}");
            Some(numbered.as_str())
        }
    };
    Binding { tenant: TENANT, category: category.id(), path, subject: bound.subject }.to_bytes()
}

/// Whether a text may be an envelope.
#[inline]
pub(crate) fn begins_sealed(text: &str) -> bool {
    text.as_bytes().starts_with(b"yb1.")
}

/// Whose values: one gateway protects one firm's.
const TENANT: &str = "main";

/// Stands in front of the path, or alone: the value was a number.
const NUMBER: &str = "!number";

/// Farthest that a date moves either way, in days.
const MOST_DAYS: NonZeroU16 = match NonZeroU16::new(183) {
    Some(days) => days,
    None => NonZeroU16::MIN,
};

/// Nine of ten numbers have no zero in front, so none walks so far.
const WALK: usize = 64;

/// The forms that a kind's values may have, the narrowest first.
fn form(kind: Kind) -> &'static [Format] {
    match kind {
        Kind::ResidentId | Kind::IdNumber => &[Format::ResidentId, Format::Digits],
        Kind::BankCard => &[Format::Luhn, Format::Digits],
        Kind::Mobile => &[Format::Mobile, Format::Digits],
        _ => &[Format::Digits],
    }
}

#[cfg(test)]
mod tests;
