//! Identity providers that refuse, hang, fail, lie, flood and rotate.

use super::super::jwks::{Jwks, Pace};
use super::*;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::time::Instant;

/// How the provider behaves.
#[derive(Clone)]
enum Mode {
    Keys(Value),
    Hangs,
    Drips,
    Fails,
    Redirects(String),
    Garbage,
    Huge,
    Closes,
}

/// A provider on loopback.
struct Provider {
    url: String,
    mode: Arc<Mutex<Mode>>,
    asked: Arc<AtomicU32>,
}

impl Provider {
    fn start(mode: Mode) -> Provider {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let (mode, asked) = (Arc::new(Mutex::new(mode)), Arc::new(AtomicU32::new(0)));
        let provider = Provider { url, mode: Arc::clone(&mode), asked: Arc::clone(&asked) };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mode, asked) = (mode.lock().unwrap().clone(), Arc::clone(&asked));
                std::thread::spawn(move || {
                    let _ = answer(stream.unwrap(), mode, &asked);
                });
            }
        });
        provider
    }

    fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }

    fn config(&self) -> JwtIssuer {
        issuer(JwksSource::Url(self.url.clone()))
    }
}

fn answer(mut stream: TcpStream, mode: Mode, asked: &AtomicU32) -> std::io::Result<()> {
    let mut head = [0; 4096];
    let _ = stream.read(&mut head)?;
    asked.fetch_add(1, Ordering::SeqCst);
    let ok = |body: &str| {
        let length = body.len();
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
    };
    match mode {
        Mode::Keys(jwk) => stream.write_all(ok(&json!({ "keys": [jwk] }).to_string()).as_bytes()),
        Mode::Hangs => {
            std::thread::sleep(Duration::from_secs(30));
            Ok(())
        }
        Mode::Drips => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")?;
            for _ in 0..300 {
                stream.write_all(b" ")?;
                std::thread::sleep(Duration::from_millis(50));
            }
            Ok(())
        }
        Mode::Fails => {
            stream.write_all(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        Mode::Redirects(to) => stream.write_all(
            format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").as_bytes(),
        ),
        Mode::Garbage => stream.write_all(ok("<html>sign in</html>").as_bytes()),
        Mode::Huge => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"keys\":[")?;
            let spaces = [b' '; 65536];
            (0..1600).try_for_each(|_| stream.write_all(&spaces))
        }
        Mode::Closes => Ok(()),
    }
}

/// Quick enough for a test, otherwise as in earnest.
fn pace() -> Pace {
    Pace {
        throttle: Duration::from_millis(300),
        timeout: Duration::from_millis(400),
        retry: Duration::from_millis(50),
    }
}

fn wait_until(what: &str, done: impl Fn() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(10), "{what} never happened");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn keys_come_over_http_and_make_ready() {
    let signer = Signer::es256("k1");
    let provider = Provider::start(Mode::Keys(signer.jwk.clone()));
    let verifier = JwtVerifier::start_at(&[provider.config()], pace()).unwrap();
    wait_until("ready", || verifier.is_ready());
    assert!(verifier.identify(&signer.sign(&claims()), now()).is_ok());
    assert!(verifier.oldest_keys().unwrap() < Duration::from_secs(5));
}

#[test]
fn a_provider_that_never_gives_keys_leaves_us_unready_and_closed() {
    let signer = Signer::es256("k1");
    let token = signer.sign(&claims());
    let elsewhere = Provider::start(Mode::Keys(signer.jwk.clone()));
    let modes = [
        ("hangs", Mode::Hangs),
        ("drips", Mode::Drips),
        ("fails", Mode::Fails),
        ("redirects", Mode::Redirects(elsewhere.url.clone())),
        ("garbage", Mode::Garbage),
        ("huge", Mode::Huge),
        ("closes", Mode::Closes),
    ];
    for (name, mode) in modes {
        let provider = Provider::start(mode);
        let verifier = JwtVerifier::start_at(&[provider.config()], pace()).unwrap();
        wait_until(name, || provider.asked() >= 2);
        assert!(!verifier.is_ready(), "{name}");
        assert_eq!(verifier.oldest_keys(), None, "{name}");
        let started = Instant::now();
        let error = verifier.identify(&token, now()).unwrap_err();
        assert!(started.elapsed() < Duration::from_millis(200), "{name}: an exchange never waits");
        assert_eq!((error.reason(), error.status()), (Reason::KeysUnavailable, 503), "{name}");
        // It heals by itself.
        provider.set(Mode::Keys(signer.jwk.clone()));
        wait_until(name, || verifier.is_ready());
        assert!(verifier.identify(&token, now()).is_ok(), "{name}");
    }
    assert_eq!(elsewhere.asked(), 0, "redirects are not followed");
}

#[test]
fn nobody_listening_is_unready() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = issuer(JwksSource::Url(format!("http://{closed}/keys")));
    let verifier = JwtVerifier::start_at(&[config], pace()).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    assert!(!verifier.is_ready());
}

#[test]
fn known_keys_outlive_a_failing_provider_but_not_for_ever() {
    let signer = Signer::es256("k1");
    let provider = Provider::start(Mode::Keys(signer.jwk.clone()));
    let mut config = provider.config();
    config.jwks.refresh = Duration::from_millis(50);
    config.jwks.max_stale = Duration::from_secs(3);
    let verifier = JwtVerifier::start_at(&[config], pace()).unwrap();
    wait_until("ready", || verifier.is_ready());
    provider.set(Mode::Fails);
    let failed_from = provider.asked();
    wait_until("failures", || provider.asked() > failed_from + 2);
    // Not remembered: the claims differ, so the key itself must still be good.
    assert!(verifier.identify(&signer.sign(&claims_with(json!({"n": 1}))), now()).is_ok(), "known key");
    let stranger = Signer::es256("k2").sign(&claims());
    assert_eq!(verifier.identify(&stranger, now()).unwrap_err().reason(), Reason::UnknownKey);
    wait_until("staleness", || !verifier.is_ready());
    let error = verifier.identify(&signer.sign(&claims_with(json!({"n": 2}))), now()).unwrap_err();
    assert_eq!(error.reason(), Reason::KeysUnavailable);
}

#[test]
fn an_unknown_key_id_has_the_set_read_again_but_not_hammered() {
    let (old, new) = (Signer::es256("old"), Signer::es256("new"));
    let provider = Provider::start(Mode::Keys(old.jwk.clone()));
    let verifier = JwtVerifier::start_at(&[provider.config()], pace()).unwrap();
    wait_until("ready", || verifier.is_ready());
    assert_eq!(provider.asked(), 1);
    provider.set(Mode::Keys(new.jwk.clone()));
    let token = new.sign(&claims());
    assert_eq!(verifier.identify(&token, now()).unwrap_err().reason(), Reason::UnknownKey);
    wait_until("rotation", || verifier.identify(&token, now()).is_ok());
    let after = provider.asked();
    let started = Instant::now();
    let stranger = Signer::es256("stranger").sign(&claims());
    for _ in 0..2000 {
        assert_eq!(verifier.identify(&stranger, now()).unwrap_err().reason(), Reason::UnknownKey);
    }
    std::thread::sleep(Duration::from_millis(50));
    let allowed = 2 + u32::try_from(started.elapsed().as_millis() / pace().throttle.as_millis()).unwrap();
    assert!(provider.asked() - after <= allowed, "{} reads", provider.asked() - after);
}

#[test]
fn the_reading_thread_ends_with_its_owner() {
    let provider = Provider::start(Mode::Fails);
    let jwks = Jwks::start(&provider.config().jwks, pace()).unwrap();
    wait_until("a read", || provider.asked() >= 1);
    drop(jwks);
    std::thread::sleep(Duration::from_millis(300));
    let asked = provider.asked();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(provider.asked(), asked);
}

/// Serves one key set over TLS, with a certificate of this authority, to whoever trusts it.
fn tls_provider(name: &str, jwk: &Value) -> (String, String) {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use rustls::pki_types::PrivateKeyDer;

    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let (ca_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    let leaf = CertificateParams::new([name.to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap();
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        rustls::ServerConfig::builder_with_provider(ring).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![leaf.der().clone()], key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}/keys", listener.local_addr().unwrap().port());
    let (config, body) = (Arc::new(config), json!({ "keys": [jwk] }).to_string());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
            let mut head = [0; 4096];
            if stream.read(&mut head).is_ok() {
                let length = body.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                );
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    (url, ca_pem)
}

#[test]
fn k6_keys_over_https_need_the_right_authority_and_name() {
    let signer = Signer::es256("k1");
    let (good, authority) = tls_provider("localhost", &signer.jwk);
    let (misnamed, its_authority) = tls_provider("sso.other.test", &signer.jwk);
    let file = KeyFile::of(&[]);
    let ready_within = |url: &str, authority: Option<&str>, wait: Duration| {
        let mut config = issuer(JwksSource::Url(url.to_owned()));
        config.jwks.ca = authority.map(|pem| {
            file.write(pem);
            file.0.clone()
        });
        let verifier = JwtVerifier::start_at(&[config], pace()).unwrap();
        let started = Instant::now();
        while !verifier.is_ready() && started.elapsed() < wait {
            std::thread::sleep(Duration::from_millis(5));
        }
        verifier.is_ready()
    };
    assert!(ready_within(&good, Some(&authority), Duration::from_secs(10)));
    let little = Duration::from_millis(600);
    assert!(!ready_within(&good, Some(&its_authority), little), "another authority");
    assert!(!ready_within(&good, None, little), "public authorities do not know it");
    assert!(!ready_within(&good, Some("nothing"), little), "no authority trusts nobody");
    assert!(!ready_within(&misnamed, Some(&its_authority), little), "another name");
}
