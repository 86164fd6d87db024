//! Rows of the tables as the report tells them.

use super::super::report::{CallerRow, FieldRow, RouteRow};
use jiff::Timestamp;
use rusqlite::Row;
use yingbi_protect::Outcomes;
use yingbi_taxonomy::Kind;

pub(super) fn route_row(row: &Row<'_>) -> rusqlite::Result<RouteRow> {
    Ok(RouteRow {
        route: row.get(0)?,
        first_seen: time(row, 1)?,
        last_seen: time(row, 2)?,
        answers: row.get(3)?,
        is_accepted: row.get(4)?,
        returns: vec![],
        accepts: vec![],
        callers: vec![],
    })
}

pub(super) fn field_row(row: &Row<'_>) -> rusqlite::Result<(String, FieldRow)> {
    let kind: String = row.get(3)?;
    let category: String = row.get(4)?;
    let sensitive = Kind::from_id(&kind).is_some_and(|kind| kind.category().is_sensitive());
    let counts =
        Outcomes { clear: row.get(7)?, masked: row.get(8)?, dropped: row.get(9)?, blocked: row.get(10)? };
    let field = FieldRow {
        direction: row.get(1)?,
        path: row.get(2)?,
        kind,
        category,
        level: row.get(5)?,
        sensitive,
        how: row.get(6)?,
        counts,
        first_seen: time(row, 11)?,
        last_seen: time(row, 12)?,
        changed: time(row, 13)?,
        accepted_level: row.get(14)?,
    };
    Ok((row.get(0)?, field))
}

pub(super) fn caller_row(row: &Row<'_>) -> rusqlite::Result<(String, CallerRow)> {
    let roles: String = row.get(4)?;
    let caller = CallerRow {
        method: row.get(1)?,
        caller: Some(row.get(2)?).filter(|caller: &String| !caller.is_empty()),
        identified_by: row.get(3)?,
        roles: roles.split(' ').filter(|role| !role.is_empty()).map(str::to_owned).collect(),
        answers: row.get(5)?,
        first_seen: time(row, 6)?,
        last_seen: time(row, 7)?,
    };
    Ok((row.get(0)?, caller))
}

pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let milliseconds: i64 = row.get(column)?;
    Ok(Timestamp::from_millisecond(milliseconds).unwrap_or_default())
}
