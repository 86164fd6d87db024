//! Changes to rights. What opens something rules once it is written. What closes something rules at once; where it can't be
//! written it is owed to the store, and written before anything else as soon as that works again.

use super::clock::Moment;
use super::grant::{Grant, Ticket};
use super::shared;
use super::store::{Row, Store, Table};
use super::switch::Switch;
use crate::state::inventory::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use yingbi_crypto::Pseudonym;

/// Why something can't be changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is none of this id.
    #[error("there is none of this id")]
    Missing,
    /// It is not in a state in which this can be done.
    #[error("its state does not allow this")]
    State,
    /// Nobody decides about what they asked for.
    #[error("nobody approves or reviews what they asked for")]
    Own,
    /// The store can't be written. What closes something rules all the same until the gateway stops.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What only changes look at.
pub(super) struct Changing {
    pub store: Box<dyn Store>,
    pub grants: BTreeMap<String, Grant>,
    pub tickets: BTreeMap<String, Ticket>,
    pub switches: BTreeMap<String, Switch>,
    /// What closes something and could not be written, oldest first.
    owed: Vec<Owed>,
}

type Known = (BTreeMap<String, Grant>, BTreeMap<String, Ticket>, BTreeMap<String, Switch>);

enum Owed {
    Put(Vec<(Table, Row)>),
    Remove(Table, String),
}

impl Changing {
    pub(super) fn new(store: Box<dyn Store>, (grants, tickets, switches): Known) -> Changing {
        Changing { store, grants, tickets, switches, owed: Vec::new() }
    }

    /// Writes what is owed: before anything else is written or everything is read again, which would undo it.
    ///
    /// # Errors
    /// Some of it is still owed.
    pub(super) fn settle(&mut self) -> Result<(), StoreError> {
        while let Some(owed) = self.owed.first() {
            match owed {
                Owed::Put(rows) => self.store.put(rows)?,
                Owed::Remove(table, id) => self.store.remove(*table, id)?,
            }
            self.owed.remove(0);
        }
        Ok(())
    }

    /// Writes what opens something.
    ///
    /// # Errors
    /// Nothing was written.
    pub(super) fn open(&mut self, row: (Table, Row)) -> Result<(), StoreError> {
        self.settle()?;
        self.store.put(&[row])
    }

    /// Writes what closes something.
    ///
    /// # Errors
    /// It is owed.
    pub(super) fn close(&mut self, rows: Vec<(Table, Row)>) -> Result<(), StoreError> {
        let written = self.settle().and_then(|()| self.store.put(&rows));
        written.inspect_err(|_| self.owed.push(Owed::Put(rows)))
    }

    /// Removes what opened something.
    ///
    /// # Errors
    /// It is owed.
    pub(super) fn close_by_removing(&mut self, table: Table, id: &str) -> Result<(), StoreError> {
        let removed = self.settle().and_then(|()| self.store.remove(table, id));
        removed.inspect_err(|_| self.owed.push(Owed::Remove(table, id.to_owned())))
    }

    /// Removes what closed something.
    ///
    /// # Errors
    /// It may still be there.
    pub(super) fn open_by_removing(&mut self, table: Table, id: &str) -> Result<(), StoreError> {
        self.settle()?;
        self.store.remove(table, id)
    }

    /// Writes a grant in place of one that changed last at this time; whether it was still that one.
    ///
    /// # Errors
    /// Nothing was written.
    pub(super) fn replace_grant(
        &mut self,
        grant: &Grant,
        now: Moment,
        before: i64,
    ) -> Result<bool, StoreError> {
        self.settle()?;
        let (table, row) = row_of_grant(grant, now)?;
        self.store.replace(table, &Row { changed: shared::after(now, before), ..row }, before)
    }
}

/// The row of something.
///
/// # Errors
/// It can't be written as JSON.
pub(super) fn row(
    table: Table,
    (id, subject): (&str, Option<Pseudonym>),
    document: &impl Serialize,
    now: Moment,
) -> Result<(Table, Row), StoreError> {
    let document = serde_json::to_string(document).map_err(|_| StoreError::Damaged)?;
    Ok((table, Row { id: id.to_owned(), subject, changed: now.ms(), document }))
}

/// The row of a grant.
///
/// # Errors
/// It can't be written as JSON.
pub(super) fn row_of_grant(grant: &Grant, now: Moment) -> Result<(Table, Row), StoreError> {
    let subject = grant.subject.as_deref().and_then(Pseudonym::from_hex);
    row(Table::Grants, (&grant.id, subject), grant, now)
}

/// A new id: a letter that says what it is of, and 64 random bits.
///
/// # Errors
/// The system gives no random numbers.
pub fn new_id(of: &str) -> std::io::Result<String> {
    let number = getrandom::u64().map_err(|_| std::io::Error::other("no random numbers"))?;
    Ok(format!("{of}-{number:016x}"))
}

pub(super) fn read<T: DeserializeOwned>(row: &Row) -> Option<T> {
    serde_json::from_str(&row.document).ok()
}

/// Every row of a table by its id; one that can't be read would be forgotten, and with it what it ends.
pub(super) fn by_id<T: DeserializeOwned>(
    rows: &[Row],
    id: impl Fn(&T) -> String,
) -> Result<BTreeMap<String, T>, StoreError> {
    let all = rows.iter().map(|row| read::<T>(row).map(|one| (id(&one), one)).ok_or(StoreError::Damaged));
    all.collect()
}
