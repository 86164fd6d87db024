//! What is remembered that a decision and a release need: who consented, what was granted, what is stopped, how many
//! investors were seen (T/TSAC 001—2025 §7.5, §7.10 c, §8.2.1.4). Answered from memory.

use super::connection::Peer;
use super::front::Head;
use super::identity::Identified;
use super::record::Access;
use super::release::Treated;
use super::{Exchange, Stop, problem};
use crate::state::credential::Fault;
use crate::state::rights::{Brought, Facts, Scope, Switched};
use std::fmt::Write as _;
use std::sync::Arc;
use yingbi_policies::{CallerFacts, Permit, Refusal};
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
    pub(super) fn known(&self, caller: &Identified, peer: &Peer) -> Result<CallerFacts, Stop> {
        match &self.directory {
            None => Ok(CallerFacts::UNKNOWN),
            Some(directory) => {
                directory.facts(&caller.identity.id, peer.address).map_err(|_| Stop::Refused(problem::LEFT))
            }
        }
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

    /// Counts whom an answer, or a segment of it, shows under the limits that concern it; its record says so.
    pub(super) fn count_investors(
        &self,
        (permit, facts): (&Permit, &Facts),
        access: &mut Access,
        summary: &Summary,
    ) -> Result<(), Stop> {
        if !permit.limits().is_empty() && !summary.subjects.is_empty() {
            let scope = Scope {
                caller: access.caller,
                route: permit.route(),
                purpose: permit.purpose(),
                recipient: permit.recipient(),
            };
            let counted = self.rights.count(permit.limits(), &scope, summary.subjects.iter(), facts);
            access.limits = counted.map_err(|(limit, investors)| {
                tracing::warn!(
                    limit = &**limit.id(),
                    investors,
                    at = limit.at(),
                    "a limit in investors is reached"
                );
                Stop::Refused(problem::LIMIT)
            })?;
        }
        Ok(())
    }
}

/// Code of the refusal for want of consent.
pub(super) const NO_CONSENT: &str = "YB2008";

/// Header that tells a client by its code why the consent it brought is none.
pub(super) const CONSENT_PROBLEM: &str = "yingbi-consent-problem";

/// Code of the refusal that a fresh strong authentication would lift.
const STEP_UP: &str = "YB2006";
