//! Asking the data port: a real request over a real connection, as a client would.

use crate::config::{Config, Endpoint, Listen};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

/// Path that the data port answers with 204 when [`PROBE_HEADER`] holds the probe secret, and treats as any other
/// path when it does not.
pub const PROBE_PATH: &str = "/.well-known/yingbi/ready";
/// Header that carries the probe secret.
pub const PROBE_HEADER: &str = "yingbi-probe";

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Probe {
    /// Plain listeners: a request each.
    plain: Vec<Endpoint>,
    /// TLS listeners: a connection each.
    tls: Vec<Endpoint>,
}

impl Probe {
    /// Asks all listeners. When none is plain, the same service must also listen on [`Probe::internal_socket`].
    pub fn of(config: &Config) -> Probe {
        let mut probe = Probe::of_listeners(&config.listen);
        probe.plain.extend(Probe::internal_socket(config).map(Endpoint::Unix));
        probe
    }

    /// Where the data service must listen besides, plain and mode 0600, for the probe alone: `probe.sock` in the data
    /// directory, needed when every listener speaks TLS.
    pub fn internal_socket(config: &Config) -> Option<PathBuf> {
        let all_tls = config.listen.iter().all(|listen| listen.tls.is_some());
        all_tls.then(|| config.data_dir.join("probe.sock"))
    }

    pub(super) fn of_listeners(listeners: &[Listen]) -> Probe {
        let (tls, plain): (Vec<&Listen>, Vec<&Listen>) =
            listeners.iter().partition(|listen| listen.tls.is_some());
        let endpoints = |some: Vec<&Listen>| some.into_iter().map(|listen| listen.endpoint.clone()).collect();
        Probe { plain: endpoints(plain), tls: endpoints(tls) }
    }

    /// Asks; an error names what failed.
    pub(super) async fn ask(&self, secret: &str) -> Result<(), &'static str> {
        let all = async {
            for endpoint in &self.tls {
                match endpoint {
                    Endpoint::Tcp(address) => drop(tcp(address).await?),
                    Endpoint::Unix(path) => drop(unix(path).await?),
                }
            }
            for endpoint in &self.plain {
                match endpoint {
                    Endpoint::Tcp(address) => request(tcp(address).await?, secret).await?,
                    Endpoint::Unix(path) => request(unix(path).await?, secret).await?,
                }
            }
            Ok(())
        };
        tokio::time::timeout(TIMEOUT, all).await.unwrap_or(Err("data-port-timeout"))
    }
}

async fn tcp(address: &SocketAddr) -> Result<TcpStream, &'static str> {
    // A wildcard is where to listen, not where to connect.
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    TcpStream::connect(SocketAddr::new(ip, address.port())).await.map_err(|_| "data-port-closed")
}

async fn unix(path: &Path) -> Result<UnixStream, &'static str> {
    UnixStream::connect(path).await.map_err(|_| "data-port-closed")
}

async fn request(stream: impl AsyncRead + AsyncWrite, secret: &str) -> Result<(), &'static str> {
    let mut stream = std::pin::pin!(stream);
    let head = format!(
        "GET {PROBE_PATH} HTTP/1.1\r\nHost: yingbi.internal\r\n{PROBE_HEADER}: {secret}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.map_err(|_| "data-port-broken")?;
    let mut answer = [0; GOOD.len()];
    stream.read_exact(&mut answer).await.map_err(|_| "data-port-broken")?;
    if answer == *GOOD { Ok(()) } else { Err("data-port-refused") }
}

/// What the data port answers to the right probe.
const GOOD: &[u8; 13] = b"HTTP/1.1 204 ";
/// Shorter than orchestrators wait.
const TIMEOUT: Duration = Duration::from_secs(1);
