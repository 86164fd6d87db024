//! Where rights are kept: rows of a few tables, each a document with what it is found by. The gateway reads all of them
//! at its start and writes each change before it answers; no request waits for the store.

use crate::state::inventory::StoreError;
use crate::state::sqlite;
use rusqlite::{Connection, OptionalExtension as _, params, params_from_iter};
use std::path::Path;
use std::time::Duration;
use yingbi_crypto::Pseudonym;

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Consents of investors.
    Consents,
    /// Withdrawals of investors.
    Withdrawals,
    /// Investors the processing of whose data is restricted or ended.
    Restrictions,
    /// DIDs of investors.
    Holders,
    /// Grants in all their states.
    Grants,
    /// Tickets of complaint and call-back systems.
    Tickets,
    /// Kill switches that are thrown.
    Switches,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// The investor it is about.
    pub subject: Option<Pseudonym>,
    /// When it changed last, in milliseconds since 1970.
    pub changed: i64,
    /// All of it, as JSON; identifiers of people are pseudonyms.
    pub document: String,
}

/// An investor seen under a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Id of the limit.
    pub limit: String,
    /// Whose investors are counted together, as a pseudonym.
    pub scope: Pseudonym,
    /// The investor.
    pub subject: Pseudonym,
    /// When last, in milliseconds since 1970.
    pub last: i64,
}

/// What another gateway changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The table.
    pub table: Table,
    /// Id of the row.
    pub id: String,
    /// The investor it is, or was, about.
    pub subject: Option<Pseudonym>,
}

/// Listens to a store that is shared.
pub trait Watch: Send {
    /// Begins to listen, anew after an error.
    ///
    /// # Errors
    /// The store can't be reached.
    fn connect(&mut self) -> Result<(), StoreError>;

    /// What changed: as soon as something does, or after this time.
    ///
    /// # Errors
    /// The store can't be reached, or something may have been missed: connect, and read everything again.
    fn notices(&mut self, wait: Duration) -> Result<Vec<Notice>, StoreError>;
}

/// A store of rights.
pub trait Store: Send {
    /// Rows of a table: all, or those about one investor, newest first.
    ///
    /// # Errors
    /// They can't be read.
    fn rows(&self, table: Table, subject: Option<Pseudonym>) -> Result<Vec<Row>, StoreError>;

    /// One row.
    ///
    /// # Errors
    /// It can't be read.
    fn row(&self, table: Table, id: &str) -> Result<Option<Row>, StoreError>;

    /// Writes a row in place of one that changed last at this time; whether it was still that one.
    ///
    /// # Errors
    /// Nothing was written.
    fn replace(&mut self, table: Table, row: &Row, before: i64) -> Result<bool, StoreError>;

    /// Listens to what others change, when the store is shared.
    fn watch(&self) -> Option<Box<dyn Watch>> {
        None
    }

    /// Writes rows, in place of those of the same ids, all or none.
    ///
    /// # Errors
    /// Nothing was written.
    fn put(&mut self, rows: &[(Table, Row)]) -> Result<(), StoreError>;

    /// Removes a row.
    ///
    /// # Errors
    /// It may still be there.
    fn remove(&mut self, table: Table, id: &str) -> Result<(), StoreError>;

    /// Writes who was seen, and forgets whom no limit counts any more.
    ///
    /// # Errors
    /// Nothing was written.
    fn count(&mut self, seen: &[Seen], forget_before: i64) -> Result<(), StoreError>;

    /// Who was seen since.
    ///
    /// # Errors
    /// They can't be read.
    fn counted(&self, since: i64) -> Result<Vec<Seen>, StoreError>;
}

/// The embedded store.
pub struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    /// Opens the store in a directory. A damaged file is not set aside: with it investors' restrictions and thrown
    /// switches would be forgotten.
    ///
    /// # Errors
    /// It is damaged, of a later version, or the place can't be used: do not start.
    pub fn open(dir: &Path) -> Result<Sqlite, StoreError> {
        sqlite::create(&dir.join(FILE), STEPS).map(|connection| Sqlite { connection })
    }
}

impl Store for Sqlite {
    fn rows(&self, table: Table, subject: Option<Pseudonym>) -> Result<Vec<Row>, StoreError> {
        let of = if subject.is_some() { "WHERE subject = ?" } else { "" };
        let sql = format!(
            "SELECT id, subject, changed, document FROM {} {of} ORDER BY changed DESC, id",
            table.name()
        );
        let mut statement = self.connection.prepare(&sql)?;
        let rows = statement.query_map(params_from_iter(subject.map(|subject| subject.0)), |row| {
            Ok(Row {
                id: row.get(0)?,
                subject: row.get::<_, Option<[u8; 16]>>(1)?.map(Pseudonym),
                changed: row.get(2)?,
                document: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<Vec<Row>>>()?)
    }

    fn row(&self, table: Table, id: &str) -> Result<Option<Row>, StoreError> {
        let sql = format!("SELECT id, subject, changed, document FROM {} WHERE id = ?", table.name());
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Row {
                id: row.get(0)?,
                subject: row.get::<_, Option<[u8; 16]>>(1)?.map(Pseudonym),
                changed: row.get(2)?,
                document: row.get(3)?,
            })
        };
        Ok(self.connection.query_row(&sql, params![id], read).optional()?)
    }

    fn replace(&mut self, table: Table, row: &Row, before: i64) -> Result<bool, StoreError> {
        let sql = format!(
            "UPDATE {} SET subject = ?, changed = ?, document = ? WHERE id = ? AND changed = ?",
            table.name()
        );
        let subject = row.subject.map(|subject| subject.0);
        let values = params![subject, row.changed, row.document, row.id, before];
        Ok(self.connection.execute(&sql, values)? == 1)
    }

    fn put(&mut self, rows: &[(Table, Row)]) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        for (table, row) in rows {
            let sql = format!(
                "INSERT OR REPLACE INTO {} (id, subject, changed, document) VALUES (?, ?, ?, ?)",
                table.name()
            );
            transaction.prepare(&sql)?.execute(params![
                row.id,
                row.subject.map(|subject| subject.0),
                row.changed,
                row.document
            ])?;
        }
        transaction.commit()?;
        Ok(())
    }

    fn remove(&mut self, table: Table, id: &str) -> Result<(), StoreError> {
        self.connection.execute(&format!("DELETE FROM {} WHERE id = ?", table.name()), params![id])?;
        Ok(())
    }

    fn count(&mut self, seen: &[Seen], forget_before: i64) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare(
                "INSERT OR REPLACE INTO seen (limit_id, scope, subject, last) VALUES (?, ?, ?, ?)",
            )?;
            for one in seen {
                insert.execute(params![one.limit, one.scope.0, one.subject.0, one.last])?;
            }
        }
        transaction.execute("DELETE FROM seen WHERE last < ?", params![forget_before])?;
        transaction.commit()?;
        Ok(())
    }

    fn counted(&self, since: i64) -> Result<Vec<Seen>, StoreError> {
        let mut statement = self
            .connection
            .prepare("SELECT limit_id, scope, subject, last FROM seen WHERE last >= ? ORDER BY last")?;
        let rows = statement.query_map(params![since], |row| {
            Ok(Seen {
                limit: row.get(0)?,
                scope: Pseudonym(row.get(1)?),
                subject: Pseudonym(row.get(2)?),
                last: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<Vec<Seen>>>()?)
    }
}

impl Table {
    /// All of them.
    pub(super) const ALL: [Table; 7] = [
        Table::Consents,
        Table::Withdrawals,
        Table::Restrictions,
        Table::Holders,
        Table::Grants,
        Table::Tickets,
        Table::Switches,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Table::Consents => "consents",
            Table::Withdrawals => "withdrawals",
            Table::Restrictions => "restrictions",
            Table::Holders => "holders",
            Table::Grants => "grants",
            Table::Tickets => "tickets",
            Table::Switches => "switches",
        }
    }
}

/// Name of the file in the directory of state.
const FILE: &str = "rights.db";

/// Steps from each version to the next.
const STEPS: &[&str] = &["
    CREATE TABLE consents (id TEXT PRIMARY KEY, subject BLOB, changed INTEGER NOT NULL, document TEXT NOT NULL) STRICT;
    CREATE INDEX consents_subject ON consents (subject);
    CREATE TABLE restrictions (id TEXT PRIMARY KEY, subject BLOB, changed INTEGER NOT NULL, document TEXT NOT NULL) STRICT;
    CREATE INDEX restrictions_subject ON restrictions (subject);
    CREATE TABLE grants (id TEXT PRIMARY KEY, subject BLOB, changed INTEGER NOT NULL, document TEXT NOT NULL) STRICT;
    CREATE INDEX grants_subject ON grants (subject);
    CREATE TABLE tickets (id TEXT PRIMARY KEY, subject BLOB, changed INTEGER NOT NULL, document TEXT NOT NULL) STRICT;
    CREATE INDEX tickets_subject ON tickets (subject);
    CREATE TABLE switches (id TEXT PRIMARY KEY, subject BLOB, changed INTEGER NOT NULL, document TEXT NOT NULL) STRICT;
    CREATE TABLE seen (
        limit_id TEXT NOT NULL, scope BLOB NOT NULL, subject BLOB NOT NULL, last INTEGER NOT NULL,
        PRIMARY KEY (limit_id, scope, subject)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX seen_last ON seen (last);
", "
    CREATE TABLE holders (id TEXT PRIMARY KEY, subject BLOB, changed INTEGER NOT NULL, document TEXT NOT NULL) STRICT;
", "
    CREATE TABLE withdrawals (id TEXT PRIMARY KEY, subject BLOB, changed INTEGER NOT NULL, document TEXT NOT NULL) STRICT;
    CREATE INDEX withdrawals_subject ON withdrawals (subject);
"];
