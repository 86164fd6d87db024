//! Where the gateway listens: `listen` for clients, `admin` for operators.

use super::identity::{HashText, Instant};
use crate::admin::{OfficerEntry, OfficerRole, WebhookEntry};
use serde::Deserialize;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// One element of `listen`.
#[derive(Clone, Debug)]
pub struct Listen {
    /// `address: "127.0.0.1:8443"` or `unix: /run/yingbi/data.sock`; exactly one.
    pub endpoint: Endpoint,
    /// `tls`: without it the listener is plain, for loopback and unix sockets within one host.
    pub tls: Option<ListenTls>,
}

/// A place to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// TCP address with port.
    Tcp(SocketAddr),
    /// Unix stream socket.
    Unix(PathBuf),
}

/// `listen[].tls`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenTls {
    /// PEM certificate chain, leaf first.
    pub certificate: PathBuf,
    /// PEM private key; must not be readable by others.
    pub key: PathBuf,
    /// Certificates of clients; without it none is asked for.
    #[serde(default)]
    pub client_ca: Option<ClientCa>,
}

/// `listen[].tls.client_ca`: mutual authentication.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientCa {
    /// PEM certificates of the authorities that issue client certificates.
    pub file: PathBuf,
    /// Whether a client may come without one.
    #[serde(default)]
    pub mode: ClientCaMode,
}

/// `listen[].tls.client_ca.mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientCaMode {
    /// No certificate, no handshake (default: whoever names an authority means it).
    #[default]
    Required,
    /// Other proofs of identity are accepted too; a wrong certificate is refused all the same.
    Optional,
}

/// `admin`: metrics and health; speaks plain HTTP, so it stays on loopback.
#[derive(Clone, Debug)]
pub struct Admin {
    /// `admin.listen`; default `127.0.0.1:9180`.
    pub listen: SocketAddr,
    /// `admin.officers`: who may change consents, grants and switches; without any, nobody.
    pub officers: Vec<OfficerEntry>,
    /// `admin.webhooks`: systems that open and close tickets.
    pub webhooks: Vec<WebhookEntry>,
}

impl Endpoint {
    /// Whether only this host can connect.
    pub fn is_local(&self) -> bool {
        match self {
            Endpoint::Tcp(address) => address.ip().is_loopback(),
            Endpoint::Unix(_) => true,
        }
    }
}

/// `listen[]` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListenFile {
    #[serde(default)]
    pub(super) address: Option<String>,
    #[serde(default)]
    pub(super) unix: Option<PathBuf>,
    #[serde(default)]
    pub(super) tls: Option<ListenTls>,
}

/// `admin` as written.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AdminFile {
    pub(super) listen: String,
    /// The metrics hold no personal information, but show volumes and routes: set only where the network protects them.
    pub(super) danger_allow_non_loopback: bool,
    pub(super) officers: Vec<OfficerFile>,
    pub(super) webhooks: Vec<WebhookFile>,
}

/// `admin.officers[]` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfficerFile {
    /// Account or staff number.
    pub(super) id: String,
    /// `sm3:…`, as `yingbi token new` prints it.
    pub(super) hash: HashText,
    pub(super) roles: Vec<OfficerRole>,
    /// Roles of the policies in whose name they ask and approve.
    #[serde(default)]
    pub(super) acts_as: Vec<String>,
    #[serde(default)]
    pub(super) expires: Option<Instant>,
}

/// `admin.webhooks[]` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookFile {
    pub(super) id: String,
    /// 64 hex digits, mode 0600.
    pub(super) secret: PathBuf,
}

impl Default for AdminFile {
    fn default() -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, ADMIN_PORT)).to_string();
        AdminFile { listen, danger_allow_non_loopback: false, officers: vec![], webhooks: vec![] }
    }
}

/// Free in the registry of exporters' default ports.
const ADMIN_PORT: u16 = 9180;
