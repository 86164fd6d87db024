//! DIDs on record for investors, and consents that requests bring with them (P8).

use super::Rights;
use super::changing::{ChangeError, row};
use super::clock::Moment;
use super::consent::Kept;
use super::store::Table;
use crate::state::credential::{Fault, Named, Presented};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use yingbi_crypto::Pseudonym;

/// The DID of an investor, on record. Both are pseudonyms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Pseudonym of the DID.
    pub id: String,
    /// Pseudonym of the investor.
    pub subject: String,
    /// Since when.
    pub since: Moment,
    /// The officer who recorded it.
    pub by: String,
}

/// Whose the DIDs on record are.
#[derive(Default)]
pub(super) struct Holders(RwLock<HashMap<Pseudonym, Pseudonym>>);

impl Holders {
    pub(super) fn of<'h>(holders: impl Iterator<Item = &'h Holder>) -> Holders {
        let pair =
            |holder: &Holder| Some((Pseudonym::from_hex(&holder.id)?, Pseudonym::from_hex(&holder.subject)?));
        Holders(RwLock::new(holders.filter_map(pair).collect()))
    }

    pub(super) fn replace<'h>(&self, holders: impl Iterator<Item = &'h Holder>) {
        let Holders(all) = Holders::of(holders);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) =
            all.into_inner().unwrap_or_else(PoisonError::into_inner);
    }

    pub(super) fn find(&self, did: Pseudonym) -> Option<Pseudonym> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&did).copied()
    }

    pub(super) fn set(&self, did: Pseudonym, subject: Option<Pseudonym>) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match subject {
            Some(subject) => drop(all.insert(did, subject)),
            None => drop(all.remove(&did)),
        }
    }
}

/// A consent that a request brought with it, verified.
#[derive(Debug)]
pub struct Brought {
    pub(super) subject: Pseudonym,
    pub(super) kept: Kept,
    /// What records name it by.
    pub reference: Arc<str>,
}

impl Rights {
    /// Puts an investor's DID on record.
    ///
    /// # Errors
    /// It can't be written, and is not believed.
    pub fn record_holder(
        &self,
        did: Pseudonym,
        subject: Pseudonym,
        holder: &Holder,
    ) -> Result<(), ChangeError> {
        let row = row(Table::Holders, (&holder.id, Some(subject)), holder, self.now())?;
        self.changing().open(row)?;
        self.holders.set(did, Some(subject));
        Ok(())
    }

    /// Takes a DID off the record.
    ///
    /// # Errors
    /// There is none, or it can't be written; it is not believed all the same until the gateway stops.
    pub fn remove_holder(&self, did: Pseudonym) -> Result<(), ChangeError> {
        let mut changing = self.changing();
        if self.holders.find(did).is_none() {
            return Err(ChangeError::Missing);
        }
        self.holders.set(did, None);
        Ok(changing.close_by_removing(Table::Holders, &did.to_string())?)
    }

    /// Whose consent a verified credential is.
    ///
    /// # Errors
    /// The investor is not known, has withdrawn since, or the categories are not.
    pub fn brought(&self, presented: Presented) -> Result<Brought, Fault> {
        let subject = match &presented.subject {
            Named::Identifier(identifier) => self.subject(identifier),
            Named::Did(did) => self.holders.find(self.did(did)).ok_or(Fault::Subject)?,
        };
        let reference = Arc::clone(&presented.reference);
        let kept = Kept::brought(presented).ok_or(Fault::Purpose)?;
        if self.subjects.has_withdrawn(subject, &kept) {
            return Err(Fault::Withdrawn);
        }
        Ok(Brought { subject, kept, reference })
    }

    /// The pseudonym of a DID.
    pub fn did(&self, did: &str) -> Pseudonym {
        self.key.pseudonym("did", did)
    }
}
