//! How grants and switches stand, for metrics: counts, no names.

use super::{GrantState, Rights, Stops};
use std::time::Duration;

/// Counts of a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Grants, by [`GrantState::ALL`].
    pub grants: [u64; GrantState::ALL.len()],
    /// Active grants that end by themselves within an hour.
    pub ending: u64,
    /// Grants taken without approval that nobody has reviewed.
    pub reviews: u64,
    /// How long the oldest of them has waited, in seconds.
    pub oldest_review_seconds: u64,
    /// Thrown switches, by [`Stops::ALL`].
    pub switches: [u64; Stops::ALL.len()],
}

impl Rights {
    /// How grants and switches stand now.
    pub fn figures(&self) -> Figures {
        let now = self.now();
        let soon = now.after(SOON);
        let mut figures = Figures::default();
        let changing = self.changing();
        for grant in changing.grants.values() {
            let state = grant.state(now);
            add(&mut figures.grants, GrantState::ALL.iter().position(|own| *own == state));
            let is_ending = state == GrantState::Active && grant.ends.is_some_and(|ends| ends <= soon);
            figures.ending += u64::from(is_ending);
            if grant.awaits_review() {
                figures.reviews += 1;
                let age = now.ms().saturating_sub(grant.asked.ms()).div_euclid(1000);
                let age = u64::try_from(age).unwrap_or(0);
                figures.oldest_review_seconds = figures.oldest_review_seconds.max(age);
            }
        }
        for switch in changing.switches.values() {
            add(&mut figures.switches, Stops::ALL.iter().position(|own| *own == switch.stops));
        }
        figures
    }
}

fn add(counts: &mut [u64], at: Option<usize>) {
    if let Some(count) = at.and_then(|at| counts.get_mut(at)) {
        *count += 1;
    }
}

const SOON: Duration = Duration::from_secs(3600);
