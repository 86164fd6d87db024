//! PostgreSQL as the central store: one row a piece, partitioned by the day of its record.

use super::{Store, StoreFault, Stream};
use postgres::config::Host;
use postgres::{Client, Config, NoTls};
use std::collections::HashSet;
use std::time::Duration;
use yingbi_audit::journal::{Cursor, Kind, Piece};

pub(super) struct Postgres {
    client: Client,
    /// Days that have a partition, counted from 1970.
    days: HashSet<i32>,
}

/// Whether a connection string leads nowhere but to this host, and names a user.
pub(super) fn is_local(text: &str) -> bool {
    let is_local = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    };
    text.parse::<Config>().is_ok_and(|config| {
        let hosts = config.get_hosts();
        !hosts.is_empty() && hosts.iter().all(is_local) && config.get_user().is_some()
    })
}

impl Postgres {
    pub fn open(text: &str) -> Result<Self, StoreFault> {
        let mut config: Config = text.parse().map_err(|_| StoreFault::Unreachable)?;
        config.connect_timeout(PATIENCE).application_name("yingbi-audit");
        config.tcp_user_timeout(PATIENCE);
        // Whoever waits for a lock that a dead gateway holds does not wait for ever.
        config.options(&format!("-c statement_timeout={0} -c lock_timeout={0}", PATIENCE.as_millis()));
        let mut client = config.connect(NoTls).map_err(fault)?;
        let mut transaction = client.transaction().map_err(fault)?;
        transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).map_err(fault)?;
        transaction.batch_execute(TABLES).map_err(fault)?;
        transaction.commit().map_err(fault)?;
        Ok(Postgres { client, days: HashSet::new() })
    }

    /// Makes the partition of a day; several gateways may want to at once.
    fn partition(&mut self, day: i32) -> Result<(), StoreFault> {
        if self.days.contains(&day) {
            return Ok(());
        }
        let mut transaction = self.client.transaction().map_err(fault)?;
        transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).map_err(fault)?;
        let row = transaction
            .query_one("SELECT to_char(DATE '1970-01-01' + $1::int4, 'YYYYMMDD')", &[&day])
            .map_err(fault)?;
        let name: String = row.get(0);
        transaction
            .batch_execute(&format!(
                "CREATE TABLE IF NOT EXISTS yingbi_audit_{name} PARTITION OF yingbi_audit \
                 FOR VALUES FROM (DATE '1970-01-01' + {day}) TO (DATE '1970-01-01' + {})",
                day.saturating_add(1)
            ))
            .map_err(fault)?;
        transaction.commit().map_err(fault)?;
        self.days.insert(day);
        Ok(())
    }
}

impl Store for Postgres {
    fn cursor(&mut self, stream: &Stream) -> Result<Cursor, StoreFault> {
        let row = self
            .client
            .query_opt("SELECT cursor FROM yingbi_audit_logs WHERE stream = $1", &[&&stream[..]])
            .map_err(fault)?;
        let Some(row) = row else { return Ok(Cursor::default()) };
        row.get::<_, &str>(0).parse().map_err(|_| StoreFault::Unreadable)
    }

    fn put(
        &mut self,
        (stream, gateway): (&Stream, &str),
        (before, after): (&Cursor, &Cursor),
        pieces: &[Piece],
    ) -> Result<(), StoreFault> {
        let days: Vec<i32> = pieces.iter().map(|piece| day(piece.time)).collect();
        for day in &days {
            self.partition(*day)?;
        }
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let places: Vec<i64> = (before.places..).take(pieces.len()).map(number).collect();
        let kinds: Vec<i16> = pieces.iter().map(|piece| piece.kind as i16).collect();
        let numbers: Vec<i64> = pieces.iter().map(|piece| number(piece.number)).collect();
        let bytes: Vec<i64> = pieces.iter().map(|piece| number(piece.byte)).collect();
        let sequences: Vec<Option<i64>> = pieces.iter().map(|piece| piece.sequence.map(number)).collect();
        let times: Vec<i64> = pieces.iter().map(|piece| piece.time).collect();
        let content: Vec<&[u8]> = pieces.iter().map(|piece| &piece.bytes[..]).collect();
        let mut transaction = self.client.transaction().map_err(fault)?;
        // The row is locked until the commit: one shipper at a time, and only behind what is there.
        let moved = match before.places {
            0 => transaction.execute(
                "INSERT INTO yingbi_audit_logs (stream, gateway, cursor, shipped) VALUES ($1, $2, $3, now()) \
                 ON CONFLICT (stream) DO NOTHING",
                &[&&stream[..], &gateway, &after.to_string()],
            ),
            _ => transaction.execute(
                "UPDATE yingbi_audit_logs SET gateway = $2, cursor = $3, shipped = now() \
                 WHERE stream = $1 AND cursor = $4",
                &[&&stream[..], &gateway, &after.to_string(), &before.to_string()],
            ),
        };
        if moved.map_err(fault)? != 1 {
            return Err(StoreFault::Moved);
        }
        transaction
            .execute(
                "INSERT INTO yingbi_audit (day, stream, place, kind, number, byte, sequence, time, micros, bytes)
                 SELECT DATE '1970-01-01' + day, $1, place, kind, number, byte, sequence,
                        TIMESTAMPTZ 'epoch' + micros * INTERVAL '1 microsecond', micros, bytes
                 FROM unnest($2::int4[], $3::int8[], $4::int2[], $5::int8[], $6::int8[], $7::int8[], $8::int8[], $9::bytea[])
                      AS piece (day, place, kind, number, byte, sequence, micros, bytes)",
                &[&&stream[..], &days, &places, &kinds, &numbers, &bytes, &sequences, &times, &content],
            )
            .map_err(fault)?;
        transaction.commit().map_err(fault)
    }

    fn streams(&mut self) -> Result<Vec<Stream>, StoreFault> {
        let rows = self.client.query(
            // Of a log whose own row was taken away, the pieces are still there.
            "SELECT stream FROM yingbi_audit_logs UNION SELECT DISTINCT stream FROM yingbi_audit ORDER BY 1",
            &[],
        );
        let rows = rows.map_err(fault)?;
        let stream =
            |row: &postgres::Row| row.get::<_, &[u8]>(0).try_into().map_err(|_| StoreFault::Unreadable);
        rows.iter().map(stream).collect()
    }

    fn pieces(&mut self, stream: &Stream, from: u64) -> Result<Vec<(u64, Piece)>, StoreFault> {
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        let rows = self.client.query(
            "SELECT place, kind, number, byte, micros, bytes FROM yingbi_audit \
             WHERE stream = $1 AND place >= $2 ORDER BY place LIMIT 1000",
            &[&&stream[..], &from],
        );
        let piece = |row: &postgres::Row| {
            let number = |column: usize| u64::try_from(row.get::<_, i64>(column)).ok();
            let kind = u8::try_from(row.get::<_, i16>(1)).ok().and_then(Kind::of_number)?;
            let at = (number(2)?, number(3)?);
            Some((number(0)?, Piece::new(kind, at, row.get(4), row.get::<_, Vec<u8>>(5))))
        };
        rows.map_err(fault)?.iter().map(|row| piece(row).ok_or(StoreFault::Unreadable)).collect()
    }
}

/// The day of a time, from 1970; of a clock that runs wild, the nearest that PostgreSQL's names of days can say.
fn day(micros: i64) -> i32 {
    let day = micros.div_euclid(86_400_000_000);
    i32::try_from(day).unwrap_or(0).clamp(0, 2_932_896)
}

/// The code of what went wrong alone: texts may quote what was to be stored, or where.
fn fault(error: postgres::Error) -> StoreFault {
    match error.code() {
        Some(code) => StoreFault::Refused(format!("postgres {}", code.code())),
        None => StoreFault::Unreachable,
    }
}

/// How long anything waits for the store.
const PATIENCE: Duration = Duration::from_secs(10);

/// Held while tables are made: `yingbi` in ASCII.
const LOCK: i64 = 0x7969_6e67_6269;

/// `day`, `sequence` and `time` are for people and for partitions; all else is what was read, byte by byte.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS yingbi_audit_logs (
        stream BYTEA PRIMARY KEY, gateway TEXT NOT NULL, cursor TEXT NOT NULL, shipped TIMESTAMPTZ NOT NULL
    );
    CREATE TABLE IF NOT EXISTS yingbi_audit (
        day DATE NOT NULL, stream BYTEA NOT NULL, place BIGINT NOT NULL, kind SMALLINT NOT NULL,
        number BIGINT NOT NULL, byte BIGINT NOT NULL, sequence BIGINT, time TIMESTAMPTZ NOT NULL,
        micros BIGINT NOT NULL, bytes BYTEA NOT NULL,
        PRIMARY KEY (stream, place, day)
    ) PARTITION BY RANGE (day);
";
