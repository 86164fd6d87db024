//! Client certificates: names and validity of the leaf that the TLS handshake has verified.

use super::{ClientAuthorities, Identified, IdentifiedBy, IdentityError, Reason};
use crate::config::{CertificateName, ClientCa, ClientCaMode, Mtls};
use pingora_core::listeners::TlsAccept;
use pingora_core::protocols::tls::TlsRef;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use yingbi_policies::{Certificate, Identity};

/// What a verified client certificate says; kept with its connection (`ssl_digest.extension.get::<PeerCertificate>()`).
#[derive(Clone)]
pub struct PeerCertificate {
    /// `None`: it can't be read, or nobody vouches for it any more, so it proves nothing and its connection is refused.
    read: Option<Read>,
}

#[derive(Clone)]
struct Read {
    names: Certificate,
    not_before: SystemTime,
    not_after: SystemTime,
}

/// Reads the client's certificate once a handshake: install with `TlsSettings::with_callbacks`.
#[derive(Clone, Debug, Default)]
pub struct PeerCertificateCallback {
    /// Those that must vouch for it still when its session is resumed.
    pub authorities: Option<Arc<ClientAuthorities>>,
}

#[async_trait::async_trait]
impl TlsAccept for PeerCertificateCallback {
    async fn handshake_complete_callback(&self, tls: &TlsRef) -> Option<Arc<dyn Any + Send + Sync>> {
        let chain = tls.peer_cert_chain_der()?;
        let vouched = self.authorities.as_ref().is_none_or(|authorities| authorities.vouch_for(chain));
        let certificate = match chain.first() {
            Some(leaf) if vouched => PeerCertificate::from_der(leaf),
            _ => PeerCertificate { read: None },
        };
        Some(Arc::new(certificate))
    }
}

impl PeerCertificate {
    /// Reads the leaf of a verified chain.
    pub fn from_der(der: &[u8]) -> PeerCertificate {
        PeerCertificate { read: Read::from_der(der) }
    }

    /// The names, if the certificate holds now: connections outlive certificates.
    pub(super) fn valid(&self, now: SystemTime) -> Result<&Certificate, IdentityError> {
        let read = self.read.as_ref().ok_or(Reason::Certificate)?;
        if now < read.not_before || now > read.not_after {
            return Err(Reason::Certificate.into());
        }
        Ok(&read.names)
    }
}

impl std::fmt::Debug for PeerCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.read.is_some() { "PeerCertificate(..)" } else { "PeerCertificate(unreadable)" })
    }
}

impl Read {
    fn from_der(der: &[u8]) -> Option<Read> {
        let (rest, certificate) = X509Certificate::from_der(der).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let mut names = Certificate::default();
        let mut common = certificate.subject().iter_common_name().map(|name| name.as_str());
        names.common_name = match (common.next(), common.next()) {
            (None, _) => None,
            (Some(Ok(name)), None) => Some(printable(name)?),
            // Two common names: which one speaks is anyone's guess.
            _ => return None,
        };
        for unit in certificate.subject().iter_organizational_unit() {
            names.organisational_units.push(printable(unit.as_str().ok()?)?);
        }
        if let Some(alternatives) = certificate.subject_alternative_name().ok()? {
            for name in &alternatives.value.general_names {
                match name {
                    GeneralName::URI(uri) => names.uris.push(printable(uri)?),
                    GeneralName::DNSName(name) => names.dns_names.push(printable(name)?.to_ascii_lowercase()),
                    _ => {}
                }
            }
        }
        let time = |at: x509_parser::time::ASN1Time| {
            u64::try_from(at.timestamp()).ok().map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds))
        };
        let validity = certificate.validity();
        Some(Read { names, not_before: time(validity.not_before)?, not_after: time(validity.not_after)? })
    }
}

/// The caller that a certificate names.
pub(super) fn identify(config: &Mtls, names: &Certificate) -> Result<Identified, IdentityError> {
    let id = config.id_from.iter().find_map(|kind| name(names, *kind)).ok_or(Reason::Certificate)?;
    let subject = config.subject_from.and_then(|kind| name(names, kind));
    let identity = Identity {
        id: id.to_owned(),
        subjects: subject.map(str::to_owned).into_iter().collect(),
        certificate: Some(names.clone()),
        ..Identity::default()
    };
    Ok(Identified { identity, by: IdentifiedBy::Mtls })
}

/// A verifier by the authorities that the file names now.
///
/// # Errors
/// The authorities' file can't be read or holds no authority.
pub(super) fn client_verifier(config: &ClientCa) -> std::io::Result<Arc<dyn ClientCertVerifier>> {
    let unusable =
        || std::io::Error::new(std::io::ErrorKind::InvalidData, "no usable authority in the client CA file");
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(&config.file).map_err(|_| unusable())? {
        roots.add(certificate.map_err(|_| unusable())?).map_err(|_| unusable())?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = match config.mode {
        ClientCaMode::Required => builder,
        ClientCaMode::Optional => builder.allow_unauthenticated(),
    };
    builder.build().map(|verifier| verifier as Arc<dyn ClientCertVerifier>).map_err(|_| unusable())
}

fn name(names: &Certificate, kind: CertificateName) -> Option<&str> {
    let name = match kind {
        CertificateName::Uri => names.uris.first(),
        CertificateName::Dns => names.dns_names.first(),
        CertificateName::CommonName => names.common_name.as_ref(),
    };
    name.map(String::as_str).filter(|name| !name.is_empty())
}

/// A name without control characters: a NUL or line break in one is an attack on whoever reads it later.
fn printable(name: &str) -> Option<String> {
    (name.len() <= NAME_BYTES && !name.chars().any(char::is_control)).then(|| name.to_owned())
}

/// Upper bound of a URI in certificates of common authorities.
const NAME_BYTES: usize = 2048;
