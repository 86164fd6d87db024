//! Syslog: RFC 5424 messages over TCP or TLS (RFC 5425), framed by octet counting (RFC 6587 §3.4.1).

use super::event::{Event, Severity};
use super::{Receiver, Undelivered};
use crate::config;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Read as _, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct Syslog {
    config: config::Syslog,
    hostname: String,
    connection: Option<Connection>,
}

enum Connection {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Syslog {
    pub fn new(config: &config::Syslog, gateway: &str) -> Self {
        Syslog { config: config.clone(), hostname: gateway.to_owned(), connection: None }
    }

    fn connect(&self) -> io::Result<Connection> {
        let config::Syslog { host, port, is_tls, ca, .. } = &self.config;
        let addresses = (host.trim_matches(['[', ']']), *port).to_socket_addrs()?;
        let mut last = io::Error::from(ErrorKind::NotFound);
        for address in addresses {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => {
                    stream.set_write_timeout(Some(PATIENCE))?;
                    stream.set_read_timeout(Some(PATIENCE))?;
                    stream.set_nodelay(true)?;
                    return if *is_tls {
                        tls(stream, host, ca.as_deref())
                    } else {
                        Ok(Connection::Plain(stream))
                    };
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut connection = match self.connection.take() {
            // Whoever hung up is not written to: it would be lost without a word.
            Some(connection) if connection.is_open() => connection,
            _ => self.connect()?,
        };
        match &mut connection {
            Connection::Plain(stream) => stream.write_all(bytes)?,
            Connection::Tls(stream) => {
                stream.write_all(bytes)?;
                stream.flush()?;
            }
        }
        self.connection = Some(connection);
        Ok(())
    }
}

impl Receiver for Syslog {
    fn send(&mut self, events: &[Event]) -> Result<u64, Undelivered> {
        let mut bytes = Vec::new();
        for event in events {
            let message = message(event, &self.hostname);
            bytes.extend_from_slice(format!("{} ", message.len()).as_bytes());
            bytes.extend_from_slice(message.as_bytes());
        }
        self.write(&bytes).map(|()| 0).map_err(|_| Undelivered::Unreachable)
    }
}

impl Connection {
    /// Whether the other side is still there, as far as can be seen without waiting: it has nothing to say but to hang up.
    fn is_open(&self) -> bool {
        let stream = match self {
            Connection::Plain(stream) => stream,
            Connection::Tls(stream) => stream.get_ref(),
        };
        let mut byte = [0];
        if stream.set_nonblocking(true).is_err() {
            return false;
        }
        let looked = match self {
            Connection::Plain(_) => (&*stream).read(&mut byte),
            // Its alerts and tickets are TLS's own business; an end is no bytes at all.
            Connection::Tls(_) => stream.peek(&mut byte),
        };
        let is_open = match (self, looked) {
            (_, Ok(0)) => false,
            (Connection::Plain(_) | Connection::Tls(_), Ok(_)) => true,
            (_, Err(error)) => error.kind() == ErrorKind::WouldBlock,
        };
        stream.set_nonblocking(false).is_ok() && is_open
    }
}

fn tls(stream: TcpStream, host: &str, ca: Option<&Path>) -> io::Result<Connection> {
    let mut roots = RootCertStore::empty();
    // A file that vanished since it was checked trusts nobody.
    for certificate in ca.into_iter().flat_map(CertificateDer::pem_file_iter).flatten() {
        roots.add_parsable_certificates(certificate.ok());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(io::Error::other)?;
    let connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    // The handshake, before anything is told.
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(Connection::Tls(Box::new(stream)))
}

/// `<PRI>1 TIMESTAMP HOSTNAME yingbi PROCID MSGID [yingbi@32473 …]`.
pub(super) fn message(event: &Event, hostname: &str) -> String {
    let severity = match event.severity {
        Severity::Warning => 4,
        Severity::Notice => 5,
        Severity::Info => 6,
    };
    let mut text = format!(
        "<{}>1 {} {hostname} yingbi {} {} [{SD_ID} sequence=\"{}\"",
        LOG_AUDIT * 8 + severity,
        event.timestamp(),
        std::process::id(),
        event.kind,
        event.sequence
    );
    let trace = event.trace.as_deref().map(|trace| ("trace", trace));
    let attributes = event.attributes.iter().map(|(name, value)| (*name, &**value)).chain(trace);
    for (name, value) in attributes {
        // Writing to a `String` can't fail.
        let _ = write!(text, " {name}=\"");
        for character in value.chars() {
            match character {
                '"' | '\\' | ']' => text.extend(['\\', character]),
                // Nothing that a receiver might take for the end of a line.
                control if control.is_control() => text.push(' '),
                other => text.push(other),
            }
        }
        text.push('"');
    }
    text.push(']');
    text
}

/// Facility 13 of RFC 5424: log audit.
const LOG_AUDIT: u32 = 13;

/// 32473 is the number of examples (RFC 5612): the project has none of its own.
const SD_ID: &str = "yingbi@32473";

/// How long anything waits for the receiver.
const PATIENCE: Duration = Duration::from_secs(10);
