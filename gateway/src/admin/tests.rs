use super::*;
use crate::config::{Endpoint, Listen};
use crate::state::inventory::tests::Place;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// Asks the admin port; status and body.
fn ask(address: SocketAddr, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{request} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

/// What a stub data port does.
#[derive(Clone, Copy)]
enum Stub {
    /// 204 to the right secret, else 404.
    Good,
    /// Accepts and says nothing.
    Hangs,
    /// Accepts and closes.
    Closes,
    /// 503 to everything.
    Refuses,
}

/// A data port; its address.
fn data_port(stub: Stub, readiness: &Arc<Readiness>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let readiness = Arc::clone(readiness);
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = vec![0; 1024];
            match stub {
                Stub::Hangs => held.push(stream),
                Stub::Closes => {}
                Stub::Good | Stub::Refuses => {
                    let read = stream.read(&mut head).unwrap();
                    let head = String::from_utf8_lossy(&head[..read]).into_owned();
                    let secret = head.lines().find_map(|line| line.strip_prefix("yingbi-probe: "));
                    let right = secret.is_some_and(|secret| readiness.is_probe(secret.as_bytes()));
                    let status = match stub {
                        Stub::Good if right && head.starts_with("GET /.well-known/yingbi/ready ") => {
                            "204 No Content"
                        }
                        Stub::Good => "404 Not Found",
                        _ => "503 Service Unavailable",
                    };
                    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").unwrap();
                }
            }
        }
    });
    address
}

fn start(readiness: &Arc<Readiness>, data: SocketAddr) -> SocketAddr {
    let place = Place::new();
    let admin = Admin {
        inventory: Arc::new(place.inventory()),
        auditing: None,
        office: None,
        listen: "127.0.0.1:0".parse().unwrap(),
        metrics: Arc::new(Metrics::new().unwrap()),
        readiness: Arc::clone(readiness),
        probe: Probe::of_listeners(&[Listen { endpoint: Endpoint::Tcp(data), tls: None }]),
        before_scrape: Box::new(|metrics| metrics.jwks_age(Some(Duration::from_secs(42)))),
    };
    admin.start().unwrap().0
}

fn all_set() -> Arc<Readiness> {
    let readiness = Readiness::new().unwrap();
    readiness.set_audit_up(true);
    readiness.set_policy_loaded(true);
    readiness.set_keys_present(true);
    Arc::new(readiness)
}

#[test]
fn m1_metrics_are_served_fresh() {
    let readiness = all_set();
    let address = start(&readiness, data_port(Stub::Good, &readiness));
    let (status, answer) = ask(address, "GET /metrics");
    assert_eq!(status, 200);
    assert!(answer.contains("content-type: text/plain; version=0.0.4"));
    assert!(answer.contains("yingbi_jwks_age_seconds 42\n"));
}

#[test]
fn readiness_needs_every_condition_and_the_data_port() {
    let readiness = Arc::new(Readiness::new().unwrap());
    let address = start(&readiness, data_port(Stub::Good, &readiness));
    let expect = |status: u16, reasons: &[&str]| {
        let (found, answer) = ask(address, "GET /readyz");
        assert_eq!(found, status, "{answer}");
        let body: serde_json::Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
        assert_eq!(body["reasons"], json!(reasons));
    };
    expect(503, &["audit-down", "no-policy", "no-keys"]);
    readiness.set_audit_up(true);
    expect(503, &["no-policy", "no-keys"]);
    readiness.set_policy_loaded(true);
    expect(503, &["no-keys"]);
    readiness.set_keys_present(true);
    expect(200, &[]);
    readiness.set_audit_up(false);
    expect(503, &["audit-down"]);
    readiness.set_audit_up(true);
    readiness.set_draining();
    expect(503, &["draining"]);
    assert_eq!(ask(address, "GET /livez").0, 200, "not ready is not dead");
}

#[test]
fn a_data_port_that_does_not_serve_is_not_ready() {
    for (stub, reason) in [
        (Stub::Hangs, "data-port-timeout"),
        (Stub::Closes, "data-port-broken"),
        (Stub::Refuses, "data-port-refused"),
    ] {
        let readiness = all_set();
        let address = start(&readiness, data_port(stub, &readiness));
        let (status, answer) = ask(address, "GET /readyz");
        assert_eq!(status, 503);
        assert!(answer.contains(reason), "{reason}: {answer}");
        assert_eq!(ask(address, "GET /livez").0, 200);
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (status, answer) = ask(start(&all_set(), closed), "GET /readyz");
    assert_eq!(status, 503);
    assert!(answer.contains("data-port-closed"), "{answer}");
}

#[test]
fn the_probe_secret_is_of_this_process_alone() {
    let (one, other) = (all_set(), all_set());
    assert!(one.is_probe(one.probe_secret().as_bytes()));
    assert!(!one.is_probe(other.probe_secret().as_bytes()));
    assert!(!one.is_probe(b""));
    assert!(!one.is_probe(one.probe_secret().as_bytes().split_at(62).0));
    assert!(!format!("{one:?}").contains(one.probe_secret()));
    // A data port that knows another secret refuses ours.
    let address = start(&one, data_port(Stub::Good, &other));
    assert!(ask(address, "GET /readyz").1.contains("data-port-refused"));
}

#[test]
fn anything_else_is_a_problem_document() {
    let readiness = all_set();
    let address = start(&readiness, data_port(Stub::Good, &readiness));
    for (request, status, code) in [
        ("GET /", 404, "YB1901"),
        ("GET /metrics/", 404, "YB1901"),
        ("GET /../metrics", 404, "YB1901"),
        ("GET /13800138000", 404, "YB1901"),
        ("POST /metrics", 405, "YB1902"),
        ("DELETE /readyz", 405, "YB1902"),
    ] {
        let (found, answer) = ask(address, request);
        assert_eq!(found, status, "{request}");
        assert!(answer.contains("application/problem+json") && answer.contains(code), "{request}: {answer}");
        assert!(!answer.contains("13800138000"), "{request} is echoed");
    }
}

#[test]
fn c7_the_inventory_is_served_as_json_and_csv() {
    let readiness = all_set();
    let address = start(&readiness, data_port(Stub::Good, &readiness));
    let (status, answer) = ask(address, "GET /api/v1/inventory");
    assert_eq!(status, 503, "its files are gone: {answer}");
    assert!(answer.contains("YB1904"), "{answer}");
    let (status, answer) = ask(address, "GET /api/v1/inventory/drift?rout=13800138000");
    assert_eq!(status, 400);
    assert!(answer.contains("YB1903") && !answer.contains("13800138000"), "{answer}");
    assert_eq!(ask(address, "POST /api/v1/inventory").0, 405, "nobody accepts here");
}

/// `YINGBI_BLESS=1 cargo test -p yingbi golden` writes it anew.
#[test]
fn a6_golden_matrix_of_roles_and_routes() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/admin/matrix.txt");
    let matrix = office::matrix();
    if std::env::var_os("YINGBI_BLESS").is_some() {
        std::fs::write(file, &matrix).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(file).unwrap_or_default(),
        matrix,
        "src/admin/matrix.txt is out of date"
    );
    // Whoever audits changes nothing, whoever asks approves nothing, nobody may do everything (001 §7.5 i).
    let may = |role: &str| -> Vec<&str> {
        matrix.lines().filter(|line| line.split(' ').skip(2).any(|word| word == role)).collect()
    };
    // Whom a question is about stands in a body, not in an address that logs keep.
    let reads = |line: &&str| {
        line.starts_with("GET ") || line.contains("/search:") || line.starts_with("POST /api/v1/audit/")
    };
    assert!(may("auditor").iter().all(reads), "{:?}", may("auditor"));
    assert!(!may("data-operator").iter().any(|line| line.contains("/approve") || line.contains("/review")));
    assert!(!may("approver").iter().any(|line| line.starts_with("POST /api/v1/grants:")));
    for role in OfficerRole::ALL {
        assert!(
            may(role.name()).len() < matrix.lines().count() && !may(role.name()).is_empty(),
            "{}",
            role.name()
        );
    }
}
