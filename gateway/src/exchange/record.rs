//! What is remembered of one exchange while it runs, and the record it becomes (T/TSAC 001 §7.5 f). No values: ids,
//! counts, templates and pseudonyms.

use super::identity::Identified;
use super::input::InputError;
use crate::metrics::method_label;
use crate::state::credential;
use crate::state::inventory::Caller;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use yingbi_audit::Found;
use yingbi_crypto::Pseudonym;
use yingbi_policies::{Basis, Override, Permit, Refusal};
use yingbi_protect::{Fault, Summary};
use yingbi_taxonomy::Category;

/// Facts of one exchange that its record needs, gathered as they become known.
pub struct Access {
    /// Unique id of the decision.
    pub decision_id: Arc<str>,
    /// Pseudonym of the caller.
    pub caller: Option<Pseudonym>,
    /// How the caller was identified.
    pub identified_by: &'static str,
    /// Pseudonym of the peer's address.
    pub source: Option<Pseudonym>,
    /// Method, once the head was read.
    pub method: Option<http::Method>,
    /// Route template; empty until a rule or binding names one.
    pub route: Arc<str>,
    /// Roles found.
    pub roles: Arc<[Arc<str>]>,
    /// Rules that decided.
    pub rules: Arc<[Arc<str>]>,
    /// Purpose.
    pub purpose: Option<String>,
    /// Lawful basis.
    pub basis: Option<Basis>,
    /// Who receives the data and where, as the purpose says.
    pub recipient: Option<String>,
    /// Where that is, when it is abroad.
    pub country: Option<String>,
    /// Version of the policies that decided.
    pub policy: String,
    /// Trace id.
    pub trace: String,
    /// What kinds count as on the route, where that differs from the standard.
    pub overrides: Vec<Override>,
    /// Grants that the request could use.
    pub grants: Vec<Arc<str>>,
    /// Consents that the request brought with it.
    pub consents: Vec<Arc<str>>,
    /// Why a consent that it brought is none.
    pub fault: Option<credential::Fault>,
    /// What stood out about the caller.
    pub marks: Vec<&'static str>,
    /// Limits under which the investors of what is about to be released were counted.
    pub limits: Vec<(Arc<str>, Pseudonym)>,
    /// What a refused caller must prove besides, as `WWW-Authenticate`.
    pub challenge: Option<String>,
    /// Wrong values that came in, by category and rule.
    pub input_faults: BTreeMap<String, u64>,
    /// Those of them that the client is told of.
    pub input_errors: Vec<InputError>,
    /// What was changed in what came in, by category and treatment.
    pub request: BTreeMap<(Category, &'static str), u64>,
}

impl Access {
    /// Nothing known yet but an id and where it came from.
    pub fn new(decision_id: Arc<str>, source: Option<Pseudonym>) -> Self {
        Access {
            decision_id,
            caller: None,
            identified_by: "none",
            source,
            method: None,
            route: Arc::from(""),
            roles: Arc::default(),
            rules: Arc::default(),
            purpose: None,
            basis: None,
            recipient: None,
            country: None,
            policy: String::new(),
            trace: String::new(),
            overrides: Vec::new(),
            grants: Vec::new(),
            consents: Vec::new(),
            fault: None,
            marks: Vec::new(),
            limits: Vec::new(),
            challenge: None,
            input_faults: BTreeMap::new(),
            input_errors: Vec::new(),
            request: BTreeMap::new(),
        }
    }

    /// Takes over what the policy decided.
    pub fn permitted(&mut self, permit: &Permit) {
        self.route = permit.route().clone();
        self.roles = permit.roles().into();
        self.rules = permit.rules().into();
        self.purpose = permit.purpose().map(str::to_owned);
        self.basis = permit.basis();
        self.recipient = permit.recipient().map(str::to_owned);
        self.country = permit.country().map(str::to_owned);
        self.overrides = permit.binding().map(|binding| binding.overrides.clone()).unwrap_or_default();
    }

    /// Takes over what was wrong with the data that came in.
    pub fn checked(&mut self, faults: &[Fault]) {
        for fault in faults {
            let what = format!("{}: {}", fault.kind.category().id(), fault.wrong.name());
            *self.input_faults.entry(what).or_default() += 1;
        }
    }

    /// Takes over what was done to what came in.
    pub fn treated(&mut self, summary: &Summary) {
        for ((category, treatment), count) in summary.treatments().chain(summary.key_events()) {
            *self.request.entry((category, treatment)).or_default() += count;
        }
    }

    /// Whether its record says something of what came in.
    pub fn says_of_request(&self) -> bool {
        !self.input_faults.is_empty() || !self.request.is_empty()
    }

    /// Takes over why the policy refused.
    pub fn refused(&mut self, refusal: &Refusal) {
        self.route = refusal.route.clone().unwrap_or_default();
        self.roles = refusal.roles.as_slice().into();
        self.rules = refusal.rules.as_slice().into();
        self.purpose = refusal.purpose.as_deref().map(str::to_owned);
    }

    /// Names the caller by pseudonym.
    pub fn identified(&mut self, caller: &Identified, pseudonym: Option<Pseudonym>) {
        self.identified_by = caller.by.name();
        self.caller = pseudonym;
    }

    /// Who asks for what, for the inventory.
    pub fn caller_of_route(&self) -> Caller {
        Caller {
            route: self.route.clone(),
            method: self.method.as_ref().map_or("other", |method| method_label(method.as_str())),
            caller: self.caller,
            identified_by: self.identified_by,
            roles: self.roles.clone(),
        }
    }

    /// The record of an answer about to be released.
    ///
    /// `part`: which segment of it, when it is released in several.
    pub fn permit<'a>(
        &'a self,
        status: u16,
        summary: &'a Summary,
        bytes: usize,
        part: Option<u64>,
    ) -> yingbi_audit::Access<'a> {
        let found = Found {
            records: summary.records,
            subjects: &summary.subjects,
            clear: &summary.clear,
            masked: &summary.masked,
            dropped: &summary.dropped,
            monitored: &summary.monitored,
            raised: &summary.raised,
            keyed: &summary.keyed,
        };
        let overrides = self.overrides_met(summary);
        yingbi_audit::Access {
            decision: "permit",
            status,
            found: Some(found),
            overrides,
            limits: &self.limits,
            // What came in is said once.
            input_faults: if part.is_some_and(|part| part > 1) { &NO_FAULTS } else { &self.input_faults },
            bytes: bytes as u64,
            request: if part.is_some_and(|part| part > 1) { &NOT_CHANGED } else { &self.request },
            part,
            ..self.so_far()
        }
    }

    /// The record of a refusal.
    pub fn refusal<'a>(&'a self, status: u16, code: &'a str) -> yingbi_audit::Access<'a> {
        yingbi_audit::Access { decision: "refuse", code: Some(code), status, ..self.so_far() }
    }

    /// The overrides of which some value was found.
    fn overrides_met(&self, summary: &Summary) -> Vec<String> {
        let found = |category: Category| {
            [&summary.clear, &summary.masked, &summary.dropped]
                .iter()
                .any(|counts| counts.contains_key(&category))
        };
        let met = self.overrides.iter().filter(|one| one.kinds.iter().any(|kind| found(kind.category())));
        met.map(Override::effect).collect()
    }

    fn so_far(&self) -> yingbi_audit::Access<'_> {
        yingbi_audit::Access {
            time: Timestamp::now(),
            decision_id: &self.decision_id,
            caller: self.caller,
            identified_by: self.identified_by,
            roles: &self.roles,
            source: self.source,
            method: self.method.as_ref().map(http::Method::as_str).unwrap_or_default(),
            route: &self.route,
            purpose: self.purpose.as_deref(),
            basis: self.basis.map(Basis::id),
            recipient: self.recipient.as_deref(),
            country: self.country.as_deref(),
            decision: "",
            code: None,
            status: 0,
            rules: &self.rules,
            policy: &self.policy,
            grants: &self.grants,
            consents: &self.consents,
            marks: &self.marks,
            limits: &[],
            trace: &self.trace,
            found: None,
            overrides: Vec::new(),
            input_faults: &self.input_faults,
            request: &self.request,
            bytes: 0,
            part: None,
        }
    }
}

static NO_FAULTS: BTreeMap<String, u64> = BTreeMap::new();
static NOT_CHANGED: BTreeMap<(Category, &str), u64> = BTreeMap::new();

/// UTC now, RFC 3339 with microseconds.
pub fn now() -> String {
    format!("{:.6}", jiff::Timestamp::now())
}

/// Unique ids: a random instance and a counter, so that no two processes share one and none costs a system call.
pub struct DecisionIds {
    instance: u64,
    next: AtomicU64,
}

impl DecisionIds {
    /// Ids of an instance with this random number.
    pub fn new(instance: u64) -> Self {
        DecisionIds { instance, next: AtomicU64::new(1) }
    }

    /// The next id.
    pub fn next(&self) -> Arc<str> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut id = [b'-'; 27];
        let (instance, counter) = id.split_at_mut(16);
        hex(self.instance, instance);
        hex(number, counter.split_at_mut(1).1);
        std::str::from_utf8(&id).unwrap_or_default().into()
    }
}

/// Which of a hundred lots a request draws by its decision's id: each once in a hundred requests, neighbours far apart.
pub fn lot(decision_id: &str) -> u8 {
    let counter = decision_id.rsplit('-').next().unwrap_or_default();
    let number = u64::from_str_radix(counter, 16).unwrap_or_default();
    // 61 has no divisor in common with 100.
    u8::try_from(number % 100 * 61 % 100).unwrap_or_default()
}

/// The last digits of a number, as many as there is room for.
fn hex(number: u64, room: &mut [u8]) {
    let mut rest = number;
    for digit in room.iter_mut().rev() {
        let nibble = (rest & 15) as u8;
        *digit = nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
        rest >>= 4;
    }
}

/// The trace id of `traceparent` (W3C Trace Context), or of an `X-Request-Id` that is a UUID; anything else could hold
/// a value and is not recorded.
pub fn trace_id(traceparent: Option<&[u8]>, request_id: Option<&[u8]>) -> String {
    let id = traceparent.and_then(w3c_trace_id).or_else(|| request_id.and_then(uuid));
    id.map(str::to_owned).unwrap_or_default()
}

fn w3c_trace_id(header: &[u8]) -> Option<&str> {
    let header = std::str::from_utf8(header).ok()?;
    let mut parts = header.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |part: &str, length| {
        part.len() == length && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let valid = hex(version, 2) && version != "ff" && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
    (valid && trace.bytes().any(|b| b != b'0')).then_some(trace)
}

fn uuid(header: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(header).ok()?;
    let dashes = [8, 13, 18, 23];
    let shaped = text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(at, b)| if dashes.contains(&at) { b == b'-' } else { b.is_ascii_hexdigit() });
    shaped.then_some(text)
}

#[cfg(test)]
mod tests;
