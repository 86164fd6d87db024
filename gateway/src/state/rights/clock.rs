//! Time for what begins and ends: the wall's when the gateway started, and what has truly passed since. A clock that is
//! set back gives nobody an hour more, one that is set ahead takes none (F13).

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::time::{Duration, Instant};

/// A point in time, in documents as RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Timestamp);

impl Moment {
    /// Milliseconds since 1970.
    pub fn ms(self) -> i64 {
        self.0.as_millisecond()
    }

    /// So much later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Moment {
        Moment(self.0.saturating_add(duration).unwrap_or(Timestamp::MAX))
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Moment).map_err(|_| D::Error::custom("not a time of RFC 3339"))
    }
}

/// A clock that never steps.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Timestamp,
    at: Instant,
}

impl Clock {
    /// Starts now; not before what is remembered of an earlier run.
    pub fn start(not_before: Timestamp) -> Clock {
        Clock { started: Timestamp::now().max(not_before), at: Instant::now() }
    }

    /// Now.
    pub fn now(&self) -> Moment {
        Moment(self.started).after(self.at.elapsed())
    }

    /// Milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.now().ms()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a3_a_clock_set_back_between_two_runs_gives_no_time() {
        let ahead = Timestamp::now() + jiff::SignedDuration::from_hours(1);
        assert!(Clock::start(ahead).now() >= Moment(ahead));
        let clock = Clock::start(Timestamp::UNIX_EPOCH);
        assert!(
            clock.now() >= Moment(clock.started)
                && clock.now() <= Moment(Timestamp::now()).after(Duration::from_secs(1))
        );
    }
}
