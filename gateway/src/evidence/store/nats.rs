//! NATS JetStream as the central store: one stream `YINGBI_AUDIT`, a subject for each log, a parcel of pieces a message.
//!
//! A message is taken only as the next of its subject (`Nats-Expected-Last-Subject-Sequence`): what was sent twice, or by
//! two, is refused by the server, whatever its window for duplicates; `Nats-Msg-Id` says the same to mirrors.

use super::{Store, StoreFault, Stream};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{self, LastRawMessageErrorKind};
use async_nats::jetstream::{self, Context, context};
use std::path::Path;
use std::time::Duration;
use tokio::runtime::Runtime;
use yingbi_audit::journal::{self, Cursor, Piece};
use yingbi_crypto::hex;

pub(super) struct Nats {
    runtime: Runtime,
    context: Context,
    stored: stream::Stream,
    /// The last message of the log that is shipped.
    last: u64,
    /// Where reading stands: place behind the last message that was read, and its sequence.
    read: Option<(Stream, u64, u64)>,
}

/// Whether an address is on this host, or reached by TLS.
pub(super) fn is_safe(text: &str) -> bool {
    let Ok(uri) = text.parse::<http::Uri>() else { return false };
    let Some(authority) = uri.authority() else { return false };
    let host = authority.host().trim_matches(['[', ']']);
    let is_local = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    !host.is_empty() && (uri.scheme_str() == Some("tls") || is_local)
}

impl Nats {
    pub fn open(text: &str, ca: Option<&Path>) -> Result<Self, StoreFault> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("evidence-nats")
            .enable_all()
            .build()
            .map_err(|_| StoreFault::Unreachable)?;
        let mut options = async_nats::ConnectOptions::new()
            .name("yingbi-audit")
            .connection_timeout(PATIENCE)
            .request_timeout(Some(PATIENCE))
            .ignore_discovered_servers()
            .max_reconnects(1);
        if text.starts_with("tls://") {
            options = options.require_tls(true);
        }
        if let Some(ca) = ca {
            options = options.add_root_certificates(ca.to_owned());
        }
        let (context, stored) = runtime.block_on(async {
            let connecting = tokio::time::timeout(PATIENCE, options.connect(text)).await;
            let client = connecting.ok().and_then(Result::ok).ok_or(StoreFault::Unreachable)?;
            let mut context = jetstream::new(client);
            context.set_timeout(PATIENCE);
            let config = stream::Config {
                name: NAME.to_owned(),
                subjects: vec![format!("{SUBJECT}.*")],
                storage: stream::StorageType::File,
                // Who may write here may not take away.
                deny_delete: true,
                deny_purge: true,
                num_replicas: 1,
                ..stream::Config::default()
            };
            let stored = context.get_or_create_stream(config).await;
            let stored = stored.map_err(|error| refused(&error.kind().to_string()))?;
            Ok((context, stored))
        })?;
        Ok(Nats { runtime, context, stored, last: 0, read: None })
    }

    /// The last message of a log: its sequence, its headers' cursor.
    fn last(&self, stream: &Stream) -> Result<Option<(u64, Cursor)>, StoreFault> {
        let found = self.runtime.block_on(self.stored.get_last_raw_message_by_subject(&subject(stream)));
        match found {
            Ok(message) => {
                let cursor = message.headers.get(CURSOR).and_then(|cursor| cursor.as_str().parse().ok());
                Ok(Some((message.sequence, cursor.ok_or(StoreFault::Unreadable)?)))
            }
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(_) => Err(StoreFault::Unreachable),
        }
    }
}

impl Store for Nats {
    fn cursor(&mut self, stream: &Stream) -> Result<Cursor, StoreFault> {
        let (sequence, cursor) = self.last(stream)?.unwrap_or_default();
        self.last = sequence;
        Ok(cursor)
    }

    fn put(
        &mut self,
        (stream, gateway): (&Stream, &str),
        (before, after): (&Cursor, &Cursor),
        pieces: &[Piece],
    ) -> Result<(), StoreFault> {
        let places = before.places.to_string();
        let message = PublishMessage::build()
            .payload(journal::encode(pieces).into())
            .header(CURSOR, after.to_string().as_str())
            .header(PLACE, places.as_str())
            .header(GATEWAY, gateway)
            .message_id(format!("{}-{places}", hex::encode(stream)))
            .expected_last_subject_sequence(self.last);
        let sent = self.runtime.block_on(async {
            let sent = self.context.send_publish(subject(stream), message).await?;
            sent.await
        });
        match sent {
            Ok(ack) if !ack.duplicate => {
                self.last = ack.sequence;
                Ok(())
            }
            Ok(_) => Err(StoreFault::Moved),
            Err(error) => Err(match error.kind() {
                context::PublishErrorKind::WrongLastSequence
                | context::PublishErrorKind::WrongLastMessageId => StoreFault::Moved,
                context::PublishErrorKind::TimedOut | context::PublishErrorKind::BrokenPipe => {
                    StoreFault::Unreachable
                }
                kind => refused(&kind.to_string()),
            }),
        }
    }

    fn streams(&mut self) -> Result<Vec<Stream>, StoreFault> {
        use futures_util::TryStreamExt as _;
        let subjects = self.runtime.block_on(async {
            let subjects = self.stored.info_with_subjects(format!("{SUBJECT}.*")).await.ok()?;
            subjects.try_collect::<Vec<(String, usize)>>().await.ok()
        });
        let subjects = subjects.ok_or(StoreFault::Unreachable)?;
        let stream = |(subject, _): &(String, usize)| {
            subject.strip_prefix(SUBJECT)?.strip_prefix('.').and_then(hex::decode)
        };
        let mut streams: Vec<Stream> = subjects.iter().filter_map(stream).collect();
        streams.sort_unstable();
        Ok(streams)
    }

    fn pieces(&mut self, stream: &Stream, from: u64) -> Result<Vec<(u64, Piece)>, StoreFault> {
        let mut next = match self.read {
            Some((of, place, sequence)) if of == *stream && place <= from => sequence.saturating_add(1),
            _ => 1,
        };
        loop {
            let asked =
                self.stored.raw_message_builder().sequence(next).next_by_subject(subject(stream)).send();
            let message = match self.runtime.block_on(asked) {
                Ok(message) => message,
                Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => {
                    return Ok(Vec::new());
                }
                Err(_) => return Err(StoreFault::Unreachable),
            };
            let place = message.headers.get(PLACE).and_then(|place| place.as_str().parse::<u64>().ok());
            let place = place.ok_or(StoreFault::Unreadable)?;
            let pieces = journal::decode(&message.payload).ok_or(StoreFault::Unreadable)?;
            let end = place.saturating_add(pieces.len() as u64);
            self.read = Some((*stream, end, message.sequence));
            next = message.sequence.saturating_add(1);
            let pieces: Vec<_> = (place..).zip(pieces).filter(|(place, _)| *place >= from).collect();
            // What was read before is passed over.
            if !pieces.is_empty() {
                return Ok(pieces);
            }
        }
    }
}

fn subject(stream: &Stream) -> String {
    format!("{SUBJECT}.{}", hex::encode(stream))
}

fn refused(kind: &str) -> StoreFault {
    StoreFault::Refused(format!("nats {kind}"))
}

const NAME: &str = "YINGBI_AUDIT";
const SUBJECT: &str = "yingbi.audit";
const CURSOR: &str = "Yingbi-Cursor";
const PLACE: &str = "Yingbi-Place";
const GATEWAY: &str = "Yingbi-Gateway";

/// How long anything waits for the store.
const PATIENCE: Duration = Duration::from_secs(10);
