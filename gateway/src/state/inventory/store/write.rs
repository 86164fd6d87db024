//! Adding what was seen: new routes and fields are told apart from known ones as they are written.

use super::super::callers::{Caller, MORE};
use super::super::report::Drift;
use super::{Acceptance, RETURNED, StoreError};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use yingbi_classifiers::{Classifier, How};
use yingbi_protect::{Direction, Field, Outcomes};

/// What is to be written at once.
#[derive(Debug, Default)]
pub(in super::super) struct Batch {
    pub(in super::super) fields: Vec<(Arc<Field>, Outcomes)>,
    pub(in super::super) callers: Vec<(Caller, u64)>,
}

/// What a write found out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Written {
    /// What was not known before, once there is a baseline to differ from.
    pub(in super::super) drift: BTreeMap<Drift, u64>,
    /// Fields known now.
    pub(in super::super) fields: u64,
    /// Acceptances that the audit log does not tell of yet.
    pub(in super::super) accepted: Vec<Acceptance>,
}

/// A write under way.
pub(super) struct Write<'c> {
    pub(super) connection: &'c Connection,
    pub(super) now: i64,
    pub(super) has_baseline: bool,
    pub(super) drift: BTreeMap<Drift, u64>,
    /// Routes written already.
    pub(super) routes: HashSet<Arc<str>>,
    /// How many more fields find room, by route and direction.
    pub(super) room: HashMap<(Arc<str>, Direction), usize>,
}

impl Write<'_> {
    fn route(&mut self, route: &Arc<str>, answers: u64) -> Result<(), StoreError> {
        if !self.routes.insert(route.clone()) && answers == 0 {
            return Ok(());
        }
        let known = self.connection.execute(
            "UPDATE routes SET last_seen = ?2, answers = answers + ?3 WHERE route = ?1",
            params![&**route, self.now, answers],
        )?;
        if known == 0 {
            self.connection.execute(
                "INSERT INTO routes (route, first_seen, last_seen, answers) VALUES (?1, ?2, ?2, ?3)",
                params![&**route, self.now, answers],
            )?;
            self.drifted(Drift::NewRoute);
        }
        Ok(())
    }

    pub(super) fn caller(&mut self, caller: &Caller, answers: u64) -> Result<(), StoreError> {
        self.route(&caller.route, answers)?;
        self.parameters(&caller.route, answers)?;
        let mut roles: Vec<&str> = caller.roles.iter().map(|role| &**role).collect();
        roles.sort_unstable();
        let roles = roles.join(" ");
        let mut who = caller.caller.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut by = caller.identified_by;
        let known = "SELECT 1 FROM callers WHERE route = ? AND method = ? AND caller = ? AND identified_by = ? AND roles = ?";
        let is_known = || {
            self.connection
                .query_row(known, params![&*caller.route, caller.method, who, by, roles], |_| Ok(()))
                .optional()
        };
        if !who.is_empty() && is_known()?.is_none() {
            let of_route = "SELECT count(*) FROM callers WHERE route = ? AND caller <> ''";
            let callers: usize =
                self.connection.query_row(of_route, params![&*caller.route], |row| row.get(0))?;
            if callers >= MOST_CALLERS {
                (who, by) = (String::new(), MORE);
            }
        }
        self.connection.execute(
            "INSERT INTO callers (route, method, caller, identified_by, roles, answers, first_seen, last_seen)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
             ON CONFLICT DO UPDATE SET answers = answers + excluded.answers, last_seen = excluded.last_seen",
            params![&*caller.route, caller.method, who, by, roles, answers, self.now],
        )?;
        Ok(())
    }

    /// What a route takes in its path, as the names in its template say.
    fn parameters(&mut self, route: &Arc<str>, answers: u64) -> Result<(), StoreError> {
        let names = route.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        for name in names {
            let Some(kind) = Classifier::shipped().key(name).kind else { continue };
            let path = format!("!path/{name}");
            let (direction, level, how) = (Direction::Accepted, kind.level(), How::Key);
            let field = Field { route: route.clone(), direction, path, kind, level, how };
            self.field(&field, &Outcomes { clear: answers, ..Outcomes::default() })?;
        }
        Ok(())
    }

    pub(super) fn field(&mut self, field: &Field, counts: &Outcomes) -> Result<(), StoreError> {
        self.route(&field.route, 0)?;
        let direction = direction(field.direction);
        let kind = field.kind.id();
        let level = field.level.number();
        let mut path = field.path.as_str();
        let mut known = self.level(field, direction, path)?;
        if known.is_none() && !self.takes_room(field)? {
            path = "!more";
            known = self.level(field, direction, path)?;
        }
        match known {
            Some(before) => {
                if before != level {
                    self.drifted(Drift::ChangedLevel);
                }
                self.connection.execute(
                    "UPDATE fields SET clear = clear + ?5, masked = masked + ?6, dropped = dropped + ?7,
                         blocked = blocked + ?8, last_seen = ?9, changed = iif(level = ?10, changed, ?9), level = ?10
                     WHERE route = ?1 AND direction = ?2 AND path = ?3 AND kind = ?4",
                    params![
                        &*field.route, direction, path, kind, counts.clear, counts.masked, counts.dropped,
                        counts.blocked, self.now, level
                    ],
                )?;
            }
            None => {
                let sql = "SELECT 1 FROM fields WHERE route = ? AND direction = ? AND category = ? LIMIT 1";
                let key = params![&*field.route, direction, field.kind.category().id()];
                let is_known = self.connection.query_row(sql, key, |_| Ok(())).optional()?.is_some();
                self.drifted(if is_known { Drift::NewField } else { Drift::NewCategory });
                self.connection.execute(
                    "INSERT INTO fields (route, direction, path, kind, category, level, how, clear, masked, dropped,
                         blocked, first_seen, last_seen, changed)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12, ?12)",
                    params![
                        &*field.route, direction, path, kind, field.kind.category().id(), level, how(field.how),
                        counts.clear, counts.masked, counts.dropped, counts.blocked, self.now
                    ],
                )?;
            }
        }
        Ok(())
    }

    fn level(&self, field: &Field, direction: &str, path: &str) -> Result<Option<u8>, StoreError> {
        let sql = "SELECT level FROM fields WHERE route = ? AND direction = ? AND path = ? AND kind = ?";
        let key = params![&*field.route, direction, path, field.kind.id()];
        Ok(self.connection.query_row(sql, key, |row| row.get(0)).optional()?)
    }

    /// Whether there is room for one more field on its route, which it then takes.
    fn takes_room(&mut self, field: &Field) -> Result<bool, StoreError> {
        let room = match self.room.entry((field.route.clone(), field.direction)) {
            Entry::Occupied(room) => room.into_mut(),
            Entry::Vacant(room) => {
                let sql = "SELECT count(*) FROM fields WHERE route = ? AND direction = ?";
                let key = params![&*field.route, direction(field.direction)];
                let known: usize = self.connection.query_row(sql, key, |row| row.get(0))?;
                room.insert(MOST_FIELDS.saturating_sub(known))
            }
        };
        let has_room = *room > 0;
        *room = room.saturating_sub(1);
        Ok(has_room)
    }

    fn drifted(&mut self, drift: Drift) {
        if self.has_baseline {
            *self.drift.entry(drift).or_default() += 1;
        }
    }
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Returned => RETURNED,
        Direction::Accepted => "accepts",
    }
}

fn how(how: How) -> &'static str {
    match how {
        How::Binding => "binding",
        How::Key => "key",
        How::Context => "context",
        How::Value => "value",
        How::Text => "text",
    }
}

/// Most fields of a route in one direction, and most callers told apart; what comes beyond is counted under `!more` and
/// by role.
pub(in super::super) const MOST_FIELDS: usize = 1024;
const MOST_CALLERS: usize = 256;
