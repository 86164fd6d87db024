//! Envelopes among other words: in a note, a page, a header. Each is opened where the view lets it be, and otherwise left as
//! it is or covered; none is taken for words, cut by a mask or encrypted once more.

use super::Treat;
use crate::Uninspectable;
use crate::classify::Classify;
use crate::counts::Outcome;
use crate::keyed::Bound;
use crate::plan::{Action, NOTHING_WIDTH, Rules};
use crate::{mask, meaning::Meaning};
use std::ops::Range;
use yingbi_classifiers::{Hit, KeyMeaning, Scalar, Signals};
use yingbi_policies::Keyed;
use yingbi_taxonomy::Kind;
use zeroize::Zeroizing;

/// A stretch of a text that is treated by itself.
pub(crate) enum Stretch {
    Hit(Hit),
    /// An envelope, and what it is said to be.
    Sealed(Range<usize>, Option<Kind>),
}

impl<'p, C: Classify> Treat<'_, 'p, C> {
    /// Whether envelopes of ours may stand in a text.
    #[inline]
    pub(crate) fn may_hold_sealed(&self, text: &str) -> bool {
        self.plan.keys().is_some() && holds_sealed(text)
    }

    /// What is found in a text and the envelopes in it, in order, none over another.
    #[cold]
    pub(crate) fn stretches(&self, text: &str, hits: &[Hit], rules: Rules<'p>) -> Vec<Stretch> {
        let Some(keys) = self.plan.keys() else { return hits.iter().copied().map(Stretch::Hit).collect() };
        let mut sealed: Vec<(Range<usize>, Option<Kind>)> = Vec::new();
        for range in envelopes(text) {
            let Some(category) = keys.category_of(text.get(range.clone()).unwrap_or("")) else { continue };
            let named = hits.iter().find(|hit| (hit.start, hit.end) == (range.start, range.end));
            match named {
                // Its rule is that of the value it stands for.
                Some(hit) if !(self.opens && rules.opens(hit.kind)) => continue,
                // What only looks like something in it is nothing.
                _ => {}
            }
            // A value that goes beyond it is treated as a whole.
            let is_part = |hit: &&Hit| {
                hit.start < range.end
                    && range.start < hit.end
                    && !(range.start <= hit.start && hit.end <= range.end)
            };
            if !hits.iter().any(|hit| is_part(&hit)) {
                let named = named.map(|hit| hit.kind).filter(|kind| kind.category() == category);
                sealed.push((range, named));
            }
        }
        let is_inside =
            |hit: &&Hit| sealed.iter().any(|(range, _)| range.start <= hit.start && hit.end <= range.end);
        let mut all: Vec<Stretch> =
            hits.iter().filter(|hit| !is_inside(hit)).copied().map(Stretch::Hit).collect();
        all.extend(sealed.into_iter().map(|(range, named)| Stretch::Sealed(range, named)));
        all.sort_by_key(|stretch| match stretch {
            Stretch::Hit(hit) => hit.start,
            Stretch::Sealed(range, _) => range.start,
        });
        all
    }

    /// What stands for an envelope among other words; `None` leaves it as it is.
    pub(crate) fn sealed(
        &mut self,
        text: &str,
        named: Option<Kind>,
        rules: Rules<'p>,
    ) -> Result<Option<Zeroizing<String>>, Uninspectable> {
        let Some(keys) = self.plan.keys() else { return Ok(None) };
        let Some(category) = keys.category_of(text) else { return Ok(None) };
        let kind = named.unwrap_or(Kind::general(category));
        let nothing = || {
            let mut out = String::new();
            mask::fill(NOTHING_WIDTH.into(), &mut out);
            Some(Zeroizing::new(out))
        };
        if !(self.opens && rules.opens(kind)) {
            return Ok(match rules.action(kind) {
                Action::Block => return Err(self.counts.blocked(kind)),
                // It shows nothing as it is.
                Action::Clear => None,
                Action::Mask(mask) if mask.keyed() == Some(Keyed::Encrypt) => {
                    self.counts.add(kind, Outcome::of(mask), rules.is_monitored(kind));
                    None
                }
                Action::Mask(_) | Action::Drop => {
                    self.counts.add(kind, Outcome::Masked, rules.is_monitored(kind));
                    nothing()
                }
            });
        }
        let subject = self.subject().map(str::to_owned);
        let place = Bound { subject: subject.as_deref(), path: self.path.as_deref() };
        let opened = match keys.open(named, place, text) {
            Ok((_, opened)) => opened,
            Err((_, why)) => {
                self.counts.with_key(kind.category(), why.code(), 1);
                if rules.action(kind) == Action::Block {
                    return Err(self.counts.blocked(kind));
                }
                self.counts.add(kind, Outcome::Masked, rules.is_monitored(kind));
                return Ok(nothing());
            }
        };
        self.counts.with_key(category, "decrypt", 1);
        let kind = named.unwrap_or_else(|| self.told_by(&opened.text, kind));
        if !rules.opens(kind) {
            self.counts.add(kind, Outcome::Masked, rules.is_monitored(kind));
            return Ok(nothing());
        }
        self.survey.note(rules, kind, &opened.text);
        let Some(mask) = self.decide(kind, rules)? else { return Ok(Some(opened.text)) };
        let mut made = Zeroizing::new(String::new());
        self.masked(mask, kind, &opened.text, &mut made);
        Ok(Some(made))
    }

    /// What a value of a category is by its form, if that says more.
    fn told_by(&self, text: &str, general: Kind) -> Kind {
        let prose = KeyMeaning { prose: true, ..KeyMeaning::UNKNOWN };
        let mut hits = Vec::new();
        Meaning::named(prose).hits(self.classifier, Signals::default(), Scalar::Text(text), &mut hits);
        match hits.as_slice() {
            [hit] if (hit.start, hit.end) == (0, text.len()) && hit.kind.category() == general.category() => {
                hit.kind
            }
            _ => general,
        }
    }
}

/// Whether an envelope may begin somewhere in a text.
pub(crate) fn holds_sealed(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), PREFIX).is_some()
}

/// Where in a text something has the form of an envelope: as far as characters of one go.
fn envelopes(text: &str) -> Vec<Range<usize>> {
    let is_own = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(rest) = text.get(from..)
        && let Some(at) = memchr::memmem::find(rest.as_bytes(), PREFIX)
    {
        let start = from + at;
        let tail = text.get(start..).unwrap_or("");
        // `yb1.`, the key's id, `.`, the body: what ends a sentence is none of it.
        let behind = tail.get(PREFIX.len()..).unwrap_or("").as_bytes();
        let kid = behind.iter().take_while(|byte| is_own(**byte)).count();
        let body = behind.get(kid..).unwrap_or_default();
        from = start + PREFIX.len();
        if body.first() == Some(&b'.') {
            let length = body.iter().skip(1).take_while(|byte| is_own(**byte)).count();
            from += kid + 1 + length;
            found.push(start..from);
        }
    }
    found
}

/// What an envelope begins with.
const PREFIX: &[u8] = b"yb1.";
