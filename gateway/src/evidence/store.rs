//! A central store of many gateways' logs, to search and to verify in one place: PostgreSQL or NATS JetStream.
//!
//! The store has the pieces of each log in their order ([`yingbi_audit::journal`]) and where the next one belongs: so whoever
//! ships a log asks the store where to go on, after whatever break of either, and nothing comes twice. What is put in is
//! put behind what was there before, or not at all.

mod nats;
mod postgres;

use nats::Nats;
use postgres::Postgres;
use std::path::{Path, PathBuf};
use yingbi_audit::journal::{Cursor, Piece};
use zeroize::Zeroizing;

/// A log's id.
pub type Stream = [u8; 16];

/// Why a store didn't do its part; nothing of what it said is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreFault {
    /// It can't be reached, or doesn't answer.
    #[error("the store can't be reached")]
    Unreachable,
    /// It answered with an error of this code.
    #[error("the store refuses: {0}")]
    Refused(String),
    /// Somebody else ships the same log, or did: ask again where to go on.
    #[error("the store has gone on in between")]
    Moved,
    /// What it holds is none of ours.
    #[error("what the store holds can't be read")]
    Unreadable,
}

/// A store.
pub trait Store: Send {
    /// Where the log goes on; the beginning, for one that it doesn't know.
    ///
    /// # Errors
    /// It doesn't tell.
    fn cursor(&mut self, stream: &Stream) -> Result<Cursor, StoreFault>;

    /// Puts pieces behind those up to `before`; durable when this returns.
    ///
    /// # Errors
    /// They may or may not be there: ask for the cursor.
    fn put(
        &mut self,
        log: (&Stream, &str),
        cursors: (&Cursor, &Cursor),
        pieces: &[Piece],
    ) -> Result<(), StoreFault>;

    /// The logs it has.
    ///
    /// # Errors
    /// It doesn't tell.
    fn streams(&mut self) -> Result<Vec<Stream>, StoreFault>;

    /// Some pieces of a log, each with its place, from a place on; none at the end.
    ///
    /// # Errors
    /// It doesn't tell.
    fn pieces(&mut self, stream: &Stream, from: u64) -> Result<Vec<(u64, Piece)>, StoreFault>;
}

/// Where a store is, and how it is spoken to. It may hold a password: `Debug` shows the kind alone.
#[derive(Clone)]
pub struct Address {
    kind: Kind,
    text: Zeroizing<String>,
    ca: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Postgres,
    Nats,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Address({:?})", self.kind)
    }
}

impl Address {
    /// Reads `postgres://…` or another connection string of PostgreSQL, `nats://…` or `tls://…`. What goes without TLS must
    /// end on this host: a unix socket, loopback, or a tunnel's end there.
    pub fn parse(text: &str, ca: Option<&Path>) -> Option<Self> {
        let text = text.trim();
        let kind = match text.split_once("://") {
            Some(("nats" | "tls", _)) => Kind::Nats,
            _ => Kind::Postgres,
        };
        let is_good = match kind {
            Kind::Postgres => postgres::is_local(text),
            Kind::Nats => nats::is_safe(text),
        };
        let text = Zeroizing::new(text.to_owned());
        is_good.then(|| Address { kind, text, ca: ca.map(Path::to_owned) })
    }

    /// Connects, and makes what of the store is missing.
    ///
    /// # Errors
    /// It can't be reached, or holds something else.
    pub fn open(&self) -> Result<Box<dyn Store>, StoreFault> {
        Ok(match self.kind {
            Kind::Postgres => Box::new(Postgres::open(&self.text)?),
            Kind::Nats => Box::new(Nats::open(&self.text, self.ca.as_deref())?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stays_on_this_host_goes_without_tls() {
        let good = [
            "postgres://yingbi:secret@127.0.0.1:5432/audit",
            "host=/run/postgresql user=yingbi dbname=audit",
            "nats://127.0.0.1:4222",
            "nats://yingbi:secret@localhost:4222",
            "nats://[::1]:4222",
            "tls://yingbi:secret@nats.firm.example:4222",
        ];
        for text in good {
            let address = Address::parse(text, None).unwrap_or_else(|| panic!("{text}"));
            assert!(!format!("{address:?}").contains("secret"));
        }
        let bad = [
            "",
            "postgres://yingbi@db.firm.example/audit",
            "host=10.0.0.1 user=yingbi",
            "host=/run/postgresql",
            "nats://nats.firm.example:4222",
            "nats://127.0.0.1.firm.example",
            "nats://",
            "tls://",
            "http://127.0.0.1",
        ];
        for text in bad {
            assert!(Address::parse(text, None).is_none(), "{text}");
        }
    }
}
