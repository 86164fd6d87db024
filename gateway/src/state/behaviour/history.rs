//! What one caller did before, and the file it is kept in.

use super::Categories;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use yingbi_crypto::Pseudonym;
use yingbi_taxonomy::Category;

/// What a caller did before the hour at hand.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct History {
    /// Days on which the caller was seen, the last of them among them.
    days: u32,
    /// The last of them, in days since 1970.
    last_day: i64,
    /// On how many days in each hour of the day, UTC.
    hours: [u32; 24],
    /// Investors in an hour, the latest hours weighing most; none yet.
    usual: Option<f64>,
    pub(super) categories: Categories,
}

impl History {
    /// Whether the caller was seen on so many days before today.
    pub(super) fn is_known(&self, hour: i64, days: u32) -> bool {
        let before = match hour.div_euclid(24) == self.last_day {
            true => self.days.saturating_sub(1),
            false => self.days,
        };
        before >= days && before > 0
    }

    /// Whether the caller never worked in this hour of the day, nor in those beside it.
    pub(super) fn is_odd(&self, hour: i64) -> bool {
        [-1, 0, 1].iter().all(|beside| self.hours.get(of_day(hour + beside)) == Some(&0))
    }

    /// The caller is seen in this hour.
    pub(super) fn enter(&mut self, hour: i64) {
        if let Some(days) = self.hours.get_mut(of_day(hour)) {
            *days = days.saturating_add(1);
        }
        let day = hour.div_euclid(24);
        if day != self.last_day || self.days == 0 {
            self.days = self.days.saturating_add(1);
            self.last_day = day;
        }
    }

    /// The same with an hour of so many investors.
    pub(super) fn with_hour(mut self, people: usize) -> History {
        if people > 0 {
            let people = people as f64;
            self.usual = Some(self.usual.map_or(people, |usual| usual + (people - usual) * NEWEST));
        }
        self
    }

    /// Investors in an hour.
    pub(super) fn usual(&self) -> f64 {
        self.usual.unwrap_or_default()
    }

    pub(super) fn last_hour(&self) -> i64 {
        self.last_day.saturating_mul(24)
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    /// By the caller's pseudonym.
    callers: BTreeMap<String, WrittenHistory>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WrittenHistory {
    days: u32,
    last_day: i64,
    hours: [u32; 24],
    usual: Option<f64>,
    categories: Vec<String>,
}

/// What was learned before; nothing where there is no file.
///
/// # Errors
/// It can't be read.
pub(super) fn of_file(file: &Path) -> io::Result<Vec<(Pseudonym, History)>> {
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "damaged, or of another version");
    let written: Written = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
    if written.version != VERSION {
        return Err(damaged());
    }
    let history = |(caller, written): (String, WrittenHistory)| {
        let WrittenHistory { days, last_day, hours, usual, categories } = written;
        let categories: Vec<Category> = categories.iter().filter_map(|id| Category::from_id(id)).collect();
        let usual = usual.filter(|usual| usual.is_finite());
        let history = History { days, last_day, hours, usual, categories: Categories::of(categories.iter()) };
        Some((Pseudonym::from_hex(&caller)?, history))
    };
    Ok(written.callers.into_iter().filter_map(history).collect())
}

/// Writes all of it in place of what was there.
///
/// # Errors
/// What was there stays.
pub(super) fn to_file(file: &Path, callers: impl Iterator<Item = (Pseudonym, History)>) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let written = |(caller, history): (Pseudonym, History)| {
        let History { days, last_day, hours, usual, categories } = history;
        let categories = categories.each().map(|category| category.id().to_owned()).collect();
        (caller.to_string(), WrittenHistory { days, last_day, hours, usual, categories })
    };
    let all = Written { version: VERSION, callers: callers.map(written).collect() };
    let new = file.with_extension("new");
    let mut out =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    serde_json::to_writer(&mut out, &all)?;
    out.sync_data()?;
    std::fs::rename(&new, file)
}

fn of_day(hour: i64) -> usize {
    usize::try_from(hour.rem_euclid(24)).unwrap_or_default()
}

/// How much the newest hour weighs.
const NEWEST: f64 = 0.2;
const VERSION: u32 = 1;
