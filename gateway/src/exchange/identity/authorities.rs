//! The authorities that issue callers' certificates; they may change while connections are open.

use super::mtls::client_verifier;
use crate::config::ClientCa;
use arc_swap::ArcSwap;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Verifies clients' certificates by the authorities that rule at the time of the handshake.
#[derive(Debug)]
pub struct ClientAuthorities {
    config: ClientCa,
    ruling: ArcSwap<Arc<dyn ClientCertVerifier>>,
    changed: AtomicBool,
}

impl ClientAuthorities {
    /// Reads the authorities.
    ///
    /// # Errors
    /// Their file can't be read or holds none.
    pub fn read(config: &ClientCa) -> std::io::Result<ClientAuthorities> {
        let ruling = ArcSwap::from_pointee(client_verifier(config)?);
        Ok(ClientAuthorities { config: config.clone(), ruling, changed: AtomicBool::new(false) })
    }

    /// Reads them again, for handshakes from now on.
    ///
    /// # Errors
    /// Their file can't be read or holds none; those before stay.
    pub fn read_again(&self) -> std::io::Result<()> {
        self.ruling.store(Arc::new(client_verifier(&self.config)?));
        self.changed.store(true, Ordering::Release);
        Ok(())
    }

    /// Whether they vouch for the chain of a finished handshake. A resumed session brings a certificate that was verified
    /// when it began, maybe by authorities that rule no more; before any change there is nothing to verify twice.
    pub(super) fn vouch_for(&self, chain: &[CertificateDer<'_>]) -> bool {
        if !self.changed.load(Ordering::Acquire) {
            return true;
        }
        let Some((leaf, intermediates)) = chain.split_first() else { return false };
        self.verify_client_cert(leaf, intermediates, UnixTime::now()).is_ok()
    }
}

impl ClientCertVerifier for ClientAuthorities {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        self.ruling.load().client_auth_mandatory()
    }

    /// None: names lent for as long as the verifier lives can't change. Without them a client offers what it has (RFC 8446
    /// §4.2.4 and RFC 5246 §7.4.4 leave them out at will), and a stranger learns less of the firm.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.ruling.load().verify_client_cert(leaf, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.ruling.load().verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.ruling.load().verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.ruling.load().supported_verify_schemes()
    }
}
