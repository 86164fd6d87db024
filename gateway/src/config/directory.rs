//! `identity.directory` and `identity.zones`: what the firm knows of callers beyond their proofs.

use super::file::{self, OURS};
use crate::state::behaviour::Sign;
use ipnet::IpNet;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use yingbi_policies::{CallerFact, Diagnostic};

/// One caller in the directory.
#[derive(Clone, Debug)]
pub struct DirectoryEntry {
    /// As the gateway identifies them: id of a token, `issuer#sub` of a JWT, name of a certificate.
    pub id: String,
    /// `state: left`: refused whatever they present.
    pub has_left: bool,
    /// Devices they are bound to, by the name in the device's certificate; empty: to none.
    pub devices: Vec<String>,
    /// What is known of them.
    pub facts: Vec<(CallerFact, String)>,
}

/// `identity.zones[]`: a part of the network.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// `caller.zone` of requests from there.
    pub name: String,
    /// Networks in it; the first zone that holds an address names it.
    #[serde(deserialize_with = "networks")]
    pub networks: Vec<IpNet>,
}

impl Zone {
    /// Whether an address is in it.
    pub fn holds(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let network = |text: &String| {
        text.parse().map_err(|_| {
            D::Error::custom(format!(
                "{OURS}a network is expected, such as 10.0.0.0/8|应为网段，如 10.0.0.0/8"
            ))
        })
    };
    texts.iter().map(network).collect()
}

/// `identity.accounts`: from how many places an account may be used at once (T/TSAC 001 §7.5 a). Without it nobody looks.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountUse {
    /// `window_s`, default 300: what counts as at once.
    #[serde(default = "five_minutes", rename = "window_s", with = "super::limits::seconds")]
    pub window: Duration,
    /// `places`, default 1: addresses, and devices where they are bound. Behind a proxy all callers are in one place.
    #[serde(default = "one")]
    pub places: usize,
}

/// `identity.behaviour`: what is unusual of a caller, measured by what that caller did before (T/TSAC 001 §7.4 c,
/// §8.5.3 d). Without it nobody looks. Each gateway learns by itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BehaviourUse {
    /// `learn_days`, default 7: on so many days a caller must have been seen before hours, volume and categories tell.
    #[serde(default = "a_week")]
    pub learn_days: u32,
    /// `volume_times`, default 5: so many times the caller's usual number of investors in an hour is unusual.
    #[serde(default = "five")]
    pub volume_times: u32,
    /// `volume_least`, default 20: as few investors in an hour are never unusual.
    #[serde(default = "twenty")]
    pub volume_least: u64,
    /// `sequence`, default 10: so many investors one after another whose numbers count up or down are.
    #[serde(default = "ten")]
    pub sequence: u32,
    /// `block`, default none: `volume`, `hour`, `sequence` or `category`: such accesses are refused; the others are told of.
    #[serde(default)]
    pub block: Vec<Sign>,
}

fn a_week() -> u32 {
    7
}

fn five() -> u32 {
    5
}

fn ten() -> u32 {
    10
}

fn twenty() -> u64 {
    20
}

fn five_minutes() -> Duration {
    Duration::from_secs(300)
}

fn one() -> usize {
    1
}

/// `identity.directory` as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DirectoryFile {
    /// A YAML list of callers.
    pub(super) file: PathBuf,
}

/// Reads a directory file.
///
/// # Errors
/// It can't be read, or is no list of callers; nothing of its contents is in the error.
pub fn read_directory(path: &Path) -> Result<Vec<DirectoryEntry>, Box<Diagnostic>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum State {
        Active,
        Left,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Written {
        id: String,
        state: State,
        #[serde(default)]
        kind: Option<String>,
        #[serde(default)]
        department: Option<String>,
        #[serde(default)]
        owner: Option<String>,
        #[serde(default)]
        licence: Option<String>,
        #[serde(default)]
        environment: Option<String>,
        #[serde(default)]
        devices: Vec<String>,
    }
    let text = file::read(path)?;
    let written: Vec<Written> = file::parse(path, &text)?;
    let entry = |written: Written| {
        let facts = [
            (CallerFact::Kind, written.kind),
            (CallerFact::Department, written.department),
            (CallerFact::Owner, written.owner),
            (CallerFact::Licence, written.licence),
            (CallerFact::Environment, written.environment),
        ];
        DirectoryEntry {
            id: written.id,
            has_left: matches!(written.state, State::Left),
            devices: written.devices,
            facts: facts.into_iter().filter_map(|(fact, value)| Some((fact, value?))).collect(),
        }
    };
    Ok(written.into_iter().map(entry).collect())
}
