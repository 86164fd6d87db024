//! Header and trailer values: names as keys, values as text.

use crate::classify::{CONFIDENT, Classify};
use crate::counts::{Counts, Found, Outcome};
use crate::edit::Edits;
use crate::plan::{Action, NOTHING, Plan};
use crate::{Summary, Uninspectable, mask};
use yingbi_classifiers::{How, KeyMeaning, Scalar, Signals};

/// Treats one value; `None` leaves it as it is.
pub(crate) fn treat<C: Classify>(
    classifier: &C,
    plan: Plan<'_>,
    name: &str,
    value: &str,
    summary: &mut Summary,
    note: impl Fn(Found, How),
) -> Result<Option<String>, Uninspectable> {
    let mut hits = vec![];
    let meaning = meaning(classifier, name);
    classifier.value(meaning, Signals::default(), Scalar::Text(value), &mut hits);
    hits.retain(|hit| hit.confidence >= CONFIDENT);
    let rules = plan.rules(None);
    let mut counts = Counts::default();
    let mut edits = Edits::default();
    for hit in &hits {
        let monitored = rules.is_monitored(hit.kind);
        let mask = match rules.action(hit.kind) {
            Action::Block => {
                note(Found { kind: hit.kind, outcome: Outcome::Blocked }, hit.how);
                return Err(Uninspectable::Blocked(hit.kind.category()));
            }
            Action::Clear => {
                counts.add(hit.kind, Outcome::Clear, monitored);
                note(Found { kind: hit.kind, outcome: Outcome::Clear }, hit.how);
                continue;
            }
            Action::Mask(mask) => mask,
            Action::Drop => &NOTHING,
        };
        counts.add(hit.kind, Outcome::Masked, monitored);
        note(Found { kind: hit.kind, outcome: Outcome::Masked }, hit.how);
        let found = value.get(hit.start..hit.end).unwrap_or("");
        edits.push_with(hit.start, hit.end, |out| mask::text(mask, found, out));
    }
    counts.add_to(summary);
    if edits.is_empty() {
        return Ok(None);
    }
    let mut treated = Vec::new();
    edits.apply(value.as_bytes(), &mut treated);
    Ok(String::from_utf8(treated).ok())
}

/// What a header's name says. Headers of HTTP itself mean what HTTP says, whatever their words remind of.
fn meaning<C: Classify>(classifier: &C, name: &str) -> KeyMeaning {
    let lower = name.to_ascii_lowercase();
    let prose = KeyMeaning { prose: true, ..KeyMeaning::UNKNOWN };
    let protocol = KeyMeaning { denies: true, ..KeyMeaning::UNKNOWN };
    if MIXED.contains(&lower.as_str()) {
        return prose;
    }
    if PROTOCOL.contains(&lower.as_str()) || PROTOCOL_FAMILIES.iter().any(|family| lower.starts_with(family))
    {
        return protocol;
    }
    let key = classifier.key(lower.strip_prefix("x-").unwrap_or(&lower));
    if key == KeyMeaning::UNKNOWN { prose } else { key }
}

/// Names whose values hold text or parameters of any kind: only what is found in them.
const MIXED: [&str; 9] = [
    "set-cookie",
    "set-cookie2",
    "location",
    "content-location",
    "link",
    "refresh",
    "content-disposition",
    "warning",
    "referer",
];

/// Names whose values are the protocol's.
const PROTOCOL: [&str; 28] = [
    "age",
    "allow",
    "alt-svc",
    "authentication-info",
    "cache-control",
    "connection",
    "content-encoding",
    "content-language",
    "content-length",
    "content-range",
    "content-security-policy",
    "content-type",
    "date",
    "etag",
    "expires",
    "keep-alive",
    "last-modified",
    "proxy-authenticate",
    "retry-after",
    "server",
    "strict-transport-security",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "via",
    "www-authenticate",
    "traceparent",
];

const PROTOCOL_FAMILIES: [&str; 4] = ["access-control-", "cross-origin-", "sec-", "x-content-type-"];
