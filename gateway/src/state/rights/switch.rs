//! Kill switches (T/TSAC 001—2025 §7.10 c): a caller, role, recipient or route that gets nothing from now on.

use super::Rights;
use super::changing::{ChangeError, Changing, row};
use super::clock::Moment;
use super::store::Table;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;
use yingbi_crypto::Pseudonym;

/// A switch that is thrown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    /// Its id.
    pub id: String,
    /// What it stops.
    pub stops: Stops,
    /// Which one: a role, recipient or route as policies name it, a caller as a pseudonym.
    pub name: String,
    /// Why, without personal information.
    pub reason: String,
    /// Since when.
    pub since: Moment,
    /// Who threw it.
    pub by: String,
}

/// What a switch stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stops {
    /// One caller.
    Caller,
    /// All with a role.
    Role,
    /// All purposes of one recipient.
    Recipient,
    /// One route, by its template.
    Route,
}

impl Stops {
    /// All of them.
    pub const ALL: [Stops; 4] = [Stops::Caller, Stops::Role, Stops::Recipient, Stops::Route];

    /// The word of the admin API.
    pub fn name(self) -> &'static str {
        match self {
            Stops::Caller => "caller",
            Stops::Role => "role",
            Stops::Recipient => "recipient",
            Stops::Route => "route",
        }
    }
}

/// All that are thrown, as the data path asks them.
#[derive(Debug, Default)]
pub(super) struct Thrown {
    callers: HashSet<Pseudonym>,
    roles: HashSet<String>,
    recipients: HashSet<String>,
    routes: HashSet<String>,
    any: bool,
}

/// An access as switches see it.
#[derive(Clone, Copy, Debug)]
pub struct Switched<'a, R> {
    /// Pseudonym of the caller.
    pub caller: Option<Pseudonym>,
    /// Roles of the caller.
    pub roles: &'a [R],
    /// Who receives the data.
    pub recipient: Option<&'a str>,
    /// Template of the route.
    pub route: &'a str,
}

impl Thrown {
    pub(super) fn of<'s>(switches: impl Iterator<Item = &'s Switch>) -> Thrown {
        let mut thrown = Thrown::default();
        for switch in switches {
            thrown.any = true;
            let name = switch.name.clone();
            match switch.stops {
                Stops::Caller => thrown.callers.extend(Pseudonym::from_hex(&name)),
                Stops::Role => drop(thrown.roles.insert(name)),
                Stops::Recipient => drop(thrown.recipients.insert(name)),
                Stops::Route => drop(thrown.routes.insert(name)),
            }
        }
        thrown
    }

    /// Whether one of them stops this access.
    pub(super) fn stops<R: AsRef<str>>(&self, access: &Switched<'_, R>) -> bool {
        self.any
            && (access.caller.is_some_and(|caller| self.callers.contains(&caller))
                || access.roles.iter().any(|role| self.roles.contains(role.as_ref()))
                || access.recipient.is_some_and(|recipient| self.recipients.contains(recipient))
                || self.routes.contains(access.route))
    }
}

impl Rights {
    /// Throws a switch.
    ///
    /// # Errors
    /// It can't be written; it rules all the same until the gateway stops.
    pub fn throw(&self, switch: Switch) -> Result<(), ChangeError> {
        let mut changing = self.changing();
        changing.switches.insert(switch.id.clone(), switch.clone());
        self.rethrow(&changing);
        Ok(changing.close(vec![row(Table::Switches, (&switch.id, None), &switch, self.now())?])?)
    }

    /// Takes a switch back.
    ///
    /// # Errors
    /// There is none, or it can't be written, and it still rules.
    pub fn reset(&self, id: &str) -> Result<Switch, ChangeError> {
        let mut changing = self.changing();
        if !changing.switches.contains_key(id) {
            return Err(ChangeError::Missing);
        }
        changing.open_by_removing(Table::Switches, id)?;
        let switch = changing.switches.remove(id).ok_or(ChangeError::Missing)?;
        self.rethrow(&changing);
        Ok(switch)
    }

    pub(super) fn rethrow(&self, changing: &Changing) {
        self.thrown.store(Arc::new(Thrown::of(changing.switches.values())));
    }

    /// All that are thrown.
    pub fn switches(&self) -> Vec<Switch> {
        self.changing().switches.values().cloned().collect()
    }
}
