//! One client connection: heads read strictly, exchanges one after the other, an end that the client understands.
//!
//! Pingora's session parses the head again from bytes that we have already judged, so it never reads a head itself. Its
//! keep-alive verdict is only ever tightened: it knows framing reasons to close that must not be undone.

use super::front::{Close, Head, HeadError, read_head};
use super::identity::{Identified, PeerCertificate};
use super::problem::{self, Problem};
use super::{Exchange, Verdict};
use crate::metrics::ShedReason;
use async_trait::async_trait;
use bytes::BytesMut;
use pingora_core::apps::ServerApp;
use pingora_core::protocols::Stream;
use pingora_core::protocols::http::v1::server::HttpSession as Client;
use pingora_core::server::ShutdownWatch;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use yingbi_crypto::{Pseudonym, PseudonymKey};

/// Bytes and time granted to a client that still sends while it is being refused, so that it reads the refusal
/// instead of a reset.
const LINGER_BYTES: usize = 1 << 20;
const LINGER: Duration = Duration::from_secs(2);

/// Who is at the other end, as the transport knows.
pub struct Peer {
    /// Address; none on a unix socket.
    pub address: Option<IpAddr>,
    /// The address as records know it.
    pub pseudonym: Option<Pseudonym>,
    /// Verified client certificate.
    pub certificate: Option<PeerCertificate>,
    /// Whether the transport is TLS.
    pub tls: bool,
    /// Who called last on this connection: mostly the same as before it.
    caller: Mutex<Option<(Arc<Identified>, Option<Pseudonym>)>>,
}

#[async_trait]
impl ServerApp for Exchange {
    async fn process_new(self: &Arc<Self>, stream: Stream, shutdown: &ShutdownWatch) -> Option<Stream> {
        let open = self.metrics.connection();
        if self.metrics.connections_now() > self.limits.connections as i64 {
            self.metrics.shed(ShedReason::Connections);
            shed(stream).await;
            return None;
        }
        let peer = Peer::of(&stream, &self.pseudonyms);
        let mut next = Some((stream, BytesMut::with_capacity(4096)));
        let mut served = 0;
        while let Some((stream, buffer)) = next {
            next = self.one(stream, buffer, &peer, shutdown.clone(), served).await;
            served += 1;
        }
        drop(open);
        None
    }
}

impl Exchange {
    /// One request of a connection; the stream and what was read beyond it come back if another may follow.
    async fn one(
        self: &Arc<Self>,
        mut stream: Stream,
        mut buffer: BytesMut,
        peer: &Peer,
        mut shutdown: ShutdownWatch,
        served: u32,
    ) -> Option<(Stream, BytesMut)> {
        let head = match self.head(&mut stream, &mut buffer, &mut shutdown).await {
            Ok(head) => head?,
            Err(error) => {
                self.refuse_head(stream, peer, &error).await;
                return None;
            }
        };
        let in_flight = self.metrics.in_flight();
        if self.metrics.in_flight_now() > self.limits.exchanges as i64 {
            self.metrics.shed(ShedReason::Exchanges);
            shed(stream).await;
            return None;
        }
        let mut client = Client::new(stream);
        client.set_pipelining_enabled(true);
        client.set_pipelined_prefix(buffer);
        client.set_read_timeout(Some(self.limits.body_idle));
        client.set_write_timeout(Some(self.limits.body_idle));
        client.set_total_drain_timeout(Some(LINGER));
        if !matches!(client.read_request().await, Ok(Some(_))) {
            return None;
        }
        let last = served.saturating_add(1) >= self.limits.requests_per_connection;
        if last || *shutdown.borrow() || !head.keep_alive {
            client.set_server_keepalive(None);
        }
        let verdict = self.serve(&mut client, &head, peer, &shutdown).await;
        drop(in_flight);
        match verdict {
            Verdict::Close => {
                client.set_server_keepalive(None);
                let _ = client.drain_request_body().await;
                client.shutdown().await;
                None
            }
            Verdict::KeepAlive => {
                let (stream, rest) = client.reuse().await.ok()??.into_parts();
                Some((stream, rest.unwrap_or_default()))
            }
        }
    }

    /// Waits for the next head; a shutdown ends an idle wait, a head that has begun is finished.
    async fn head(
        &self,
        stream: &mut Stream,
        buffer: &mut BytesMut,
        shutdown: &mut ShutdownWatch,
    ) -> Result<Option<Head>, HeadError> {
        if !*shutdown.borrow() {
            tokio::select! {
                biased;
                head = read_head(stream, buffer, &self.limits.head, self.limits.keepalive_idle) => return head,
                _ = shutdown.wait_for(|stopping| *stopping) => {}
            }
        }
        if buffer.is_empty() {
            return Ok(None);
        }
        read_head(stream, buffer, &self.limits.head, self.limits.keepalive_idle).await
    }

    /// Answers a head that was refused before there was a session, and closes.
    async fn refuse_head(&self, mut stream: Stream, peer: &Peer, error: &HeadError) {
        if error.refusal().close == Close::Silently {
            return;
        }
        let problem = Problem::from(*error);
        self.note_refused_head(peer, &problem);
        let answer = problem.raw_answer();
        if stream.write_all(&answer).await.is_ok() && stream.shutdown().await.is_ok() {
            linger(&mut stream).await;
        }
    }
}

impl Peer {
    fn of(stream: &Stream, key: &PseudonymKey) -> Peer {
        let digest = stream.get_ssl_digest();
        let address =
            stream.get_socket_digest().and_then(|digest| digest.peer_addr()?.as_inet().map(|inet| inet.ip()));
        let certificate =
            digest.as_ref().and_then(|digest| digest.extension.get::<PeerCertificate>().cloned());
        let pseudonym = address.map(|address| key.pseudonym("address", &address.to_string()));
        Peer { address, pseudonym, certificate, tls: digest.is_some(), caller: Mutex::new(None) }
    }

    /// The caller as records know it; nobody has no pseudonym.
    pub fn caller_pseudonym(&self, caller: &Arc<Identified>, key: &PseudonymKey) -> Option<Pseudonym> {
        let mut last = self.caller.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((same, pseudonym)) if Arc::ptr_eq(same, caller) => *pseudonym,
            _ => {
                let identity = &caller.identity;
                let pseudonym = identity.is_authenticated().then(|| key.pseudonym("caller", &identity.id));
                *last = Some((Arc::clone(caller), pseudonym));
                pseudonym
            }
        }
    }
}

/// Tells a client that is one too many to come back later.
async fn shed(mut stream: Stream) {
    if stream.write_all(&problem::OVERLOADED.raw_answer()).await.is_ok() && stream.shutdown().await.is_ok() {
        linger(&mut stream).await;
    }
}

/// Reads on for a moment, so that the refusal is not lost to a reset. Our end is closed before: a client that reads to
/// the end has it at once.
async fn linger(stream: &mut Stream) {
    let mut scratch = [0; 4096];
    let mut left = LINGER_BYTES;
    let drain = async {
        while let Ok(read @ 1..) = stream.read(&mut scratch).await {
            left = left.saturating_sub(read);
            if left == 0 {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(LINGER, drain).await;
}
