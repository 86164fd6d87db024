//! What is counted of data keys and key services (M5).

use super::table;
use crate::keys::{Fault, Role, Round};
use prometheus::{Gauge, GaugeVec, Histogram, IntCounter, IntCounterVec, IntGauge, Registry, Result};
use std::time::Duration;
use yingbi_crypto::keys::{KeyState, Ring};

/// Metrics of data keys and of the services that unwrap them.
pub struct KeyMetrics {
    up: GaugeVec,
    duration: Vec<Histogram>,
    errors: IntCounterVec,
    cache: Gauge,
    degraded: IntCounter,
    keys: Vec<IntGauge>,
    unavailable: IntGauge,
    rejected: IntCounter,
}

impl KeyMetrics {
    pub(super) fn new(registry: &Registry) -> Result<KeyMetrics> {
        let duration = table::KMS_DURATION.histograms(registry, &KMS_SECONDS)?;
        let keys = table::DATA_KEYS.gauges(registry)?;
        let metrics = KeyMetrics {
            up: table::KMS_UP.gauges_f64(registry)?,
            duration: Role::ALL.map(|role| duration.with_label_values(&[role.name()])).into(),
            errors: table::KMS_ERRORS.counters(registry)?,
            cache: table::KMS_CACHE.gauge_f64(registry)?,
            degraded: table::KMS_DEGRADED.counter(registry)?,
            keys: KeyState::ALL.map(|state| keys.with_label_values(&[state.name()])).into(),
            unavailable: keys.with_label_values(&[UNAVAILABLE]),
            rejected: table::KEYSTORE_REJECT.counter(registry)?,
        };
        for role in Role::ALL {
            // No service of this role: neither up nor down.
            metrics.up.with_label_values(&[role.name()]).set(f64::NAN);
            for fault in Fault::NAMES {
                metrics.errors.with_label_values(&[role.name(), fault]);
            }
        }
        metrics.cache.set(f64::NAN);
        Ok(metrics)
    }

    /// What one look at store and services found, and the keys there are now.
    pub fn round(&self, round: &Round, ring: &Ring) {
        for (role, took, answer) in &round.services {
            let up = self.up.with_label_values(&[role.name()]);
            up.set(if answer.is_ok() { 1.0 } else { 0.0 });
            if let (Some(took), Some(duration)) = (took, self.duration.get(*role as usize)) {
                duration.observe(took.as_secs_f64());
            }
            if let Err(fault) = answer {
                self.errors.with_label_values(&[role.name(), fault.name()]).inc();
            }
        }
        self.left(round.left);
        let (mut states, mut unavailable) = ([0; KeyState::ALL.len()], 0);
        for slot in ring.slots() {
            if slot.key.is_none() && slot.state != KeyState::Destroyed {
                unavailable += 1;
            } else if let Some(count) = states.get_mut(slot.state as usize) {
                *count += 1;
            }
        }
        self.keys.iter().zip(states).for_each(|(gauge, count)| gauge.set(count));
        self.unavailable.set(unavailable);
    }

    /// How long keys stay in use should nobody vouch any more.
    fn left(&self, left: Duration) {
        self.cache.set(left.as_secs_f64());
    }

    /// All keys were let go of.
    pub fn degraded(&self) {
        self.degraded.inc();
    }

    /// A store that is not sound was not taken.
    pub fn rejected(&self) {
        self.rejected.inc();
    }
}

/// Keys that exist and can't be had.
const UNAVAILABLE: &str = "unavailable";
/// From a key in memory to a service that hangs.
const KMS_SECONDS: [f64; 9] = [0.0001, 0.0005, 0.001, 0.005, 0.02, 0.1, 0.4, 1.0, 10.0];
