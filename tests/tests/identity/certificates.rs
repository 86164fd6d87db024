//! Mutual authentication on both sides, and certificates that change while connections are open.

use super::{Authority, Issued, POLICY, branch};
use rcgen::SanType;
use rustls::HandshakeKind;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use yingbi_sample_api::IdentityProvider;
use yingbi_tests::{Gateway, HOST, canary};

#[test]
fn k6_certificates_change_without_dropping_connections() {
    let firm = Firm::start();
    let second = firm.servers.issue(server);
    let new_clients = Authority::new("new clients");
    let (old, new) = (firm.clients.issue(branch(TELLER)), new_clients.issue(branch(TELLER)));

    // Both hops authenticate both ends; sessions resume.
    let config = firm.config(&old);
    let mut open = Caller::connect(firm.gateway.address, &config);
    let answer = open.ask().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("139****5678"), "{answer}");
    canary::assert_hidden("mutual", answer.as_bytes());
    assert_eq!(open.shown(), firm.first.certificate);
    assert_eq!(firm.api.last(), firm.own.certificate, "the API behind knows the gateway");
    assert_eq!(again(&firm, &config), (HandshakeKind::Resumed, "200".to_owned()));

    // Every file changes, written in place and one after the other.
    let own = firm.gateways.issue(|_| {});
    firm.write("server.pem", &second.certificate_pem);
    firm.write("server.key", &second.key.serialize_pem());
    firm.write("clients.pem", &new_clients.issuer.pem());
    firm.write("own.pem", &own.certificate_pem);
    firm.write("own.key", &own.key.serialize_pem());
    let changed = Instant::now();
    firm.until("new connections meet the new certificates", || {
        let mut caller = Caller::connect(firm.gateway.address, &firm.config(&new));
        let answered = caller.ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"));
        answered && caller.shown() == second.certificate && firm.api.last() == own.certificate
    });
    assert!(changed.elapsed() < Duration::from_secs(4), "{:?}", changed.elapsed());

    // The open connection goes on; with the old client's certificate no other begins, neither anew nor resumed.
    let answer = open.ask().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(again(&firm, &config), (HandshakeKind::Resumed, "401".to_owned()));
    assert!(Caller::connect(firm.gateway.address, &firm.config(&old)).ask().is_err());
}

#[test]
fn k6_a_broken_certificate_leaves_the_old_one_ruling() {
    let firm = Firm::start();
    let client = firm.clients.issue(branch(TELLER));
    let other = firm.servers.issue(server);
    let expired = firm.servers.issue(|params| {
        server(params);
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    });
    let mut open = Caller::connect(firm.gateway.address, &firm.config(&client));
    open.ask().unwrap();
    let counted = |place: &str, result: &str| {
        let series = format!("yingbi_tls_reloads_total{{place=\"{place}\",result=\"{result}\"}}");
        firm.gateway.metric(&series).unwrap().parse::<f64>().unwrap()
    };
    let expired_key = expired.key.serialize_pem();
    let half = other.certificate_pem.split_at(other.certificate_pem.len() / 2).0;
    let breaks = [
        ("half written", "listen", "YB0727", vec![("server.pem", half)]),
        ("empty", "listen", "YB0727", vec![("server.pem", "")]),
        ("another's key", "listen", "YB0727", vec![("server.pem", other.certificate_pem.as_str())]),
        (
            "expired",
            "listen",
            "YB0727",
            vec![("server.pem", expired.certificate_pem.as_str()), ("server.key", expired_key.as_str())],
        ),
        ("no authority", "listen", "YB0728", vec![("clients.pem", "nothing")]),
        ("no key", "upstream", "YB0729", vec![("own.key", "nothing")]),
        ("another's certificate", "upstream", "YB0729", vec![("own.pem", other.certificate_pem.as_str())]),
        ("no authority above", "upstream", "YB0729", vec![("api.pem", "")]),
    ];
    for (name, place, code, files) in breaks {
        let (before, told) = (counted(place, "rejected"), firm.gateway.logs().matches(code).count());
        let good: Vec<String> = files.iter().map(|(file, _)| firm.read(file)).collect();
        for (file, text) in &files {
            firm.write(file, text);
        }
        firm.until(name, || counted(place, "rejected") > before);
        firm.until(name, || firm.gateway.logs().matches(code).count() > told);
        let mut caller = Caller::connect(firm.gateway.address, &firm.config(&client));
        let answer = caller.ask().unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{name}: {answer}");
        assert_eq!(caller.shown(), firm.first.certificate, "{name}");
        assert_eq!(firm.api.last(), firm.own.certificate, "{name}");
        assert!(open.ask().unwrap().starts_with("HTTP/1.1 200"), "{name}");
        let loaded = counted(place, "loaded");
        for ((file, _), text) in files.iter().zip(good) {
            firm.write(file, &text);
        }
        firm.until(name, || counted(place, "loaded") > loaded);
        firm.until(name, || {
            let told = |event: &str| firm.gateway.events(event).iter().any(|detail| detail["place"] == place);
            let refused = firm.gateway.events("certificates-rejected");
            told("certificates-loaded") && refused.iter().any(|detail| detail["code"] == code)
        });
    }
    // Mended, it rules.
    firm.write("server.pem", &other.certificate_pem);
    firm.write("server.key", &other.key.serialize_pem());
    firm.until("mended", || {
        let mut caller = Caller::connect(firm.gateway.address, &firm.config(&client));
        caller.ask().is_ok() && caller.shown() == other.certificate
    });
    let logs = firm.gateway.logs();
    assert!(!logs.contains("PRIVATE KEY"), "{logs}");
}

const TELLER: &str = "spiffe://firm/branch/0012";

fn server(params: &mut rcgen::CertificateParams) {
    params.subject_alt_names = vec![SanType::DnsName("gateway.test".try_into().unwrap())];
}

/// One more connection of a client that keeps its sessions: how it began, and its status.
fn again(firm: &Firm, config: &Arc<rustls::ClientConfig>) -> (HandshakeKind, String) {
    let mut caller = Caller::connect(firm.gateway.address, config);
    let answer = caller.ask().unwrap();
    (caller.stream.conn.handshake_kind().unwrap(), answer.split(' ').nth(1).unwrap().to_owned())
}

/// A gateway between two hops of mutual TLS, its authorities, and what it began with.
struct Firm {
    servers: Authority,
    clients: Authority,
    gateways: Authority,
    first: Issued,
    own: Issued,
    api: Api,
    gateway: Gateway,
}

impl Firm {
    fn start() -> Firm {
        let [servers, clients, gateways, apis] =
            ["servers", "clients", "gateways", "apis"].map(Authority::new);
        let (first, own) = (servers.issue(server), gateways.issue(|_| {}));
        let api = Api::start(&apis, &gateways);
        let gateway = Gateway::before(api.address)
            .policy(POLICY)
            .identity("  jwt:\n    - issuer: https://sso.test.internal\n      audience: yingbi\n      jwks: {file: jwks.json}\n")
            .file("jwks.json", &IdentityProvider::generate().unwrap().jwks().to_string())
            .file("server.pem", &first.certificate_pem)
            .file("server.key", &first.key.serialize_pem())
            .file("clients.pem", &clients.issuer.pem())
            .file("api.pem", &apis.issuer.pem())
            .file("own.pem", &own.certificate_pem)
            .file("own.key", &own.key.serialize_pem())
            .listen("    tls:\n      certificate: server.pem\n      key: server.key\n      client_ca: {file: clients.pem}\n")
            .upstream("tls", "{server_name: api.test, ca: api.pem, certificate: own.pem, key: own.key}")
            .start();
        Firm { servers, clients, gateways, first, own, api, gateway }
    }

    fn config(&self, client: &Issued) -> Arc<rustls::ClientConfig> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.servers.issuer.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        let key = PrivateKeyDer::try_from(client.key.serialize_der()).unwrap();
        Arc::new(builder.with_client_auth_cert(vec![client.certificate.clone()], key).unwrap())
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.gateway.directory().join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.gateway.directory().join(name)).unwrap()
    }

    fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(15);
        while !holds() {
            assert!(Instant::now() < deadline, "{what}: {}", self.gateway.logs());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A connection that is kept open.
struct Caller {
    stream: rustls::StreamOwned<rustls::ClientConnection, TcpStream>,
}

impl Caller {
    fn connect(address: SocketAddr, config: &Arc<rustls::ClientConfig>) -> Caller {
        let name = ServerName::try_from("gateway.test").unwrap();
        let connection = rustls::ClientConnection::new(Arc::clone(config), name).unwrap();
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Caller { stream: rustls::StreamOwned::new(connection, socket) }
    }

    fn ask(&mut self) -> Result<String, String> {
        let request = format!("GET /a HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
        self.stream.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
        let mut head = read_head(&mut self.stream).ok_or("closed")?;
        let lower = head.to_ascii_lowercase();
        let length = lower.lines().find_map(|line| line.strip_prefix("content-length:")).expect("a length");
        let mut body = vec![0; length.trim().parse().unwrap()];
        self.stream.read_exact(&mut body).map_err(|error| error.to_string())?;
        head.push_str(&String::from_utf8_lossy(&body));
        Ok(head)
    }

    /// The certificate that the gateway showed.
    fn shown(&self) -> CertificateDer<'static> {
        self.stream.conn.peer_certificates().unwrap()[0].clone()
    }
}

/// A head up to its empty line; none when the connection ends before.
fn read_head(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    Some(String::from_utf8(head).unwrap())
}

/// An API that wants certificates of its callers; every connection carries one exchange.
struct Api {
    address: SocketAddr,
    callers: Arc<Mutex<Vec<CertificateDer<'static>>>>,
}

impl Api {
    fn start(apis: &Authority, gateways: &Authority) -> Api {
        let issued = apis.issue(|params| {
            params.subject_alt_names = vec![SanType::DnsName("api.test".try_into().unwrap())];
        });
        let mut roots = rustls::RootCertStore::empty();
        roots.add(gateways.issuer.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        let builder = rustls::ServerConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::try_from(issued.key.serialize_der()).unwrap();
        let config = builder
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(vec![issued.certificate.clone()], key)
            .unwrap();
        let (config, callers) = (Arc::new(config), Arc::new(Mutex::new(Vec::new())));
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let known = Arc::clone(&callers);
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let (config, known) = (Arc::clone(&config), Arc::clone(&known));
                std::thread::spawn(move || {
                    let connection = rustls::ServerConnection::new(config).unwrap();
                    let mut stream = rustls::StreamOwned::new(connection, socket);
                    if read_head(&mut stream).is_none() {
                        return;
                    }
                    known.lock().unwrap().push(stream.conn.peer_certificates().unwrap()[0].clone());
                    let body = canary::person_json();
                    let head = format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                        body.len()
                    );
                    stream.write_all(head.as_bytes()).unwrap();
                    stream.write_all(body.as_ref()).unwrap();
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                });
            }
        });
        Api { address, callers }
    }

    /// The certificate of whoever called last.
    fn last(&self) -> CertificateDer<'static> {
        self.callers.lock().unwrap().last().unwrap().clone()
    }
}
