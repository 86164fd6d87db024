//! Grants and tickets change: asked for, approved, used, ended.

use super::{Grant, GrantState, Live, Ticket};
use crate::state::rights::changing::{ChangeError, Changing, row, row_of_grant};
use crate::state::rights::clock::Moment;
use crate::state::rights::store::Table;
use crate::state::rights::{Facts, Rights};
use std::sync::Arc;

impl Rights {
    /// Every grant that is remembered.
    pub fn grants(&self) -> Vec<Grant> {
        self.changing().grants.values().cloned().collect()
    }

    /// One grant.
    pub fn grant(&self, id: &str) -> Option<Grant> {
        self.changing().grants.get(id).cloned()
    }

    /// A new grant, or one in another state.
    ///
    /// # Errors
    /// It can't be written, and does not rule.
    pub fn ask(&self, grant: Grant) -> Result<(), ChangeError> {
        let mut changing = self.changing();
        changing.open(row_of_grant(&grant, self.now())?)?;
        changing.grants.insert(grant.id.clone(), grant);
        self.live(&changing);
        Ok(())
    }

    /// Changes a grant. A change that ends it rules even when it can't be written.
    ///
    /// # Errors
    /// There is none, its state does not allow it, or it can't be written.
    pub fn change(
        &self,
        id: &str,
        change: impl FnOnce(&mut Grant, Moment) -> Result<(), ChangeError>,
    ) -> Result<Grant, ChangeError> {
        let now = self.now();
        let mut changing = self.changing();
        let (mut grant, before) = self.newest(&changing, id).ok_or(ChangeError::Missing)?;
        change(&mut grant, now)?;
        let closes = grant.ended.is_some() || grant.used.is_some();
        let written = match before.map(|before| changing.replace_grant(&grant, now, before)) {
            Some(Ok(true)) => Ok(()),
            // Another gateway was there first.
            Some(Ok(false)) => return Err(ChangeError::State),
            // The store does not answer: what closes rules all the same, and is owed.
            Some(Err(_)) | None if closes => changing.close(vec![row_of_grant(&grant, now)?]),
            Some(Err(error)) => Err(error),
            None => changing.open(row_of_grant(&grant, now)?),
        };
        if closes || written.is_ok() {
            changing.grants.insert(id.to_owned(), grant.clone());
            self.live(&changing);
        }
        written?;
        Ok(grant)
    }

    /// Takes the one use of each grant that has one, written before anything is released.
    ///
    /// # Errors
    /// Somebody used it before, or it can't be written.
    pub fn take(&self, facts: &Facts) -> Result<(), ChangeError> {
        for grant in facts.once() {
            if !grant.take() {
                return Err(ChangeError::State);
            }
            let used = self.change(&grant.id, |grant, now| {
                // Another gateway may have been there.
                if grant.state(now) != GrantState::Active {
                    return Err(ChangeError::State);
                }
                grant.used = Some(now);
                Ok(())
            });
            used.inspect_err(|_| grant.give_back())?;
        }
        Ok(())
    }

    /// Opens a ticket, with a grant for whoever handles it.
    ///
    /// # Errors
    /// The news is older than what is known, or it can't be written; nothing is opened.
    pub fn open_ticket(&self, ticket: Ticket, grant: Option<Grant>) -> Result<(), ChangeError> {
        let mut changing = self.changing();
        if changing.tickets.get(&ticket.id).is_some_and(|known| known.changed >= ticket.changed) {
            return Err(ChangeError::State);
        }
        changing.open(row(Table::Tickets, (&ticket.id, None), &ticket, self.now())?)?;
        changing.tickets.insert(ticket.id.clone(), ticket);
        if let Some(grant) = grant {
            changing.open(row_of_grant(&grant, self.now())?)?;
            changing.grants.insert(grant.id.clone(), grant);
            self.live(&changing);
        }
        Ok(())
    }

    /// Closes a ticket and ends its grants; which.
    ///
    /// # Errors
    /// It is older news, or can't be written; the grants are ended all the same.
    pub fn close_ticket(&self, ticket: Ticket, by: &str) -> Result<Vec<String>, ChangeError> {
        let now = self.now();
        let mut changing = self.changing();
        if changing.tickets.get(&ticket.id).is_some_and(|known| known.changed >= ticket.changed) {
            return Err(ChangeError::State);
        }
        let of_ticket =
            |grant: &&mut Grant| grant.ticket.as_ref() == Some(&ticket.id) && grant.ended.is_none();
        let mut ended = Vec::new();
        for grant in changing.grants.values_mut().filter(of_ticket) {
            (grant.ended, grant.ended_by) = (Some(now), Some(by.to_owned()));
            ended.push(grant.clone());
        }
        self.live(&changing);
        let mut rows = vec![row(Table::Tickets, (&ticket.id, None), &ticket, now)?];
        for grant in &ended {
            rows.push(row_of_grant(grant, now)?);
        }
        changing.tickets.insert(ticket.id.clone(), ticket);
        changing.close(rows)?;
        Ok(ended.into_iter().map(|grant| grant.id).collect())
    }

    /// Whether a source's time of a change to a ticket is later than what is known of it.
    pub fn is_news(&self, ticket: &str, changed: i64) -> bool {
        self.changing().tickets.get(ticket).is_none_or(|known| known.changed < changed)
    }

    /// Whether a ticket is known to be closed: no new grant is given on it.
    pub fn is_closed(&self, ticket: &str) -> bool {
        self.changing().tickets.get(ticket).is_some_and(|ticket| !ticket.open)
    }

    pub(in crate::state::rights) fn live(&self, changing: &Changing) {
        let now = self.now();
        let usable = changing.grants.values().filter(|grant| grant.state(now) == GrantState::Active);
        let before = self.live.load_full();
        self.live.store(Arc::new(Live::of(usable, &before)));
    }
}
