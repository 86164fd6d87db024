//! What is remembered that a decision and a release need: who consented, what was granted, what is stopped, how many
//! investors were seen (T/TSAC 001—2025 §7.5, §7.10 c, §8.2.1.4). Answered from memory.

use super::front::Head;
use super::record::Access;
use super::release::Treated;
use super::{Exchange, Stop, problem};
use crate::state::rights::{Facts, Scope, Switched};
use std::sync::Arc;
use yingbi_policies::Permit;
use yingbi_protect::Summary;

impl Exchange {
    /// What this request may ask of investors.
    pub(super) fn gather(&self, head: &Head, access: &mut Access) -> Facts {
        // A ticket that is no text is nobody's.
        let ticket = head.header("yingbi-ticket").map(|value| value.to_str().unwrap_or_default());
        let facts = self.rights.facts(ticket, access.caller);
        access.grants.extend(facts.grants().cloned());
        facts
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
        access: &Access,
        treated: &Treated,
        summary: &Summary,
    ) -> Result<(), Stop> {
        if !permit.limits().is_empty() && !summary.subjects.is_empty() {
            let scope = Scope {
                caller: access.caller,
                route: permit.route(),
                purpose: permit.purpose(),
                recipient: permit.recipient(),
            };
            if let Err((limit, investors)) =
                self.rights.count(permit.limits(), &scope, summary.subjects.iter(), facts)
            {
                tracing::warn!(limit = &**limit.id(), investors, at = limit.at(), "a limit in investors is reached");
                return Err(Stop::Refused(problem::LIMIT));
            }
        }
        if facts.is_once() && treated.head.status.is_success() {
            let (rights, facts) = (Arc::clone(&self.rights), facts.clone());
            let taken = tokio::task::spawn_blocking(move || rights.take(&facts)).await;
            if !matches!(taken, Ok(Ok(()))) {
                return Err(Stop::Refused(problem::GRANT_USED));
            }
        }
        Ok(())
    }
}
