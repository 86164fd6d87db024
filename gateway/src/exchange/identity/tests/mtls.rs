use super::*;
use crate::config::{CertificateName, ClientCa, ClientCaMode, Mtls};
use crate::exchange::identity::mtls::client_verifier;
use rcgen::{CertificateParams, DnType, KeyPair, SanType};

fn certificate(change: impl FnOnce(&mut CertificateParams)) -> PeerCertificate {
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(2025, 1, 1);
    params.not_after = rcgen::date_time_ymd(2028, 1, 1);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "teller-gateway");
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    PeerCertificate::from_der(params.self_signed(&key).unwrap().der())
}

fn spiffe(params: &mut CertificateParams) {
    params.distinguished_name.push(DnType::OrganizationalUnitName, "branch");
    params.subject_alt_names = vec![
        SanType::DnsName("Teller.Firm.Internal".try_into().unwrap()),
        SanType::URI("spiffe://firm/branch/0012".try_into().unwrap()),
    ];
}

fn identifier(mtls: Mtls) -> Identifier {
    Identifier::new(&IdentityConfig { mtls, ..IdentityConfig::default() }).unwrap()
}

fn identify(mtls: Mtls, certificate: &PeerCertificate) -> Result<Arc<Identified>, Reason> {
    identifier(mtls).identify(&HeaderMap::new(), Some(certificate), now()).map_err(IdentityError::reason)
}

#[test]
fn k6_a_certificate_names_its_holder() {
    let identified = identify(Mtls::default(), &certificate(spiffe)).unwrap();
    assert_eq!(identified.by, IdentifiedBy::Mtls);
    assert_eq!(identified.identity.id, "spiffe://firm/branch/0012");
    assert!(identified.identity.subjects.is_empty());
    let names = identified.identity.certificate.as_ref().unwrap();
    assert_eq!(names.common_name.as_deref(), Some("teller-gateway"));
    assert_eq!(names.organisational_units, ["branch"]);
    assert_eq!(names.dns_names, ["teller.firm.internal"]);

    let identified = identify(Mtls::default(), &certificate(|_| {})).unwrap();
    assert_eq!(identified.identity.id, "teller-gateway", "no URI: the common name");

    let by_dns =
        Mtls { id_from: vec![CertificateName::Dns], subject_from: Some(CertificateName::CommonName) };
    let identified = identify(by_dns.clone(), &certificate(spiffe)).unwrap();
    assert_eq!(identified.identity.id, "teller.firm.internal");
    assert_eq!(identified.identity.subjects, ["teller-gateway"]);
    assert_eq!(
        identify(by_dns, &certificate(|_| {})).unwrap_err(),
        Reason::Certificate,
        "no such name, no caller"
    );
}

#[test]
fn a_strange_certificate_is_refused() {
    let nothing =
        |params: &mut CertificateParams| params.distinguished_name = rcgen::DistinguishedName::new();
    let control = |params: &mut CertificateParams| {
        params.distinguished_name.push(DnType::CommonName, "admin\u{0}.firm");
    };
    let old = |params: &mut CertificateParams| params.not_after = rcgen::date_time_ymd(2026, 1, 1);
    let early = |params: &mut CertificateParams| params.not_before = rcgen::date_time_ymd(2027, 12, 1);
    let cases = [
        ("no name", certificate(nothing)),
        ("control character", certificate(control)),
        ("ended while connected", certificate(old)),
        ("not begun", certificate(early)),
        ("no certificate", PeerCertificate::from_der(b"nonsense")),
        ("nothing", PeerCertificate::from_der(b"")),
    ];
    for (name, certificate) in cases {
        assert_eq!(identify(Mtls::default(), &certificate).unwrap_err(), Reason::Certificate, "{name}");
        assert!(!format!("{certificate:?}").contains("firm"), "{name}");
    }
}

#[test]
fn a_token_names_the_caller_and_the_certificate_stays_known() {
    let signer = Signer::es256("k1");
    let file = KeyFile::of(&[&signer.jwk]);
    let identifier = Identifier::new(&file.config()).unwrap();
    let (token, certificate) = (signer.sign(&claims()), certificate(spiffe));
    let both = identifier.identify(&bearer(&token), Some(&certificate), now()).unwrap();
    assert_eq!((both.by, both.identity.id.as_str()), (IdentifiedBy::Jwt, "https://sso.firm.test#u-1"));
    assert_eq!(both.identity.certificate.as_ref().unwrap().uris, ["spiffe://firm/branch/0012"]);
    // The certificate belongs to that connection alone: the remembered token does not carry it to another.
    let alone = identifier.identify(&bearer(&token), None, now()).unwrap();
    assert!(alone.identity.certificate.is_none());
    // A good certificate does not excuse a bad token, nor the other way round.
    let error = identifier.identify(&bearer("nonsense"), Some(&certificate), now()).unwrap_err();
    assert_eq!(error.reason(), Reason::Malformed);
    let unreadable = PeerCertificate::from_der(b"nonsense");
    let error = identifier.identify(&bearer(&token), Some(&unreadable), now()).unwrap_err();
    assert_eq!(error.reason(), Reason::Certificate);
}

#[test]
fn k6_the_client_authority_must_be_usable() {
    let dir = std::env::temp_dir();
    let file = dir.join(format!("yingbi-client-ca-{}.pem", std::process::id()));
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    std::fs::write(&file, params.self_signed(&key).unwrap().pem()).unwrap();
    for (mode, mandatory) in [(ClientCaMode::Required, true), (ClientCaMode::Optional, false)] {
        let verifier = client_verifier(&ClientCa { file: file.clone(), mode }).unwrap();
        assert!(verifier.offer_client_auth());
        assert_eq!(verifier.client_auth_mandatory(), mandatory);
    }
    std::fs::write(&file, "nothing").unwrap();
    assert!(client_verifier(&ClientCa { file: file.clone(), mode: ClientCaMode::Required }).is_err());
    std::fs::remove_file(&file).unwrap();
    assert!(client_verifier(&ClientCa { file, mode: ClientCaMode::Required }).is_err());
}

/// Shakes hands as the data port does; what the connection then knows of the client.
async fn handshake(mode: ClientCaMode, with_certificate: bool) -> Option<Option<PeerCertificate>> {
    use pingora_core::listeners::tls::TlsSettings;
    use pingora_core::protocols::Ssl as _;
    use pingora_core::protocols::l4::stream::Stream;
    use rustls::pki_types::{PrivateKeyDer, ServerName};

    let dir =
        std::env::temp_dir().join(format!("yingbi-mtls-{}-{mode:?}-{with_certificate}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let file = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let mut ca = CertificateParams::default();
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().unwrap();
    let ca_pem = ca.self_signed(&ca_key).unwrap();
    let ca_issuer = rcgen::Issuer::new(ca, ca_key);
    let (server_key, client_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let server = CertificateParams::new(["gateway.test".to_owned()])
        .unwrap()
        .signed_by(&server_key, &ca_issuer)
        .unwrap();
    let mut client = CertificateParams::default();
    spiffe(&mut client);
    let client = client.signed_by(&client_key, &ca_issuer).unwrap();
    std::fs::write(file("ca.pem"), ca_pem.pem()).unwrap();
    std::fs::write(file("cert.pem"), server.pem()).unwrap();
    std::fs::write(file("key.pem"), server_key.serialize_pem()).unwrap();

    let mut settings = TlsSettings::with_callbacks(Box::new(PeerCertificateCallback::default())).unwrap();
    settings.set_certificate_chain_file(&file("cert.pem")).unwrap();
    settings.set_private_key_file(&file("key.pem")).unwrap();
    settings
        .set_client_cert_verifier(client_verifier(&ClientCa { file: file("ca.pem").into(), mode }).unwrap());
    let acceptor = settings.build();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();

    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca_pem.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
    let config = if with_certificate {
        let key = PrivateKeyDer::try_from(client_key.serialize_der()).unwrap();
        builder.with_client_auth_cert(vec![client.der().clone()], key).unwrap()
    } else {
        builder.with_no_client_auth()
    };
    let connecting = tokio::spawn(async move {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("gateway.test").unwrap();
        let connector = pingora_rustls::TlsConnector::from(Arc::new(config));
        let mut stream = connector.connect(name, stream).await.unwrap();
        // TLS 1.3 learns of a refused certificate with the first read.
        let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut [0]).await;
    });
    let (stream, _) = listener.accept().await.unwrap();
    let accepted = acceptor.tls_handshake(Stream::from(stream)).await;
    let known = accepted.ok().map(|stream| {
        let digest = stream.get_ssl_digest().unwrap();
        digest.extension.get::<PeerCertificate>().cloned()
    });
    connecting.await.unwrap();
    std::fs::remove_dir_all(dir).unwrap();
    known
}

#[tokio::test]
async fn k6_a_handshake_hands_the_certificate_to_the_connection() {
    for mode in [ClientCaMode::Required, ClientCaMode::Optional] {
        let certificate = handshake(mode, true).await.unwrap().unwrap();
        let identified =
            identifier(Mtls::default()).identify(&HeaderMap::new(), Some(&certificate), now()).unwrap();
        assert_eq!(identified.identity.id, "spiffe://firm/branch/0012", "{mode:?}");
    }
    assert!(handshake(ClientCaMode::Required, false).await.is_none(), "refused");
    assert!(handshake(ClientCaMode::Optional, false).await.unwrap().is_none(), "nobody");
}
