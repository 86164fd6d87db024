//! The API behind: one request out, one answer in, within bounds: whole, or as much of it as is held before it flows.
//!
//! Interim answers (1xx) are swallowed: their headers may hold personal information and nobody needs them. A request is
//! sent twice only when nothing can have happened to it: a reused connection that was already closed, a safe method, no
//! body. The client is watched while we wait; when it leaves, so do we.

mod body;
mod session;

use super::forward::Outgoing;
use super::passing::{BrokenBody, Passing};
use crate::metrics::UpstreamFailure;
use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use pingora_core::connectors::TransportConnector;
use pingora_core::protocols::Stream;
use pingora_core::protocols::http::v1::server::HttpSession as Client;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_error::ErrorType;
use session::{Broken, Connection, Session};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, ReadBuf};

/// An answer of the API behind.
pub struct Answer {
    /// Its final status.
    pub status: StatusCode,
    /// Its headers as received.
    pub headers: HeaderMap,
    /// Its body as received, transfer coding removed; the beginning of it when there is a rest.
    pub body: Vec<u8>,
    /// The rest of a body that is too long to be held.
    pub rest: Option<Box<Rest>>,
}

/// The part of a body that is still to come. To drop it is to break the connection off.
pub struct Rest {
    session: Session,
    reuse: Reuse,
    /// Longest silence.
    silence: Duration,
    piece: Vec<u8>,
}

impl Rest {
    /// The next piece; none when the body is whole. Cancelling loses nothing.
    ///
    /// # Errors
    /// It ended early, stalled, or its framing is broken.
    pub async fn next(&mut self) -> Result<Option<&[u8]>, Failure> {
        self.piece.clear();
        let read = self.session.body(&mut self.piece, self.silence).await;
        read.map_err(|broken| Stop::from(broken).failure())?;
        Ok(Some(self.piece.as_slice()).filter(|piece| !piece.is_empty()))
    }
}

/// Tells by the head of an answer whether its body may flow.
pub type MayFlow<'f> = &'f (dyn Fn(StatusCode, &HeaderMap) -> bool + Sync);

/// Bounds on one call.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Longest wait for the head of the answer, once the request is sent.
    pub first_byte: Duration,
    /// Longest silence while the body arrives.
    pub read: Duration,
    /// Longest wait for one write.
    pub write: Duration,
    /// Largest body of a request.
    pub request_bytes: u64,
    /// Largest body of an answer that is held whole.
    pub answer_bytes: usize,
    /// How much is held of one that flows.
    pub segment_bytes: usize,
    /// How long an idle connection is kept.
    pub idle: Duration,
    /// How many idle connections are kept.
    pub idle_connections: usize,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection.
    Connect,
    /// Too slow to connect or to answer.
    Timeout,
    /// Not HTTP, or contradictory framing.
    Malformed,
    /// The connection broke before the answer was whole.
    Truncated,
    /// The answer is larger than what is read.
    TooLarge,
    /// It wanted to switch protocols.
    Upgrade,
    /// The client left.
    ClientGone,
    /// The client's body is larger than allowed.
    RequestTooLarge,
    /// The client's body did not arrive whole or in time.
    RequestBody,
}

impl Failure {
    /// The label under which it counts as a failure of the API behind; `None` when it was the client's.
    pub fn metric(self) -> Option<UpstreamFailure> {
        match self {
            Failure::Connect => Some(UpstreamFailure::Connect),
            Failure::Timeout => Some(UpstreamFailure::Timeout),
            Failure::Malformed | Failure::Upgrade => Some(UpstreamFailure::Protocol),
            Failure::Truncated => Some(UpstreamFailure::Truncated),
            Failure::TooLarge => Some(UpstreamFailure::Other),
            Failure::ClientGone | Failure::RequestTooLarge | Failure::RequestBody => None,
        }
    }
}

/// Connections to the API behind, kept for reuse.
pub struct Upstream {
    connector: TransportConnector,
    peer: Arc<ArcSwap<HttpPeer>>,
    bounds: Bounds,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

impl Upstream {
    /// Calls `peer`, as it is when a connection is made, within `bounds`.
    pub fn new(peer: Arc<ArcSwap<HttpPeer>>, bounds: Bounds) -> Self {
        Upstream { connector: TransportConnector::new(None), peer, bounds, idle: Mutex::new(Vec::new()) }
    }

    /// Largest body of a request that is held to be checked.
    pub fn held_bytes(&self) -> usize {
        usize::try_from(self.bounds.request_bytes).unwrap_or(usize::MAX).min(self.bounds.answer_bytes)
    }

    /// Sends `request` with the client's body, as it comes or held already, and reads the answer: whole, save for a long
    /// one that may flow.
    ///
    /// # Errors
    /// There is no answer that could be inspected; nothing of it may be released.
    pub async fn ask(
        &self,
        client: &mut Client,
        request: &Outgoing,
        body: &mut Passing,
        may_flow: MayFlow<'_>,
    ) -> Result<Answer, Failure> {
        let repeatable = client.is_body_empty() && request.method.is_safe();
        let (mut session, reused) = match self.take_idle() {
            Some(connection) => (Session::new(connection, self.bounds.write), true),
            None => (self.connect().await?, false),
        };
        let answer = match self.attempt(&mut session, client, request, body, may_flow).await {
            Err(Stop::Stale) if repeatable && reused => {
                session = self.connect().await?;
                self.attempt(&mut session, client, request, body, may_flow).await
            }
            first => first,
        };
        match answer {
            Ok(((mut answer, true), reuse)) => {
                answer.rest =
                    Some(Box::new(Rest { session, reuse, silence: self.bounds.read, piece: Vec::new() }));
                Ok(answer)
            }
            Ok(((answer, false), Reuse::Yes)) => {
                self.give_back(session).await;
                Ok(answer)
            }
            Ok(((answer, false), Reuse::No)) => {
                session.shutdown().await;
                Ok(answer)
            }
            Err(stop) => {
                session.shutdown().await;
                Err(stop.failure())
            }
        }
    }

    async fn attempt(
        &self,
        session: &mut Session,
        client: &mut Client,
        request: &Outgoing,
        body: &mut Passing,
        may_flow: MayFlow<'_>,
    ) -> Result<((Answer, bool), Reuse), Stop> {
        session.send_head(request).await?;
        if !client.is_body_empty() && self.send_body(session, client, body).await? == Sent::AnsweredEarly {
            // The answer came before the request was whole: neither connection can carry another exchange.
            return Ok((self.answer(session, may_flow).await?, Reuse::No));
        }
        session.finish().await?;
        tokio::select! {
            biased;
            answer = self.answer(session, may_flow) => Ok((answer?, Reuse::Yes)),
            () = gone(client) => Err(Stop::Failed(Failure::ClientGone)),
        }
    }

    /// An answer, and whether there is a rest of it.
    async fn answer(&self, session: &mut Session, may_flow: MayFlow<'_>) -> Result<(Answer, bool), Stop> {
        let (status, headers) = self.final_head(session).await?;
        let (body, flows) = self.body(session, status, &headers, may_flow).await?;
        Ok((Answer { status, headers, body, rest: None }, flows))
    }

    /// Takes the connection back once its answer has come whole.
    pub async fn finish(&self, rest: Rest) {
        let Rest { session, reuse, .. } = rest;
        match reuse {
            Reuse::Yes => self.give_back(session).await,
            Reuse::No => session.shutdown().await,
        }
    }

    /// Passes the client's body on, piece by piece.
    async fn send_body(
        &self,
        session: &mut Session,
        client: &mut Client,
        body: &mut Passing,
    ) -> Result<Sent, Stop> {
        let mut sent: u64 = 0;
        loop {
            let piece: Option<Bytes> = tokio::select! {
                biased;
                head = session.head() => {
                    head?;
                    return Ok(Sent::AnsweredEarly);
                }
                piece = body.next(client) => piece?,
            };
            let Some(piece) = piece else { return Ok(Sent::Whole) };
            // Pingora yields an empty piece when trailers are split over reads. Written on, it would be the last chunk,
            // and the real last one the start of the next request on this connection.
            if piece.is_empty() {
                continue;
            }
            sent = sent.saturating_add(piece.len() as u64);
            if sent > self.bounds.request_bytes {
                return Err(Stop::Failed(Failure::RequestTooLarge));
            }
            if session.send_piece(&piece).await.is_err() {
                // The API may have answered (413, say) and closed: its answer is worth more than our error.
                return Ok(Sent::AnsweredEarly);
            }
        }
    }

    async fn final_head(&self, session: &mut Session) -> Result<(StatusCode, HeaderMap), Stop> {
        let head = pingora_timeout::timeout(self.bounds.first_byte, session.head()).await;
        let head = head.map_err(|_| Stop::Failed(Failure::Timeout))??;
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Stop::Failed(Failure::Upgrade));
        }
        session.take_headers().ok_or(Stop::Failed(Failure::Malformed))
    }

    /// Reads a body, or the beginning of one that flows; whether it does.
    async fn body(
        &self,
        session: &mut Session,
        status: StatusCode,
        headers: &HeaderMap,
        may_flow: MayFlow<'_>,
    ) -> Result<(Vec<u8>, bool), Stop> {
        let announced = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<usize>().ok())
            .unwrap_or(0);
        // A HEAD answer announces a length and has no body, so the announcement sizes the buffer and refuses nothing.
        let Bounds { answer_bytes, segment_bytes, read, .. } = self.bounds;
        let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
        if content_type.is_some_and(|said| said.starts_with(EVENTS)) && may_flow(status, headers) {
            // Its readers wait for each event.
            return Ok((Vec::new(), true));
        }
        let room = if announced <= segment_bytes { announced } else { segment_bytes };
        let mut body = Vec::with_capacity(room.min(answer_bytes));
        let (mut is_asked, mut most) = (false, segment_bytes.min(answer_bytes));
        let mut more = true;
        while more {
            more = session.body(&mut body, read).await?;
            if body.len() > most && !is_asked {
                if may_flow(status, headers) {
                    return Ok((body, true));
                }
                body.reserve_exact(announced.min(answer_bytes).saturating_sub(body.len()));
                (is_asked, most) = (true, answer_bytes);
            }
            if body.len() > most {
                return Err(Stop::Failed(Failure::TooLarge));
            }
        }
        Ok((body, false))
    }

    async fn connect(&self) -> Result<Session, Failure> {
        let stream =
            self.connector.new_stream(&*self.peer.load_full()).await.map_err(|error| match error.etype {
                ErrorType::ConnectTimedout | ErrorType::TLSHandshakeTimedout => Failure::Timeout,
                _ => Failure::Connect,
            })?;
        Ok(Session::new(Connection::new(stream), self.bounds.write))
    }

    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        while let Some(Idle { mut connection, since }) = idle.pop() {
            if since.elapsed() < self.bounds.idle && is_quiet(&mut connection.stream) {
                return Some(connection);
            }
        }
        None
    }

    async fn give_back(&self, session: Session) {
        let Some(connection) = session.reuse().await else { return };
        let mut idle = self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if idle.len() < self.bounds.idle_connections {
            idle.push(Idle { connection, since: Instant::now() });
        }
    }
}

const EVENTS: &[u8] = b"text/event-stream";

/// Resolves when the client has left; the body must have been read.
pub(super) async fn gone(client: &mut Client) {
    // Pipelined bytes are kept by the session and leave this pending; only a close or an error resolves it.
    let _ = client.read_body_or_idle(true).await;
}

/// An idle connection says nothing: a byte or an end of file makes it unfit.
fn is_quiet(stream: &mut Stream) -> bool {
    let mut byte = [0];
    let mut context = Context::from_waker(Waker::noop());
    Pin::new(stream).poll_read(&mut context, &mut ReadBuf::new(&mut byte)).is_pending()
}

enum Reuse {
    Yes,
    No,
}

/// How much of the request body went out.
#[derive(PartialEq)]
enum Sent {
    Whole,
    AnsweredEarly,
}

/// Why an attempt ended; `Stale` may be tried again on a fresh connection.
enum Stop {
    Stale,
    Failed(Failure),
}

impl From<BrokenBody> for Stop {
    fn from(_: BrokenBody) -> Stop {
        Stop::Failed(Failure::RequestBody)
    }
}

impl Stop {
    fn failure(self) -> Failure {
        match self {
            Stop::Stale => Failure::Truncated,
            Stop::Failed(failure) => failure,
        }
    }
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Unheard => Stop::Stale,
            Broken::Closed => Stop::Failed(Failure::Truncated),
            Broken::Timeout => Stop::Failed(Failure::Timeout),
            Broken::Malformed => Stop::Failed(Failure::Malformed),
        }
    }
}
