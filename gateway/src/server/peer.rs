//! The API behind, as Pingora's connector wants it.

use super::StartError;
use crate::config::{Upstream, UpstreamEndpoint, UpstreamTls};
use pingora_core::upstreams::peer::{HttpPeer, PeerOptions};
use pingora_core::utils::tls::{CertKey, WrappedX509, parse_x509};
use std::net::ToSocketAddrs;
use std::path::Path;
use std::sync::Arc;

/// The peer of a configuration; its name is resolved once, at the start.
pub fn of(upstream: &Upstream) -> Result<HttpPeer, StartError> {
    let (tls, name) = match &upstream.tls {
        Some(tls) => (true, tls.server_name.clone()),
        None => (false, String::new()),
    };
    let mut peer = match &upstream.endpoint {
        UpstreamEndpoint::Tcp { host, port } => {
            let unusable = |why: String| StartError::Unusable(format!("upstream {host}:{port}: {why}"));
            let mut addresses =
                (host.as_str(), *port).to_socket_addrs().map_err(|error| unusable(error.to_string()))?;
            let address = addresses.next().ok_or_else(|| unusable("the name has no address".to_owned()))?;
            HttpPeer::new(address, tls, name)
        }
        UpstreamEndpoint::Unix(path) => {
            let path = path.display().to_string();
            HttpPeer::new_uds(&path, tls, name)
                .map_err(|error| StartError::Bad(format!("{path}: {}", error.etype.as_str())))?
        }
    };
    let mut options = PeerOptions::new();
    options.connection_timeout = Some(upstream.connect_timeout);
    options.total_connection_timeout = Some(upstream.connect_timeout.saturating_mul(2));
    if let Some(tls) = &upstream.tls {
        options.ca =
            Some(certificates(&tls.ca)?.into_iter().map(|der| WrappedX509::new(der, parse_x509)).collect());
        peer.client_cert_key = client_certificate(tls)?;
    }
    peer.options = options;
    Ok(peer)
}

fn client_certificate(tls: &UpstreamTls) -> Result<Option<Arc<CertKey>>, StartError> {
    let (Some(certificate), Some(key)) = (&tls.certificate, &tls.key) else { return Ok(None) };
    let chain = certificates(certificate)?;
    let key = pingora_rustls::load_pem_file_private_key(&key.display().to_string())
        .map_err(|error| StartError::Bad(format!("{}: {}", key.display(), error.etype.as_str())))?;
    Ok(Some(Arc::new(CertKey::new(chain, key))))
}

/// The certificates of a PEM file, proven to parse: Pingora would panic on one that does not.
fn certificates(file: &Path) -> Result<Vec<Vec<u8>>, StartError> {
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
