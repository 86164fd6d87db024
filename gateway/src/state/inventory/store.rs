//! The inventory's tables, in SQLite: the gateway writes, `yingbi inventory` reads and accepts at the same time.
//!
//! A write is one transaction, so a kill or power cut leaves the inventory as it was before or after. It holds route
//! templates, patterns of paths, ids of kinds, counts, pseudonyms and times; never a value.

mod rows;
mod write;

#[cfg(test)]
pub(super) use write::MOST_FIELDS;
pub(super) use write::{Batch, Written};

use super::report::{Baseline, Drift, DriftEntry, Filter, Report, RouteRow};
use crate::state::sqlite;
use jiff::Timestamp;
use rows::{caller_row, field_row, route_row, time};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, Row, TransactionBehavior, params};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use write::Write;

/// An open inventory.
pub struct Store {
    connection: Connection,
}

/// Why an inventory can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is none.
    #[error("no inventory at {}", .0.display())]
    Missing(PathBuf),
    /// Its file is damaged, or another's.
    #[error("the inventory's file is damaged or is none")]
    Damaged,
    /// It was written by a later version of this program.
    #[error("the inventory was written by a later version")]
    Later,
    /// The disk or another process does not let it.
    #[error("the inventory can't be used: {0}")]
    Unusable(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged,
            // Its code alone: texts may quote what was to be stored.
            Some(code) => StoreError::Unusable(format!("{code:?}")),
            None => StoreError::Unusable("unexpected contents".to_owned()),
        }
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        StoreError::Unusable(error.kind().to_string())
    }
}

/// A person's word that what is in the inventory is as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    id: i64,
    /// Who: an account or staff number.
    pub by: String,
    /// The route it was limited to.
    pub route: Option<String>,
    /// How many routes and fields were accepted by it.
    pub entries: u64,
}

impl Store {
    /// Opens the gateway's inventory in a directory, both made if they are not there. A damaged file is set aside under
    /// another name and told of: everything is new again then, and stands out.
    ///
    /// # Errors
    /// The place can't be used.
    pub fn create(dir: &Path) -> Result<(Store, Option<PathBuf>), StoreError> {
        let path = dir.join(FILE);
        let open = || sqlite::create(&path, STEPS).map(|connection| Store { connection });
        match open() {
            Err(StoreError::Damaged) => {
                let aside = dir.join(format!("{FILE}.damaged-{}", Timestamp::now().as_second()));
                std::fs::rename(&path, &aside)?;
                for log in ["-wal", "-shm"] {
                    match std::fs::remove_file(dir.join(format!("{FILE}{log}"))) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                        _ => {}
                    }
                }
                Ok((open()?, Some(aside)))
            }
            opened => Ok((opened?, None)),
        }
    }

    /// Opens the inventory in a directory to read it, also while a gateway writes it.
    ///
    /// # Errors
    /// There is none, or it can't be read.
    pub fn read(dir: &Path) -> Result<Store, StoreError> {
        Store::existing(dir, OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    /// Opens the inventory in a directory to accept what is in it.
    ///
    /// # Errors
    /// There is none, or it can't be written.
    pub fn accepting(dir: &Path) -> Result<Store, StoreError> {
        Store::existing(dir, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    fn existing(dir: &Path, flags: OpenFlags) -> Result<Store, StoreError> {
        sqlite::existing(&dir.join(FILE), flags, STEPS).map(|connection| Store { connection })
    }

    /// Adds what was seen.
    ///
    /// # Errors
    /// Nothing was written.
    pub(super) fn write(&mut self, now: Timestamp, batch: &Batch) -> Result<Written, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut write = Write {
            connection: &transaction,
            now: now.as_millisecond(),
            has_baseline: exists(&transaction, "SELECT 1 FROM acceptances LIMIT 1")?,
            drift: BTreeMap::new(),
            routes: HashSet::new(),
            room: HashMap::new(),
        };
        for (caller, count) in &batch.callers {
            write.caller(caller, *count)?;
        }
        for (field, counts) in &batch.fields {
            write.field(field, counts)?;
        }
        let drift = write.drift;
        let fields = transaction.query_row("SELECT count(*) FROM fields", [], |row| row.get(0))?;
        let accepted =
            all(&transaction, "SELECT id, by, route, entries FROM acceptances WHERE noted = 0", |row| {
                Ok(Acceptance { id: row.get(0)?, by: row.get(1)?, route: row.get(2)?, entries: row.get(3)? })
            })?;
        transaction.commit()?;
        Ok(Written { drift, fields, accepted })
    }

    /// Remembers that the audit log tells of acceptances.
    pub(super) fn noted(&self, accepted: &[Acceptance]) -> Result<(), StoreError> {
        for acceptance in accepted {
            self.connection
                .execute("UPDATE acceptances SET noted = 1 WHERE id = ?", params![acceptance.id])?;
        }
        Ok(())
    }

    /// Accepts all there is, or one route, as it was at a time: what came later stays new. How many routes and fields
    /// that were.
    ///
    /// # Errors
    /// Nothing was accepted.
    pub fn accept(
        &mut self,
        now: Timestamp,
        by: &str,
        route: Option<&str>,
        as_of: Option<Timestamp>,
    ) -> Result<u64, StoreError> {
        let as_of = as_of.unwrap_or(now).as_millisecond();
        let now = now.as_millisecond();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let routes = transaction.execute(
            "UPDATE routes SET accepted = ?1 WHERE accepted IS NULL AND first_seen <= ?2 AND (?3 IS NULL OR route = ?3)",
            params![now, as_of, route],
        )?;
        let fields = transaction.execute(
            "UPDATE fields SET accepted_level = level
             WHERE accepted_level IS NOT level AND changed <= ?1 AND (?2 IS NULL OR route = ?2)",
            params![as_of, route],
        )?;
        let entries = (routes + fields) as u64;
        transaction.execute(
            "INSERT INTO acceptances (time, by, route, as_of, entries) VALUES (?, ?, ?, ?, ?)",
            params![now, by, route, as_of, entries],
        )?;
        transaction.commit()?;
        Ok(entries)
    }

    /// All that is known, or some of it.
    ///
    /// # Errors
    /// It can't be read.
    pub fn report(&self, now: Timestamp, filter: &Filter) -> Result<Report, StoreError> {
        // One state of all tables, whatever is written meanwhile.
        let connection = self.connection.unchecked_transaction()?;
        let mut routes: BTreeMap<String, RouteRow> = BTreeMap::new();
        let sql = "SELECT route, first_seen, last_seen, answers, accepted IS NOT NULL FROM routes";
        for row in all(&connection, sql, route_row)? {
            if filter.takes(&row.route, row.last_seen) {
                routes.insert(row.route.clone(), row);
            }
        }
        let sql = format!("SELECT {FIELD} FROM fields ORDER BY route, direction, path, kind");
        for (route, field) in all(&connection, &sql, field_row)? {
            if let Some(row) = routes.get_mut(&route)
                && filter.takes(&route, field.last_seen)
            {
                let side = if field.direction == RETURNED { &mut row.returns } else { &mut row.accepts };
                side.push(field);
            }
        }
        let sql =
            "SELECT route, method, caller, identified_by, roles, answers, first_seen, last_seen FROM callers
                   ORDER BY route, roles, caller, method";
        for (route, caller) in all(&connection, sql, caller_row)? {
            if let Some(row) = routes.get_mut(&route)
                && filter.takes(&route, caller.last_seen)
            {
                row.callers.push(caller);
            }
        }
        let baseline = baseline(&connection)?;
        Ok(Report { as_of: now, baseline, routes: routes.into_values().collect() })
    }

    /// What differs from what was accepted, and the last acceptance.
    ///
    /// # Errors
    /// It can't be read.
    pub fn drift(&self, filter: &Filter) -> Result<(Option<Baseline>, Vec<DriftEntry>), StoreError> {
        let connection = self.connection.unchecked_transaction()?;
        let mut entries = vec![];
        let sql = "SELECT route, first_seen, last_seen, answers, accepted IS NOT NULL FROM routes
                   WHERE accepted IS NULL ORDER BY route";
        for row in all(&connection, sql, route_row)? {
            entries.push(DriftEntry::of_route(&row));
        }
        let sql = format!(
            "SELECT {FIELD}, EXISTS (SELECT 1 FROM fields other WHERE other.route = fields.route
                 AND other.direction = fields.direction AND other.category = fields.category
                 AND other.accepted_level IS NOT NULL)
             FROM fields WHERE accepted_level IS NOT level ORDER BY route, direction, path, kind"
        );
        let rows = all(&connection, &sql, |row| Ok((field_row(row)?, row.get::<_, bool>(FIELD_COLUMNS)?)))?;
        for ((route, field), is_category_known) in rows {
            let drift = match (field.accepted_level, is_category_known) {
                (Some(_), _) => Drift::ChangedLevel,
                (None, true) => Drift::NewField,
                (None, false) => Drift::NewCategory,
            };
            entries.push(DriftEntry::of_field(drift, &route, field));
        }
        entries.retain(|entry| filter.takes(&entry.route, entry.changed));
        entries.sort_by(|a, b| (&a.route, a.path.is_some()).cmp(&(&b.route, b.path.is_some())));
        Ok((baseline(&connection)?, entries))
    }
}

fn exists(connection: &Connection, sql: &str) -> Result<bool, StoreError> {
    Ok(connection.query_row(sql, [], |_| Ok(())).optional()?.is_some())
}

fn all<T>(
    connection: &Connection,
    sql: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<Vec<T>>>()?)
}

fn baseline(connection: &Connection) -> Result<Option<Baseline>, StoreError> {
    let sql = "SELECT time, by FROM acceptances ORDER BY id DESC LIMIT 1";
    let read = |row: &Row<'_>| Ok(Baseline { accepted: time(row, 0)?, by: row.get(1)? });
    Ok(connection.query_row(sql, [], read).optional()?)
}

const RETURNED: &str = "returns";

/// Name of the file in the directory of state.
const FILE: &str = "inventory.db";

const FIELD: &str =
    "route, direction, path, kind, category, level, how, clear, masked, dropped, blocked, first_seen,
                     last_seen, changed, accepted_level";
const FIELD_COLUMNS: usize = 15;

/// `accepted_level` and `accepted` are written by people's acceptance alone, all else by the gateway alone. Times are
/// milliseconds since 1970.
const STEPS: &[&str] = &["
    CREATE TABLE routes (
        route TEXT PRIMARY KEY, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, answers INTEGER NOT NULL,
        accepted INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE fields (
        route TEXT NOT NULL, direction TEXT NOT NULL, path TEXT NOT NULL, kind TEXT NOT NULL,
        category TEXT NOT NULL, level INTEGER NOT NULL, how TEXT NOT NULL, clear INTEGER NOT NULL,
        masked INTEGER NOT NULL, dropped INTEGER NOT NULL, blocked INTEGER NOT NULL, first_seen INTEGER NOT NULL,
        last_seen INTEGER NOT NULL, changed INTEGER NOT NULL, accepted_level INTEGER,
        PRIMARY KEY (route, direction, path, kind)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE callers (
        route TEXT NOT NULL, method TEXT NOT NULL, caller TEXT NOT NULL, identified_by TEXT NOT NULL,
        roles TEXT NOT NULL, answers INTEGER NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
        PRIMARY KEY (route, method, caller, identified_by, roles)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE acceptances (
        id INTEGER PRIMARY KEY, time INTEGER NOT NULL, by TEXT NOT NULL, route TEXT, as_of INTEGER NOT NULL,
        entries INTEGER NOT NULL, noted INTEGER NOT NULL DEFAULT 0
    ) STRICT;
"];
