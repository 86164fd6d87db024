//! The API behind, as Pingora's connector wants it.

use super::tls::{self, Place, Stamps, Watched};
use super::{StartError, names};
use crate::config::{Upstream, UpstreamEndpoint, UpstreamTls};
use arc_swap::ArcSwap;
use pingora_core::upstreams::peer::{HttpPeer, PeerOptions};
use pingora_core::utils::tls::{CertKey, WrappedX509, parse_x509};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::PathBuf;
use std::sync::Arc;

/// The peer of a configuration, where its name leads at the start.
pub fn of(upstream: &Upstream) -> Result<HttpPeer, StartError> {
    let (tls, name) = match &upstream.tls {
        Some(tls) => (true, tls.server_name.clone()),
        None => (false, String::new()),
    };
    let mut peer = match &upstream.endpoint {
        UpstreamEndpoint::Tcp { host, port } => {
            HttpPeer::new(names::look_up(host, *port)?.as_slice(), tls, name)
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
    peer.options = options;
    match &upstream.tls {
        Some(tls) => credentials(peer, tls),
        None => Ok(peer),
    }
}

/// Who is trusted on the hop to the API behind, and who the gateway is there, as the files say now.
pub fn credentials(mut peer: HttpPeer, tls: &UpstreamTls) -> Result<HttpPeer, StartError> {
    let authorities = tls::certificates(&tls.ca)?;
    let mut roots = rustls::RootCertStore::empty();
    for authority in &authorities {
        roots
            .add(authority.as_slice().into())
            .map_err(|_| StartError::Bad(format!("{}: holds no usable authority", tls.ca.display())))?;
    }
    peer.options.ca = Some(authorities.into_iter().map(|der| WrappedX509::new(der, parse_x509)).collect());
    if let (Some(certificate), Some(key)) = (&tls.certificate, &tls.key) {
        // Proven to fit: Pingora would panic on the one and refuse every connection for the other.
        tls::pair(certificate, key)?;
        let key_der = PrivateKeyDer::from_pem_file(key)
            .map_err(|_| StartError::Bad(format!("{}: holds no private key", key.display())))?;
        let chain = tls::certificates(certificate)?;
        peer.client_cert_key = Some(Arc::new(CertKey::new(chain, key_der.secret_der().to_vec())));
    }
    Ok(peer)
}

/// The files that [`credentials`] reads.
pub fn files(upstream: &Upstream) -> Vec<PathBuf> {
    let tls = upstream.tls.iter();
    tls.flat_map(|tls| [Some(&tls.ca), tls.certificate.as_ref(), tls.key.as_ref()])
        .flatten()
        .cloned()
        .collect()
}

/// Reads them again when they change; connections that are open stay.
pub fn watched(upstream: &Upstream, read: Stamps, peer: &Arc<ArcSwap<HttpPeer>>) -> Option<Watched> {
    let (tls, peer) = (upstream.tls.clone()?, Arc::clone(peer));
    let read_again = move || {
        let fresh = credentials(HttpPeer::clone(&peer.load()), &tls)?;
        if let Some(file) = &tls.certificate {
            tls::unexpired(tls::certificates(file)?.first().map(Vec::as_slice), file)?;
        }
        // Its name may have moved while the files were read.
        peer.rcu(|now| HttpPeer { _address: now._address.clone(), ..fresh.clone() });
        Ok(())
    };
    Some(Watched::new((Place::Upstream, "YB0729"), files(upstream), read, Box::new(read_again)))
}
