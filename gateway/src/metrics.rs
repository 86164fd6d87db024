//! What the gateway counts (M1): every metric declared once in [`METRICS`] with help, unit and labels from closed sets.
//!
//! Nothing here takes a value, an investor, a caller or a path: categories, levels, treatments, codes, and route
//! templates up to a bound. Counting is an atomic addition; only requests look up their route.
//!
//! ```
//! use yingbi::metrics::{Metrics, Shown};
//! let metrics = Metrics::new()?;
//! let basic = yingbi_taxonomy::Category::from_id("basic").unwrap();
//! metrics.values(basic, Shown::Mask, 2);
//! assert!(metrics.render().contains(r#"yingbi_values_total{category="basic",level="3",treatment="mask"} 2"#));
//! # Ok::<(), prometheus::Error>(())
//! ```

mod keys;
mod labels;
mod table;
#[cfg(test)]
mod tests;

pub use keys::KeyMetrics;
pub use labels::{
    Decided, Drift, InspectFailure, RecordType, RouteLabels, ShedReason, Shown, UpstreamFailure, status_class,
};
pub use table::{Kind, METRICS, Metric};

pub(crate) use labels::method_label;

use crate::state::behaviour::Sign;
use crate::state::rights::{Figures, GrantState, Stops};
use labels::Label;
use prometheus::{
    Encoder as _, Gauge, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
};
use prometheus::{Registry, TextEncoder};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use yingbi_classifiers::Wrong;
use yingbi_policies::SmallGroupAction;
use yingbi_protect::{KeyTrouble, Summary};
use yingbi_taxonomy::{Category, Level};

/// All counters of one gateway.
pub struct Metrics {
    registry: Registry,
    routes: RouteLabels,
    requests: IntCounterVec,
    request_duration: HistogramVec,
    refusals: IntCounterVec,
    values: Vec<[IntCounter; Shown::COUNT]>,
    monitored: Vec<IntCounter>,
    raised: IntCounterVec,
    combinations: RouteLabels,
    input_faults: IntCounterVec,
    request_values: IntCounterVec,
    field_keys: IntCounterVec,
    detoken: IntCounterVec,
    small_groups: IntCounterVec,
    clear_by_level: [IntCounter; 4],
    subjects: IntCounter,
    consent_errors: IntCounter,
    grants: IntGaugeVec,
    grants_ending: IntGauge,
    reviews_awaited: IntGauge,
    review_age: IntGauge,
    switches: IntGaugeVec,
    shared_accounts: IntCounter,
    unusual: IntCounterVec,
    limits: IntCounterVec,
    limit_ids: RouteLabels,
    consent_credentials: IntCounterVec,
    upstream_errors: Vec<IntCounter>,
    upstream_duration: Histogram,
    inspect_failed: Vec<IntCounter>,
    audit_commit: Histogram,
    audit_records: Vec<IntCounter>,
    audit_up: IntGauge,
    audit_refused: IntCounter,
    audit_recovered: IntGauge,
    anchor_lag: IntGaugeVec,
    siem: IntCounterVec,
    policy_loaded: IntCounter,
    policy_rejected: IntCounter,
    policy_reject: IntCounter,
    policy_info: IntGaugeVec,
    connections: IntGauge,
    in_flight: IntGauge,
    shed: Vec<IntCounter>,
    client_aborts: IntCounter,
    inventory_fields: IntGauge,
    inventory_drift: Vec<IntCounter>,
    tls_reloads: IntCounterVec,
    jwks_age: Gauge,
    resident: IntGauge,
    /// Data keys and key services.
    pub keys: KeyMetrics,
}

/// One finished exchange.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// Method as sent; unusual ones are counted together.
    pub method: &'a str,
    /// What was decided.
    pub decided: Decided,
    /// Status that went to the client; 0 when none did.
    pub status: u16,
    /// Route template from the policy, if one matched.
    pub route: Option<&'a str>,
    /// From the head's first byte to the last byte handed over.
    pub duration: Duration,
}

/// Something counted while it lasts.
#[must_use = "it is counted until this is dropped"]
#[derive(Debug)]
pub struct Held(IntGauge);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// Declares all metrics in a registry of their own.
    ///
    /// # Errors
    /// The table is wrong; a test shows that it is not.
    pub fn new() -> prometheus::Result<Metrics> {
        let registry = Registry::new();
        let values = table::VALUES.counters(&registry)?;
        let category_values = |category: Category| {
            let level = category.level().to_string();
            Shown::ALL.map(|shown| values.with_label_values(&[category.id(), &level, shown.name()]))
        };
        let monitored = table::MONITORED.counters(&registry)?;
        let clear = table::LEVEL_RELEASED_CLEAR.counters(&registry)?;
        let reloads = table::POLICY_RELOADS.counters(&registry)?;
        let build = table::BUILD_INFO.gauges(&registry)?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        table::PROCESS_START.gauge_f64(&registry)?.set(started.as_secs_f64());
        let metrics = Metrics {
            routes: RouteLabels::default(),
            requests: table::REQUESTS.counters(&registry)?,
            request_duration: table::REQUEST_DURATION.histograms(&registry, &EXCHANGE_SECONDS)?,
            refusals: table::REFUSALS.counters(&registry)?,
            values: Category::all().map(category_values).collect(),
            monitored: Category::all()
                .map(|category| monitored.with_label_values(&[category.id()]))
                .collect(),
            raised: table::RAISED.counters(&registry)?,
            combinations: RouteLabels::default(),
            input_faults: table::INPUT_FAULTS.counters(&registry)?,
            request_values: table::REQUEST_VALUES.counters(&registry)?,
            field_keys: table::FIELD_KEYS.counters(&registry)?,
            detoken: table::DETOKEN.counters(&registry)?,
            small_groups: table::SMALL_GROUPS.counters(&registry)?,
            clear_by_level: Level::ALL.map(|level| clear.with_label_values(&[&level.to_string()])),
            subjects: table::SUBJECTS.counter(&registry)?,
            consent_errors: table::CONSENT_ERRORS.counter(&registry)?,
            grants: table::GRANTS.gauges(&registry)?,
            grants_ending: table::GRANTS_ENDING.gauge(&registry)?,
            reviews_awaited: table::REVIEWS_AWAITED.gauge(&registry)?,
            review_age: table::REVIEW_AGE.gauge(&registry)?,
            switches: table::SWITCHES.gauges(&registry)?,
            shared_accounts: table::SHARED_ACCOUNTS.counter(&registry)?,
            unusual: table::UNUSUAL.counters(&registry)?,
            limits: table::LIMITS.counters(&registry)?,
            limit_ids: RouteLabels::default(),
            consent_credentials: table::CONSENT_CREDENTIALS.counters(&registry)?,
            upstream_errors: labelled::<UpstreamFailure>(&table::UPSTREAM_ERRORS.counters(&registry)?),
            upstream_duration: table::UPSTREAM_DURATION.histogram(&registry, &EXCHANGE_SECONDS)?,
            inspect_failed: labelled::<InspectFailure>(&table::INSPECT_FAILED.counters(&registry)?),
            audit_commit: table::AUDIT_COMMIT.histogram(&registry, &COMMIT_SECONDS)?,
            audit_records: labelled::<RecordType>(&table::AUDIT_RECORDS.counters(&registry)?),
            audit_up: table::AUDIT_UP.gauge(&registry)?,
            audit_refused: table::AUDIT_REFUSED.counter(&registry)?,
            audit_recovered: table::AUDIT_RECOVERED.gauge(&registry)?,
            anchor_lag: table::ANCHOR_LAG.gauges(&registry)?,
            siem: table::SIEM.counters(&registry)?,
            policy_loaded: reloads.with_label_values(&["loaded"]),
            policy_rejected: reloads.with_label_values(&["rejected"]),
            policy_reject: table::POLICY_REJECT.counter(&registry)?,
            policy_info: table::POLICY_INFO.gauges(&registry)?,
            connections: table::CONNECTIONS.gauge(&registry)?,
            in_flight: table::IN_FLIGHT.gauge(&registry)?,
            shed: labelled::<ShedReason>(&table::SHED.counters(&registry)?),
            client_aborts: table::CLIENT_ABORTS.counter(&registry)?,
            inventory_fields: table::INVENTORY_FIELDS.gauge(&registry)?,
            inventory_drift: labelled::<Drift>(&table::INVENTORY_DRIFT.counters(&registry)?),
            tls_reloads: table::TLS_RELOADS.counters(&registry)?,
            jwks_age: table::JWKS_AGE.gauge_f64(&registry)?,
            resident: table::RESIDENT.gauge(&registry)?,
            keys: KeyMetrics::new(&registry)?,
            registry,
        };
        // A series that first appears with its first event hides that event from `rate`.
        metrics.requests.with_label_values(&["GET", Decided::Permit.name(), "2xx", RouteLabels::UNMATCHED]);
        metrics.request_duration.with_label_values(&[RouteLabels::UNMATCHED]);
        metrics.refusals.with_label_values(&[labels::NO_CODE]);
        metrics.raised.with_label_values(&["baseline.minors"]);
        for place in ["listen", "upstream"] {
            for result in ["loaded", "rejected"] {
                metrics.tls_reloads.with_label_values(&[place, result]);
            }
        }
        let document = Category::IdentityDocument.id();
        for action in ["flag", "reject"] {
            metrics.input_faults.with_label_values(&[document, Wrong::CheckDigit.name(), action]);
        }
        for outcome in std::iter::once("decrypt").chain(KeyTrouble::ALL.map(KeyTrouble::code)) {
            metrics.field_keys.with_label_values(&[document, outcome]);
        }
        for action in SmallGroupAction::ALL.map(SmallGroupAction::name) {
            metrics.small_groups.with_label_values(&[action]);
        }
        for outcome in ["resolved", "YB0730"] {
            metrics.detoken.with_label_values(&[outcome]);
        }
        let level = Category::IdentityDocument.level().to_string();
        metrics.request_values.with_label_values(&[document, &level, "mask"]);
        for holds in ["accepted", "refused"] {
            metrics.consent_credentials.with_label_values(&[holds]);
        }
        for stopped in ["refused", "warned"] {
            metrics.limits.with_label_values(&[RouteLabels::UNMATCHED, stopped]);
        }
        metrics.rights(&Figures::default());
        for sign in Sign::ALL {
            metrics.unusual.with_label_values(&[sign.name()]);
        }
        for anchor in crate::evidence::ANCHORS {
            metrics.anchor_lag.with_label_values(&[anchor]).set(0);
        }
        for receiver in crate::evidence::RECEIVERS {
            for outcome in ["sent", "dropped"] {
                metrics.siem.with_label_values(&[receiver, outcome]);
            }
        }
        metrics.policy_info.with_label_values(&["none"]).set(0);
        Ok(metrics)
    }

    /// The text that Prometheus reads.
    pub fn render(&self) -> String {
        self.resident.set(resident_bytes().unwrap_or(0));
        let mut text = Vec::new();
        // Writing into memory fails only for families the table's test would have shown as broken.
        let _ = TextEncoder::new().encode(&self.registry.gather(), &mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    /// A finished exchange.
    pub fn exchange(&self, done: &Exchange<'_>) {
        let route = self.routes.label(done.route);
        let labels = [method_label(done.method), done.decided.name(), status_class(done.status), &route];
        self.requests.with_label_values(&labels).inc();
        self.request_duration.with_label_values(&[&*route]).observe(done.duration.as_secs_f64());
    }

    /// A refusal by its code.
    pub fn refused(&self, code: &'static str) {
        self.refusals.with_label_values(&[labels::code_label(code)]).inc();
    }

    /// All that protecting one body or segment found and did.
    pub fn protected(&self, summary: &Summary) {
        for (shown, counts) in [(Shown::Clear, &summary.clear), (Shown::Drop, &summary.dropped)] {
            for (category, count) in counts {
                self.values(*category, shown, *count);
            }
        }
        for (category, count) in &summary.masked {
            self.values(*category, Shown::Mask, count.saturating_sub(summary.keyed_of(*category)));
        }
        for ((category, treatment), count) in &summary.keyed {
            if let Some(shown) = Shown::ALL.into_iter().find(|shown| shown.name() == *treatment) {
                self.values(*category, shown, *count);
            }
        }
        self.key_events(summary);
        for (category, count) in &summary.monitored {
            self.monitored(*category, *count);
        }
        for (id, count) in &summary.raised {
            // Ids are of the policies, and as bounded as routes are.
            let id = self.combinations.label(Some(&**id));
            self.raised.with_label_values(&[&*id]).inc_by(*count);
        }
    }

    /// What was done to a request before it went on, by category and treatment.
    pub fn request_treated(&self, summary: &Summary) {
        for ((category, treatment), count) in summary.treatments() {
            let level = category.level().number().to_string();
            self.request_values.with_label_values(&[category.id(), &level, treatment]).inc_by(count);
        }
        self.key_events(summary);
    }

    /// Some records of an answer look like too few others.
    pub fn small_groups(&self, action: SmallGroupAction) {
        self.small_groups.with_label_values(&[action.name()]).inc();
    }

    /// An officer asked what something stands for.
    pub fn detokened(&self, outcome: &'static str) {
        self.detoken.with_label_values(&[outcome]).inc();
    }

    fn key_events(&self, summary: &Summary) {
        for ((category, outcome), count) in summary.key_events() {
            self.field_keys.with_label_values(&[category.id(), outcome]).inc_by(count);
        }
    }

    /// Values of a category, by what became of them.
    pub fn values(&self, category: Category, shown: Shown, count: u64) {
        let counters = self.values.get(category as usize).and_then(|by_shown| by_shown.get(shown.index()));
        if let Some(counter) = counters {
            counter.inc_by(count);
        }
        if shown == Shown::Clear
            && let Some(counter) = self.clear_by_level.get(usize::from(category.level().number() - 1))
        {
            counter.inc_by(count);
        }
    }

    /// Values that a rule in `monitor` mode would have treated otherwise.
    pub fn monitored(&self, category: Category, count: u64) {
        add(&self.monitored, category as usize, count);
    }

    /// A wrong value that came in.
    pub fn input_fault(&self, category: Category, rule: Wrong, is_rejected: bool) {
        let action = if is_rejected { "reject" } else { "flag" };
        self.input_faults.with_label_values(&[category.id(), rule.name(), action]).inc();
    }

    /// Distinct investors in an answer.
    pub fn subjects(&self, count: u64) {
        self.subjects.inc_by(count);
    }

    /// A request brought a consent with it.
    pub fn consent_presented(&self, holds: bool) {
        self.consent_credentials.with_label_values(&[if holds { "accepted" } else { "refused" }]).inc();
    }

    /// A limit in investors refused an answer, or came to where it warns.
    pub fn limit_reached(&self, limit: &str, refused: bool) {
        let limit = self.limit_ids.label(Some(limit));
        self.limits.with_label_values(&[&*limit, if refused { "refused" } else { "warned" }]).inc();
    }

    /// An account is used from more places at once than it may.
    pub fn account_shared(&self) {
        self.shared_accounts.inc();
    }

    /// An access is unusual for its caller.
    pub fn unusual(&self, sign: Sign) {
        self.unusual.with_label_values(&[sign.name()]).inc();
    }

    /// Certificates of `place` were read again, and rule or were refused.
    pub fn tls_reloaded(&self, place: &'static str, rule: bool) {
        self.tls_reloads.with_label_values(&[place, if rule { "loaded" } else { "rejected" }]).inc();
    }

    /// The store of consents and grants failed so often.
    pub fn store_failed(&self, count: u64) {
        self.consent_errors.inc_by(count);
    }

    /// How grants and switches stand.
    pub fn rights(&self, figures: &Figures) {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        for (state, count) in GrantState::ALL.iter().zip(figures.grants) {
            self.grants.with_label_values(&[state.name()]).set(number(count));
        }
        for (stops, count) in Stops::ALL.iter().zip(figures.switches) {
            self.switches.with_label_values(&[stops.name()]).set(number(count));
        }
        self.grants_ending.set(number(figures.ending));
        self.reviews_awaited.set(number(figures.reviews));
        self.review_age.set(number(figures.oldest_review_seconds));
    }

    /// The upstream failed.
    pub fn upstream_failed(&self, reason: UpstreamFailure) {
        add(&self.upstream_errors, reason.index(), 1);
    }

    /// The upstream answered: from the request's last byte to the response's head.
    pub fn upstream_answered(&self, duration: Duration) {
        self.upstream_duration.observe(duration.as_secs_f64());
    }

    /// A body could not be inspected, so it was not released.
    pub fn inspect_failed(&self, reason: InspectFailure) {
        add(&self.inspect_failed, reason.index(), 1);
    }

    /// A record became durable after this long.
    pub fn audit_committed(&self, duration: Duration) {
        self.audit_commit.observe(duration.as_secs_f64());
    }

    /// A record was written.
    pub fn audit_recorded(&self, record: RecordType) {
        add(&self.audit_records, record.index(), 1);
    }

    /// Whether the audit log accepts records.
    pub fn audit_up(&self, up: bool) {
        self.audit_up.set(i64::from(up));
    }

    /// An answer was withheld because its record could not be made durable.
    pub fn audit_refused(&self) {
        self.audit_refused.inc();
    }

    /// How long, in seconds, the oldest checkpoint has waited for an anchor: one of [`crate::evidence::ANCHORS`].
    pub fn anchor_lag(&self, anchor: &'static str, seconds: i64) {
        self.anchor_lag.with_label_values(&[anchor]).set(seconds);
    }

    /// Records were `sent` to a receiver of events, or `dropped`.
    pub fn siem(&self, receiver: &'static str, outcome: &'static str, records: u64) {
        self.siem.with_label_values(&[receiver, outcome]).inc_by(records);
    }

    /// Bytes of a torn tail that recovery cut at start.
    pub fn audit_recovered(&self, bytes: u64) {
        self.audit_recovered.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// A policy version rules from now on.
    pub fn policy_loaded(&self, version: &str) {
        self.policy_loaded.inc();
        // One series: the version that rules.
        self.policy_info.reset();
        self.policy_info.with_label_values(&[version]).set(1);
    }

    /// A policy was refused; the one before rules on.
    pub fn policy_rejected(&self) {
        self.policy_rejected.inc();
        self.policy_reject.inc();
    }

    /// A client connection, until dropped.
    pub fn connection(&self) -> Held {
        held(&self.connections)
    }

    /// An exchange in flight, until dropped.
    pub fn in_flight(&self) -> Held {
        held(&self.in_flight)
    }

    /// Exchanges in flight now.
    pub fn in_flight_now(&self) -> i64 {
        self.in_flight.get()
    }

    /// Client connections now.
    pub fn connections_now(&self) -> i64 {
        self.connections.get()
    }

    /// Work was turned away to survive.
    pub fn shed(&self, reason: ShedReason) {
        add(&self.shed, reason.index(), 1);
    }

    /// A client left before its answer was handed over.
    pub fn client_aborted(&self) {
        self.client_aborts.inc();
    }

    /// Fields of personal information that the inventory knows.
    pub fn inventory_fields(&self, count: u64) {
        self.inventory_fields.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Something differs from the inventory that a person accepted.
    pub fn inventory_drift(&self, drift: Drift, count: u64) {
        add(&self.inventory_drift, drift.index(), count);
    }

    /// Age of the oldest issuer's keys; NaN while there are none.
    pub fn jwks_age(&self, age: Option<Duration>) {
        self.jwks_age.set(age.map_or(f64::NAN, |age| age.as_secs_f64()));
    }
}

fn held(gauge: &IntGauge) -> Held {
    gauge.inc();
    Held(gauge.clone())
}

fn add(counters: &[IntCounter], index: usize, count: u64) {
    if let Some(counter) = counters.get(index) {
        counter.inc_by(count);
    }
}

/// One counter for each value of a closed label, so that counting needs no look-up.
fn labelled<L: Label>(counters: &IntCounterVec) -> Vec<IntCounter> {
    L::all().iter().map(|label| counters.with_label_values(&[label.name()])).collect()
}

/// Resident memory from `/proc`, Linux only.
fn resident_bytes() -> Option<i64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: i64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    pages.checked_mul(PAGE_BYTES)
}

/// Pages of the platforms this runs on (x86-64; aarch64 kernels of common distributions).
const PAGE_BYTES: i64 = 4096;
/// From a local cache hit to the longest allowed exchange.
const EXCHANGE_SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];
/// Around one `fdatasync`, 2 ms on common disks, to the commit time-out.
const COMMIT_SECONDS: [f64; 10] = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.05, 0.25, 1.0, 2.0];
