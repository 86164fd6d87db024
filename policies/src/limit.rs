//! What is counted and what is given in time: limits in distinct investors (T/TSAC 001 §7.5 h), templates of grants (§7.5 c,
//! j, k). The counting and the granting are the gateway's; here stands what the firm declared.

use crate::document::policy::Mode;
use crate::route::{self, RoutePattern};
use std::sync::Arc;
use std::time::Duration;
use yingbi_taxonomy::KindSet;

/// A limit in distinct investors.
#[derive(Clone, Debug)]
pub struct Limit {
    pub(crate) id: Arc<str>,
    pub(crate) mode: Mode,
    pub(crate) roles: Vec<usize>,
    pub(crate) purposes: Vec<usize>,
    pub(crate) routes: Vec<RoutePattern>,
    pub(crate) by: CountedBy,
    pub(crate) per: Period,
    pub(crate) distinct: Distinct,
    pub(crate) warn_at: Option<u64>,
    pub(crate) at: u64,
    pub(crate) lift: Option<Arc<str>>,
}

impl Limit {
    /// Its id.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// Whose investors are counted together.
    pub fn by(&self) -> CountedBy {
        self.by
    }

    /// Over which time.
    pub fn per(&self) -> Period {
        self.per
    }

    /// Which investors count.
    pub fn distinct(&self) -> Distinct {
        self.distinct
    }

    /// From how many investors on somebody is warned, if anybody is.
    pub fn warn_at(&self) -> Option<u64> {
        self.warn_at
    }

    /// How many investors are allowed.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Template of the grant that lifts it.
    pub fn lift(&self) -> Option<&str> {
        self.lift.as_deref()
    }

    /// Whether it rules, and is not only watched.
    pub fn is_enforced(&self) -> bool {
        self.mode == Mode::Enforce
    }

    /// Like a floor: a slash at the end of a path evades nothing.
    pub(crate) fn concerns(&self, method: &str, host: &str, segments: &[&str]) -> bool {
        let hit = |segments: &[&str]| self.routes.iter().any(|route| route.matches(method, host, segments));
        self.routes.is_empty() || hit(segments) || route::without_last_slash(segments).is_some_and(hit)
    }
}

/// Which investors a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distinct {
    /// All that an answer concerns.
    Investors,
    /// Those of whom an answer shows anything sensitive (001 §8.6.2 b 3) in clear. What stands in no record of anybody
    /// counts for all whom the answer concerns.
    SensitiveInvestors,
}

impl Distinct {
    /// All of them.
    pub const ALL: [Distinct; 2] = [Distinct::Investors, Distinct::SensitiveInvestors];

    /// The word policies use.
    pub fn name(self) -> &'static str {
        match self {
            Distinct::Investors => "investors",
            Distinct::SensitiveInvestors => "sensitive-investors",
        }
    }
}

/// Whose investors a limit counts together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CountedBy {
    /// Each caller's own.
    Caller,
    /// Each route's, whoever calls.
    Route,
    /// Each purpose's.
    Purpose,
    /// Each recipient's.
    Recipient,
}

impl CountedBy {
    /// All of them.
    pub const ALL: [CountedBy; 4] =
        [CountedBy::Caller, CountedBy::Route, CountedBy::Purpose, CountedBy::Recipient];

    /// The word policies use.
    pub fn name(self) -> &'static str {
        match self {
            CountedBy::Caller => "caller",
            CountedBy::Route => "route",
            CountedBy::Purpose => "purpose",
            CountedBy::Recipient => "recipient",
        }
    }
}

/// A time that slides: the last hour, not the hour of the clock, so that nobody asks twice around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
    /// 365 days.
    Year,
}

impl Period {
    /// All of them.
    pub const ALL: [Period; 4] = [Period::Minute, Period::Hour, Period::Day, Period::Year];

    /// The word policies use.
    pub fn name(self) -> &'static str {
        match self {
            Period::Minute => "minute",
            Period::Hour => "hour",
            Period::Day => "day",
            Period::Year => "year",
        }
    }

    /// How long it is.
    pub fn duration(self) -> Duration {
        Duration::from_secs(match self {
            Period::Minute => 60,
            Period::Hour => 3600,
            Period::Day => 86_400,
            Period::Year => 365 * 86_400,
        })
    }
}

/// What may be granted, to whom, by whom and for how long.
#[derive(Clone, Debug)]
pub struct GrantTemplate {
    /// Its id.
    pub id: Arc<str>,
    /// Roles that may ask.
    pub asked_by: Vec<Arc<str>>,
    /// Roles that may approve; never who asked.
    pub approved_by: Vec<Arc<str>>,
    /// Purposes it is for; empty: any.
    pub purposes: Vec<Arc<str>>,
    /// Kinds it opens; `None`: all that rules which ask for a grant allow.
    pub kinds: Option<KindSet>,
    /// How long it lasts at most.
    pub lasts: Duration,
    /// Whether it ends with the first answer.
    pub once: bool,
    /// Whether an open ticket is approval enough.
    pub by_ticket: bool,
    /// Whether it may be taken without approval, to be reviewed after.
    pub break_glass: bool,
    /// Whether its holder may have tokens and envelopes resolved to the values they stand for.
    pub detoken: bool,
}
