//! Issuers' key sets, read again and again by a thread each: an exchange never waits for an identity provider.

use super::jwk::{KeySet, SET_BYTES, usable_keys};
use crate::config::{Jwks as JwksConfig, JwksSource};
use arc_swap::ArcSwapOption;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// The keys of one issuer now. The reading thread ends when this is dropped.
pub(super) struct Jwks {
    shared: Arc<Shared>,
    started: Instant,
    max_stale: Duration,
    throttle: Duration,
    /// Milliseconds since `started` of the last refresh asked for, plus one; 0: none yet.
    asked: AtomicU64,
    refresh: SyncSender<()>,
}

/// How hard a source is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Between refreshes asked for by unknown key ids: strangers must not make us hammer the provider.
    pub(super) throttle: Duration,
    /// For one read, whole.
    pub(super) timeout: Duration,
    /// First pause after a failed read; doubles up to the refresh interval.
    pub(super) retry: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            throttle: Duration::from_secs(10),
            timeout: Duration::from_secs(5),
            retry: Duration::from_secs(1),
        }
    }
}

/// What the reading thread writes and exchanges read.
struct Shared {
    loaded: ArcSwapOption<Loaded>,
}

struct Loaded {
    keys: KeySet,
    at: Instant,
}

/// Why a read failed: a closed set, for logs.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Unread {
    #[error("unreachable")]
    Unreachable,
    #[error("status {0}")]
    Status(u16),
    #[error("too large")]
    TooLarge,
    #[error("no usable key")]
    NoKeys,
}

impl Jwks {
    /// Reads a file at once; a URL as soon as the thread runs.
    pub(super) fn start(config: &JwksConfig, pace: Pace) -> std::io::Result<Jwks> {
        let (refresh, asked) = sync_channel(1);
        let shared = Arc::new(Shared { loaded: ArcSwapOption::empty() });
        let mut reader = Reader::new(config, pace);
        if matches!(config.source, JwksSource::File(_)) {
            shared.read(&mut reader);
        }
        let (theirs, interval) = (Arc::clone(&shared), config.refresh);
        std::thread::Builder::new()
            .name("yingbi-jwks".to_owned())
            .spawn(move || keep_fresh(&theirs, &mut reader, interval, pace, &asked))?;
        Ok(Jwks {
            shared,
            started: Instant::now(),
            max_stale: config.max_stale,
            throttle: pace.throttle,
            asked: AtomicU64::new(0),
            refresh,
        })
    }

    /// Runs `f` on the keys, unless there are none or only stale ones.
    pub(super) fn with<T>(&self, f: impl FnOnce(&KeySet) -> T) -> Option<T> {
        let loaded = self.shared.loaded.load();
        let loaded = loaded.as_ref().filter(|loaded| loaded.at.elapsed() <= self.max_stale)?;
        Some(f(&loaded.keys))
    }

    /// Time since the keys were last read well; `None` before the first time.
    pub(super) fn age(&self) -> Option<Duration> {
        self.shared.loaded.load().as_ref().map(|loaded| loaded.at.elapsed())
    }

    /// Asks for a read soon, because a token named a key that is not known; at most one per throttle interval.
    pub(super) fn ask(&self) {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1);
        let throttle = u64::try_from(self.throttle.as_millis()).unwrap_or(u64::MAX);
        let last = self.asked.load(Ordering::Relaxed);
        if last != 0 && now < last.saturating_add(throttle) {
            return;
        }
        if self.asked.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            // Full means that one is already on its way.
            let _ = self.refresh.try_send(());
        }
    }
}

impl Shared {
    /// Reads once; a failure leaves the known keys.
    fn read(&self, reader: &mut Reader) -> bool {
        match reader.read() {
            Ok(keys) => {
                self.loaded.store(Some(Arc::new(Loaded { keys, at: Instant::now() })));
                true
            }
            Err(reason) => {
                tracing::warn!(%reason, issuer_keys = %reader.place(), "issuer keys could not be read");
                false
            }
        }
    }
}

fn keep_fresh(shared: &Shared, reader: &mut Reader, interval: Duration, pace: Pace, asked: &Receiver<()>) {
    let known = shared.loaded.load().is_some();
    let mut wait = if known { interval } else { Duration::ZERO };
    let mut retry = pace.retry;
    loop {
        match asked.recv_timeout(wait) {
            Ok(()) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if shared.read(reader) {
            (wait, retry) = (interval, pace.retry);
        } else {
            wait = retry.min(interval);
            retry = retry.saturating_mul(2).min(RETRY_MOST);
        }
    }
}

/// Reads one source.
struct Reader {
    source: JwksSource,
    agent: Option<ureq::Agent>,
}

impl Reader {
    fn new(config: &JwksConfig, pace: Pace) -> Reader {
        let agent = match &config.source {
            JwksSource::File(_) => None,
            JwksSource::Url(_) => Some(agent(config, pace.timeout)),
        };
        Reader { source: config.source.clone(), agent }
    }

    fn read(&mut self) -> Result<KeySet, Unread> {
        let bytes = match (&self.source, &self.agent) {
            (JwksSource::Url(url), Some(agent)) => {
                let mut response = agent.get(url).call().map_err(|_| Unread::Unreachable)?;
                if response.status() != 200 {
                    return Err(Unread::Status(response.status().as_u16()));
                }
                let body = response.body_mut().with_config().limit(SET_BYTES as u64);
                body.read_to_vec().map_err(|error| match error {
                    ureq::Error::BodyExceedsLimit(_) => Unread::TooLarge,
                    _ => Unread::Unreachable,
                })?
            }
            (JwksSource::File(file), _) => std::fs::read(file).map_err(|_| Unread::Unreachable)?,
            (JwksSource::Url(_), None) => return Err(Unread::Unreachable),
        };
        usable_keys(&bytes).ok_or(Unread::NoKeys)
    }

    /// From the configuration, so free of secrets; the query is left out all the same.
    fn place(&self) -> String {
        match &self.source {
            JwksSource::File(file) => file.display().to_string(),
            JwksSource::Url(url) => url.split('?').next().unwrap_or_default().to_owned(),
        }
    }
}

/// A client that follows no redirect and no proxy of the environment: the keys come from where the file says.
fn agent(config: &JwksConfig, timeout: Duration) -> ureq::Agent {
    use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
    let roots = match config.ca.as_ref().map(std::fs::read) {
        None => RootCerts::WebPki,
        // An authority file that vanished since it was checked trusts nobody.
        Some(pem) => RootCerts::new_with_certs(
            &parse_pem(&pem.unwrap_or_default()).filter_map(certificate).collect::<Vec<_>>(),
        ),
    };
    fn certificate(item: Result<PemItem<'static>, ureq::Error>) -> Option<Certificate<'static>> {
        match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        }
    }
    ureq::Agent::config_builder()
        .timeout_global(Some(timeout))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .proxy(None)
        .user_agent("yingbi")
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .build()
        .into()
}

/// Longest pause between reads of a source that fails.
const RETRY_MOST: Duration = Duration::from_secs(60);
