//! Data that comes in: are its values what their names say (T/TSAC 001—2025 §8.2.2.1 c)? Nothing is changed here, and
//! nothing said but where, what kind, and which rule. Read is what has names: JSON and streams of it, XML, tables, forms
//! and the parts of a multipart body.

use crate::classify::Classify;
use crate::form::Form;
use crate::json::{Json, looks_like_json};
use crate::records::{Framing, split};
use crate::tree::{Grammar, Workspace, check_document};
use crate::{Format, Limits, Uninspectable, csv, multipart, xml};
use yingbi_classifiers::{KeyMeaning, Signals, Strength, Wrong, wrong};
use yingbi_policies::{Check, Day, Validation};
use yingbi_taxonomy::Kind;

/// What came in can't be read, so it can't be checked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why} in `{path}`")]
pub struct Unchecked {
    /// Where: the part of a multipart body, or the document of a stream; empty for a body as a whole. Bytes of `why`
    /// count from its beginning.
    pub path: String,
    /// Why not.
    pub why: Uninspectable,
}

/// A value that is not what its name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// RFC 6901 pointer to it; a name that holds personal information is `*`. Rows of a table, documents of a stream and
    /// parts without a name are counted from 0, and so are elements of XML with namesakes beside them. Of forms and
    /// queries, the field's name.
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

/// What checking needs.
pub(crate) struct Checking<'c, C> {
    pub(crate) classifier: &'c C,
    pub(crate) limits: Limits,
    pub(crate) asked: Asked<'c>,
    pub(crate) workspace: &'c mut Workspace,
}

impl<C: Classify> Checking<'_, C> {
    /// Every wrong value of a body.
    pub(crate) fn body(&mut self, format: Format, body: &[u8]) -> Result<Vec<Fault>, Unchecked> {
        if let Format::Multipart(boundary) = format {
            return multipart::check(self, body, &boundary, 0, "");
        }
        let text = utf8(body).map_err(|why| Unchecked { path: String::new(), why })?;
        let mut faults = self.text(format, text, "")?;
        if format == Format::Form {
            for Fault { path, .. } in &mut faults {
                *path = path.trim_start_matches('/').to_owned();
            }
        }
        Ok(faults)
    }

    /// Every wrong value of a text that stands at `path`.
    pub(crate) fn text(&mut self, format: Format, text: &str, path: &str) -> Result<Vec<Fault>, Unchecked> {
        match format {
            Format::Json => self.document::<Json>(text, path),
            Format::Xml => self.document::<xml::Document>(text, path),
            Format::Csv => self.document::<csv::Commas>(text, path),
            Format::Tsv => self.document::<csv::Tabs>(text, path),
            Format::Form => {
                let broken = broken_percent(text).map(|at| Uninspectable::Malformed { at });
                match broken {
                    Some(why) => Err(Unchecked { path: path.to_owned(), why }),
                    None => self.document::<Form>(text, path),
                }
            }
            Format::Lines => self.documents(text, path, Framing::Lines),
            Format::Sequence => self.documents(text, path, Framing::Sequence),
            // What has no names asks nothing of its values.
            Format::Text | Format::Html | Format::Events | Format::Multipart(_) => {
                Err(Unchecked { path: path.to_owned(), why: Uninspectable::MediaType { at: 0 } })
            }
        }
    }

    fn documents(&mut self, text: &str, path: &str, framing: Framing) -> Result<Vec<Fault>, Unchecked> {
        let spans = split(text, framing).map_err(|why| Unchecked { path: path.to_owned(), why })?;
        let mut faults = Vec::new();
        for (number, span) in spans.into_iter().enumerate() {
            let document = text.get(span).unwrap_or("");
            faults.extend(self.document::<Json>(document, &format!("{path}/{number}"))?);
        }
        Ok(faults)
    }

    fn document<G: Grammar>(&mut self, text: &str, path: &str) -> Result<Vec<Fault>, Unchecked> {
        let Checking { classifier, limits, asked, workspace } = self;
        check_document::<C, G>(*classifier, *limits, *asked, (text, path), workspace)
            .map_err(|why| Unchecked { path: path.to_owned(), why })
    }

    /// A value that stands alone under a name, at `path`: JSON where it holds JSON.
    pub(crate) fn value(
        &mut self,
        (name, key, record): (&str, KeyMeaning, Signals),
        value: &str,
        path: &str,
    ) -> Result<Vec<Fault>, Unchecked> {
        if let Some(kind) = expected(key, record).or_else(|| declared(self.asked, name)) {
            return Ok(self.asked.fault(kind, value, || path.to_owned()).into_iter().collect());
        }
        if !looks_like_json(value) {
            return Ok(Vec::new());
        }
        match self.document::<Json>(value, &format!("{path}/!json")) {
            Err(Unchecked { why: Uninspectable::TooDeep { limit }, path }) => {
                Err(Unchecked { path, why: Uninspectable::TooDeep { limit } })
            }
            // What only looks like JSON is a text.
            found => Ok(found.unwrap_or_default()),
        }
    }
}

/// A text without its byte order mark.
pub(crate) fn utf8(body: &[u8]) -> Result<&str, Uninspectable> {
    let text = simdutf8::compat::from_utf8(body)
        .map_err(|error| Uninspectable::Charset { at: error.valid_up_to() })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The first `%` that codes no byte: readers make of it what they like.
fn broken_percent(text: &str) -> Option<usize> {
    let is_code = |at: usize| {
        text.as_bytes().get(at + 1..at + 3).is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit))
    };
    memchr::memchr_iter(b'%', text.as_bytes()).find(|at| !is_code(*at))
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

/// Whether a name may be shown: not where personal information stands in it, nor where it is longer than fields' are.
pub(crate) fn is_shown<C: Classify>(classifier: &C, name: &str) -> bool {
    let mut hits = Vec::new();
    crate::tree::name_hits(name, classifier, &mut hits);
    hits.is_empty() && name.len() <= LONGEST_NAME
}

/// Longer names than fields have may hold anything.
const LONGEST_NAME: usize = 64;

#[cfg(test)]
mod tests;
