//! Where clients connect: plain, TLS or mutual TLS, on TCP or a unix socket.

use super::StartError;
use super::tls::{self, Place, Shown, Stamps, Watched};
use crate::admin::Probe;
use crate::config::{ClientCa, Config, Endpoint, ListenTls};
use crate::exchange::Exchange;
use crate::exchange::identity::{ClientAuthorities, PeerCertificateCallback};
use pingora_core::listeners::ListenerConfig;
use pingora_core::listeners::tls::TlsSettings;
use pingora_core::protocols::l4::stream::L4BufferSettings;
use pingora_core::services::listening::Service;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

/// Buffers of a client connection, bytes: a typical head, and a typical answer in one write. Pingora's defaults are
/// 64 KiB each and cost 96 KiB for every idle connection.
const READ_BUFFER: usize = 8 << 10;
const WRITE_BUFFER: usize = 16 << 10;

/// Refuses to start when a port is taken, instead of a service that dies inside a process that lives.
pub fn check_free(config: &Config) -> Result<(), StartError> {
    for listen in &config.listen {
        if let Endpoint::Tcp(address) = &listen.endpoint {
            TcpListener::bind(address)
                .map_err(|error| StartError::Unusable(format!("listen {address}: {error}")))?;
        }
    }
    Ok(())
}

/// The service that runs `exchange` on every configured listener, and on the socket that readiness asks; what its listeners
/// are to watch goes to `watched`.
pub fn service(
    config: &Config,
    exchange: Exchange,
    watched: &mut Vec<Watched>,
) -> Result<Service<Exchange>, StartError> {
    let mut service = Service::new("data".to_owned(), exchange);
    for listen in &config.listen {
        let endpoint = match &listen.endpoint {
            Endpoint::Tcp(address) => ListenerConfig::tcp(address.to_string()),
            Endpoint::Unix(path) => unix(path),
        };
        let endpoint = match &listen.tls {
            Some(tls) => endpoint.tls(settings(tls, watched)?),
            None => endpoint,
        };
        service.add_listener(endpoint.l4_buffer(L4BufferSettings::new(READ_BUFFER, WRITE_BUFFER)));
    }
    if let Some(path) = Probe::internal_socket(config) {
        service.add_listener(unix(&path));
    }
    Ok(service)
}

fn unix(path: &Path) -> ListenerConfig {
    use std::os::unix::fs::PermissionsExt as _;
    let owner_only = std::fs::Permissions::from_mode(0o600);
    ListenerConfig::uds(path.display().to_string()).permissions(owner_only)
}

fn settings(tls: &ListenTls, watched: &mut Vec<Watched>) -> Result<TlsSettings, StartError> {
    let authorities = tls.client_ca.as_ref().map(|client_ca| authorities(client_ca, watched)).transpose()?;
    let callback = PeerCertificateCallback { authorities: authorities.clone() };
    let mut settings = TlsSettings::with_callbacks(Box::new(callback))
        .map_err(|error| StartError::Bad(error.etype.as_str().to_owned()))?;
    settings.set_cert_resolver(shown(tls, watched)?);
    if let Some(authorities) = authorities {
        settings.set_client_cert_verifier(authorities);
    }
    Ok(settings)
}

/// The certificate that clients see.
fn shown(tls: &ListenTls, watched: &mut Vec<Watched>) -> Result<Arc<Shown>, StartError> {
    let (certificate, key) = (tls.certificate.clone(), tls.key.clone());
    let files = vec![certificate.clone(), key.clone()];
    let stamps = Stamps::of(&files);
    let shown = Arc::new(Shown::new(tls::pair(&certificate, &key)?));
    let ruling = Arc::clone(&shown);
    let read_again = move || {
        let pair = tls::pair(&certificate, &key)?;
        tls::unexpired(pair.cert.first().map(|leaf| &**leaf), &certificate)?;
        ruling.replace(pair);
        Ok(())
    };
    watched.push(Watched::new((Place::Listen, "YB0727"), files, stamps, Box::new(read_again)));
    Ok(shown)
}

/// Who issues the certificates of clients.
fn authorities(
    client_ca: &ClientCa,
    watched: &mut Vec<Watched>,
) -> Result<Arc<ClientAuthorities>, StartError> {
    let file = client_ca.file.clone();
    let files = vec![file.clone()];
    let bad = move |error: std::io::Error| StartError::Bad(format!("{}: {error}", file.display()));
    let stamps = Stamps::of(&files);
    let authorities = Arc::new(ClientAuthorities::read(client_ca).map_err(&bad)?);
    let ruling = Arc::clone(&authorities);
    let read_again = move || ruling.read_again().map_err(&bad);
    watched.push(Watched::new((Place::Listen, "YB0728"), files, stamps, Box::new(read_again)));
    Ok(authorities)
}
