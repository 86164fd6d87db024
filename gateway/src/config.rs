//! The configuration file, `yingbi.yaml`: strict keys, units in names, every problem reported with its place.
//!
//! [`Config::load`] reads, checks and resolves everything before anything listens: addresses parse, files exist, secret
//! files are closed to others. It opens no socket and never repairs: a wrong value is refused, with a code `YB00xx`,
//! line, column, and what to do, in English and Chinese. Paths are relative to the directory of the file.
//!
//! ```
//! # let dir = std::env::temp_dir().join(format!("yingbi-config-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(dir.join("policies"))?;
//! let file = dir.join("yingbi.yaml");
//! std::fs::write(&file, "listen: [{adress: 127.0.0.1:8080}]")?;
//! let problems = yingbi::config::Config::load(&file).unwrap_err();
//! assert_eq!(problems[0].code, "YB0003");
//! assert_eq!((problems[0].place.line, problems[0].place.column), (1, 11));
//! # std::fs::remove_dir_all(dir)?;
//! # Ok::<(), std::io::Error>(())
//! ```

mod audit;
mod check;
mod credentials;
mod directory;
mod file;
mod identity;
mod keys;
mod limits;
mod listen;
mod places;
mod secret;
mod stores;
mod telemetry;
#[cfg(test)]
mod tests;
mod upstream;

pub use audit::{Audit, Chain, Hold, ImprintName, Otlp, Retention, Ship, Siem, Syslog, TimeStamps};
pub use credentials::{CredentialIssuer, Credentials};
pub use directory::{AccountUse, BehaviourUse, DirectoryEntry, Zone, read_directory};
pub use identity::{
    ApiTokenEntry, CertificateName, IdentityConfig, Jwks, JwksSource, JwtIssuer, Mtls, StepUp, TokenHash,
};
pub use keys::{
    DataKeys, FileService, KeyService, Keys, KmsService, NoSecret, Pkcs11Service, Reach, SdfService,
    SecretSource,
};
pub use limits::{Drain, Limits};
pub use listen::{Admin, ClientCa, ClientCaMode, Endpoint, Listen, ListenTls};
pub(crate) use secret::private;
pub use secret::{Secret, SecretError};
pub use stores::{PostgresStore, Stores};
pub use telemetry::{LogFormat, LogLevel, Telemetry};
pub use upstream::{Upstream, UpstreamEndpoint, UpstreamTls};

pub(crate) use check::store_problem;
pub(crate) use identity::{parse_token_file, token_hash_text};

use crate::exchange::integrity::IntegrityConfig;
use std::path::{Path, PathBuf};
use yingbi_crypto::VerifyingKey;
use yingbi_policies::Diagnostic;

/// A whole configuration, checked: what it names exists and parses.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it came from.
    pub file: PathBuf,
    /// `listen`: where clients are served; at least one.
    pub listen: Vec<Listen>,
    /// `upstream`: the API behind the gateway.
    pub upstream: Upstream,
    /// `admin`: where metrics and health are served.
    pub admin: Admin,
    /// `policy_dir`: directory of policy files; no policy means that everything is refused.
    pub policy_dir: PathBuf,
    /// `policy_signers`: public keys; only a version that one of these signers stands for may rule. None: any.
    pub policy_signers: Vec<VerifyingKey>,
    /// `data_dir`: directory for the audit log and state, writable, on a durable disk.
    pub data_dir: PathBuf,
    /// `keys`: secret key files.
    pub keys: Keys,
    /// `identity`: how callers prove who they are.
    pub identity: IdentityConfig,
    /// `credentials`: which credentials are accepted as consent; `None`: none.
    pub credentials: Option<Credentials>,
    /// `limits`: bounds on what one client can make the gateway hold or wait for.
    pub limits: Limits,
    /// `drain`: how the gateway stops.
    pub drain: Drain,
    /// `audit`: evidence and retention of the access log.
    pub audit: Audit,
    /// `integrity`: digests and signatures of answers.
    pub integrity: IntegrityConfig,
    /// `stores`: where consents, grants, switches and counts are kept.
    pub stores: Stores,
    /// `telemetry`: logs.
    pub telemetry: Telemetry,
    /// `threads`: worker threads of the data plane; default one a core.
    pub threads: usize,
    /// Problems that do not stop the gateway: print them.
    pub warnings: Vec<Diagnostic>,
}

/// What commands that read an audit log need to know of its gateway.
#[derive(Clone, Debug)]
pub struct AuditPlaces {
    /// Directory of the log.
    pub dir: PathBuf,
    /// File of the pseudonym key.
    pub pseudonym: PathBuf,
    /// File of the key that checkpoints are signed with.
    pub checkpoint: PathBuf,
    /// Anchors.
    pub anchors: Vec<PathBuf>,
    /// File of the central store's address, and of its authorities.
    pub ship: Option<(PathBuf, Option<PathBuf>)>,
}

/// What commands that make and change data keys need to know of their gateway.
#[derive(Clone, Debug)]
pub struct KeyPlaces {
    /// Data keys; `None` when the configuration has none.
    pub data: Option<DataKeys>,
    /// File of the key that records of destruction are signed with.
    pub checkpoint: PathBuf,
    /// Those whose word is needed.
    pub officers: Vec<crate::admin::OfficerEntry>,
}

/// Directory of the audit log in `data_dir`.
pub(crate) const AUDIT: &str = "audit";

/// Directory of state in `data_dir`.
pub(crate) const STATE: &str = "state";

impl Config {
    /// Reads and checks a file, and all the files it names.
    ///
    /// # Errors
    /// Every problem found, worst first in file order; the gateway must not start (exit 78).
    pub fn load(path: &Path) -> Result<Config, Vec<Diagnostic>> {
        let text = file::read(path).map_err(|problem| vec![*problem])?;
        let parsed = file::parse(path, &text).map_err(|problem| vec![*problem])?;
        check::check(path, &text, parsed)
    }

    /// Makes the data directory, private to the gateway's user, unless it is there.
    ///
    /// # Errors
    /// It can't be made.
    pub fn make_data_dir(&self) -> std::io::Result<()> {
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.data_dir)
    }

    /// Key files alone, by their names in the configuration, for commands that prepare what the rest needs (`yingbi keys
    /// init`).
    ///
    /// # Errors
    /// The file can't be read or is not a configuration; what it names is not looked at.
    pub fn key_files(path: &Path) -> Result<[(&'static str, PathBuf); 2], Vec<Diagnostic>> {
        let text = file::read(path).map_err(|problem| vec![*problem])?;
        let parsed: file::ConfigFile = file::parse(path, &text).map_err(|problem| vec![*problem])?;
        let directory = file::directory(path);
        let checkpoint = directory.join(parsed.keys.checkpoint());
        Ok([("pseudonym", directory.join(parsed.keys.pseudonym)), ("checkpoint", checkpoint)])
    }

    /// Who keeps the data keys, for commands that make and change them; nothing of what is named is looked at.
    ///
    /// # Errors
    /// The file can't be read or is not a configuration.
    pub fn key_places(path: &Path) -> Result<KeyPlaces, Vec<Diagnostic>> {
        let text = file::read(path).map_err(|problem| vec![*problem])?;
        let parsed: file::ConfigFile = file::parse(path, &text).map_err(|problem| vec![*problem])?;
        check::key_places(path, &text, parsed)
    }

    /// Where a gateway's audit log is, its anchors and the key its checkpoints are signed with, for commands that read
    /// it: nothing else of the configuration is looked at.
    ///
    /// # Errors
    /// The file can't be read or is not a configuration.
    pub fn audit_places(path: &Path) -> Result<AuditPlaces, Vec<Diagnostic>> {
        let text = file::read(path).map_err(|problem| vec![*problem])?;
        let parsed: file::ConfigFile = file::parse(path, &text).map_err(|problem| vec![*problem])?;
        let directory = file::directory(path);
        Ok(AuditPlaces {
            dir: directory.join(&parsed.data_dir).join(AUDIT),
            pseudonym: directory.join(&parsed.keys.pseudonym),
            checkpoint: directory.join(parsed.keys.checkpoint()),
            anchors: parsed.audit.anchors.iter().map(|anchor| directory.join(anchor)).collect(),
            ship: parsed
                .audit
                .ship
                .map(|ship| (directory.join(&ship.store), ship.ca.map(|ca| directory.join(ca)))),
        })
    }

    /// Where a gateway's administration port is, for commands that ask it.
    ///
    /// # Errors
    /// The file can't be read or is not a configuration.
    pub fn admin_address(path: &Path) -> Result<String, Vec<Diagnostic>> {
        let text = file::read(path).map_err(|problem| vec![*problem])?;
        let parsed: file::ConfigFile = file::parse(path, &text).map_err(|problem| vec![*problem])?;
        Ok(parsed.admin.listen)
    }

    /// Where a gateway's state is, for commands that read it: nothing else of the configuration is looked at.
    ///
    /// # Errors
    /// The file can't be read or is not a configuration.
    pub fn state_dir(path: &Path) -> Result<PathBuf, Vec<Diagnostic>> {
        let text = file::read(path).map_err(|problem| vec![*problem])?;
        let parsed: file::ConfigFile = file::parse(path, &text).map_err(|problem| vec![*problem])?;
        Ok(file::directory(path).join(parsed.data_dir).join(STATE))
    }
}
