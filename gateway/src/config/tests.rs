use super::*;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicU32, Ordering};
use yingbi_policies::Severity;

/// A directory with everything a good configuration names; removed when dropped.
struct Place(PathBuf);

impl Place {
    fn new() -> Place {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("yingbi-config-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let dir = std::env::temp_dir().join(name);
        fs::create_dir_all(dir.join("policies")).unwrap();
        Secret::create(&dir.join("pseudonym.key")).unwrap();
        let key = rcgen::generate_simple_self_signed(["gateway.test".to_owned()]).unwrap();
        fs::write(dir.join("cert.pem"), key.cert.pem()).unwrap();
        let place = Place(dir);
        place.secret("key.pem", &key.signing_key.serialize_pem());
        place
    }

    fn secret(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
        self.mode(name, 0o600);
    }

    fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.0.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn load(&self, text: &str) -> Result<Config, Vec<Diagnostic>> {
        let file = self.0.join("yingbi.yaml");
        fs::write(&file, text).unwrap();
        Config::load(&file)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const GOOD: &str = "\
listen:
  - address: 127.0.0.1:8443
upstream:
  address: 127.0.0.1:8080
policy_dir: policies
data_dir: data
keys:
  pseudonym: pseudonym.key
";

#[test]
fn the_least_configuration_has_the_documented_defaults() {
    let place = Place::new();
    let config = place.load(GOOD).unwrap();
    assert_eq!(config.listen[0].endpoint, Endpoint::Tcp("127.0.0.1:8443".parse().unwrap()));
    assert_eq!(config.policy_dir, place.0.join("policies"), "relative to the file");
    assert!(!config.data_dir.exists(), "reading makes nothing");
    config.make_data_dir().unwrap();
    config.make_data_dir().unwrap();
    assert_eq!(fs::metadata(&config.data_dir).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(config.admin.listen, "127.0.0.1:9180".parse().unwrap());
    assert_eq!(config.limits.head_bytes, 32768);
    assert_eq!(config.limits.response_body_bytes, 8 << 20);
    assert_eq!(config.limits.head_timeout.as_millis(), 5000);
    assert_eq!(config.drain.grace.as_secs(), 30);
    assert!(config.threads >= 1);
    assert!(config.identity.jwt.is_empty() && config.identity.api_tokens.is_empty());
    assert_eq!(config.warnings, []);
}

#[test]
fn every_key_is_read() {
    let place = Place::new();
    let token = crate::exchange::identity::token_hash("yb_synthetic");
    place.secret(
        "tokens.yaml",
        &format!(
            "- {{id: robot-1, hash: \"{token}\", subjects: [\"80001234\"], expires: 2099-01-01T00:00:00Z}}\n"
        ),
    );
    let config = place
        .load(
            "\
listen:
  - {address: '[::1]:8443', tls: {certificate: cert.pem, key: key.pem, client_ca: {file: cert.pem, mode: optional}}}
  - {unix: data.sock}
upstream:
  address: api.internal:8080
  tls: {server_name: api.internal, ca: cert.pem, certificate: cert.pem, key: key.pem}
  connect_timeout_ms: 11
  first_byte_timeout_ms: 12
  read_timeout_ms: 13
  write_timeout_ms: 14
  idle_connections: 15
  idle_timeout_ms: 16
admin: {listen: '0.0.0.0:9999', danger_allow_non_loopback: true}
policy_dir: policies
data_dir: data
keys: {pseudonym: pseudonym.key}
identity:
  jwt:
    - issuer: https://sso.firm.internal
      audience: yingbi
      jwks: {url: 'https://sso.firm.internal/keys', refresh_s: 60, max_stale_s: 600, ca: cert.pem}
      subject_claim: client_id
      leeway_s: 5
      step_up: {acr: [strong], amr: [otp], max_age_s: 120}
  api_tokens: {file: tokens.yaml}
  mtls: {id_from: [dns], subject_from: common-name}
limits: {head_bytes: 4096, headers: 20, head_timeout_ms: 21, request_body_bytes: 22, response_body_bytes: 2048, inflated_bytes: 4096, inflate_ratio: 25, json_depth: 26, exchange_timeout_ms: 27, body_idle_timeout_ms: 28, keepalive_timeout_ms: 29, requests_per_connection: 30, connections: 31, exchanges: 32}
drain: {grace_ms: 33}
telemetry: {log_level: debug, log_format: json}
threads: 3
",
        )
        .unwrap();
    let tls = config.listen[0].tls.as_ref().unwrap();
    assert_eq!(tls.key, place.0.join("key.pem"));
    assert_eq!(tls.client_ca.as_ref().unwrap().mode, ClientCaMode::Optional);
    assert_eq!(config.listen[1].endpoint, Endpoint::Unix(place.0.join("data.sock")));
    let UpstreamEndpoint::Tcp { host, port } = &config.upstream.endpoint else { panic!() };
    assert_eq!((host.as_str(), *port), ("api.internal", 8080));
    let waits = [
        config.upstream.connect_timeout,
        config.upstream.first_byte_timeout,
        config.upstream.read_timeout,
        config.upstream.write_timeout,
        config.upstream.idle_timeout,
        config.limits.head_timeout,
        config.limits.exchange_timeout,
        config.limits.body_idle_timeout,
        config.limits.keepalive_timeout,
        config.drain.grace,
    ];
    assert_eq!(waits.map(|wait| wait.as_millis()), [11, 12, 13, 14, 16, 21, 27, 28, 29, 33]);
    let limits = &config.limits;
    let sizes = [
        config.upstream.idle_connections,
        limits.head_bytes,
        limits.headers,
        limits.request_body_bytes,
        limits.response_body_bytes,
        limits.inflated_bytes,
        limits.inflate_ratio,
        limits.json_depth,
        limits.requests_per_connection,
        limits.connections,
        limits.exchanges,
        config.threads,
    ];
    assert_eq!(sizes, [15, 4096, 20, 22, 2048, 4096, 25, 26, 30, 31, 32, 3]);
    let issuer = &config.identity.jwt[0];
    assert_eq!(issuer.audience, ["yingbi"]);
    assert_eq!(issuer.jwks.source, JwksSource::Url("https://sso.firm.internal/keys".to_owned()));
    assert_eq!((issuer.jwks.refresh.as_secs(), issuer.jwks.max_stale.as_secs()), (60, 600));
    assert_eq!((issuer.leeway.as_secs(), issuer.subject_claim.as_deref()), (5, Some("client_id")));
    let step_up = issuer.step_up.as_ref().unwrap();
    assert_eq!(
        (step_up.acr[0].as_str(), step_up.amr[0].as_str(), step_up.max_age.as_secs()),
        ("strong", "otp", 120)
    );
    assert_eq!(config.identity.api_tokens[0].id, "robot-1");
    assert_eq!(config.identity.mtls.id_from, [CertificateName::Dns]);
    assert_eq!(config.telemetry.log_format, LogFormat::Json);
    assert_eq!(config.telemetry.log_level, LogLevel::Debug);
    assert_eq!(config.warnings, []);
}

/// What is replaced in the good file, by what, and the code, line and column that must come of it.
struct Case {
    name: &'static str,
    from: &'static str,
    to: &'static str,
    code: &'static str,
    at: (usize, usize),
}

#[test]
fn every_mistake_is_placed() {
    const APPEND: &str = "  pseudonym: pseudonym.key\n";
    let cases = [
        Case {
            name: "unknown top key",
            from: "data_dir: data",
            to: "data_dirs: data",
            code: "YB0003",
            at: (6, 1),
        },
        Case {
            name: "unknown nested key",
            from: "  address: 127.0.0.1:8080",
            to: "  addres: 127.0.0.1:8080",
            code: "YB0003",
            at: (4, 3),
        },
        Case { name: "missing key", from: "policy_dir: policies\n", to: "", code: "YB0004", at: (6, 1) },
        Case {
            name: "key twice",
            from: "data_dir: data",
            to: "data_dir: data\ndata_dir: data",
            code: "YB0006",
            at: (7, 1),
        },
        Case {
            name: "number with unit",
            from: APPEND,
            to: "  pseudonym: pseudonym.key\nlimits: {head_timeout_ms: 5s}\n",
            code: "YB0005",
            at: (9, 27),
        },
        Case {
            name: "negative number",
            from: APPEND,
            to: "  pseudonym: pseudonym.key\nlimits: {headers: -1}\n",
            code: "YB0005",
            at: (9, 19),
        },
        Case {
            name: "unknown variant",
            from: APPEND,
            to: "  pseudonym: pseudonym.key\ntelemetry: {log_level: loud}\n",
            code: "YB0005",
            at: (9, 24),
        },
        Case {
            name: "zero timeout",
            from: APPEND,
            to: "  pseudonym: pseudonym.key\nlimits: {head_timeout_ms: 0}\n",
            code: "YB0014",
            at: (9, 27),
        },
        Case {
            name: "endless timeout",
            from: APPEND,
            to: "  pseudonym: pseudonym.key\ndrain: {grace_ms: 18446744073709551615}\n",
            code: "YB0014",
            at: (9, 19),
        },
        Case {
            name: "no listener",
            from: "listen:\n  - address: 127.0.0.1:8443",
            to: "listen: []",
            code: "YB0004",
            at: (1, 9),
        },
        Case {
            name: "bad listen address",
            from: "127.0.0.1:8443",
            to: "localhost:8443",
            code: "YB0010",
            at: (2, 14),
        },
        Case {
            name: "address and unix",
            from: "  - address: 127.0.0.1:8443",
            to: "  - {address: '127.0.0.1:8443', unix: a.sock}",
            code: "YB0016",
            at: (2, 5),
        },
        Case {
            name: "upstream as URL",
            from: "127.0.0.1:8080",
            to: "http://127.0.0.1:8080/",
            code: "YB0010",
            at: (4, 12),
        },
        Case {
            name: "upstream port 0",
            from: "127.0.0.1:8080",
            to: "127.0.0.1:0",
            code: "YB0010",
            at: (4, 12),
        },
        Case {
            name: "absent policy dir",
            from: "policy_dir: policies",
            to: "policy_dir: nowhere",
            code: "YB0020",
            at: (5, 13),
        },
        Case {
            name: "data dir is a file",
            from: "data_dir: data",
            to: "data_dir: cert.pem",
            code: "YB0020",
            at: (6, 11),
        },
        Case {
            name: "data dir below a file",
            from: "data_dir: data",
            to: "data_dir: cert.pem/a/b",
            code: "YB0020",
            at: (6, 11),
        },
        Case { name: "absent key", from: "pseudonym.key", to: "absent.key", code: "YB0011", at: (8, 14) },
        Case { name: "key is no key", from: "pseudonym.key", to: "key.pem", code: "YB0013", at: (8, 14) },
        Case {
            name: "admin in the open",
            from: APPEND,
            to: "  pseudonym: pseudonym.key\nadmin: {listen: '0.0.0.0:9180'}\n",
            code: "YB0015",
            at: (9, 17),
        },
        Case { name: "no YAML", from: "data_dir: data", to: "data_dir: \"data", code: "YB0002", at: (0, 0) },
        Case {
            name: "two documents",
            from: APPEND,
            to: "  pseudonym: pseudonym.key\n---\na: b\n",
            code: "YB0002",
            at: (0, 0),
        },
        Case {
            name: "keys over http",
            from: APPEND,
            to: "  pseudonym: pseudonym.key\nidentity: {jwt: [{issuer: i, audience: a, jwks: {url: 'http://sso/k'}}]}\n",
            code: "YB0022",
            at: (9, 55),
        },
        Case {
            name: "no audience",
            from: APPEND,
            to: "  pseudonym: pseudonym.key\nidentity: {jwt: [{issuer: i, audience: [], jwks: {url: 'https://sso/k'}}]}\n",
            code: "YB0014",
            at: (9, 40),
        },
        Case {
            name: "no key source",
            from: APPEND,
            to: "  pseudonym: pseudonym.key\nidentity: {jwt: [{issuer: i, audience: a, jwks: {refresh_s: 5}}]}\n",
            code: "YB0005",
            at: (9, 49),
        },
        Case {
            name: "key set without keys",
            from: APPEND,
            to: "  pseudonym: pseudonym.key\nidentity: {jwt: [{issuer: i, audience: a, jwks: {file: cert.pem}}]}\n",
            code: "YB0019",
            at: (9, 56),
        },
        Case {
            name: "step-up by nothing",
            from: APPEND,
            to: "  pseudonym: pseudonym.key\nidentity: {jwt: [{issuer: i, audience: a, jwks: {url: 'https://sso/k'}, step_up: {max_age_s: 9}}]}\n",
            code: "YB0014",
            at: (9, 82),
        },
        Case {
            name: "a token instead of its hash",
            from: APPEND,
            to: "  pseudonym: pseudonym.key\nidentity: {api_tokens: [{id: a, hash: yb_secret}]}\n",
            code: "YB0005",
            at: (9, 39),
        },
        Case {
            name: "certificate without key",
            from: "  address: 127.0.0.1:8080",
            to: "  address: 127.0.0.1:8080\n  tls: {server_name: a.b, ca: cert.pem, certificate: cert.pem}",
            code: "YB0016",
            at: (5, 8),
        },
        Case {
            name: "certificate that is none",
            from: "  address: 127.0.0.1:8080",
            to: "  address: 127.0.0.1:8080\n  tls: {server_name: a.b, ca: pseudonym.key}",
            code: "YB0018",
            at: (5, 31),
        },
        Case {
            name: "no threads",
            from: APPEND,
            to: "  pseudonym: pseudonym.key\nthreads: 0\n",
            code: "YB0014",
            at: (9, 10),
        },
    ];
    let place = Place::new();
    for Case { name, from, to, code, at } in cases {
        assert!(GOOD.contains(from), "{name}");
        let problems = place.load(&GOOD.replacen(from, to, 1)).unwrap_err();
        let first = &problems[0];
        assert_eq!(first.code, code, "{name}: {problems:?}");
        if at != (0, 0) {
            assert_eq!((first.place.line, first.place.column), at, "{name}: {problems:?}");
        }
        assert!(first.place.file.ends_with("yingbi.yaml"), "{name}");
        for text in [&first.message, &first.help] {
            assert!(!text.en.is_empty() && !text.zh.is_empty(), "{name}");
            assert!(text.zh.chars().any(|c| c as u32 > 0x2e80), "{name}: {}", text.zh);
            assert!(!text.en.contains("yb_secret"), "{name} quotes a secret");
        }
    }
}

#[test]
fn a_misspelt_key_is_named() {
    let problems = Place::new().load(&GOOD.replace("data_dir", "datadir")).unwrap_err();
    assert_eq!(problems[0].help.en, "did you mean `data_dir`?");
}

#[test]
fn problems_are_collected() {
    let text = GOOD
        .replace("127.0.0.1:8443", "nowhere")
        .replace("pseudonym.key", "absent.key")
        .replace("policy_dir: policies", "policy_dir: absent");
    let codes: Vec<_> = Place::new().load(&text).unwrap_err().into_iter().map(|p| p.code).collect();
    assert_eq!(codes, ["YB0010", "YB0020", "YB0011"]);
}

#[test]
fn secrets_open_to_others_are_refused() {
    let place = Place::new();
    for (mode, refused) in
        [(0o600, false), (0o400, false), (0o640, false), (0o644, true), (0o660, true), (0o602, true)]
    {
        place.mode("pseudonym.key", mode);
        let problems = place.load(GOOD).err().unwrap_or_default();
        assert_eq!(problems.iter().any(|p| p.code == "YB0012"), refused, "{mode:o}");
    }
    place.mode("pseudonym.key", 0o600);
    place.mode("key.pem", 0o644);
    let tls = "listen:\n  - {address: '127.0.0.1:1', tls: {certificate: cert.pem, key: key.pem}}";
    let problems = place.load(&GOOD.replace("listen:\n  - address: 127.0.0.1:8443", tls)).unwrap_err();
    assert_eq!(problems[0].code, "YB0012");
}

#[test]
fn what_is_risky_but_meant_is_a_warning() {
    let config = Place::new().load(&GOOD.replace("127.0.0.1:80", "api.internal:80")).unwrap();
    assert_eq!(config.warnings.len(), 1);
    assert_eq!((config.warnings[0].code, config.warnings[0].severity), ("YB0024", Severity::Warning));
}

#[test]
fn a_key_file_is_made_once_and_holds_a_random_key() {
    let place = Place::new();
    let (one, two) = (place.0.join("one.key"), place.0.join("two.key"));
    Secret::create(&one).unwrap();
    Secret::create(&two).unwrap();
    assert_eq!(fs::metadata(&one).unwrap().permissions().mode() & 0o777, 0o600);
    assert_ne!(Secret::read(&one).unwrap().expose(), Secret::read(&two).unwrap().expose());
    let before = fs::read(&one).unwrap();
    assert!(Secret::create(&one).is_err(), "never overwrites");
    assert_eq!(fs::read(&one).unwrap(), before);
    assert_eq!(format!("{:?}", Secret::read(&one).unwrap()), "Secret(..)");
    for malformed in [String::new(), "0".repeat(64), "ab".repeat(31), "xy".repeat(32), "ab".repeat(200)] {
        place.secret("bad.key", &malformed);
        assert!(matches!(Secret::read(&place.0.join("bad.key")), Err(SecretError::Malformed)), "{malformed}");
    }
}

/// The shipped example, with what it names made to exist.
const EXAMPLE: &str = include_str!("../../../deploy/yingbi.yaml");

/// The example with every commented key in force.
fn example_in_full() -> String {
    // A commented key is `# ` before YAML; prose lines start with a capital, or continue one.
    let is_key = |line: &str| {
        let key = line.trim_start().trim_start_matches("- ");
        let name = key.split(':').next().unwrap_or_default();
        key.contains(':') && !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
    };
    let uncomment = |line: &str| {
        let body = line.trim_start();
        let indent = line.len() - body.len();
        match body.strip_prefix("# ") {
            Some(rest) if is_key(rest) => format!("{}{rest}", " ".repeat(indent)),
            _ => line.to_owned(),
        }
    };
    EXAMPLE.lines().map(uncomment).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_is_good_as_it_ships_and_says_the_defaults() {
    let place = Place::new();
    let shipped = place.load(EXAMPLE).unwrap();
    assert_eq!(shipped.warnings, []);

    fs::create_dir_all(place.0.join("tls")).unwrap();
    for name in [
        "gateway.pem",
        "clients-ca.pem",
        "api-ca.pem",
        "gateway-client.pem",
        "sso-ca.pem",
        "kms-ca.pem",
        "tsa-ca.pem",
        "store-ca.pem",
        "siem-ca.pem",
    ] {
        fs::copy(place.0.join("cert.pem"), place.0.join("tls").join(name)).unwrap();
    }
    for name in ["gateway.key", "gateway-client.key"] {
        fs::copy(place.0.join("key.pem"), place.0.join("tls").join(name)).unwrap();
    }
    Secret::create(&place.0.join("checkpoint.key")).unwrap();
    place.secret("complaints.key", &"3c".repeat(32));
    place.secret("kek.pass", "correct horse battery staple");
    place.secret("kms.token", "hvs.synthetic");
    place.secret("chain.token", "synthetic");
    place.secret("otlp.token", "synthetic");
    place.secret("audit-store.url", "nats://127.0.0.1:4222");
    place.secret("store.url", "host=/run/postgresql user=yingbi dbname=yingbi");
    fs::write(place.0.join("did.json"), "{}").unwrap();
    place
        .secret("keystore.json", r#"{"format": "yingbi-keystore/1", "revision": 0, "keks": {}, "keys": []}"#);
    fs::write(place.0.join("staff.yaml"), "- {id: u1, state: active, kind: person}\n").unwrap();
    // A status list is good when its issuer's signature is; that is tested where lists are.
    let lists = |line: &&str| !line.trim_start().starts_with("status_lists:");
    let text = example_in_full().replace("/run/yingbi/data.sock", "data.sock");
    let text = text.lines().filter(lists).collect::<Vec<_>>().join("\n");
    let full = place.load(&text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
    let shown = |config: &Config| {
        format!("{:?} {:?} {:?} {:?}", config.limits, config.drain, config.telemetry, config.admin.listen)
    };
    assert_eq!(shown(&full), shown(&shipped), "what the example shows as default is the default");
    let waits = |config: &Config| {
        let upstream = &config.upstream;
        let (connect, first, read) =
            (upstream.connect_timeout, upstream.first_byte_timeout, upstream.read_timeout);
        [connect, first, read, upstream.write_timeout, upstream.idle_timeout]
    };
    assert_eq!(waits(&full), waits(&shipped));
    assert_eq!(full.upstream.idle_connections, shipped.upstream.idle_connections);
    let data = full.keys.data.as_ref().unwrap();
    assert_eq!((data.cache.as_secs(), data.health.as_millis(), data.timeout.as_millis()), (900, 500, 400));
    assert!(data.standby.is_some() && data.store.ends_with("keystore.json"));
    assert_eq!(full.listen.len(), 2);
    assert_eq!((full.identity.jwt.len(), full.identity.api_tokens.len(), full.threads), (1, 1, 2));
    assert_eq!((full.admin.officers.len(), full.admin.webhooks.len(), full.identity.zones.len()), (1, 1, 1));
}

#[test]
fn the_example_shows_every_key() {
    let text = example_in_full();
    // A key that does not exist makes the parser name those that do.
    let known = |at: &str, inside: &str| -> Vec<String> {
        let broken = text.replacen(at, &format!("{at}{inside}no_such_key_at_all: 1\n"), 1);
        assert_ne!(broken, text, "{at}");
        let problems = Place::new().load(&broken).unwrap_err();
        assert_eq!(problems[0].code, "YB0003", "{at}: {problems:?}");
        let help = problems[0].help.en.strip_prefix("known keys: ").unwrap_or_else(|| panic!("{problems:?}"));
        help.split(", ").map(|key| key.trim_matches('`').to_owned()).collect()
    };
    let mut keys = known("keys:\n", "  ");
    for (at, inside) in
        [("listen:\n", "  - "), ("upstream:\n", "  "), ("limits:\n", "  "), ("drain:\n", "  ")]
    {
        keys.extend(known(at, inside));
    }
    for (at, inside) in [
        ("telemetry:\n", "  "),
        ("audit:\n", "  "),
        ("admin:\n", "  "),
        ("identity:\n", "  "),
        ("  mtls:\n", "    "),
    ] {
        keys.extend(known(at, inside));
    }
    // Is read so that its refusal can say what took its place.
    keys.retain(|key| key != "readers");
    for key in keys {
        let shown = |line: &str| line.trim_start().trim_start_matches("- ").starts_with(&format!("{key}:"));
        assert!(text.lines().any(shown) || text.contains(&format!("`{key}`")), "{key} is not in the example");
    }
}
