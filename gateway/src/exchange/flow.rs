//! An answer too long to be held: segment after segment is treated, recorded and released, before the next is asked
//! for. So memory is bounded, a slow client slows the API behind down, and no sensitive byte leaves before its record
//! is durable (T/TSAC 001—2025 §7.5 f).
//!
//! The first segment decides the status as a whole answer does; whatever fails behind it leaves the answer a torso: the
//! connection is closed without the last chunk, so that nobody takes it for whole.

mod plain;

use super::charset::{Charset, MediaType, Text};
use super::front::Head;
use super::inspect::{format, is_opaque, media_type, texts};
use super::passing::Passing;
use super::problem::{self, Problem};
use super::record::Access;
use super::release::{Begun, Ending, Evidence, NothingPersonal, Treated, begin};
use super::traces::Trace;
use super::upstream::{Answer, Rest, gone};
use super::{Exchange, Stop, coding, headers, tell_consent};
use crate::metrics::UpstreamFailure;
use crate::state::rights::Facts;
use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_ENCODING, HeaderMap};
use pingora_core::protocols::http::v1::server::HttpSession as Client;
use pingora_core::server::ShutdownWatch;
use pingora_http::ResponseHeader;
use plain::Plain;
use std::collections::HashSet;
use std::time::Duration;
use yingbi_audit::Announced;
use yingbi_crypto::Pseudonym;
use yingbi_policies::Permit;
use yingbi_protect::{Format, Segments, Summary};

/// Whether a body may be released in segments, by the head of its answer and by what the client said: one that can't
/// tell a torso from a whole answer gets only whole ones.
pub(super) fn may_flow(permit: &Permit, head: &Head, status: StatusCode, headers: &HeaderMap) -> bool {
    let accepted = head.headers_named("accept-encoding");
    let accepted: Vec<&str> = accepted.filter_map(|value| value.to_str().ok()).collect();
    // Segments are sent as they are.
    head.version_11
        && permit.binding().is_none_or(|binding| binding.small_groups.is_none())
        && status != StatusCode::PARTIAL_CONTENT
        && coding::negotiate(&accepted, 0) == Ok(None)
        && media_type(headers).is_ok_and(|media_type| {
            media_type.is_some_and(|media_type| {
                !is_opaque(permit, &media_type) && format(&media_type).is_some_and(Segments::may_cut)
            })
        })
}

/// What was asked, and on which ground.
pub(super) struct Asked {
    pub(super) permit: Permit,
    pub(super) facts: Facts,
    pub(super) body: Passing,
}

/// An answer on its way.
pub(super) struct Flow {
    permit: Permit,
    facts: Facts,
    status: StatusCode,
    charset: Charset,
    plain: Plain,
    segments: Segments,
    rest: Option<Box<Rest>>,
    format: Format,
    trace: Option<Trace>,
    /// What has been released, and the number of the segment released last.
    begun: Option<Begun>,
    part: u64,
    people: People,
}

/// Investors that segments so far have concerned, so that none is counted twice for one answer. Bounded: of an answer
/// about more than so many, an investor who comes again much later counts again.
#[derive(Default)]
struct People(HashSet<Pseudonym>);

impl People {
    fn new_among(&mut self, summary: &Summary) -> u64 {
        if self.0.len() > MOST_PEOPLE {
            self.0.clear();
        }
        summary.subjects.iter().filter(|subject| self.0.insert(**subject)).count() as u64
    }
}

impl Exchange {
    /// Releases the first segment, and the whole answer if that is all; else what is left to do.
    pub(super) async fn begin_flow(
        &self,
        asked: Asked,
        client: &mut Client,
        answer: Answer,
        place: Announced<'_>,
        access: &mut Access,
        shutdown: &ShutdownWatch,
    ) -> Result<Option<Box<Flow>>, Stop> {
        let Answer { status, headers: received, body, rest } = answer;
        let media_type = media_type(&received)?;
        let Asked { permit, facts, body: input } = asked;
        let mut flow = self.open((permit, facts), status, &received, media_type.as_ref(), body, rest)?;
        let (body, mut summary) = self.segment(&mut flow, client).await?.unwrap_or_default();
        let is_whole = flow.segments.is_done();
        // What is still to come may be personal.
        let kept = headers::Answer { may_change: true, no_store: !is_whole };
        let mut head =
            self.outgoing_head(&flow.permit, status, &received, media_type.as_ref(), kept, &mut summary)?;
        tell_consent(&mut head, access)?;
        flow.trace = self.trace(&flow.permit, access).filter(|_| status.is_success());
        if let Some(trace) = &flow.trace {
            trace.tell(&mut head)?;
        }
        let body = match (&flow.trace, is_whole) {
            (Some(trace), true) => trace.mark(flow.format, &body).unwrap_or(body),
            _ => body,
        };
        frame(&mut head, is_whole.then_some(body.len()))?;
        let mut treated = Treated { head, body };
        if is_whole {
            self.integrity.add(client.req_header(), &mut treated)?;
        }
        flow.part = 1;
        self.within_limits((&flow.permit, &flow.facts), access, &treated, &summary).await?;
        let evidence = self.record(place, access, &treated, &summary, (!is_whole).then_some(1)).await?;
        flow.people.new_among(&summary);
        self.inventory.answered(access.caller_of_route());
        if *shutdown.borrow() {
            client.set_server_keepalive(None);
        }
        let begun = match is_whole {
            true => self.release(client, access, treated, evidence).await.map(|()| None),
            false => {
                let log = matches!(evidence, Evidence::Recorded(_)).then(|| self.audit.clone());
                let ending = Ending::new(log, access.decision_id.clone());
                begin(client, treated, evidence, ending).await.map(Some).map_err(|_| Stop::ClientGone)
            }
        };
        self.list_input(&flow.permit, &client.req_header().headers, input);
        flow.begun = begun?;
        Ok((!is_whole).then_some(flow))
    }

    fn open(
        &self,
        (permit, facts): (Permit, Facts),
        status: StatusCode,
        headers: &HeaderMap,
        media_type: Option<&MediaType>,
        body: Vec<u8>,
        rest: Option<Box<Rest>>,
    ) -> Result<Box<Flow>, Problem> {
        let format = media_type.and_then(format).ok_or(problem::CONTENT_TYPE)?;
        let charset =
            Charset::of(media_type.and_then(MediaType::charset), None).map_err(|_| problem::CHARSET)?;
        let codings = texts(headers, &CONTENT_ENCODING).ok_or(problem::CONTENT_CODING)?;
        let plain = Plain::new(&codings, charset, &self.limits.decode)?;
        let segments = Segments::new(format, self.limits.segments).ok_or(problem::CONTENT_TYPE)?;
        let mut flow = Box::new(Flow {
            permit,
            facts,
            status,
            charset,
            plain,
            segments,
            rest,
            format,
            trace: None,
            begun: None,
            part: 0,
            people: People::default(),
        });
        let Flow { plain, segments, .. } = &mut *flow;
        plain.begin(body, segments)?;
        Ok(flow)
    }

    /// Releases all that is left of an answer, in time.
    pub(super) async fn flow(
        &self,
        client: &mut Client,
        access: &mut Access,
        flow: Box<Flow>,
    ) -> Result<(), Stop> {
        let way = Box::pin(self.flow_on(client, access, flow));
        pingora_timeout::timeout(self.limits.stream, way).await.unwrap_or(Err(Stop::Deadline))
    }

    async fn flow_on(
        &self,
        client: &mut Client,
        access: &mut Access,
        mut flow: Box<Flow>,
    ) -> Result<(), Stop> {
        let done = self.release_rest(client, access, &mut flow).await;
        match (done, flow.begun.take()) {
            (Ok(()), Some(begun)) => begun.end(client).await.map(drop).map_err(|_| Stop::ClientGone),
            (Err(Stop::Refused(problem)), Some(begun)) => {
                begun.cut_off();
                Err(Stop::Refused(problem))
            }
            (done, _) => done,
        }
    }

    async fn release_rest(
        &self,
        client: &mut Client,
        access: &mut Access,
        flow: &mut Flow,
    ) -> Result<(), Stop> {
        while let Some((body, summary)) = self.segment(flow, client).await? {
            // A switch may have been thrown since.
            self.check_switches(&flow.permit, access)?;
            self.count_investors((&flow.permit, &flow.facts), access, &summary)?;
            self.metrics.protected(&summary);
            self.metrics.subjects(flow.people.new_among(&summary));
            flow.part += 1;
            let evidence = match NothingPersonal::of(&summary) {
                Some(nothing) => Evidence::NothingPersonal(nothing),
                None => {
                    let status = flow.status.as_u16();
                    let record = access.permit(status, &summary, body.len(), Some(flow.part));
                    self.recorded(self.audit.announce(), access, &record).await?
                }
            };
            let Some(begun) = &mut flow.begun else { return Err(problem::INTERNAL.into()) };
            begun.part(client, body, evidence, &self.audit).await.map_err(|_| Stop::ClientGone)?;
        }
        let nothing = NothingPersonal::of(&Summary::default()).map(Evidence::NothingPersonal);
        if let (Some(trace), Some(begun), Some(nothing)) = (&flow.trace, &mut flow.begun, nothing)
            && let Some(row) = trace.mark(flow.format, &Bytes::new())
        {
            begun.part(client, row, nothing, &self.audit).await.map_err(|_| Stop::ClientGone)?;
        }
        Ok(())
    }

    /// The next segment as it goes to the client; none when all was released.
    async fn segment(&self, flow: &mut Flow, client: &mut Client) -> Result<Option<(Bytes, Summary)>, Stop> {
        loop {
            let treated = self.protector.segment(&flow.permit, &mut flow.segments);
            if let Some(treated) = treated.map_err(|why| self.failed(why.into()))? {
                let text = Text { utf8: Bytes::new(), charset: flow.charset, mark: false };
                let body = text.encode(treated.body.into()).map_err(|_| self.failed(problem::CHARSET))?;
                return Ok(Some((body, treated.summary)));
            }
            if flow.segments.is_done() {
                return Ok(None);
            }
            let Some(rest) = &mut flow.rest else { return Err(problem::INTERNAL.into()) };
            let is_read = client.is_body_done();
            let piece = tokio::select! {
                biased;
                piece = rest.next() => piece,
                () = gone(client), if is_read => return Err(Stop::ClientGone),
                () = tokio::time::sleep(PAUSE), if flow.segments.may_flush() => {
                    flow.segments.flush();
                    continue;
                }
            };
            let piece = piece.map_err(|failure| {
                if let Some(reason) = failure.metric() {
                    self.metrics.upstream_failed(reason);
                }
                Stop::Refused(failure.into())
            })?;
            let is_end = piece.is_none();
            let read = match piece {
                Some(piece) => flow.plain.push(piece, &mut flow.segments),
                None => flow.plain.end(&mut flow.segments),
            };
            read.map_err(|problem| self.failed(problem))?;
            if is_end && let Some(rest) = flow.rest.take() {
                self.upstream.finish(*rest).await;
            }
        }
    }

    fn failed(&self, problem: Problem) -> Stop {
        match problem.inspect_failure() {
            Some(reason) => self.metrics.inspect_failed(reason),
            None => self.metrics.upstream_failed(UpstreamFailure::Other),
        }
        Stop::Refused(problem)
    }
}

/// As many investors as make two megabytes.
const MOST_PEOPLE: usize = 1 << 16;

/// After so long a silence of the API behind, what is whole of a stream goes on to its readers.
const PAUSE: Duration = Duration::from_millis(50);

/// Says how long the body is, or that it is told at its end.
fn frame(head: &mut ResponseHeader, length: Option<usize>) -> Result<(), Problem> {
    let said = match length {
        Some(length) => head.insert_header("content-length", length),
        None => head.insert_header("transfer-encoding", "chunked"),
    };
    said.map_err(|_| problem::INTERNAL)
}
