//! The shared store: PostgreSQL, one for many gateways. Each change is written with its notice in one transaction, and each
//! gateway that listens reads what changed; so a withdrawn consent, a pulled grant and a thrown switch rule on all of
//! them within a second. It speaks over a unix socket or loopback, or whatever tunnel ends there.

use super::store::{Notice, Row, Seen, Store, Table, Watch};
use crate::state::inventory::StoreError;
use postgres::fallible_iterator::FallibleIterator as _;
use postgres::{Client, Config, NoTls, Transaction};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use yingbi_crypto::Pseudonym;

/// A shared store. Connects again by itself.
pub struct Postgres {
    config: Config,
    client: Mutex<Option<Client>>,
}

impl Postgres {
    /// Connects, and brings the tables up to date; one gateway does, the others wait for it.
    ///
    /// # Errors
    /// It can't be reached, or is of a later version: do not start.
    pub fn open(config: &Config) -> Result<Postgres, StoreError> {
        let mut config = config.clone();
        config.connect_timeout(PATIENCE).application_name("yingbi");
        // Whoever waits for a lock that a dead gateway holds does not wait for ever.
        config.options(&format!("-c statement_timeout={0} -c lock_timeout={0}", PATIENCE.as_millis()));
        let mut client = config.connect(NoTls).map_err(unusable)?;
        migrate(&mut client)?;
        Ok(Postgres { config, client: Mutex::new(Some(client)) })
    }

    /// Works on the connection; one that failed is not used again.
    fn with<T>(&self, work: impl FnOnce(&mut Client) -> Result<T, postgres::Error>) -> Result<T, StoreError> {
        let mut held = self.held();
        let mut client = match held.take() {
            Some(client) if !client.is_closed() => client,
            _ => self.config.connect(NoTls).map_err(unusable)?,
        };
        match work(&mut client) {
            Ok(done) => {
                *held = Some(client);
                Ok(done)
            }
            Err(error) => Err(unusable(error)),
        }
    }

    fn held(&self) -> MutexGuard<'_, Option<Client>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Postgres {
    fn rows(&self, table: Table, subject: Option<Pseudonym>) -> Result<Vec<Row>, StoreError> {
        let rows = self.with(|client| match subject {
            Some(subject) => {
                let sql = format!("{} WHERE subject = $1 ORDER BY changed DESC, id", select(table));
                client.query(&sql, &[&&subject.0[..]])
            }
            None => client.query(&format!("{} ORDER BY changed DESC, id", select(table)), &[]),
        })?;
        rows.iter().map(read).collect()
    }

    fn row(&self, table: Table, id: &str) -> Result<Option<Row>, StoreError> {
        let row =
            self.with(|client| client.query_opt(&format!("{} WHERE id = $1", select(table)), &[&id]))?;
        row.as_ref().map(read).transpose()
    }

    fn put(&mut self, rows: &[(Table, Row)]) -> Result<(), StoreError> {
        self.with(|client| {
            let mut transaction = client.transaction()?;
            for (table, row) in rows {
                let sql = format!(
                    "INSERT INTO {} (id, subject, changed, document) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO \
                     UPDATE SET subject = $2, changed = $3, document = $4",
                    table.name()
                );
                let subject = row.subject.map(|subject| subject.0.to_vec());
                transaction.execute(&sql, &[&row.id, &subject, &row.changed, &row.document])?;
                notify(&mut transaction, *table, &row.id, row.subject)?;
            }
            transaction.commit()
        })
    }

    fn replace(&mut self, table: Table, row: &Row, before: i64) -> Result<bool, StoreError> {
        self.with(|client| {
            let mut transaction = client.transaction()?;
            let sql = format!(
                "UPDATE {} SET subject = $2, changed = $3, document = $4 WHERE id = $1 AND changed = $5",
                table.name()
            );
            let subject = row.subject.map(|subject| subject.0.to_vec());
            let changed =
                transaction.execute(&sql, &[&row.id, &subject, &row.changed, &row.document, &before])?;
            notify(&mut transaction, table, &row.id, row.subject)?;
            transaction.commit()?;
            Ok(changed == 1)
        })
    }

    fn remove(&mut self, table: Table, id: &str) -> Result<(), StoreError> {
        self.with(|client| {
            let mut transaction = client.transaction()?;
            let sql = format!("DELETE FROM {} WHERE id = $1 RETURNING subject", table.name());
            let removed = transaction.query_opt(&sql, &[&id])?;
            let subject = removed.and_then(|row| row.get::<_, Option<Vec<u8>>>(0));
            let subject = subject.and_then(|bytes| bytes.try_into().ok()).map(Pseudonym);
            notify(&mut transaction, table, id, subject)?;
            transaction.commit()
        })
    }

    fn count(&mut self, seen: &[Seen], forget_before: i64) -> Result<(), StoreError> {
        let limits: Vec<&str> = seen.iter().map(|one| one.limit.as_str()).collect();
        let scopes: Vec<&[u8]> = seen.iter().map(|one| &one.scope.0[..]).collect();
        let subjects: Vec<&[u8]> = seen.iter().map(|one| &one.subject.0[..]).collect();
        let lasts: Vec<i64> = seen.iter().map(|one| one.last).collect();
        self.with(|client| {
            let mut transaction = client.transaction()?;
            // One row an investor: of one that stands in it several times the latest.
            transaction.execute(
                "INSERT INTO seen (limit_id, scope, subject, last)
                 SELECT limit_id, scope, subject, max(last)
                 FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::bigint[]) AS t (limit_id, scope, subject, last)
                 GROUP BY limit_id, scope, subject
                 ON CONFLICT (limit_id, scope, subject) DO UPDATE SET last = GREATEST(seen.last, EXCLUDED.last)",
                &[&limits, &scopes, &subjects, &lasts],
            )?;
            transaction.execute("DELETE FROM seen WHERE last < $1", &[&forget_before])?;
            transaction.commit()
        })
    }

    fn counted(&self, since: i64) -> Result<Vec<Seen>, StoreError> {
        let rows = self.with(|client| {
            let sql = "SELECT limit_id, scope, subject, last FROM seen WHERE last >= $1 ORDER BY last";
            client.query(sql, &[&since])
        })?;
        let seen = |row: &postgres::Row| {
            Some(Seen {
                limit: row.try_get(0).ok()?,
                scope: pseudonym(row.try_get(1).ok()?)?,
                subject: pseudonym(row.try_get(2).ok()?)?,
                last: row.try_get(3).ok()?,
            })
        };
        rows.iter().map(|row| seen(row).ok_or(StoreError::Damaged)).collect()
    }

    fn watch(&self) -> Option<Box<dyn Watch>> {
        Some(Box::new(Listening { config: self.config.clone(), client: None }))
    }
}

/// A connection that listens.
struct Listening {
    config: Config,
    client: Option<Client>,
}

impl Watch for Listening {
    fn connect(&mut self) -> Result<(), StoreError> {
        let mut client = self.config.connect(NoTls).map_err(unusable)?;
        client.batch_execute("LISTEN yingbi_rights").map_err(unusable)?;
        self.client = Some(client);
        Ok(())
    }

    fn notices(&mut self, wait: Duration) -> Result<Vec<Notice>, StoreError> {
        let client = self.client.as_mut().ok_or_else(gone)?;
        // A connection whose other end is gone says nothing: it must be asked.
        client.is_valid(PATIENCE).map_err(unusable)?;
        let mut notifications = client.notifications();
        let mut notices = Vec::new();
        let mut next = notifications.timeout_iter(wait).next().map_err(unusable)?;
        // What else has come is taken along; nothing more is waited for.
        while let Some(notification) = next {
            notices.push(notice(notification.payload()).ok_or(StoreError::Damaged)?);
            next = notifications.iter().next().map_err(unusable)?;
        }
        Ok(notices)
    }
}

fn notify(
    transaction: &mut Transaction<'_>,
    table: Table,
    id: &str,
    subject: Option<Pseudonym>,
) -> Result<(), postgres::Error> {
    let subject = subject.map(|subject| subject.to_string()).unwrap_or_default();
    let payload = format!("{} {subject} {id}", table.name());
    transaction.execute("SELECT pg_notify('yingbi_rights', $1)", &[&payload]).map(drop)
}

fn notice(payload: &str) -> Option<Notice> {
    let mut parts = payload.splitn(3, ' ');
    let (table, subject, id) = (parts.next()?, parts.next()?, parts.next()?);
    let table = Table::ALL.into_iter().find(|own| own.name() == table)?;
    Some(Notice { table, id: id.to_owned(), subject: Pseudonym::from_hex(subject) })
}

fn select(table: Table) -> String {
    format!("SELECT id, subject, changed, document FROM {}", table.name())
}

fn read(row: &postgres::Row) -> Result<Row, StoreError> {
    let read = || {
        let subject = match row.try_get::<_, Option<Vec<u8>>>(1).ok()? {
            None => None,
            Some(bytes) => Some(pseudonym(bytes)?),
        };
        let (id, changed) = (row.try_get(0).ok()?, row.try_get(2).ok()?);
        Some(Row { id, subject, changed, document: row.try_get(3).ok()? })
    };
    read().ok_or(StoreError::Damaged)
}

fn pseudonym(bytes: Vec<u8>) -> Option<Pseudonym> {
    bytes.try_into().ok().map(Pseudonym)
}

fn migrate(client: &mut Client) -> Result<(), StoreError> {
    let mut transaction = client.transaction().map_err(unusable)?;
    let later = {
        let mut work = || -> Result<bool, postgres::Error> {
            transaction.execute("SELECT pg_advisory_xact_lock(7246812301)", &[])?;
            transaction
                .batch_execute("CREATE TABLE IF NOT EXISTS yingbi_version (version BIGINT NOT NULL)")?;
            let version = transaction.query_opt("SELECT version FROM yingbi_version", &[])?;
            let version = version.map_or(0, |row| row.get::<_, i64>(0));
            let done = usize::try_from(version).unwrap_or(usize::MAX);
            if done > STEPS.len() {
                return Ok(true);
            }
            for step in STEPS.iter().skip(done) {
                transaction.batch_execute(step)?;
            }
            transaction.execute("DELETE FROM yingbi_version", &[])?;
            let version = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
            transaction.execute("INSERT INTO yingbi_version VALUES ($1)", &[&version])?;
            Ok(false)
        };
        work().map_err(unusable)?
    };
    if later {
        return Err(StoreError::Later);
    }
    transaction.commit().map_err(unusable)
}

/// The code of what went wrong alone: texts may quote what was to be stored, or where.
fn unusable(error: postgres::Error) -> StoreError {
    match error.code() {
        Some(code) => StoreError::Unusable(format!("postgres {}", code.code())),
        None => StoreError::Unusable("postgres can't be reached".to_owned()),
    }
}

fn gone() -> StoreError {
    StoreError::Unusable("postgres can't be reached".to_owned())
}

/// How long anything waits for the store.
const PATIENCE: Duration = Duration::from_secs(2);

/// Steps from each version to the next; the same tables as the embedded store's.
const STEPS: &[&str] = &["
    CREATE TABLE consents (id TEXT PRIMARY KEY, subject BYTEA, changed BIGINT NOT NULL, document TEXT NOT NULL);
    CREATE INDEX consents_subject ON consents (subject);
    CREATE TABLE restrictions (id TEXT PRIMARY KEY, subject BYTEA, changed BIGINT NOT NULL, document TEXT NOT NULL);
    CREATE INDEX restrictions_subject ON restrictions (subject);
    CREATE TABLE holders (id TEXT PRIMARY KEY, subject BYTEA, changed BIGINT NOT NULL, document TEXT NOT NULL);
    CREATE TABLE grants (id TEXT PRIMARY KEY, subject BYTEA, changed BIGINT NOT NULL, document TEXT NOT NULL);
    CREATE TABLE tickets (id TEXT PRIMARY KEY, subject BYTEA, changed BIGINT NOT NULL, document TEXT NOT NULL);
    CREATE TABLE switches (id TEXT PRIMARY KEY, subject BYTEA, changed BIGINT NOT NULL, document TEXT NOT NULL);
    CREATE TABLE seen (
        limit_id TEXT NOT NULL, scope BYTEA NOT NULL, subject BYTEA NOT NULL, last BIGINT NOT NULL,
        PRIMARY KEY (limit_id, scope, subject)
    );
    CREATE INDEX seen_last ON seen (last);
", "
    CREATE TABLE withdrawals (id TEXT PRIMARY KEY, subject BYTEA, changed BIGINT NOT NULL, document TEXT NOT NULL);
    CREATE INDEX withdrawals_subject ON withdrawals (subject);
"];
