//! Puts the gateway together and runs it until it is told to stop.
//!
//! Nothing listens before configuration, policies, keys and the log are good. A bad file ends with exit code 78, a
//! place that can't be used with 74; the reasons go to standard error.

mod drain;
mod keys;
mod listeners;
mod names;
mod peer;
mod tls;

use crate::admin::{Admin, Auditing, Office, Probe, Readiness};
use crate::config::{self, Config, Secret};
use crate::evidence;
use crate::exchange::coding::DecodeLimits;
use crate::exchange::front::HeadLimits;
use crate::exchange::identity::Identifier;
use crate::exchange::integrity::{Integrity, response_keys};
use crate::exchange::record::{self, DecisionIds};
use crate::exchange::upstream::{Bounds, Upstream};
use crate::exchange::{Exchange, Limits};
use crate::metrics::Metrics;
use crate::policy_store::{PolicyStore, Problems, ReloadEvent, Reloaded};
use crate::state::accounts::Accounts;
use crate::state::behaviour::Behaviour;
use crate::state::credential::Verifier;
use crate::state::directory::Directory;
use crate::state::inventory::{Acceptance, Inventory};
use crate::state::rights::Rights;
use arc_swap::ArcSwap;
use pingora_core::server::configuration::ServerConf;
use pingora_core::server::{RunArgs, Server};
use pingora_core::upstreams::peer::HttpPeer;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use yingbi_audit::{Evidence, EvidenceStats, Log, Record, Retention, Room};
use yingbi_classifiers::Classifier;
use yingbi_crypto::{PseudonymKey, SigningKeys};
use yingbi_policies::Language;
use yingbi_protect::{Protector, SegmentLimits};

/// How often the policy directory is looked at.
const POLICY_POLL: Duration = Duration::from_millis(500);

/// How soon readiness notices that the log or the keys went bad.
const HEALTH_POLL: Duration = Duration::from_millis(200);

/// Room kept back on the log's disk (failure F6).
const SPARE_BYTES: u64 = 64 << 20;

/// Why the gateway did not start.
#[derive(Debug)]
pub enum StartError {
    /// A file people write is wrong: exit 78.
    Bad(String),
    /// A place, port or file can't be used: exit 74.
    Unusable(String),
}

impl StartError {
    /// The exit code that tells supervisors what kind of failure it was.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            StartError::Bad(_) => ExitCode::from(78),
            StartError::Unusable(_) => ExitCode::from(74),
        }
    }
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StartError::Bad(text) | StartError::Unusable(text) => f.write_str(text),
        }
    }
}

/// Everything but the listening: what `run --check` proves to be good.
pub struct Ready {
    config: Config,
    policies: Arc<PolicyStore>,
    secret: Secret,
    peer: HttpPeer,
    peer_stamps: tls::Stamps,
}

impl Ready {
    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }
}

/// Reads and checks everything that a running gateway needs, and opens nothing.
///
/// # Errors
/// Something is wrong; the text says what and where.
pub fn prepare(config: Config) -> Result<Ready, StartError> {
    let policies = PolicyStore::open_signed(&config.policy_dir, &config.policy_signers)
        .map_err(|problems| StartError::Bad(shown(&problems)))?;
    let key = &config.keys.pseudonym;
    let secret = Secret::read(key).map_err(|error| StartError::Bad(format!("{}: {error}", key.display())))?;
    let peer_stamps = tls::Stamps::of(&peer::files(&config.upstream));
    let peer = peer::of(&config.upstream)?;
    Ok(Ready { policies: Arc::new(policies), secret, peer, peer_stamps, config })
}

/// Runs the gateway until a signal ends it: SIGTERM or SIGINT drain it, changed policy files are reloaded.
///
/// # Errors
/// It could not start.
pub fn run(ready: Ready) -> Result<std::convert::Infallible, StartError> {
    let Ready { config, policies, secret, peer, peer_stamps } = ready;
    let peer = Arc::new(ArcSwap::from_pointee(peer));
    listeners::check_free(&config)?;
    let metrics = Arc::new(Metrics::new().map_err(|error| StartError::Unusable(error.to_string()))?);
    let readiness = Arc::new(Readiness::new().map_err(|error| StartError::Unusable(error.to_string()))?);
    let identifier =
        Identifier::new(&config.identity).map_err(|error| StartError::Unusable(error.to_string()))?;
    let identifier = Arc::new(identifier);
    let unshipped = Arc::new(AtomicU64::new(0));
    let (audit, records) = open_log(&config, &metrics, &unshipped)?;
    metrics.policy_loaded(policies.current().version());
    readiness.set_policy_loaded(true);
    note_event(&audit, "policy-loaded", policies.current().version());

    let protector = Arc::new(Protector::new(
        Classifier::shipped(),
        PseudonymKey::new(*secret.expose()),
        yingbi_protect::Limits { depth: config.limits.json_depth },
    ));
    let inventory = open_inventory(&config, &protector, &metrics, &audit)?;

    let rights = open_rights(&config, PseudonymKey::new(*secret.expose()), records)?;

    let data_keys = keys::start(&config, &audit, &metrics)?;
    let ring = data_keys.clone();
    protector.set_keys(Arc::new(move || ring.ring()));
    let exchange = Exchange {
        identifier: identifier.clone(),
        policies: policies.clone(),
        protector: protector.clone(),
        pseudonyms: PseudonymKey::new(*secret.expose()),
        audit: audit.clone(),
        inventory: inventory.clone(),
        rights: rights.clone(),
        integrity: integrity(&config)?,
        keys: data_keys.clone(),
        credentials: open_credentials(&config)?,
        directory: open_directory(&config)?,
        behaviour: open_behaviour(&config)?,
        accounts: config.identity.accounts.map(|accounts| Accounts::new(accounts.window, accounts.places)),
        step_up: config
            .identity
            .jwt
            .iter()
            .filter_map(|issuer| Some((issuer.issuer.clone(), issuer.step_up.clone()?)))
            .collect(),
        upstream: Upstream::new(peer.clone(), bounds(&config)),
        metrics: metrics.clone(),
        readiness: readiness.clone(),
        limits: exchange_limits(&config),
        decision_ids: DecisionIds::new(instance()?),
    };
    watch_policies(&policies, &audit, &metrics, protector)?;
    watch_health(&audit, &identifier, &metrics, &readiness);
    let auditing = Auditing {
        dir: config.data_dir.join(crate::config::AUDIT),
        log: audit.clone(),
        pseudonyms: PseudonymKey::new(*secret.expose()),
    };
    let office = Office {
        rights: rights.clone(),
        keys: data_keys,
        audit: audit.clone(),
        policies,
        officers: config.admin.officers.clone(),
        webhooks: config.admin.webhooks.clone(),
    };
    let lag = evidence::start(
        &config.audit,
        &config.data_dir.join(crate::config::AUDIT),
        (&audit, &metrics),
        &unshipped,
    )
    .map_err(|error| StartError::Unusable(error.to_string()))?;
    let scraped = (identifier, audit.clone(), rights.clone(), lag.clone());
    let admin = Admin {
        listen: config.admin.listen,
        metrics: metrics.clone(),
        readiness: readiness.clone(),
        probe: Probe::of(&config),
        inventory: inventory.clone(),
        auditing: Some(auditing),
        office: Some(Arc::new(office)),
        before_scrape: Box::new(move |metrics| {
            metrics.jwks_age(scraped.0.jwks_age());
            metrics.audit_up(scraped.1.stats().up);
            metrics.anchor_lag("directory", directory_lag(&scraped.1.evidence()));
            scraped.3.ages().into_iter().for_each(|(anchor, seconds)| metrics.anchor_lag(anchor, seconds));
            metrics.store_failed(scraped.2.take_store_errors());
            metrics.rights(&scraped.2.figures());
        }),
    };
    let listen = config.admin.listen;
    let (address, _thread) =
        admin.start().map_err(|error| StartError::Unusable(format!("admin.listen {listen}: {error}")))?;
    tracing::info!(%address, "admin port listens");

    let grace = config.drain.grace;
    let conf = ServerConf {
        threads: config.threads,
        // Our own drain ends the process; Pingora's sleep is only the last resort behind it.
        grace_period_seconds: Some(grace.as_secs() + 5),
        graceful_shutdown_timeout_seconds: Some(1),
        ..ServerConf::default()
    };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let mut certificates = Vec::from_iter(peer::watched(&config.upstream, peer_stamps, &peer));
    server.add_service(listeners::service(&config, exchange, &mut certificates)?);
    tls::watch(certificates, metrics.clone(), audit.clone())?;
    names::follow(&config.upstream.endpoint, &peer)?;
    drain::start(
        server.watch_execution_phase(),
        metrics,
        readiness,
        (audit, lag),
        (inventory, rights),
        grace,
    );
    for listen in &config.listen {
        tracing::info!(endpoint = ?listen.endpoint, tls = listen.tls.is_some(), "data port listens");
    }
    server.run(RunArgs { shutdown_signal: Box::new(drain::Signals) });
    // Reached only when the drain did not end the process.
    std::process::exit(0)
}

/// The log, and how many records earlier runs left in it; it keeps what is `unshipped`.
fn open_log(
    config: &Config,
    metrics: &Metrics,
    unshipped: &Arc<AtomicU64>,
) -> Result<(Arc<Log>, u64), StartError> {
    let dir = config.data_dir.join(crate::config::AUDIT);
    let evidence = Evidence {
        keys: checkpoint_keys(config)?,
        anchors: config.audit.anchors.clone(),
        every: config.audit.checkpoint_interval,
        retention: retention(&config.audit.retention),
        unshipped: config.audit.ship.is_some().then(|| Arc::clone(unshipped)),
    };
    if evidence.keys.is_none() {
        tracing::warn!("checkpoints of the audit log are not signed: `yingbi keys init` makes the key");
    }
    let options =
        yingbi_audit::Options { evidence, spare_bytes: SPARE_BYTES, ..yingbi_audit::Options::default() };
    let (audit, recovery) = Log::open(&dir, options)
        .map_err(|error| StartError::Unusable(format!("{}: {error}", dir.display())))?;
    metrics.audit_recovered(recovery.torn_bytes);
    if recovery.torn_bytes > 0 {
        let torn_bytes = recovery.torn_bytes;
        tracing::warn!(torn_bytes, "the last run ended in the middle of a record; its tail was cut");
    }
    if let Some(place) = &recovery.damaged {
        tracing::error!(place, "the log is damaged; a new segment is written, run `yingbi audit verify`");
    }
    Ok((Arc::new(audit), recovery.records))
}

fn retention(kept: &config::Retention) -> Retention {
    let days = |days: Option<u32>| days.map(|days| Duration::from_secs(u64::from(days) * 86_400));
    let time = |text: &str| text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond);
    let hold = |hold: &config::Hold| {
        // What can't be read holds more, not less.
        let to = hold.to.as_deref().and_then(time).unwrap_or(i64::MAX);
        (time(&hold.from).unwrap_or(i64::MIN), to)
    };
    Retention {
        accesses: days(kept.access_days),
        refusals: days(kept.refusal_days),
        events: days(kept.event_days),
        holds: kept.holds.iter().map(hold).collect(),
    }
}

/// What makes digests and signatures of answers.
fn integrity(config: &Config) -> Result<Integrity, StartError> {
    let configured = config.integrity;
    let Some(path) = config.keys.checkpoint.as_ref().filter(|_| configured.sign) else {
        return Ok(Integrity::new(configured.digest, None));
    };
    let bad = |why: &dyn std::fmt::Display| StartError::Bad(format!("{}: {why}", path.display()));
    let secret = Secret::read(path).map_err(|error| bad(&error))?;
    let keys = response_keys(secret.expose()).ok_or_else(|| bad(&"no signing key can be made of it"))?;
    Ok(Integrity::new(configured.digest, Some(keys)))
}

/// The keys that checkpoints are signed with, if there are any.
fn checkpoint_keys(config: &Config) -> Result<Option<SigningKeys>, StartError> {
    let Some(path) = &config.keys.checkpoint else { return Ok(None) };
    let bad = |why: &dyn std::fmt::Display| StartError::Bad(format!("{}: {why}", path.display()));
    let secret = Secret::read(path).map_err(|error| bad(&error))?;
    SigningKeys::from_secret(secret.expose())
        .map(Some)
        .ok_or_else(|| bad(&"no signing key can be made of it"))
}

fn open_inventory(
    config: &Config,
    protector: &Arc<Protector>,
    metrics: &Arc<Metrics>,
    audit: &Arc<Log>,
) -> Result<Arc<Inventory>, StartError> {
    let dir = config.data_dir.join(crate::config::STATE);
    let unusable =
        |error: &dyn std::fmt::Display| StartError::Unusable(format!("{}: {error}", dir.display()));
    let audit = audit.clone();
    let accepted = move |acceptance: &Acceptance| {
        let mut detail = BTreeMap::from([
            ("by".to_owned(), acceptance.by.clone()),
            ("entries".to_owned(), acceptance.entries.to_string()),
        ]);
        detail.extend(acceptance.route.clone().map(|route| ("route".to_owned(), route)));
        audit.note(Record::Event { time: record::now(), event: "inventory-accepted".to_owned(), detail });
    };
    let inventory = Inventory::open(&dir, protector.clone(), metrics.clone(), accepted);
    let inventory = Arc::new(inventory.map_err(|error| unusable(&error))?);
    inventory.start().map_err(|error| unusable(&error))?;
    Ok(inventory)
}

fn open_directory(config: &Config) -> Result<Option<Arc<Directory>>, StartError> {
    let identity = &config.identity;
    if identity.directory.is_none() && identity.zones.is_empty() {
        return Ok(None);
    }
    let (file, entries) = identity.directory.clone().unzip();
    let directory = Arc::new(Directory::new(file, entries.unwrap_or_default(), identity.zones.clone()));
    directory.watch().map_err(|error| StartError::Unusable(error.to_string()))?;
    Ok(Some(directory))
}

fn open_behaviour(config: &Config) -> Result<Option<Arc<Behaviour>>, StartError> {
    let Some(rules) = config.identity.behaviour.clone() else { return Ok(None) };
    let behaviour = Arc::new(Behaviour::open(rules, &config.data_dir.join(crate::config::STATE)));
    behaviour.start().map_err(|error| StartError::Unusable(error.to_string()))?;
    Ok(Some(behaviour))
}

fn open_credentials(config: &Config) -> Result<Option<Arc<Verifier>>, StartError> {
    let Some(credentials) = &config.credentials else { return Ok(None) };
    let verifier = Verifier::open(credentials, jiff::Timestamp::now().as_second());
    let verifier = verifier.map_err(|file| StartError::Bad(format!("{}: can't be used", file.display())))?;
    let verifier = Arc::new(verifier);
    verifier.watch().map_err(|error| StartError::Unusable(error.to_string()))?;
    Ok(Some(verifier))
}

fn open_rights(config: &Config, key: PseudonymKey, records: u64) -> Result<Arc<Rights>, StartError> {
    let dir = config.data_dir.join(crate::config::STATE);
    let unusable = |error: &dyn std::fmt::Display| {
        StartError::Unusable(format!("{}: rights.db: {error}", dir.display()))
    };
    let rights = match &config.stores.postgres {
        None => Rights::open(&dir, key).map_err(|error| unusable(&error))?,
        Some(store) => Rights::shared(&store.connection, &dir, key, store.max_stale)
            .map_err(|error| StartError::Unusable(format!("stores.postgres: {error}")))?,
    };
    let rights = Arc::new(rights);
    let log = config.data_dir.join(crate::config::AUDIT);
    let again = rights.recount(&log, records).map_err(|error| unusable(&error))?;
    if again > 0 {
        tracing::info!(investors = again, "the last run ended before it wrote whom limits had counted");
    }
    rights.start().map_err(|error| unusable(&error))?;
    Ok(rights)
}

fn bounds(config: &Config) -> Bounds {
    let upstream = &config.upstream;
    Bounds {
        first_byte: upstream.first_byte_timeout,
        read: upstream.read_timeout,
        write: upstream.write_timeout,
        request_bytes: config.limits.request_body_bytes as u64,
        answer_bytes: config.limits.response_body_bytes,
        segment_bytes: config.limits.segment_bytes,
        idle: upstream.idle_timeout,
        idle_connections: upstream.idle_connections,
    }
}

fn exchange_limits(config: &Config) -> Limits {
    let limits = &config.limits;
    Limits {
        head: HeadLimits {
            bytes: limits.head_bytes,
            headers: limits.headers,
            deadline: limits.head_timeout,
            ..HeadLimits::default()
        },
        keepalive_idle: limits.keepalive_timeout,
        body_idle: limits.body_idle_timeout,
        exchange: limits.exchange_timeout,
        stream: limits.stream_timeout,
        segments: SegmentLimits {
            segment_bytes: limits.segment_bytes.min(limits.response_body_bytes),
            held_bytes: limits.response_body_bytes,
        },
        requests_per_connection: limits.requests_per_connection.try_into().unwrap_or(u32::MAX),
        connections: limits.connections,
        exchanges: limits.exchanges,
        decode: DecodeLimits {
            output_bytes: limits.inflated_bytes,
            ratio: limits.inflate_ratio,
            ..DecodeLimits::default()
        },
    }
}

fn instance() -> Result<u64, StartError> {
    getrandom::u64().map_err(|error| StartError::Unusable(format!("no random numbers: {error}")))
}

/// Reloads the policies when their files change; a bad set never rules.
fn watch_policies(
    policies: &Arc<PolicyStore>,
    audit: &Arc<Log>,
    metrics: &Arc<Metrics>,
    protector: Arc<Protector>,
) -> Result<(), StartError> {
    let (audit, metrics) = (audit.clone(), metrics.clone());
    let watch = policies.watch(POLICY_POLL, move |event| match event {
        ReloadEvent::Applied(Reloaded { version, .. }) => {
            tracing::info!(version, "policies reloaded");
            metrics.policy_loaded(&version);
            protector.policies_changed();
            note_event(&audit, "policy-loaded", &version);
        }
        ReloadEvent::Rejected(problems) => {
            for (problem, _) in &problems {
                // Its place and words; the lines themselves may hold a test's body and stay out of the log.
                tracing::error!(%problem, "policies refused, the old ones keep ruling");
            }
            metrics.policy_rejected();
            note_event(&audit, "policy-rejected", "");
        }
    });
    watch.map_err(|error| StartError::Unusable(error.to_string()))
}

/// Problems of policy files as people read them.
fn shown(problems: &Problems) -> String {
    let language = Language::of_environment();
    let each = problems.iter().map(|(problem, text)| yingbi_policies::render(problem, text, language));
    each.collect::<Vec<_>>().join("\n")
}

/// Tells readiness what the log and the issuers' keys are doing.
fn watch_health(
    audit: &Arc<Log>,
    identifier: &Arc<Identifier>,
    metrics: &Arc<Metrics>,
    readiness: &Arc<Readiness>,
) {
    let (audit, identifier) = (audit.clone(), identifier.clone());
    let (metrics, readiness) = (metrics.clone(), readiness.clone());
    std::thread::spawn(move || {
        let mut told = EvidenceStats::default();
        loop {
            told = tell_evidence(told, audit.evidence());
            let up = audit.stats().up;
            readiness.set_audit_up(up);
            readiness.set_keys_present(identifier.is_ready());
            metrics.audit_up(up);
            std::thread::sleep(HEALTH_POLL);
        }
    });
}

/// Says once what people should look after.
fn tell_evidence(told: EvidenceStats, now: EvidenceStats) -> EvidenceStats {
    let (room, free_bytes) = (now.room.name(), now.free_bytes);
    match () {
        () if now.room == told.room => {}
        () if now.room >= Room::Low => {
            tracing::error!(room, free_bytes, "the audit log's disk is nearly full")
        }
        () if now.room == Room::Scarce => tracing::warn!(room, free_bytes, "the audit log's disk fills up"),
        () => tracing::info!(room, free_bytes, "the audit log's disk has room again"),
    }
    if now.contradicted > told.contradicted {
        tracing::error!("a checkpoint knows more of the audit log than is there: run `yingbi audit verify`");
    }
    if now.behind > 0 && told.behind == 0 {
        tracing::warn!("a checkpoint could not be delivered to every anchor; it is tried again");
    }
    now
}

/// How long the oldest checkpoint has waited for a directory, in seconds.
fn directory_lag(stats: &EvidenceStats) -> i64 {
    let now = jiff::Timestamp::now().as_microsecond();
    if stats.behind == 0 { 0 } else { (now - stats.behind_since).max(0) / 1_000_000 }
}

fn note_event(audit: &Log, event: &str, version: &str) {
    let detail = BTreeMap::from([("version".to_owned(), version.to_owned())]);
    audit.note(Record::Event { time: record::now(), event: event.to_owned(), detail });
}
