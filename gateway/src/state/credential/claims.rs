//! What a credential says: who gave it, when it holds, whose it is and what it consents to. In the words of W3C
//! credentials (data models 1.1 and 2.0) or of SD-JWT VC.

use super::{Fault, Named, Presented};
use crate::config::{CredentialIssuer, Credentials};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Who signed it, as it says: one name, wherever it stands.
pub(super) fn issuer(payload: &Map<String, Value>) -> Result<&str, Fault> {
    let of = |value: &'_ Value| match value {
        Value::Object(object) => object.get("id").cloned(),
        other => Some(other.clone()),
    };
    let within = payload.get("vc").and_then(Value::as_object);
    let told = [payload.get("issuer"), within.and_then(|within| within.get("issuer"))];
    let name = payload.get("iss").or(told[0]).or(told[1]);
    let name = match name {
        Some(Value::Object(object)) => object.get("id").and_then(Value::as_str),
        Some(value) => value.as_str(),
        None => None,
    };
    let name = name.filter(|name| !name.is_empty()).ok_or(Fault::Malformed)?;
    let agree = |value: &Value| of(value).is_some_and(|other| other == name);
    if told.into_iter().flatten().all(agree) { Ok(name) } else { Err(Fault::Malformed) }
}

/// What a verified credential says.
pub(super) struct Claims<'p> {
    subject: &'p Map<String, Value>,
    /// The investor's DID.
    pub did: Option<&'p str>,
    given: i64,
    until: i64,
}

impl<'p> Claims<'p> {
    pub(super) fn read(
        payload: &'p Map<String, Value>,
        config: &Credentials,
        trusted: Option<&CredentialIssuer>,
        now: i64,
    ) -> Result<Claims<'p>, Fault> {
        let within = match payload.get("vc") {
            None => payload,
            Some(within) => within.as_object().ok_or(Fault::Malformed)?,
        };
        let types = trusted
            .filter(|trusted| !trusted.types.is_empty())
            .map_or(&config.types, |trusted| &trusted.types);
        let is_consent = |told: &Value| told.as_str().is_some_and(|told| types.iter().any(|own| own == told));
        let is_type = match (payload.get("vct"), within.get("type")) {
            (Some(told), None) => is_consent(told),
            (None, Some(Value::Array(told))) => {
                told.iter().any(|one| one == "VerifiableCredential") && told.iter().any(is_consent)
            }
            _ => false,
        };
        if !is_type {
            return Err(Fault::Type);
        }
        let given =
            [times(payload, &["iat", "nbf"], number)?, times(within, &["validFrom", "issuanceDate"], date)?];
        let ends =
            [times(payload, &["exp"], number)?, times(within, &["validUntil", "expirationDate"], date)?];
        let given = given.into_iter().flatten().flatten().max().ok_or(Fault::Time)?;
        // What never ends can't be waited out when it leaks.
        let until = ends.into_iter().flatten().flatten().min().ok_or(Fault::Time)?;
        if given > now.saturating_add(LEEWAY) || until <= now.saturating_sub(LEEWAY) {
            return Err(Fault::Time);
        }
        let lifetime = i64::try_from(config.lifetime.as_secs()).unwrap_or(i64::MAX);
        if until.saturating_sub(given) > lifetime {
            return Err(Fault::Time);
        }
        let subject = match within.get("credentialSubject") {
            None if payload.contains_key("vct") => payload,
            Some(Value::Object(subject)) => subject,
            _ => return Err(Fault::Malformed),
        };
        let texts = [payload.get("sub"), subject.get("id")];
        let mut named = texts.into_iter().flatten();
        let did = named.next().map(|did| did.as_str().ok_or(Fault::Malformed)).transpose()?;
        if named.any(|other| Some(other) != did.map(|did| Value::String(did.to_owned())).as_ref()) {
            return Err(Fault::Malformed);
        }
        let did = did.filter(|did| did.starts_with("did:"));
        Ok(Claims { subject, did, given, until })
    }

    /// The consent, of somebody who may give it.
    pub(super) fn presented(
        &self,
        issuer: &str,
        trusted: Option<&CredentialIssuer>,
        reference: Arc<str>,
    ) -> Result<Presented, Fault> {
        let Claims { subject, did, given, until } = *self;
        let text = |name: &str| match subject.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(Fault::Purpose),
        };
        let purpose = text("purpose")?.ok_or(Fault::Purpose)?;
        let (named, purpose) = match trusted {
            Some(trusted) => {
                let named = match &trusted.subject_claim {
                    Some(claim) => Named::Identifier(identifier(subject.get(claim)).ok_or(Fault::Subject)?),
                    None => Named::Did(did.ok_or(Fault::Subject)?.to_owned()),
                };
                (named, trusted.purpose(purpose).ok_or(Fault::Purpose)?)
            }
            // An investor speaks for themselves, and for nobody else.
            None if did == Some(issuer) => (Named::Did(issuer.to_owned()), purpose),
            None => return Err(Fault::Issuer),
        };
        let categories = match subject.get("categories") {
            None => Vec::new(),
            Some(Value::Array(all)) if !all.is_empty() => {
                let all: Option<Vec<String>> =
                    all.iter().map(|one| one.as_str().map(str::to_owned)).collect();
                all.ok_or(Fault::Purpose)?
            }
            Some(_) => return Err(Fault::Purpose),
        };
        let separate = match subject.get("separate") {
            // One purpose is named, so it stands alone unless it says otherwise.
            None => true,
            Some(told) => told.as_bool().ok_or(Fault::Purpose)?,
        };
        Ok(Presented {
            subject: named,
            purpose: purpose.to_owned(),
            categories,
            recipient: text("recipient")?.unwrap_or("self").to_owned(),
            notice: text("notice")?.unwrap_or_default().to_owned(),
            separate,
            // Nobody says of themselves that they are their guardian.
            by_guardian: trusted.is_some() && text("guardian")?.is_some_and(|guardian| !guardian.is_empty()),
            given,
            until,
            reference,
        })
    }
}

fn identifier(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() && text.len() <= 256 => Some(text.clone()),
        Value::Number(number) if number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

type Times = Option<Vec<i64>>;

fn times(of: &Map<String, Value>, names: &[&str], read: fn(&Value) -> Option<i64>) -> Result<Times, Fault> {
    let told = names.iter().filter_map(|name| of.get(*name));
    let times: Option<Vec<i64>> = told.map(read).collect();
    times.map(Some).ok_or(Fault::Time)
}

/// Seconds since 1970.
pub(super) fn number(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_f64().filter(|seconds| seconds.is_finite()).map(|seconds| seconds as i64))
}

/// RFC 3339.
fn date(value: &Value) -> Option<i64> {
    value.as_str()?.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}

/// Difference of clocks that is tolerated (F13).
pub(super) const LEEWAY: i64 = 30;
