//! The table: every metric's name, kind, help, unit and labels.

use prometheus::core::Collector;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, Result,
};

/// One declared metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Full name.
    pub name: &'static str,
    /// Counter, gauge or histogram.
    pub kind: Kind,
    /// One sentence.
    pub help: &'static str,
    /// Unit; empty for plain counts and flags.
    pub unit: &'static str,
    /// Label names; their values come from closed sets.
    pub labels: &'static [&'static str],
}

/// Kind of a metric, as Prometheus names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size.
    Histogram,
}

macro_rules! table {
    ($($constant:ident $kind:ident $name:literal $unit:literal [$($label:literal),*] $help:literal;)*) => {
        $(pub(super) const $constant: Metric = Metric {
            name: concat!("yingbi_", $name),
            kind: Kind::$kind,
            help: $help,
            unit: $unit,
            labels: &[$($label),*],
        };)*

        /// Every metric there is.
        pub const METRICS: &[Metric] = &[$($constant),*];
    };
}

table! {
    REQUESTS Counter "requests_total" "" ["method", "decision", "status_class", "route"] "Exchanges finished.";
    REQUEST_DURATION Histogram "request_duration_seconds" "seconds" ["route"] "From a request's head to the last byte handed over.";
    REFUSALS Counter "refusals_total" "" ["code"] "Requests and answers refused, by stable code.";
    VALUES Counter "values_total" "" ["category", "level", "treatment"] "Values of personal information found in answers, by what became of them.";
    REQUEST_VALUES Counter "request_values_total" "" ["category", "level", "treatment"] "Values of personal information changed in requests before they went on, by treatment.";
    FIELD_KEYS Counter "field_keys_total" "" ["category", "outcome"] "Values decrypted (decrypt), and values that show nothing because they could not be encrypted, tokenised or decrypted, by code.";
    DETOKEN Counter "detoken_total" "" ["outcome"] "Tokens and envelopes that officers asked to have resolved: `resolved`, or by code why not.";
    SMALL_GROUPS Counter "small_groups_total" "" ["action"] "Answers in which some records look like so few others that they single people out, by what was done.";
    RAISED Counter "raised_records_total" "" ["combination"] "Records that a combination of what they hold, or somebody's age, made stricter.";
    INPUT_FAULTS Counter "input_faults_total" "" ["category", "rule", "action"] "Wrong values of personal information in requests, by what became of the request.";
    MONITORED Counter "monitored_values_total" "" ["category"] "Values that a rule in monitor mode would have treated otherwise.";
    LEVEL_RELEASED_CLEAR Counter "level_released_clear_total" "" ["level"] "Values released in clear, by level; level 4 must stay 0.";
    SUBJECTS Counter "subjects_total" "" [] "Investors concerned by answers, distinct within each.";
    UPSTREAM_ERRORS Counter "upstream_errors_total" "" ["reason"] "Failures of the upstream.";
    UPSTREAM_DURATION Histogram "upstream_duration_seconds" "seconds" [] "From a request's last byte to the head of the upstream's response.";
    INSPECT_FAILED Counter "inspect_failed_total" "" ["reason"] "Bodies that could not be inspected and were not released.";
    AUDIT_COMMIT Histogram "audit_commit_seconds" "seconds" [] "Wait until an access record was durable.";
    AUDIT_RECORDS Counter "audit_records_total" "" ["type"] "Records written to the audit log.";
    AUDIT_UP Gauge "audit_up" "" [] "1 while the audit log accepts records.";
    AUDIT_REFUSED Counter "audit_refused_total" "" [] "Answers withheld because their record could not be made durable.";
    ANCHOR_LAG Gauge "audit_anchor_lag_seconds" "seconds" ["anchor"] "How long the oldest checkpoint, or record for the central store, has waited for delivery; 0 when none does.";
    SIEM Counter "siem_records_total" "" ["receiver", "outcome"] "Records told to a receiver of events, or dropped because it did not keep up; the log has them all.";
    AUDIT_RECOVERED Gauge "audit_recovered_tail_bytes" "bytes" [] "Torn bytes that recovery cut from the audit log at start.";
    POLICY_RELOADS Counter "policy_reloads_total" "" ["result"] "Loads of the policy directory.";
    POLICY_REJECT Counter "policy_reject_total" "" [] "Policy versions refused; the one before ruled on.";
    POLICY_INFO Gauge "policy_info" "" ["version"] "1 for the policy version that rules.";
    CONSENT_CREDENTIALS Counter "consent_credentials_total" "" ["result"] "Consents that requests brought with them, by whether they hold.";
    LIMITS Counter "limits_reached_total" "" ["limit", "what"] "Answers that brought a limit in investors to its warning, or that it refused.";
    SHARED_ACCOUNTS Counter "shared_accounts_total" "" [] "Accesses by accounts that were used from more places at once than they may.";
    UNUSUAL Counter "unusual_total" "" ["sign"] "Accesses that are unusual by what the same caller did before, by what is.";
    CONSENT_ERRORS Counter "consent_errors_total" "" [] "Times the store of consents, grants and switches could not be reached or written.";
    GRANTS Gauge "grants" "" ["state"] "Grants that are remembered, by state.";
    GRANTS_ENDING Gauge "grants_ending" "" [] "Active grants that end by themselves within an hour.";
    REVIEWS_AWAITED Gauge "grant_reviews_awaited" "" [] "Grants that were taken without approval and nobody has reviewed.";
    REVIEW_AGE Gauge "grant_review_age_seconds" "seconds" [] "How long the oldest grant taken without approval has waited for its review; 0 when none does.";
    SWITCHES Gauge "kill_switches" "" ["stops"] "Kill switches that are thrown, by what they stop.";
    CONNECTIONS Gauge "connections" "" [] "Client connections open.";
    IN_FLIGHT Gauge "in_flight" "" [] "Exchanges in flight.";
    SHED Counter "shed_total" "" ["reason"] "Work turned away with 503 or not accepted, to survive overload.";
    CLIENT_ABORTS Counter "client_aborts_total" "" [] "Clients that left before their answer was handed over.";
    INVENTORY_FIELDS Gauge "inventory_fields" "" [] "Fields of personal information that the inventory knows.";
    INVENTORY_DRIFT Counter "inventory_drift_total" "" ["type"] "Routes, categories, fields and levels found that differ from the accepted inventory.";
    TLS_RELOADS Counter "tls_reloads_total" "" ["place", "result"] "Certificates read again, of the data port (listen) and toward the API behind (upstream); refused ones left the old ones ruling.";
    JWKS_AGE Gauge "jwks_age_seconds" "seconds" [] "Age of the oldest issuer's signing keys; NaN while an issuer has none.";
    KMS_UP Gauge "kms_up" "" ["node"] "1 while the key service unwraps our keys; NaN where none is configured.";
    KMS_DURATION Histogram "kms_duration_seconds" "seconds" ["node"] "How long key services took.";
    KMS_ERRORS Counter "kms_errors_total" "" ["node", "reason"] "Failures of key services.";
    KMS_CACHE Gauge "kms_cache_seconds" "seconds" [] "How long data keys stay in use should no key service vouch for them; NaN without data keys.";
    KMS_DEGRADED Counter "kms_degraded_total" "" [] "Times that all data keys were let go of, after which values are masked in place of being encrypted.";
    DATA_KEYS Gauge "data_keys" "" ["state"] "Data keys by state; unavailable ones exist but can't be had.";
    KEYSTORE_REJECT Counter "keystore_reject_total" "" [] "Key stores refused; the keys before stayed.";
    BUILD_INFO Gauge "build_info" "" ["version"] "1, with the version of the program.";
    PROCESS_START Gauge "process_start_time_seconds" "seconds" [] "Start of the process since the epoch.";
    RESIDENT Gauge "process_resident_memory_bytes" "bytes" [] "Resident memory of the process.";
}

impl Metric {
    pub(super) fn counter(&self, registry: &Registry) -> Result<IntCounter> {
        register(registry, IntCounter::with_opts(self.opts())?)
    }

    pub(super) fn counters(&self, registry: &Registry) -> Result<IntCounterVec> {
        register(registry, IntCounterVec::new(self.opts(), self.labels)?)
    }

    pub(super) fn gauge(&self, registry: &Registry) -> Result<IntGauge> {
        register(registry, IntGauge::with_opts(self.opts())?)
    }

    pub(super) fn gauge_f64(&self, registry: &Registry) -> Result<Gauge> {
        register(registry, Gauge::with_opts(self.opts())?)
    }

    pub(super) fn gauges_f64(&self, registry: &Registry) -> Result<GaugeVec> {
        register(registry, GaugeVec::new(self.opts(), self.labels)?)
    }

    pub(super) fn gauges(&self, registry: &Registry) -> Result<IntGaugeVec> {
        register(registry, IntGaugeVec::new(self.opts(), self.labels)?)
    }

    pub(super) fn histogram(&self, registry: &Registry, buckets: &[f64]) -> Result<Histogram> {
        register(registry, Histogram::with_opts(self.buckets(buckets))?)
    }

    pub(super) fn histograms(&self, registry: &Registry, buckets: &[f64]) -> Result<HistogramVec> {
        register(registry, HistogramVec::new(self.buckets(buckets), self.labels)?)
    }

    fn opts(&self) -> Opts {
        Opts::new(self.name, self.help)
    }

    fn buckets(&self, buckets: &[f64]) -> HistogramOpts {
        HistogramOpts::new(self.name, self.help).buckets(buckets.to_vec())
    }
}

fn register<C: Collector + Clone + 'static>(registry: &Registry, collector: C) -> Result<C> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}
