//! Who calls, end to end: JWTs of an issuer whose keys change, API tokens, client certificates.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "identity/certificates.rs"]
mod certificates;
#[path = "identity/devices.rs"]
mod devices;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use yingbi_sample_api::{Claims, IdentityProvider};
use yingbi_tests::stage::ISSUER;
use yingbi_tests::{Answer, Gateway, HOST, Origin, Stage, Who, canary};

const POLICY: &str = r#"apiVersion: yingbi/v1
kind: Role
metadata: {id: investor}
spec: {any: [{jwt: {issuer: "https://sso.test.internal", claim: kind, equals: investor}}]}
---
apiVersion: yingbi/v1
kind: Role
metadata: {id: branch}
spec: {any: [{certificate: {spiffe: "spiffe://firm/branch/*"}}]}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: masked, title: 脱敏, clause: ["T/TSAC001:7.5.a"]}
spec:
  match: {roles: [investor, branch], routes: ["*/**"]}
  allow: {level: "<=3"}
  treat: mask
"#;

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn claims(more: Value) -> Claims {
    let mut all = json!({"kind": "investor", "client_id": "80001234"});
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Claims {
        issuer: ISSUER.to_owned(),
        audience: "yingbi".to_owned(),
        subject: "login".to_owned(),
        more: all.as_object().unwrap().clone(),
        lifetime: Duration::from_secs(300),
    }
}

#[test]
fn a1_a_token_counts_only_when_every_part_of_it_holds() {
    let stage = Stage::start(POLICY);
    stage.answers_json(&json!({"mobile_tel": canary::MOBILE}));
    let good = stage.jwt("80001234", json!({}));
    assert_eq!(stage.get(Who::Says(&format!("Bearer {good}")), "/a").response.status, 200);
    assert_eq!(
        stage.get(Who::Says(&format!("bearer {good}")), "/a").response.status,
        200,
        "the scheme in any case"
    );
    let parts: Vec<&str> = good.split('.').collect();
    let b64 = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = |alg: &str| b64(json!({"alg": alg, "typ": "JWT", "kid": "demo-1"}));
    let stranger = IdentityProvider::generate().unwrap();
    let flipped = {
        let mut signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
        signature[10] ^= 1;
        format!("{}.{}.{}", parts[0], parts[1], URL_SAFE_NO_PAD.encode(signature))
    };
    let other = json!({"iss": ISSUER, "aud": "yingbi", "sub": "x", "exp": now() + 300, "kind": "investor", "client_id": "80005678"});
    let wrong = [
        ("another's key", stranger.issue(&claims(json!({})))),
        ("a flipped bit", flipped),
        ("other claims under the signature", format!("{}.{}.{}", parts[0], b64(other), parts[2])),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("alg none", format!("{}.{}.", header("none"), parts[1])),
        ("alg HS256", format!("{}.{}.{}", header("HS256"), parts[1], parts[2])),
        ("expired", stage.jwt("80001234", json!({"exp": now() - 60}))),
        ("not yet valid", stage.jwt("80001234", json!({"nbf": now() + 600}))),
        ("another issuer", stage.jwt("80001234", json!({"iss": "https://sso.test.internal.evil"}))),
        ("another audience", stage.jwt("80001234", json!({"aud": "others"}))),
        ("no subject", stage.jwt("80001234", json!({"sub": null}))),
        ("twice", format!("{good} {good}")),
        ("with a part more", format!("{good}.x")),
    ];
    for (name, token) in wrong {
        let asked = stage.get(Who::Says(&format!("Bearer {token}")), "/a");
        assert_eq!(asked.response.status, 401, "{name}: {:?}", asked.response);
        assert!(asked.response.problem_code().starts_with("YB12"), "{name}");
        assert!(asked.response.header("www-authenticate").is_some(), "{name}");
    }
    assert_eq!(stage.origin.seen().len(), 2);
    let logs = stage.gateway.logs();
    assert!(!logs.contains(parts[1]) && !logs.contains(parts[2]), "no token in a log");
    // The API behind gets the JWT, for it may want to look itself, and never an API token.
    let seen = &stage.origin.seen()[0].request;
    assert_eq!(seen.header("authorization"), Some(format!("Bearer {good}").as_str()));
}

#[test]
fn a1_keys_that_the_issuer_changes_are_followed() {
    let first = IdentityProvider::generate().unwrap();
    let second = IdentityProvider::generate().unwrap();
    let origin = Origin::start(|_| Answer::json(canary::person_json()));
    let gateway = Gateway::of(&origin)
        .policy(POLICY)
        .identity("  jwt:\n    - issuer: https://sso.test.internal\n      audience: yingbi\n      jwks: {file: jwks.json, refresh_s: 1}\n")
        .file("jwks.json", &first.jwks().to_string())
        .start();
    let status = |provider: &IdentityProvider| {
        let mut client = yingbi_tests::Client::connect(gateway.address);
        let token = provider.issue(&claims(json!({"jti": now()})));
        client.send(
            format!("GET /a HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n\r\n").as_bytes(),
        );
        client.response().status
    };
    assert_eq!((status(&first), status(&second)), (200, 401));
    std::fs::write(gateway.directory().join("jwks.json"), second.jwks().to_string()).unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while status(&second) != 200 {
        assert!(std::time::Instant::now() < deadline, "the new key is known");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(status(&first), 401, "the old one is no more");
    // A key set that can't be read keeps the known one.
    std::fs::write(gateway.directory().join("jwks.json"), "{").unwrap();
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(status(&second), 200);
}

/// An authority, and what it issued.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

struct Issued {
    certificate: CertificateDer<'static>,
    certificate_pem: String,
    key: KeyPair,
}

impl Authority {
    fn new(name: &str) -> Authority {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Authority { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    fn issue(&self, change: impl FnOnce(&mut CertificateParams)) -> Issued {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Issued { certificate_pem: certificate.pem(), certificate: certificate.der().clone(), key }
    }
}

/// One `GET` over TLS; the status, or why the connection failed.
fn over_tls(
    address: SocketAddr,
    roots: &Authority,
    client: Option<&Issued>,
    headers: &str,
) -> Result<String, String> {
    let mut store = rustls::RootCertStore::empty();
    store.add(roots.issuer.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(store);
    let config = match client {
        None => builder.with_no_client_auth(),
        Some(issued) => {
            let key = PrivateKeyDer::try_from(issued.key.serialize_der()).unwrap();
            builder.with_client_auth_cert(vec![issued.certificate.clone()], key).unwrap()
        }
    };
    let name = ServerName::try_from("gateway.test").unwrap();
    let connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut stream = rustls::StreamOwned::new(connection, socket);
    let request = format!("GET /a HTTP/1.1\r\nHost: {HOST}\r\n{headers}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    if answer.is_empty() {
        return Err(read.err().map_or("closed".to_owned(), |error| error.to_string()));
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn tls_gateway(mode: &str, origin: &Origin, servers: &Authority, clients: &Authority) -> Gateway {
    let server = servers.issue(|params| {
        params.subject_alt_names = vec![SanType::DnsName("gateway.test".try_into().unwrap())]
    });
    Gateway::of(origin)
        .policy(POLICY)
        .identity("  jwt:\n    - issuer: https://sso.test.internal\n      audience: yingbi\n      jwks: {file: jwks.json}\n")
        .file("jwks.json", &IdentityProvider::generate().unwrap().jwks().to_string())
        .file("server.pem", &server.certificate_pem)
        .file("server.key", &server.key.serialize_pem())
        .file("clients.pem", &clients.issuer.pem())
        .listen(&format!(
            "    tls:\n      certificate: server.pem\n      key: server.key\n      client_ca: {{file: clients.pem, mode: {mode}}}\n"
        ))
        .start()
}

fn branch(uri: &'static str) -> impl FnOnce(&mut CertificateParams) {
    move |params| {
        params.subject_alt_names = vec![SanType::URI(uri.try_into().unwrap())];
    }
}

#[test]
fn k6_callers_prove_who_they_are_by_certificate() {
    let (servers, clients, strangers) =
        (Authority::new("servers"), Authority::new("clients"), Authority::new("clients"));
    let origin = Origin::start(|_| Answer::json(canary::person_json()));
    let teller = clients.issue(branch("spiffe://firm/branch/0012"));
    let outsider = clients.issue(branch("spiffe://firm/office/0012"));
    let deeper = clients.issue(branch("spiffe://firm/branch/0012/evil"));
    let stranger = strangers.issue(branch("spiffe://firm/branch/0012"));
    let expired = clients.issue(|params| {
        branch("spiffe://firm/branch/0012")(params);
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    });
    for mode in ["required", "optional"] {
        let gateway = tls_gateway(mode, &origin, &servers, &clients);
        let ask = |client: Option<&Issued>| over_tls(gateway.address, &servers, client, "");
        origin.forget();
        let answer = ask(Some(&teller)).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("139****5678"), "{mode}: {answer}");
        canary::assert_hidden(mode, answer.as_bytes());
        let entries = gateway.entries();
        assert_eq!(
            (entries[0].intent.identified_by.as_str(), entries[0].intent.roles.as_slice()),
            ("mtls", &["branch".to_owned()][..])
        );
        let forwarded = origin.seen();
        assert_eq!(forwarded.len(), 1);
        for other in [&outsider, &deeper] {
            let answer = ask(Some(other)).unwrap();
            assert!(answer.starts_with("HTTP/1.1 403"), "{mode}: {answer}");
        }
        for wrong in [&stranger, &expired] {
            let answered = ask(Some(wrong));
            let refused = answered.as_ref().map_or(true, |answer| answer.starts_with("HTTP/1.1 401"));
            assert!(refused, "{mode}: {answered:?}");
        }
        let without = ask(None);
        match mode {
            "required" => assert!(without.is_err(), "{without:?}"),
            _ => assert!(without.unwrap().starts_with("HTTP/1.1 401")),
        }
        assert_eq!(origin.seen().len(), 1, "{mode}: nobody else got through");
        // What speaks no TLS gets nowhere.
        let mut plain = yingbi_tests::Client::connect(gateway.address);
        plain.send(format!("GET /a HTTP/1.1\r\nHost: {HOST}\r\n\r\n").as_bytes());
        assert!(plain.try_response(false, Duration::from_secs(3)).is_err());
        // A header that claims a certificate is no certificate.
        if mode == "optional" {
            let claimed = over_tls(gateway.address, &servers, None, "X-Client-Cert: spiffe://firm/branch/0012\r\nX-SSL-Client-S-DN: spiffe://firm/branch/0012\r\n").unwrap();
            assert!(claimed.starts_with("HTTP/1.1 401"), "{claimed}");
        }
    }
}
