//! Where clients connect: plain, TLS or mutual TLS, on TCP or a unix socket.

use super::StartError;
use crate::admin::Probe;
use crate::config::{Config, Endpoint, ListenTls};
use crate::exchange::Exchange;
use crate::exchange::identity::{PeerCertificateCallback, client_verifier};
use pingora_core::listeners::ListenerConfig;
use pingora_core::listeners::tls::TlsSettings;
use pingora_core::protocols::l4::stream::L4BufferSettings;
use pingora_core::services::listening::Service;
use std::net::TcpListener;
use std::path::Path;

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

/// The service that runs `exchange` on every configured listener, and on the socket that readiness asks.
pub fn service(config: &Config, exchange: Exchange) -> Result<Service<Exchange>, StartError> {
    let mut service = Service::new("data".to_owned(), exchange);
    for listen in &config.listen {
        let endpoint = match &listen.endpoint {
            Endpoint::Tcp(address) => ListenerConfig::tcp(address.to_string()),
            Endpoint::Unix(path) => unix(path),
        };
        let endpoint = match &listen.tls {
            Some(tls) => endpoint.tls(settings(tls)?),
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

fn settings(tls: &ListenTls) -> Result<TlsSettings, StartError> {
    let bad = |what: &Path, error: String| StartError::Bad(format!("{}: {error}", what.display()));
    let mut settings = TlsSettings::with_callbacks(Box::new(PeerCertificateCallback))
        .map_err(|error| bad(&tls.certificate, error.etype.as_str().to_owned()))?;
    settings
        .set_certificate_chain_file(&tls.certificate.display().to_string())
        .map_err(|error| bad(&tls.certificate, error.etype.as_str().to_owned()))?;
    settings
        .set_private_key_file(&tls.key.display().to_string())
        .map_err(|error| bad(&tls.key, error.etype.as_str().to_owned()))?;
    if let Some(client_ca) = &tls.client_ca {
        let verifier = client_verifier(client_ca).map_err(|error| bad(&client_ca.file, error.to_string()))?;
        settings.set_client_cert_verifier(verifier);
    }
    Ok(settings)
}
