//! What is unusual of a caller, measured against what that caller did before (T/TSAC 001—2025 §7.4 c, §8.5.3 d): far more
//! investors in an hour than their own usual, an hour of the day in which they never work, a category they were never
//! shown, investors whose numbers count up or down one after another.
//!
//! Callers and investors are pseudonyms; the one number that is kept to see whether the next follows it stays in memory,
//! and so do the investors of the hour. Each gateway learns by itself; what it learned is in a file beside its state.

mod history;

use crate::config::BehaviourUse;
use history::{History, of_file, to_file};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use yingbi_crypto::Pseudonym;
use yingbi_taxonomy::Category;

/// One way to be unusual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sign {
    /// Far more investors in an hour than the caller's usual.
    Volume,
    /// An hour of the day in which the caller never worked.
    Hour,
    /// Investors whose numbers count up or down, one after another.
    Sequence,
    /// A category that the caller was never shown.
    Category,
}

/// What one answer shows, and to whom it is asked.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// Now, in milliseconds since 1970.
    pub now: i64,
    /// The investor that the request names.
    pub named: Option<&'a str>,
    /// Whom the answer concerns.
    pub subjects: &'a BTreeSet<Pseudonym>,
    /// Categories in it that are not left out.
    pub categories: Categories,
}

/// A set of categories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Categories(u64);

/// What came of looking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unusual {
    /// What is unusual.
    pub signs: Vec<Sign>,
    /// Those of them that were not told of this caller in this hour.
    pub news: Vec<Sign>,
    /// Whether the firm has such accesses refused.
    pub is_blocked: bool,
}

/// What callers usually do.
pub struct Behaviour {
    rules: BehaviourUse,
    /// By the first byte of the caller, so that callers don't wait for each other.
    shards: [Mutex<HashMap<Pseudonym, Watched>>; SHARDS],
    file: Option<PathBuf>,
    is_changed: AtomicBool,
}

/// One caller.
#[derive(Debug, Default)]
struct Watched {
    history: History,
    /// The hour at hand, in hours since 1970, and whom it showed.
    hour: i64,
    people: HashSet<Pseudonym>,
    is_odd: bool,
    told: Vec<Sign>,
    /// New categories of the day, which are usual from the next on.
    fresh: Categories,
    run: Run,
}

/// Numbers that follow each other.
#[derive(Debug, Default)]
struct Run {
    last: Option<u64>,
    step: i128,
    length: u32,
}

impl Sign {
    /// All of them.
    pub const ALL: [Sign; 4] = [Sign::Volume, Sign::Hour, Sign::Sequence, Sign::Category];

    /// The word in metrics and in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Sign::Volume => "volume",
            Sign::Hour => "hour",
            Sign::Sequence => "sequence",
            Sign::Category => "category",
        }
    }

    /// The mark in an access record.
    pub fn mark(self) -> &'static str {
        match self {
            Sign::Volume => "unusual-volume",
            Sign::Hour => "unusual-hour",
            Sign::Sequence => "unusual-sequence",
            Sign::Category => "unusual-category",
        }
    }
}

impl Behaviour {
    /// Looks by these rules, with what an earlier run learned. A file that can't be read is learned anew, and told of.
    pub fn open(rules: BehaviourUse, dir: &Path) -> Behaviour {
        let file = dir.join(FILE);
        let behaviour = Behaviour { file: Some(file.clone()), ..Behaviour::new(rules) };
        match of_file(&file) {
            Ok(learned) => learned.into_iter().for_each(|(caller, history)| {
                let watched = Watched { history, ..Watched::default() };
                behaviour.shard(caller).insert(caller, watched);
            }),
            Err(error) => {
                tracing::error!(%error, "what callers usually do can't be read; it is learned anew")
            }
        }
        behaviour
    }

    fn new(rules: BehaviourUse) -> Behaviour {
        Behaviour { rules, shards: Default::default(), file: None, is_changed: AtomicBool::new(false) }
    }

    /// Looks at an answer before it is released, and learns from it unless it is refused.
    pub fn look(&self, caller: Pseudonym, shown: &Shown<'_>) -> Unusual {
        let hour = shown.now.div_euclid(HOUR_MS);
        let mut shard = self.shard(caller);
        if shard.len() >= MOST_CALLERS && !shard.contains_key(&caller) {
            shard.retain(|_, watched| hour - watched.hour.max(watched.history.last_hour()) < FORGET_HOURS);
        }
        let watched = shard.entry(caller).or_default();
        watched.begin(hour, &self.rules);
        let is_known = watched.history.is_known(hour, self.rules.learn_days);
        let mut signs = Vec::new();
        if is_known && watched.is_odd {
            signs.push(Sign::Hour);
        }
        if is_known && !shown.categories.without(watched.history.categories).is_empty() {
            signs.push(Sign::Category);
        }
        if is_known && self.rules.is_far_more(watched.with(shown.subjects), watched.history.usual()) {
            signs.push(Sign::Volume);
        }
        if watched.run.follows(shown.named) >= self.rules.sequence {
            signs.push(Sign::Sequence);
        }
        let is_blocked = signs.iter().any(|sign| self.rules.block.contains(sign));
        let is_new = |sign: &Sign| !watched.told.contains(sign);
        let news: Vec<Sign> = signs.iter().copied().filter(is_new).collect();
        watched.told.extend(&news);
        if !is_blocked {
            watched.learn(shown, is_known);
            self.is_changed.store(true, Ordering::Relaxed);
        }
        Unusual { signs, news, is_blocked }
    }

    /// Writes what was learned every few seconds, in a thread of its own.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(self: &Arc<Self>) -> std::io::Result<()> {
        let behaviour = Arc::clone(self);
        let write = move || {
            loop {
                std::thread::sleep(WRITE_EVERY);
                behaviour.write();
            }
        };
        std::thread::Builder::new().name("yingbi-behaviour".to_owned()).spawn(write).map(drop)
    }

    /// Writes what was learned; what can't be written is tried again.
    pub fn write(&self) {
        let Some(file) = &self.file else { return };
        if !self.is_changed.swap(false, Ordering::Relaxed) {
            return;
        }
        let of = |shard: &Mutex<HashMap<Pseudonym, Watched>>| -> Vec<(Pseudonym, History)> {
            lock(shard).iter().map(|(caller, watched)| (*caller, watched.so_far())).collect()
        };
        if let Err(error) = to_file(file, self.shards.iter().flat_map(of)) {
            self.is_changed.store(true, Ordering::Relaxed);
            tracing::warn!(%error, "what callers usually do can't be written");
        }
    }

    fn shard(&self, caller: Pseudonym) -> MutexGuard<'_, HashMap<Pseudonym, Watched>> {
        let at = usize::from(caller.0[0]) % SHARDS;
        #[expect(clippy::indexing_slicing, reason = "a remainder by the number of shards is one of them")]
        lock(&self.shards[at])
    }
}

impl BehaviourUse {
    /// Whether so many investors in an hour are far more than usual.
    fn is_far_more(&self, people: usize, usual: f64) -> bool {
        people as u64 > self.volume_least && people as f64 > usual * f64::from(self.volume_times)
    }
}

impl Watched {
    /// Goes on to an hour; what is over is learned.
    fn begin(&mut self, hour: i64, _: &BehaviourUse) {
        if hour == self.hour {
            return;
        }
        self.history = self.so_far();
        if hour.div_euclid(24) != self.hour.div_euclid(24) {
            self.history.categories = self.history.categories.and(self.fresh);
            self.fresh = Categories::default();
        }
        self.hour = hour;
        self.people.clear();
        self.told.clear();
        self.is_odd = self.history.is_odd(hour);
        self.history.enter(hour);
    }

    /// How many investors the hour has shown with these.
    fn with(&self, subjects: &BTreeSet<Pseudonym>) -> usize {
        self.people.len() + subjects.iter().filter(|subject| !self.people.contains(*subject)).count()
    }

    fn learn(&mut self, shown: &Shown<'_>, is_known: bool) {
        if self.people.len() < MOST_PEOPLE {
            self.people.extend(shown.subjects);
        }
        // What is new today is said of the whole day.
        match is_known {
            true => self.fresh = self.fresh.and(shown.categories),
            false => self.history.categories = self.history.categories.and(shown.categories),
        }
    }

    /// The history with the hour at hand.
    fn so_far(&self) -> History {
        self.history.clone().with_hour(self.people.len())
    }
}

impl Run {
    /// How many investors have followed each other by the same small step, this one among them.
    fn follows(&mut self, named: Option<&str>) -> u32 {
        let digits = named.map(|named| {
            let name = named.trim_end_matches(|c: char| c.is_ascii_digit());
            named.get(name.len()..).unwrap_or_default()
        });
        let Some(number) = digits.and_then(|digits| digits.parse::<u64>().ok()) else { return 0 };
        if let Some(last) = self.last.replace(number) {
            let step = i128::from(number) - i128::from(last);
            if step == 0 {
                return self.length;
            }
            let is_small = step.unsigned_abs() <= STEP;
            self.length = match (is_small, step == self.step) {
                (true, true) => self.length.saturating_add(1),
                (true, false) => 2,
                (false, _) => 1,
            };
            self.step = step;
        } else {
            self.length = 1;
        }
        self.length
    }
}

impl Categories {
    /// A set of these.
    pub fn of<'c>(all: impl Iterator<Item = &'c Category>) -> Categories {
        Categories(all.fold(0, |bits, category| bits | 1 << (*category as u64)))
    }

    fn and(self, other: Categories) -> Categories {
        Categories(self.0 | other.0)
    }

    fn without(self, other: Categories) -> Categories {
        Categories(self.0 & !other.0)
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn each(self) -> impl Iterator<Item = Category> {
        Category::all().filter(move |category| self.0 & (1 << (*category as u64)) != 0)
    }
}

const _: () = assert!(Category::COUNT <= u64::BITS as usize);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const SHARDS: usize = 16;
const HOUR_MS: i64 = 3_600_000;
/// Of one shard, before those not seen for long are forgotten.
const MOST_CALLERS: usize = 1 << 12;
/// A quarter of a year.
const FORGET_HOURS: i64 = 24 * 90;
/// Of one caller's hour: more than anybody's usual.
const MOST_PEOPLE: usize = 1 << 16;
/// Numbers of investors often end in a check digit or go up in tens.
const STEP: u128 = 16;
const WRITE_EVERY: Duration = Duration::from_secs(5);
/// Name of the file beside the state.
const FILE: &str = "behaviour.json";

#[cfg(test)]
mod tests;
