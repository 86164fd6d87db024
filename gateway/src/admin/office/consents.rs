//! `/api/v1/consents` (T/TSAC 001—2025 §8.2.1.4, §8.2.2.1 h): recorded with their evidence, searched, withdrawn. The
//! investor is named in the body, never in the URL, and stored as a pseudonym. What an investor withdraws is remembered
//! though no consent is on record: one that they signed themselves is in their hands, and must not open anything again.

use super::officer::Officer;
use super::{Change, Done, Refused, Served, body, detail, is_id, is_identifier, is_word, told, wrong};
use crate::state::inventory::StoreError;
use crate::state::rights::{Consent, Moment, Withdrawal, new_id};
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use yingbi_crypto::hex;

/// A consent as it is told.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    subject: String,
    purpose: String,
    #[serde(default)]
    categories: Vec<String>,
    #[serde(default = "firm")]
    recipient: String,
    notice: String,
    channel: String,
    evidence: String,
    kind: Kind,
    #[serde(default)]
    guardian: Option<String>,
    #[serde(default)]
    from: Option<Moment>,
    #[serde(default)]
    until: Option<Moment>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Separate,
    General,
}

/// Which consents.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    subject: String,
    #[serde(default)]
    purpose: Option<String>,
    #[serde(default)]
    id: Option<String>,
}

/// What is withdrawn: all of an investor's, those to a purpose, or one; a credential also without saying whose it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct What {
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    purpose: Option<String>,
    #[serde(default)]
    id: Option<String>,
}

pub(super) async fn record(
    State(served): State<Arc<Served>>,
    Extension(officer): Extension<Officer>,
    bytes: Bytes,
) -> Response {
    told(recorded(&served, officer, &bytes).await, StatusCode::CREATED)
}

async fn recorded(served: &Served, officer: Officer, bytes: &Bytes) -> Done<Value> {
    let office = served.office()?;
    let written: Written = body(bytes)?;
    check(&written)?;
    if !office.policies.current().has_purpose(&written.purpose) {
        return Err(wrong("`purpose` is not declared in the policies"));
    }
    let subject = office.rights.subject(&written.subject);
    let guardian = written.guardian.as_ref().map(|guardian| office.rights.subject(guardian).to_string());
    if guardian.as_deref() == Some(subject.to_string().as_str()) {
        return Err(wrong("`guardian` is the investor"));
    }
    let now = office.rights.now();
    let consent = Consent {
        id: new_id("c").map_err(|_| super::UNWRITTEN)?,
        subject: subject.to_string(),
        purpose: written.purpose,
        categories: written.categories,
        recipient: written.recipient,
        notice: written.notice,
        channel: written.channel,
        evidence: written.evidence,
        separate: written.kind == Kind::Separate,
        guardian,
        from: written.from.unwrap_or(now),
        until: written.until,
        recorded: now,
        recorded_by: officer.id.clone(),
        withdrawn: None,
    };
    if consent.covers().is_none() {
        return Err(wrong("`categories` are rows of Appendix A or kinds, such as `basic` or `basic.mobile`"));
    }
    if consent.until.is_some_and(|until| until <= consent.from || until <= now) {
        return Err(wrong("`until` is over, or before `from`"));
    }
    let detail = detail([
        ("by", &officer.id),
        ("id", &consent.id),
        ("subject", &consent.subject),
        ("purpose", &consent.purpose),
        ("recipient", &consent.recipient),
        ("notice", &consent.notice),
        ("channel", &consent.channel),
        ("evidence", &consent.evidence),
    ]);
    let answer = json!({ "id": consent.id, "subject": consent.subject, "recorded": consent.recorded });
    let work = move |office: &super::Office| {
        office.rights.consent(subject, &consent)?;
        Ok(answer)
    };
    office.make(Change { event: "consent-recorded", detail, closes: false, work }).await
}

fn check(written: &Written) -> Done<()> {
    let Written { subject, purpose, recipient, notice, channel, evidence, guardian, .. } = written;
    if !is_identifier(subject) || guardian.as_ref().is_some_and(|guardian| !is_identifier(guardian)) {
        return Err(wrong("`subject` and `guardian` are identifiers of 1 to 256 characters"));
    }
    if [purpose, recipient].iter().any(|name| !super::is_name(name)) {
        return Err(wrong("`purpose` and `recipient` are names as policies write them"));
    }
    if !is_word(notice) || !is_word(channel) {
        return Err(wrong("`notice` and `channel` are short words without personal information"));
    }
    let digest = evidence.strip_prefix("sm3:").or_else(|| evidence.strip_prefix("sha256:"));
    if digest.and_then(hex::decode::<32>).is_none() {
        return Err(wrong("`evidence` is `sm3:` or `sha256:` and the 64 digits of what proves the consent"));
    }
    Ok(())
}

pub(super) async fn search(
    State(served): State<Arc<Served>>,
    Extension(officer): Extension<Officer>,
    bytes: Bytes,
) -> Response {
    let found = async {
        let office = served.office()?;
        let Which { subject, purpose, id } = body(&bytes)?;
        let subject = office.rights.subject(&subject);
        let pseudonym = subject.to_string();
        let detail = detail([("by", officer.id.as_str()), ("subject", &pseudonym)]);
        let work = move |office: &super::Office| {
            let mut consents = office.rights.consents(subject).map_err(unread)?;
            consents.retain(|consent| {
                purpose.as_ref().is_none_or(|purpose| *purpose == consent.purpose)
                    && id.as_ref().is_none_or(|id| *id == consent.id)
            });
            let withdrawals = office.rights.withdrawals(subject).map_err(unread)?;
            Ok(json!({ "subject": subject.to_string(), "consents": consents, "withdrawals": withdrawals }))
        };
        office.make(Change { event: "consents-read", detail, closes: false, work }).await
    };
    told(found.await, StatusCode::OK)
}

pub(super) async fn withdraw(
    State(served): State<Arc<Served>>,
    Extension(officer): Extension<Officer>,
    bytes: Bytes,
) -> Response {
    let withdrawn = async {
        let office = served.office()?;
        let What { subject, purpose, id } = body(&bytes)?;
        let is_credential = id.as_deref().is_some_and(|id| id.starts_with("vc-"));
        if subject.as_deref().map_or(!is_credential, |subject| !is_identifier(subject)) {
            return Err(wrong(
                "`subject` is an identifier; without it `id` names a credential as records do: `vc-…`",
            ));
        }
        if purpose.as_deref().is_some_and(|purpose| !super::is_name(purpose))
            || id.as_deref().is_some_and(|id| !is_id(id))
            || (purpose.is_some() && is_credential)
        {
            return Err(wrong("`purpose` and `id` are names; a credential is named without purpose"));
        }
        let subject = subject.map(|subject| office.rights.subject(&subject));
        let now = office.rights.now();
        let withdrawal = Withdrawal::new(subject, (purpose, id), (now, &officer.id));
        let detail = detail([
            ("by", officer.id.as_str()),
            ("subject", withdrawal.subject.as_deref().unwrap_or_default()),
            ("purpose", withdrawal.purpose.as_deref().unwrap_or_default()),
            ("id", withdrawal.consent.as_deref().unwrap_or_default()),
        ]);
        let work = move |office: &super::Office| {
            let ended = office.rights.withdraw(&withdrawal)?;
            Ok(json!({ "withdrawn": ended, "withdrawal": withdrawal.id, "at": withdrawal.at }))
        };
        office.make(Change { event: "consent-withdrawn", detail, closes: true, work }).await
    };
    told(withdrawn.await, StatusCode::OK)
}

pub(super) fn unread(_: StoreError) -> Refused {
    Refused::new(StatusCode::SERVICE_UNAVAILABLE, "YB1904", "the store can't be read")
}

fn firm() -> String {
    "self".to_owned()
}
