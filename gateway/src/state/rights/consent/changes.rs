//! Consents, withdrawals and restrictions change.

use super::{Consent, Restriction, Withdrawal};
use crate::state::inventory::StoreError;
use crate::state::rights::Rights;
use crate::state::rights::changing::{ChangeError, read, row};
use crate::state::rights::clock::Moment;
use crate::state::rights::store::Table;
use jiff::Timestamp;
use yingbi_crypto::Pseudonym;

impl Rights {
    /// Records a consent.
    ///
    /// # Errors
    /// It can't be written, and does not rule.
    pub fn consent(&self, subject: Pseudonym, consent: &Consent) -> Result<(), ChangeError> {
        let mut changing = self.changing();
        // Given after what was withdrawn, by whichever gateway's clock.
        let last = self.subjects.withdrawn_last(subject).map(|at| at.saturating_add(1));
        let recorded = last.and_then(|at| Timestamp::from_millisecond(at).ok()).map(Moment);
        let recorded = recorded.map_or(consent.recorded, |after| consent.recorded.max(after));
        let consent = Consent { recorded, ..consent.clone() };
        changing.open(row(Table::Consents, (&consent.id, Some(subject)), &consent, self.now())?)?;
        self.subjects.set(subject, &consent);
        Ok(())
    }

    /// Consents of an investor, newest first.
    ///
    /// # Errors
    /// They can't be read.
    pub fn consents(&self, subject: Pseudonym) -> Result<Vec<Consent>, StoreError> {
        Ok(self.changing().store.rows(Table::Consents, Some(subject))?.iter().filter_map(read).collect())
    }

    /// What an investor has withdrawn, newest first.
    ///
    /// # Errors
    /// It can't be read.
    pub fn withdrawals(&self, subject: Pseudonym) -> Result<Vec<Withdrawal>, StoreError> {
        Ok(self.changing().store.rows(Table::Withdrawals, Some(subject))?.iter().filter_map(read).collect())
    }

    /// Withdraws: what is on record, and every credential of before. Which consents on record ended.
    ///
    /// # Errors
    /// There is none of this id, or it can't be written; it rules all the same.
    pub fn withdraw(&self, withdrawal: &Withdrawal) -> Result<Vec<String>, ChangeError> {
        let subject = withdrawal.whose();
        let mut changing = self.changing();
        let on_record = match subject {
            Some(subject) => changing.store.rows(Table::Consents, Some(subject)),
            None => Ok(Vec::new()),
        };
        let now = self.now();
        let tombstone = row(Table::Withdrawals, (&withdrawal.id, subject), withdrawal, now)?;
        let on_record = match on_record {
            Ok(rows) => rows,
            Err(error) => {
                // A store that can't be read keeps nothing open.
                self.reach.failed();
                self.subjects.withdraw(withdrawal);
                let _owed = changing.close(vec![tombstone]);
                return Err(error.into());
            }
        };
        let of_it = |consent: &Consent| consent.withdrawn.is_none() && withdrawal.is_of(consent);
        let mut ended: Vec<Consent> = on_record.iter().filter_map(read).filter(of_it).collect();
        if ended.is_empty() && withdrawal.consent.as_deref().is_some_and(|id| !is_credential(id)) {
            return Err(ChangeError::Missing);
        }
        let mut rows = vec![tombstone];
        self.subjects.withdraw(withdrawal);
        for consent in &mut ended {
            consent.withdrawn = Some(withdrawal.at);
            if let Some(subject) = subject {
                self.subjects.set(subject, consent);
                rows.push(row(Table::Consents, (&consent.id, Some(subject)), consent, now)?);
            }
        }
        changing.close(rows)?;
        Ok(ended.into_iter().map(|consent| consent.id).collect())
    }

    /// Restricts an investor's data.
    ///
    /// # Errors
    /// It can't be written; it rules all the same.
    pub fn restrict(&self, subject: Pseudonym, restriction: &Restriction) -> Result<(), ChangeError> {
        let mut changing = self.changing();
        self.subjects.restrict(subject, true);
        let row = row(Table::Restrictions, (&restriction.id, Some(subject)), restriction, self.now())?;
        Ok(changing.close(vec![row])?)
    }

    /// All restrictions.
    ///
    /// # Errors
    /// They can't be read.
    pub fn restrictions(&self) -> Result<Vec<Restriction>, StoreError> {
        Ok(self.changing().store.rows(Table::Restrictions, None)?.iter().filter_map(read).collect())
    }

    /// Ends a restriction.
    ///
    /// # Errors
    /// There is none, or it can't be written, and it still rules.
    pub fn release(&self, id: &str) -> Result<(), ChangeError> {
        let mut changing = self.changing();
        changing.settle()?;
        let rows = changing.store.rows(Table::Restrictions, None)?;
        let subject = rows.iter().find(|row| row.id == id).and_then(|row| row.subject);
        let subject = subject.ok_or(ChangeError::Missing)?;
        changing.open_by_removing(Table::Restrictions, id)?;
        let others = rows.iter().any(|row| row.subject == Some(subject) && row.id != id);
        self.subjects.restrict(subject, others);
        Ok(())
    }
}

/// Whether an id is what records name a credential by.
pub(super) fn is_credential(id: &str) -> bool {
    id.starts_with("vc-")
}
