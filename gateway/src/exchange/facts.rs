//! What is remembered that a decision and a release need: who consented, what was granted, what is stopped, how many
//! investors were seen (T/TSAC 001—2025 §7.5, §7.10 c, §8.2.1.4). Answered from memory.

use super::connection::Peer;
use super::front::Head;
use super::identity::Identified;
use super::record::{self, Access};
use super::release::Treated;
use super::{Exchange, Stop, problem};
use crate::state::behaviour::{Categories, Shown};
use crate::state::credential::Fault;
use crate::state::directory::Out;
use crate::state::rights::{Brought, Facts, People, Scope, Switched};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;
use yingbi_audit::Record;
use yingbi_policies::{CallerFact, CallerFacts, Limit, Permit, Refusal};
use yingbi_protect::Summary;

impl Exchange {
    /// What this request may ask of investors.
    pub(super) fn gather(&self, head: &Head, access: &mut Access) -> Facts {
        // A ticket that is no text is nobody's.
        let ticket = head.header("yingbi-ticket").map(|value| value.to_str().unwrap_or_default());
        let brought = self.brought(head, access);
        let facts = self.rights.facts(ticket, access.caller, brought);
        access.grants.extend(facts.grants().cloned());
        facts
    }

    /// The consent that the request brings with it, if it does and all of it holds; else its record says why not.
    fn brought(&self, head: &Head, access: &mut Access) -> Option<Arc<Brought>> {
        let mut values = head.headers_named("yingbi-consent");
        let value = values.next()?;
        let told = match (value.to_str(), values.next(), &self.credentials) {
            (Ok(text), None, Some(verifier)) => {
                let now = self.rights.now().ms().div_euclid(1000);
                verifier.verify(text, access.caller, now).and_then(|presented| self.rights.brought(presented))
            }
            (.., None) => Err(Fault::Unaccepted),
            _ => Err(Fault::Malformed),
        };
        self.metrics.consent_presented(told.is_ok());
        match told {
            Ok(brought) => {
                access.consents.push(Arc::clone(&brought.reference));
                Some(Arc::new(brought))
            }
            Err(fault) => {
                access.fault = Some(fault);
                access.marks.push(fault.code());
                None
            }
        }
    }

    /// What the firm knows of the caller; who left is out, whatever they present (§7.3 b).
    pub(super) fn known(
        &self,
        caller: &Identified,
        peer: &Peer,
        access: &mut Access,
    ) -> Result<CallerFacts, Stop> {
        let mut facts = match &self.directory {
            None => CallerFacts::UNKNOWN,
            Some(directory) => {
                let device = caller.identity.certificate.as_ref();
                directory.facts(&caller.identity.id, peer.address, device).map_err(|out| match out {
                    Out::Left => Stop::Refused(problem::LEFT),
                    Out::Device => Stop::Refused(problem::DEVICE),
                })?
            }
        };
        if let (Some(accounts), Some(account)) = (&self.accounts, access.caller) {
            let place = (access.source, facts.of(CallerFact::Device).to_owned());
            if accounts.is_shared(account, place, Instant::now()) {
                self.metrics.account_shared();
                access.marks.push(SHARED_ACCOUNT);
                facts.set(CallerFact::Shared, "yes".to_owned());
            }
        }
        Ok(facts)
    }

    /// What is missing, where a fresh strong authentication is all that is (RFC 9470).
    pub(super) fn challenge(&self, refusal: &Refusal, caller: &Identified) -> Option<String> {
        if refusal.code != STEP_UP {
            return None;
        }
        let jwt = caller.identity.jwt.as_ref()?;
        let (_, needed) = self.step_up.iter().find(|(issuer, _)| *issuer == jwt.issuer)?;
        let missing = match needed.is_strong(&jwt.claims) {
            false => "acr or amr does not name a strong authentication",
            true => "auth_time is missing or too old",
        };
        let mut challenge =
            format!("Bearer error=\"insufficient_user_authentication\", error_description=\"{missing}\"");
        let is_plain =
            |value: &&String| value.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
        let acr: Vec<&str> = needed.acr.iter().filter(is_plain).map(String::as_str).collect();
        if !acr.is_empty() {
            let _ = write!(challenge, ", acr_values=\"{}\"", acr.join(" "));
        }
        let _ = write!(challenge, ", max_age={}", needed.max_age.as_secs());
        Some(challenge)
    }

    /// Says once that a limit is near: to people, to the metrics and to the access log.
    fn warn_of(&self, limit: &Limit, investors: u64, access: &Access) {
        let (id, at) = (&**limit.id(), limit.at());
        tracing::warn!(limit = id, investors, at, "a limit in investors is near");
        self.metrics.limit_reached(id, false);
        let mut detail = BTreeMap::from([
            ("limit".to_owned(), id.to_owned()),
            ("investors".to_owned(), investors.to_string()),
            ("at".to_owned(), at.to_string()),
            ("decision_id".to_owned(), access.decision_id.to_string()),
        ]);
        detail.extend(access.recipient.clone().map(|recipient| ("recipient".to_owned(), recipient)));
        detail.extend(access.country.clone().map(|country| ("country".to_owned(), country)));
        self.audit.note(Record::Event { time: record::now(), event: "limit-near".to_owned(), detail });
    }

    /// Whether a caller abroad is given data to a purpose that says so (T/TSAC 001—2025 §8.6.2, §8.7.3): what leaves for a
    /// recipient that nobody declared abroad is counted nowhere.
    pub(super) fn check_abroad(&self, permit: &Permit, known: &str) -> Result<(), Stop> {
        match known == ABROAD && permit.country().is_none() {
            true => Err(Stop::Refused(problem::ABROAD)),
            false => Ok(()),
        }
    }

    /// Whether a kill switch stops the access.
    pub(super) fn check_switches(&self, permit: &Permit, access: &Access) -> Result<(), Stop> {
        let switched = Switched {
            caller: access.caller,
            roles: permit.roles(),
            recipient: permit.recipient(),
            route: permit.route(),
        };
        if self.rights.stops(&switched) { Err(Stop::Refused(problem::STOPPED)) } else { Ok(()) }
    }

    /// Counts whom the answer shows under the limits that concern it, and takes what may be used once only.
    pub(super) async fn within_limits(
        &self,
        (permit, facts): (&Permit, &Facts),
        access: &mut Access,
        treated: &Treated,
        summary: &Summary,
    ) -> Result<(), Stop> {
        self.count_investors((permit, facts), access, summary)?;
        if facts.is_once() && treated.head.status.is_success() {
            let (rights, facts) = (Arc::clone(&self.rights), facts.clone());
            let taken = tokio::task::spawn_blocking(move || rights.take(&facts)).await;
            if !matches!(taken, Ok(Ok(()))) {
                return Err(Stop::Refused(problem::GRANT_USED));
            }
        }
        Ok(())
    }

    /// Looks whether an answer, or a segment of it, is unusual for its caller; its record says so.
    fn look_at_behaviour(&self, permit: &Permit, access: &mut Access, summary: &Summary) -> Result<(), Stop> {
        let (Some(behaviour), Some(caller)) = (&self.behaviour, access.caller) else { return Ok(()) };
        let shown = Shown {
            now: self.rights.now().ms(),
            named: permit.document_subject(),
            subjects: &summary.subjects,
            categories: Categories::of(summary.clear.keys().chain(summary.masked.keys())),
        };
        let unusual = behaviour.look(caller, &shown);
        for sign in &unusual.signs {
            self.metrics.unusual(*sign);
            if !access.marks.contains(&sign.mark()) {
                access.marks.push(sign.mark());
            }
        }
        for sign in &unusual.news {
            tracing::warn!(sign = sign.name(), decision_id = &*access.decision_id, "an access is unusual");
            let detail = BTreeMap::from([
                ("sign".to_owned(), sign.name().to_owned()),
                ("caller".to_owned(), caller.to_string()),
                ("decision_id".to_owned(), access.decision_id.to_string()),
            ]);
            self.audit.note(Record::Event {
                time: record::now(),
                event: "access-unusual".to_owned(),
                detail,
            });
        }
        if unusual.is_blocked { Err(Stop::Refused(problem::UNUSUAL)) } else { Ok(()) }
    }

    /// Counts whom an answer, or a segment of it, shows under the limits that concern it; its record says so.
    pub(super) fn count_investors(
        &self,
        (permit, facts): (&Permit, &Facts),
        access: &mut Access,
        summary: &Summary,
    ) -> Result<(), Stop> {
        self.look_at_behaviour(permit, access, summary)?;
        if !permit.limits().is_empty() && !summary.subjects.is_empty() {
            let scope = Scope {
                caller: access.caller,
                route: permit.route(),
                purpose: permit.purpose(),
                recipient: permit.recipient(),
            };
            let people = People { all: &summary.subjects, sensitive: &summary.sensitive };
            let counted = self.rights.count(permit.limits(), &scope, people, facts);
            let counted = counted.map_err(|(limit, investors)| {
                tracing::warn!(
                    limit = &**limit.id(),
                    investors,
                    at = limit.at(),
                    "a limit in investors is reached"
                );
                self.metrics.limit_reached(limit.id(), true);
                Stop::Refused(problem::LIMIT)
            })?;
            for (limit, investors) in &counted.warned {
                self.warn_of(limit, *investors, access);
            }
            access.limits = counted.under;
        }
        Ok(())
    }
}

/// Mark of an access by an account that is used from several places at once.
const SHARED_ACCOUNT: &str = "shared-account";

/// Kind of callers abroad.
const ABROAD: &str = "abroad";

/// Code of the refusal for want of consent.
pub(super) const NO_CONSENT: &str = "YB2008";

/// Header that tells a client by its code why the consent it brought is none.
pub(super) const CONSENT_PROBLEM: &str = "yingbi-consent-problem";

/// Code of the refusal that a fresh strong authentication would lift.
const STEP_UP: &str = "YB2006";
