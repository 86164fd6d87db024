//! Certificates and keys are read again when their files change: whoever connects next meets the new ones, open
//! connections live on. A file that can't be used never rules: half written, a key of another certificate, expired.

use super::StartError;
use crate::config;
use crate::exchange::record;
use crate::metrics::Metrics;
use arc_swap::ArcSwap;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use x509_parser::time::ASN1Time;
use yingbi_audit::{Log, Record};

/// How often the files are looked at; what has changed is read once it stands still between two looks.
const POLL: Duration = Duration::from_millis(250);

/// The certificate that a listener shows.
#[derive(Debug)]
pub struct Shown(ArcSwap<CertifiedKey>);

impl Shown {
    /// Shows `pair`.
    pub fn new(pair: CertifiedKey) -> Shown {
        Shown(ArcSwap::from_pointee(pair))
    }

    /// Shows `pair` from the next handshake on.
    pub fn replace(&self, pair: CertifiedKey) {
        self.0.store(Arc::new(pair));
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _client: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// A certificate chain and the key that belongs to it.
pub fn pair(certificate: &Path, key: &Path) -> Result<CertifiedKey, StartError> {
    let bad = |file: &Path, why: &str| StartError::Bad(format!("{}: {why}", file.display()));
    let chain = certificates(certificate)?.into_iter().map(CertificateDer::from).collect();
    let unreadable = |error: &dyn std::fmt::Display| bad(key, &error.to_string());
    config::private(&File::open(key).map_err(|error| unreadable(&error.kind()))?)
        .map_err(|error| unreadable(&error))?;
    let key_der = PrivateKeyDer::from_pem_file(key).map_err(|_| bad(key, "holds no private key"))?;
    CertifiedKey::from_der(chain, key_der, &rustls::crypto::ring::default_provider())
        .map_err(|_| bad(key, "is no usable key, or not that of the certificate"))
}

/// The certificates of a PEM file, leaf first, proven to parse: Pingora would panic on one that does not.
pub fn certificates(file: &Path) -> Result<Vec<Vec<u8>>, StartError> {
    let bad = |why: &str| StartError::Bad(format!("{}: {why}", file.display()));
    let text =
        std::fs::read(file).map_err(|error| StartError::Unusable(format!("{}: {error}", file.display())))?;
    let mut chain = Vec::new();
    for pem in x509_parser::pem::Pem::iter_from_buffer(&text) {
        let pem = pem.map_err(|_| bad("not PEM"))?;
        pem.parse_x509().map_err(|_| bad("holds something that is no X.509 certificate"))?;
        chain.push(pem.contents);
    }
    if chain.is_empty() {
        return Err(bad("holds no certificate"));
    }
    Ok(chain)
}

/// Refuses a leaf that has expired: at the start it is all there is, later the one that rules is better.
pub fn unexpired(leaf: Option<&[u8]>, file: &Path) -> Result<(), StartError> {
    let parsed = leaf.and_then(|leaf| x509_parser::parse_x509_certificate(leaf).ok());
    match parsed {
        Some((_, leaf)) if leaf.validity().not_after >= ASN1Time::now() => Ok(()),
        _ => Err(StartError::Bad(format!("{}: has expired", file.display()))),
    }
}

/// Files that are read again together.
pub struct Watched {
    place: Place,
    code: &'static str,
    files: Vec<PathBuf>,
    read: Stamps,
    seen: Stamps,
    read_again: ReadAgain,
}

/// Puts what the files hold now in place of what rules, or leaves it.
pub type ReadAgain = Box<dyn Fn() -> Result<(), StartError> + Send>;

/// Whose certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The data port's.
    Listen,
    /// Those toward the API behind.
    Upstream,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Place::Listen => "listen",
            Place::Upstream => "upstream",
        }
    }
}

/// What changes with files: renamed over, written, linked elsewhere, or of another mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamps(Vec<Option<[i64; 6]>>);

impl Stamps {
    /// Those of files as they are now: take them before the files are read for the first time.
    pub fn of(files: &[PathBuf]) -> Stamps {
        use std::os::unix::fs::MetadataExt as _;
        let stamp = |file: &PathBuf| {
            let data = std::fs::metadata(file).ok()?;
            let (inode, length) = (data.ino().cast_signed(), data.size().cast_signed());
            Some([inode, length, data.mtime(), data.mtime_nsec(), data.ctime(), data.ctime_nsec()])
        };
        Stamps(files.iter().map(stamp).collect())
    }
}

impl Watched {
    /// Watches `files`, which bore the stamps `read` just before they were read; refusals are logged under `code`.
    pub fn new(
        (place, code): (Place, &'static str),
        files: Vec<PathBuf>,
        read: Stamps,
        read_again: ReadAgain,
    ) -> Watched {
        Watched { place, code, files, seen: read.clone(), read, read_again }
    }

    /// Reads again what has changed and stands still; whether it was good.
    fn look(&mut self) -> Option<Result<(), StartError>> {
        let now = Stamps::of(&self.files);
        let stands = now == self.seen;
        self.seen = now;
        if !stands || self.seen == self.read {
            return None;
        }
        self.read.clone_from(&self.seen);
        Some((self.read_again)())
    }
}

/// Watches all of them in one thread; none is started for nothing.
pub fn watch(mut watched: Vec<Watched>, metrics: Arc<Metrics>, audit: Arc<Log>) -> Result<(), StartError> {
    if watched.is_empty() {
        return Ok(());
    }
    let looking = move || {
        loop {
            std::thread::sleep(POLL);
            for each in &mut watched {
                let (place, code) = (each.place.name(), each.code);
                let Some(outcome) = each.look() else { continue };
                metrics.tls_reloaded(place, outcome.is_ok());
                let event = if outcome.is_ok() { "certificates-loaded" } else { "certificates-rejected" };
                let mut detail = BTreeMap::from([("place".to_owned(), place.to_owned())]);
                if outcome.is_err() {
                    detail.insert("code".to_owned(), code.to_owned());
                }
                audit.note(Record::Event { time: record::now(), event: event.to_owned(), detail });
                match outcome {
                    Ok(()) => tracing::info!(place, files = ?each.files, "certificates read again"),
                    Err(problem) => {
                        tracing::error!(code, place, %problem, "certificates refused, the old ones stay");
                    }
                }
            }
        }
    };
    let thread = std::thread::Builder::new().name("yingbi-certificates".to_owned());
    thread.spawn(looking).map(drop).map_err(|error| StartError::Unusable(error.to_string()))
}
