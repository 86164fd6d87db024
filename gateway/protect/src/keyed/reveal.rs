//! What stands for a value, made undone for a person whom somebody else allowed that (`yingbi detoken`).

use super::{Bound, KeyTrouble, Keys, WALK, canonical, form, unsealed};
use std::sync::Arc;
use yingbi_crypto::envelope;
use yingbi_crypto::keys::{DataKey, Ring};
use yingbi_crypto::token::TokenKey;
use yingbi_taxonomy::{Category, Kind, Level};
use zeroize::Zeroizing;

/// The keys of one purpose, for that.
pub struct Reveal {
    keys: Keys,
}

/// A value that an envelope held.
pub struct Revealed {
    /// The value; wiped when dropped.
    pub text: Zeroizing<String>,
    /// It was a JSON number.
    pub is_number: bool,
    /// The envelope opens for this subject alone.
    pub is_subjects: bool,
}

impl Reveal {
    /// With these keys; tokens and values of the same form are those of this purpose.
    pub fn new(ring: Arc<Ring>, purpose: &str) -> Reveal {
        Reveal { keys: Keys::new(ring, Some(purpose)) }
    }

    /// Whose key an envelope names; `None`: it is no envelope, or of no key that was ever here.
    pub fn category_of(&self, text: &str) -> Option<Category> {
        self.keys.category_of(text)
    }

    /// The value in an envelope, which may be bound to this subject and path. Authentication data stays shut (T/TSAC
    /// 001—2025 §8.3.3.2 d).
    ///
    /// # Errors
    /// It doesn't open here.
    pub fn envelope(
        &self,
        text: &str,
        subject: Option<&str>,
        path: Option<&str>,
    ) -> Result<Revealed, KeyTrouble> {
        let envelope = envelope::parse(text).map_err(|_| KeyTrouble::Malformed)?;
        let key = self.keys.ring.by_id(envelope.kid())?;
        let category = Category::from_id(key.category()).ok_or(KeyTrouble::UnknownKey)?;
        if category.level() == Level::L4 {
            return Err(KeyTrouble::Forged);
        }
        let (plain, is_number, bound) =
            unsealed(key, &envelope, category, Bound { subject, path }).ok_or(KeyTrouble::Forged)?;
        let text = String::from_utf8(plain.to_vec()).map_err(|_| KeyTrouble::Forged)?;
        Ok(Revealed { text: Zeroizing::new(text), is_number, is_subjects: bound.subject.is_some() })
    }

    /// The token that each of these values has in a category, in their order.
    ///
    /// # Errors
    /// There is no key.
    pub fn tokens<'t>(
        &self,
        category: Category,
        values: impl IntoIterator<Item = &'t str>,
    ) -> Result<Vec<String>, KeyTrouble> {
        let make = |key: &DataKey| TokenKey::new(&key.token(), category.id(), &self.keys.purpose);
        let key = self.keys.lasting(&self.keys.tokens, category, make)?;
        let token = |value: &str| key.token(Zeroizing::new(canonical(value)).as_bytes());
        Ok(values.into_iter().map(token).collect())
    }

    /// The value of the same form that this one was made of; what never was made of one also gives one.
    ///
    /// # Errors
    /// There is no key, or it has no form of its kind.
    pub fn of_same_form(
        &self,
        kind: Kind,
        value: &str,
        is_number: bool,
    ) -> Result<Zeroizing<String>, KeyTrouble> {
        if kind.level() == Level::L4 {
            return Err(KeyTrouble::Forged);
        }
        let key = self.keys.form_key(kind)?;
        let tweak = self.keys.tweak(kind);
        let mut text = Zeroizing::new(value.to_owned());
        for _ in 0..WALK {
            let before = form(kind).iter().find_map(|format| key.decrypt(*format, &tweak, &text).ok());
            text = before.ok_or(KeyTrouble::Unfit)?;
            if !(is_number && text.starts_with('0')) {
                return Ok(text);
            }
        }
        Err(KeyTrouble::Unfit)
    }
}

impl std::fmt::Debug for Revealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Revealed({} bytes)", self.text.len())
    }
}
