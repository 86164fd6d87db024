//! What is found outside the bodies of answers: in headers, and in requests. There is little of it, so it is kept by its
//! path as people read it.

use super::{Direction, Field, Outcomes, Sighting};
use crate::counts::Outcome;
use std::collections::HashMap;
use std::sync::Arc;
use yingbi_classifiers::How;
use yingbi_taxonomy::{Kind, Level};

/// What was found since it was asked last.
#[derive(Default)]
pub(crate) struct Elsewhere(HashMap<(Arc<str>, Direction, String, Kind), Found>);

struct Found {
    level: Level,
    how: How,
    counts: Outcomes,
}

impl Elsewhere {
    /// Counts a value.
    pub(crate) fn count(
        &mut self,
        (route, direction, path): (&Arc<str>, Direction, String),
        (kind, level, how): (Kind, Level, How),
        outcome: Outcome,
    ) {
        // What finds no room is counted for the whole route.
        let path = if self.0.len() < MOST { path } else { "!more".to_owned() };
        let found = self.0.entry((route.clone(), direction, path, kind));
        found.or_insert(Found { level, how, counts: Outcomes::default() }).counts.count(outcome);
    }

    /// Hands over what was counted since the last time.
    pub(crate) fn take(&mut self, into: &mut Vec<Sighting>) {
        into.extend(self.0.drain().map(|((route, direction, path, kind), found)| {
            let Found { level, how, counts } = found;
            Sighting { field: Arc::new(Field { route, direction, path, kind, level, how }), counts }
        }));
    }
}

/// Most places between two times.
const MOST: usize = 4096;
