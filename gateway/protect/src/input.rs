//! Data that comes in: are its values what their names say (T/TSAC 001—2025 §8.2.2.1 c)? Nothing is changed here, and
//! nothing said but where, what kind, and which rule.

use crate::classify::Classify;
use crate::json::Json;
use crate::tree::{Workspace, check_document};
use crate::{Limits, Uninspectable};
use yingbi_classifiers::{KeyMeaning, Signals, Strength, Wrong, wrong};
use yingbi_policies::{Check, Day, Validation};
use yingbi_taxonomy::Kind;

/// What came in, and how it is to be read.
#[derive(Clone, Copy, Debug)]
pub enum Entered<'b> {
    /// JSON (RFC 8259).
    Json(&'b [u8]),
    /// `application/x-www-form-urlencoded`; also a URL's query.
    Form(&'b [u8]),
}

/// A value that is not what its name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// RFC 6901 pointer to it; a name that holds personal information is `*`. Of forms and queries, the field's name.
    pub path: String,
    /// What it should be.
    pub kind: Kind,
    /// What is wrong with it.
    pub wrong: Wrong,
    /// Whether the policy refuses the request for it, or only takes note.
    pub is_rejected: bool,
}

/// What is asked, and of when.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'v> {
    pub(crate) validation: &'v Validation,
    /// `YYYYMMDD`.
    pub(crate) today: u32,
}

impl<'v> Asked<'v> {
    pub(crate) fn new(validation: &'v Validation, today: Day) -> Self {
        let year = today.year().unsigned_abs() * 10_000;
        Asked { validation, today: year + u32::from(today.month()) * 100 + u32::from(today.day()) }
    }

    /// What is wrong with a value of a kind, where the policy asks.
    pub(crate) fn fault(self, kind: Kind, value: &str, path: impl FnOnce() -> String) -> Option<Fault> {
        let is_rejected = match self.validation.check(kind) {
            Check::Pass => return None,
            Check::Flag => false,
            Check::Reject => true,
        };
        let wrong = wrong(kind, value, self.today)?;
        Some(Fault { path: path(), kind, wrong, is_rejected })
    }
}

/// What a name says that its value must be.
pub(crate) fn expected(key: KeyMeaning, record: Signals) -> Option<Kind> {
    // A name that many things bear speaks of a person's data where its neighbours do.
    key.kind.filter(|_| key.strength != Strength::NeedsRecord || record.has(Signals::PERSON))
}

pub(crate) fn check<C: Classify>(
    classifier: &C,
    limits: Limits,
    asked: Asked<'_>,
    entered: Entered<'_>,
    workspace: &mut Workspace,
) -> Result<Vec<Fault>, Uninspectable> {
    match entered {
        Entered::Json(body) => {
            let text = simdutf8::compat::from_utf8(body)
                .map_err(|error| Uninspectable::Charset { at: error.valid_up_to() })?;
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            check_document::<C, Json>(classifier, limits, asked, text, workspace)
        }
        Entered::Form(body) => form(classifier, asked, body),
    }
}

fn form<C: Classify>(classifier: &C, asked: Asked<'_>, body: &[u8]) -> Result<Vec<Fault>, Uninspectable> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut at = 0;
    for field in body.split(|byte| *byte == b'&') {
        let equals = field.iter().position(|byte| *byte == b'=').unwrap_or(field.len());
        let (name, value) = field.split_at(equals);
        let text = |part: &[u8]| decoded(part).ok_or(Uninspectable::Charset { at });
        fields.push((text(name)?, text(value.get(1..).unwrap_or_default())?));
        at += field.len() + 1;
    }
    let keys: Vec<KeyMeaning> = fields.iter().map(|(name, _)| classifier.key(name)).collect();
    let signals = keys.iter().fold(Signals::default(), |all, key| all.union(key.signals));
    let mut faults = Vec::new();
    for ((name, value), key) in fields.iter().zip(keys) {
        let Some(kind) = expected(key, signals).or_else(|| declared(asked, name)) else { continue };
        faults.extend(asked.fault(kind, value, || shown_name(classifier, name)));
    }
    Ok(faults)
}

/// What the firm says a field of a form is: a path of one name.
fn declared(asked: Asked<'_>, name: &str) -> Option<Kind> {
    use yingbi_policies::{Selector, Step};
    let names = |step: &Step| match step {
        Step::Child(selectors) | Step::Descendant(selectors) => {
            selectors.iter().any(|selector| matches!(selector, Selector::Name(own) if own == name))
        }
    };
    let field = asked
        .validation
        .fields
        .iter()
        .find(|field| matches!(field.path.steps.as_slice(), [step] if names(step)));
    field.and_then(|field| field.kind)
}

/// A name as it may be shown: not where personal information stands in it.
pub(crate) fn shown_name<C: Classify>(classifier: &C, name: &str) -> String {
    let mut hits = Vec::new();
    crate::tree::name_hits(name, classifier, &mut hits);
    if hits.is_empty() && name.len() <= LONGEST_NAME { name.to_owned() } else { "*".to_owned() }
}

/// Longer names than fields have may hold anything.
const LONGEST_NAME: usize = 64;

/// `a+b%20c` decoded; what is no UTF-8 then is none.
fn decoded(part: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.iter().copied();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                bytes.push(u8::try_from(high * 16 + low).ok()?);
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
