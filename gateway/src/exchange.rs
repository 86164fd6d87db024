//! The one way through: front filter, identity, decision, upstream, treatment, record, release.
//!
//! `Exchange::exchange` is the whole of it in one linear function. Every step takes what only the step before can
//! make: no permit, no call of the API behind; no evidence, no release.
//!
//! ```text
//! bytes ─▶ head ─identify▶ caller ─decide▶ permit ─check input, ask▶ answer ─treat▶ treated ─record▶ evidence ─release▶ client
//!            │ 4xx            │ 401           │ 403           │ 422, 502/504     │ 502             │ 503
//!            └────────────────┴───────────────┴───────────────┴─────────┬────────┴─────────────────┘
//!                                                          problem+json with a code, recorded
//! ```

pub mod charset;
pub mod coding;
pub mod connection;
mod facts;
mod flow;
pub mod forward;
pub mod front;
pub mod headers;
pub mod identity;
pub mod input;
pub mod inspect;
pub mod integrity;
pub mod passing;
pub mod problem;
pub mod record;
pub mod release;
pub mod target;
mod traces;
pub mod upstream;

use crate::admin::{PROBE_HEADER, PROBE_PATH, Readiness};
use crate::config::StepUp;
use crate::keys::Keys;
use crate::metrics::{self, Decided, Metrics, RecordType};
use crate::policy_store::PolicyStore;
use crate::state::accounts::Accounts;
use crate::state::behaviour::Behaviour;
use crate::state::credential::Verifier;
use crate::state::directory::Directory;
use crate::state::inventory::Inventory;
use crate::state::rights::{Facts, Rights};
use connection::Peer;
use flow::{Asked, Flow};
use forward::{Changed, Said, upstream_request};
use front::{Head, HeadError, HeadLimits};
use http::HeaderMap;
use identity::{Identified, IdentifiedBy, Identifier, IdentityError};
use integrity::Integrity;
use passing::Passing;
use pingora_core::protocols::http::v1::server::HttpSession as Client;
use pingora_core::server::ShutdownWatch;
use pingora_http::ResponseHeader;
use problem::{Form, Problem};
use record::{Access, DecisionIds};
use release::{Ending, Evidence, NothingPersonal, Treated, release};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use traces::Trace;
use upstream::{Answer, Failure, Upstream};
use yingbi_audit::{Announced, Log};
use yingbi_crypto::PseudonymKey;
use yingbi_policies::{Caller, CallerFact, CallerFacts, Day, Decision, Permit, Request};
use yingbi_protect::{Protector, SegmentLimits, Summary};

/// Everything one exchange needs; one per process.
pub struct Exchange {
    /// Proves who calls.
    pub identifier: Arc<Identifier>,
    /// The policies that rule now.
    pub policies: Arc<PolicyStore>,
    /// Scans and treats.
    pub protector: Arc<Protector>,
    /// Makes pseudonyms of callers and addresses.
    pub pseudonyms: PseudonymKey,
    /// The access log.
    pub audit: Arc<Log>,
    /// What each route returns, and to whom.
    pub inventory: Arc<Inventory>,
    /// Who consented, what was granted, what is stopped.
    pub rights: Arc<Rights>,
    /// Digests and signatures of answers.
    pub integrity: Integrity,
    /// Data keys: what encrypts and decrypts fields.
    pub keys: Arc<Keys>,
    /// Verifies consents that requests bring with them, where they are accepted.
    pub credentials: Option<Arc<Verifier>>,
    /// What the firm knows of callers, where it says so.
    pub directory: Option<Arc<Directory>>,
    /// What callers usually do, where somebody looks.
    pub behaviour: Option<Arc<Behaviour>>,
    /// From where accounts are used, where somebody looks.
    pub accounts: Option<Accounts>,
    /// What counts as fresh strong authentication, by issuer.
    pub step_up: Vec<(String, StepUp)>,
    /// The API behind.
    pub upstream: Upstream,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// What `/readyz` asks.
    pub readiness: Arc<Readiness>,
    /// Bounds.
    pub limits: Limits,
    /// Ids of decisions.
    pub decision_ids: DecisionIds,
}

/// Bounds on one exchange.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bounds on a request's head.
    pub head: HeadLimits,
    /// Longest wait for the next request on a connection.
    pub keepalive_idle: Duration,
    /// Longest silence while a body is read or written.
    pub body_idle: Duration,
    /// Longest time for a whole exchange, from head to last byte; of an answer that flows, to its first segment.
    pub exchange: Duration,
    /// Longest time for an answer that flows, from its first segment to its last.
    pub stream: Duration,
    /// How an answer that flows is cut.
    pub segments: SegmentLimits,
    /// Requests served on one connection before it is closed.
    pub requests_per_connection: u32,
    /// Client connections open at once.
    pub connections: usize,
    /// Exchanges under way at once.
    pub exchanges: usize,
    /// Bounds on undoing content codings.
    pub decode: coding::DecodeLimits,
}

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Another request may follow, as far as framing allows.
    KeepAlive,
    /// Close it.
    Close,
}

/// Why an exchange stopped before its answer was released.
#[derive(Debug)]
enum Stop {
    /// The client is told.
    Refused(Problem),
    /// Nobody is there to be told.
    ClientGone,
    /// It took too long.
    Deadline,
}

impl Exchange {
    /// The way through.
    async fn exchange(
        &self,
        client: &mut Client,
        head: &Head,
        peer: &Peer,
        access: &mut Access,
        shutdown: &ShutdownWatch,
    ) -> Result<Option<Box<Flow>>, Stop> {
        let caller = self.identify(client, peer, access)?;
        let facts = self.gather(head, access);
        let known = self.known(&caller, peer, access)?;
        let permit = self.decide((&caller, known), head, &facts, access)?;
        let place = self.audit.announce();
        if let Some(query) = head.target.query() {
            self.protector.accepts_query(&permit, query);
        }
        let body = self.check_input(&permit, client, head, access).await?;
        let (mut body, changed) = self.treat_input(&permit, client, head, body, access).await?;
        let answer = self.ask((&permit, &changed), &caller, client, head, &mut body, peer, access).await?;
        if answer.rest.is_some() {
            let request = Asked { permit, facts, body };
            return Box::pin(self.begin_flow(request, client, answer, place, access, shutdown)).await;
        }
        let trace = self.trace(&permit, access);
        let (mut treated, summary) = self.treat(&permit, client, answer, trace.as_ref())?;
        self.warn_of_small_groups(&permit, &mut treated.head, &summary, access)?;
        tell_consent(&mut treated.head, access)?;
        self.integrity.add(client.req_header(), &mut treated)?;
        self.within_limits((&permit, &facts), access, &treated, &summary).await?;
        let evidence = self.record(place, access, &treated, &summary, None).await?;
        self.inventory.answered(access.caller_of_route());
        if *shutdown.borrow() {
            // The client is told before it sends another request into a connection that closes.
            client.set_server_keepalive(None);
        }
        let released = self.release(client, access, treated, evidence).await;
        self.list_input(&permit, &client.req_header().headers, body);
        released.map(|()| None)
    }

    /// Who calls? Credentials that are presented and don't hold are refused, never ignored.
    fn identify(&self, client: &Client, peer: &Peer, access: &mut Access) -> Result<Arc<Identified>, Stop> {
        let headers = &client.req_header().headers;
        let caller = self.identifier.identify(headers, peer.certificate.as_ref(), SystemTime::now())?;
        access.identified(&caller, peer.caller_pseudonym(&caller, &self.pseudonyms));
        Ok(caller)
    }

    /// May they? One policy version rules the whole exchange and is named in its record.
    fn decide(
        &self,
        (caller, known): (&Identified, CallerFacts),
        head: &Head,
        facts: &Facts,
        access: &mut Access,
    ) -> Result<Permit, Stop> {
        // A purpose that is no text is no declared one either; the policy refuses it as unknown.
        let purpose = head.header("yingbi-purpose").map(|value| value.to_str().unwrap_or_default());
        let request = Request {
            method: head.method.as_str(),
            host: &head.host.name,
            path: head.target.path(),
            purpose,
            today: Day::in_china(unix_seconds()),
        };
        let policies = self.policies.current();
        access.policy = policies.version().to_owned();
        let lot = record::lot(&access.decision_id);
        let resolved = Caller { facts: known, lot, ..policies.caller(&caller.identity) };
        let kind = resolved.facts.of(CallerFact::Kind);
        match policies.decide_caller_about(&resolved, &request, facts.subjects()) {
            Decision::Permit(permit) => {
                access.permitted(&permit);
                self.check_switches(&permit, access)?;
                self.check_abroad(&permit, kind)?;
                Ok(permit)
            }
            Decision::Refuse(refusal) => {
                access.refused(&refusal);
                access.challenge = self.challenge(&refusal, caller);
                match access.fault.filter(|_| refusal.code == facts::NO_CONSENT) {
                    Some(fault) => Err(Stop::Refused(fault.into())),
                    None => Err(Stop::Refused(Problem::from(&refusal))),
                }
            }
        }
    }

    /// Asks the API behind. Only a permitted request gets there; its body is the client's, or what was read of it to be
    /// checked.
    #[expect(clippy::too_many_arguments, reason = "what a request is made of, each known by its type")]
    async fn ask(
        &self,
        (permit, changed): (&Permit, &Changed),
        caller: &Identified,
        client: &mut Client,
        head: &Head,
        body: &mut Passing,
        peer: &Peer,
        access: &Access,
    ) -> Result<Answer, Stop> {
        // A type declared opaque passes unread, so what is said about its bytes still holds.
        let may_change = permit.binding().is_none_or(|binding| binding.opaque.is_empty());
        let keep_authorization = caller.by != IdentifiedBy::ApiToken;
        let token_header = self.identifier.token_header();
        let decision_id = &access.decision_id;
        let said = Said { decision_id, keep_authorization, token_header, may_change, changed };
        let request = upstream_request(head, peer, &said);
        if !body.is_held() {
            input::invite(client, head).await?;
        }
        let asked = Instant::now();
        let may_flow = |status, headers: &HeaderMap| flow::may_flow(permit, head, status, headers);
        match self.upstream.ask(client, &request, body, &may_flow).await {
            Ok(answer) => {
                self.metrics.upstream_answered(asked.elapsed());
                Ok(answer)
            }
            Err(Failure::ClientGone) => Err(Stop::ClientGone),
            Err(failure) => {
                if let Some(reason) = failure.metric() {
                    self.metrics.upstream_failed(reason);
                }
                Err(Stop::Refused(failure.into()))
            }
        }
    }

    /// What may this client see of it? What can't be read is refused.
    fn treat(
        &self,
        permit: &Permit,
        client: &Client,
        answer: Answer,
        trace: Option<&Trace>,
    ) -> Result<(Treated, Summary), Stop> {
        let inspected = self.inspect(permit, &client.req_header().headers, answer, trace);
        inspected.map_err(|problem| {
            if let Some(reason) = problem.inspect_failure() {
                self.metrics.inspect_failed(reason);
            }
            Stop::Refused(problem)
        })
    }

    /// Makes the record durable before anything leaves; an answer that holds nothing personal owes none.
    async fn record(
        &self,
        place: Announced<'_>,
        access: &Access,
        treated: &Treated,
        summary: &Summary,
        part: Option<u64>,
    ) -> Result<Evidence, Stop> {
        self.metrics.protected(summary);
        self.metrics.subjects(summary.subjects.len() as u64);
        if let Some(nothing) = NothingPersonal::of(summary).filter(|_| !access.says_of_request()) {
            return Ok(Evidence::NothingPersonal(nothing));
        }
        let record = access.permit(treated.head.status.as_u16(), summary, treated.body.len(), part);
        self.recorded(place, access, &record).await
    }

    async fn recorded(
        &self,
        place: Announced<'_>,
        access: &Access,
        record: &yingbi_audit::Access<'_>,
    ) -> Result<Evidence, Stop> {
        let asked = Instant::now();
        match place.append(record).await {
            Ok(receipt) => {
                self.metrics.audit_committed(asked.elapsed());
                self.metrics.audit_recorded(RecordType::Intent);
                if !record.limits.is_empty() {
                    self.rights.recorded(receipt.sequence());
                }
                Ok(Evidence::Recorded(receipt))
            }
            Err(error) => {
                self.metrics.audit_refused();
                // A record that came too late may become durable all the same; this says that nothing was released.
                if record.part.is_none_or(|part| part == 1) {
                    drop(Ending::new(Some(self.audit.clone()), access.decision_id.clone()));
                }
                Err(Stop::Refused(Problem::from(&error)))
            }
        }
    }

    async fn release(
        &self,
        client: &mut Client,
        access: &Access,
        treated: Treated,
        evidence: Evidence,
    ) -> Result<(), Stop> {
        let log = matches!(evidence, Evidence::Recorded(_)).then(|| self.audit.clone());
        let ending = Ending::new(log, access.decision_id.clone());
        release(client, treated, evidence, ending).await.map(drop).map_err(|_| Stop::ClientGone)
    }
}

// How an exchange is begun and how it ends when it can't go all the way.
impl Exchange {
    /// Serves one request within its deadline.
    async fn serve(
        &self,
        client: &mut Client,
        head: &Head,
        peer: &Peer,
        shutdown: &ShutdownWatch,
    ) -> Verdict {
        let started = Instant::now();
        let mut access = self.access(client, head, peer);
        let outcome = match head.header(PROBE_HEADER) {
            Some(secret) if self.is_probe(head, secret.as_bytes()) => return answer_probe(client).await,
            // The secret is new in each process and no client knows it: whoever sends the header guesses.
            Some(_) => Err(Stop::Refused(HeadError::Reserved.into())),
            None => {
                // Pinned here: moved into the timer it would be copied, and it is large.
                let way = std::pin::pin!(self.exchange(client, head, peer, &mut access, shutdown));
                pingora_timeout::timeout(self.limits.exchange, way).await.unwrap_or(Err(Stop::Deadline))
            }
        };
        let outcome = match outcome {
            Ok(None) => Ok(()),
            Ok(Some(flow)) => self.flow(client, &mut access, flow).await,
            Err(stop) => Err(stop),
        };
        let begun = client.response_written().is_some_and(|head| !head.status.is_informational());
        let (verdict, decided) = match outcome {
            Ok(()) => (Verdict::KeepAlive, Decided::Permit),
            Err(Stop::Refused(problem)) if !begun => {
                (self.refuse(client, head, &access, problem, shutdown).await, Decided::Refuse)
            }
            Err(Stop::Deadline) if !begun => (
                self.refuse(client, head, &access, problem::EXCHANGE_TIMEOUT, shutdown).await,
                Decided::Refuse,
            ),
            // What has been released stays a torso, and the client is told by the connection that breaks off.
            Err(Stop::Refused(_)) => (Verdict::Close, Decided::Permit),
            Err(Stop::Deadline | Stop::ClientGone) => {
                self.metrics.client_aborted();
                (Verdict::Close, Decided::Permit)
            }
        };
        self.metrics.exchange(&metrics::Exchange {
            method: head.method.as_str(),
            decided,
            status: client.response_written().map_or(0, |head| head.status.as_u16()),
            route: Some(&*access.route).filter(|route| !route.is_empty()),
            duration: started.elapsed(),
        });
        verdict
    }

    fn is_probe(&self, head: &Head, secret: &[u8]) -> bool {
        head.target.as_str() == PROBE_PATH && self.readiness.is_probe(secret)
    }

    fn access(&self, client: &Client, head: &Head, peer: &Peer) -> Access {
        let header = |name| client.get_header(name).map(http::HeaderValue::as_bytes);
        Access {
            method: Some(head.method.clone()),
            trace: record::trace_id(header("traceparent"), header("x-request-id")),
            ..Access::new(self.decision_ids.next(), peer.pseudonym)
        }
    }

    /// Tells the client why not, and remembers that it was refused. A refusal reveals nothing, so its record is not
    /// waited for.
    async fn refuse(
        &self,
        client: &mut Client,
        request: &Head,
        access: &Access,
        problem: Problem,
        shutdown: &ShutdownWatch,
    ) -> Verdict {
        self.metrics.refused(problem.code);
        self.metrics.audit_recorded(RecordType::Intent);
        self.audit.note(access.refusal(problem.status, problem.code));
        // Pingora calls a body done once its chunks are malformed, and would read on behind it.
        let whole = client.is_body_done() && problem.code != problem::REQUEST_BODY.code;
        if !whole || *shutdown.borrow() {
            client.set_server_keepalive(None);
        }
        let form = self.form(request);
        let document = problem.document(form, Some(&access.decision_id), &access.input_errors);
        let Some(mut head) = problem.head(form, document.len()) else { return Verdict::Close };
        if let Some(challenge) = &access.challenge {
            let _ = head.insert_header("www-authenticate", challenge.as_str());
        }
        let bodiless = client.req_header().method == http::Method::HEAD;
        if client.write_response_header(Box::new(head)).await.is_err() {
            return Verdict::Close;
        }
        if !bodiless && client.write_body(&document).await.is_err() {
            return Verdict::Close;
        }
        match (client.finish_body().await, whole) {
            (Ok(_), true) => Verdict::KeepAlive,
            _ => Verdict::Close,
        }
    }

    /// How refusals on the route are written.
    fn form(&self, head: &Head) -> Form {
        let policies = self.policies.current();
        match policies.has_result_codes(head.method.as_str(), &head.host.name, head.target.path()) {
            true => Form::ResultCode,
            false => Form::Problem,
        }
    }

    /// Remembers a head that was refused before there was a request to speak of.
    fn note_refused_head(&self, peer: &Peer, problem: &Problem) {
        self.metrics.refused(problem.code);
        self.metrics.audit_recorded(RecordType::Intent);
        let access = Access::new(self.decision_ids.next(), peer.pseudonym);
        self.audit.note(access.refusal(problem.status, problem.code));
    }
}

/// Tells a client whose consent is none why, where the answer came all the same.
fn tell_consent(head: &mut ResponseHeader, access: &Access) -> Result<(), Stop> {
    match access.fault {
        None => Ok(()),
        Some(fault) => {
            let told = head.insert_header(facts::CONSENT_PROBLEM, fault.code());
            told.map_err(|_| Stop::Refused(problem::INTERNAL))
        }
    }
}

/// Seconds since 1970; before it, none.
fn unix_seconds() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Readiness asks through the data port; it is no access, so it is neither counted nor recorded.
async fn answer_probe(client: &mut Client) -> Verdict {
    let Ok(mut head) = ResponseHeader::build_no_case(204, Some(2)) else { return Verdict::Close };
    let _ = head.insert_header("cache-control", "no-store");
    match client.write_response_header(Box::new(head)).await {
        Ok(()) => Verdict::KeepAlive,
        Err(_) => Verdict::Close,
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Stop::Refused(problem)
    }
}

impl From<IdentityError> for Stop {
    fn from(error: IdentityError) -> Self {
        Stop::Refused(error.into())
    }
}
