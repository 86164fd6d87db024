//! Header and trailer values: names as keys, values as text.

use crate::classify::Classify;
use crate::edit::Edits;
use crate::meaning::Meaning;
use crate::plan::Rules;
use crate::tree::{Known, Treat};
use crate::{Summary, Uninspectable};
use yingbi_classifiers::{KeyMeaning, Signals};

/// Treats one value; `None` leaves it as it is.
pub(crate) fn treat<'p, C: Classify>(
    treat: &mut Treat<'_, 'p, C>,
    name: &str,
    value: &str,
    summary: &mut Summary,
) -> Result<Option<String>, Uninspectable> {
    let rules = treat.plan.rules(None);
    let mut edits = edits(treat, name, value, rules)?;
    treat.settle_keyed(&mut edits);
    treat.counts.add_to(summary);
    if treat.plan.counts_sensitive() && treat.counts.sensitive() > 0 {
        // It stands in nobody's record.
        summary.sensitive.extend(summary.subjects.iter().copied());
    }
    if edits.is_empty() {
        return Ok(None);
    }
    let mut treated = Vec::new();
    edits.apply(value.as_bytes(), &mut treated);
    // No header may begin where none began.
    Ok(Some(String::from_utf8_lossy(&treated).replace(['\r', '\n'], " ")))
}

/// The edits of one value.
pub(crate) fn edits<'p, C: Classify>(
    treat: &mut Treat<'_, 'p, C>,
    name: &str,
    value: &str,
    rules: Rules<'p>,
) -> Result<Edits, Uninspectable> {
    let meaning = Meaning::named(meaning(treat.classifier, name));
    let known = Known { meaning, signals: Signals::default(), rules, depth: 0 };
    if !name.to_ascii_lowercase().starts_with("set-cookie") {
        return treat.value(value, &known);
    }
    // A cookie is a secret between its owner and the API, whatever its name says; only what it holds is looked at.
    let mut edits = Edits::default();
    let mut at = 0;
    for part in value.split_inclusive(';') {
        let content = part.trim_end_matches(';');
        let from = content.find('=').map_or(0, |equals| equals + 1);
        let inner = treat.value(content.get(from..).unwrap_or(""), &known)?;
        edits.append(&inner, at + from);
        at += part.len();
    }
    Ok(edits)
}

/// What a header's name says. Headers of HTTP itself mean what HTTP says, whatever their words remind of.
pub(crate) fn meaning<C: Classify>(classifier: &C, name: &str) -> KeyMeaning {
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
