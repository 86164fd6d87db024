//! What protecting costs: CPU of the gateway for one request (masked, durably recorded), beside Pingora's own
//! `ProxyHttp` passing the same bytes unread, both with one thread on one core, one after the other in the same run.
//!
//! Then what rights add: the same lists in records of investors, with none of it, and with consent, a live grant, limits,
//! switches, restrictions, a directory, shared accounts and behaviour all on, in two gateways of the same run.
//!
//! `cargo bench -p yingbi-tests --bench gateway [-- --smoke]`; needs the release binary (`cargo build --release`).

use serde_json::{Value, json};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use yingbi_tests::load::{self, cpu_ns, rss_kib};
use yingbi_tests::{Gateway, credentials, payload};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CONNECTIONS: u64 = 16;
/// The server under test has a core of its own; load and origin share the other.
const SERVER_CORE: &str = "0";
const LOAD_CORE: &str = "1";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let smoke = std::env::args().any(|argument| argument == "--smoke" || argument == "--test");
    let (rounds, requests, soak) = if smoke { (1, 320, 1_600) } else { (7, 16_000, 100_000) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        pin(std::process::id(), LOAD_CORE);
        let sizes = [("4 KB", "/customers/4", 4 << 10), ("64 KB", "/customers/64", 64 << 10)];
        let bodies = sizes.iter().map(|(_, path, bytes)| ((*path).to_owned(), payload::customers(*bytes))).collect();
        let origin = load::origin(bodies).await?;

        let reference = PassThrough::start(origin)?;
        let gateway = tokio::task::spawn_blocking(move || Gateway::before(origin).config("threads: 1").start()).await?;
        pin(reference.child.id(), SERVER_CORE);
        pin(gateway.pid(), SERVER_CORE);

        println!("CPU per request, one core, {CONNECTIONS} connections, {rounds} rounds of {requests} requests each");
        println!("{:>6}  {:>14}  {:>14}  {:>6}", "body", "pass-through", "protected", "ratio");
        for (name, path, _) in sizes {
            let plain = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
            let protected = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{}\r\n", credentials("teller"));
            let mut costs = [Vec::new(), Vec::new()];
            for round in 0..=rounds {
                let servers = [
                    (reference.child.id(), reference.address, &plain),
                    (gateway.pid(), gateway.address, &protected),
                ];
                for ((pid, address, request), costs) in servers.into_iter().zip(&mut costs) {
                    let before = cpu_ns(pid)?;
                    let seen = load::load(address, request, CONNECTIONS, requests).await?;
                    assert_eq!(seen.other, 0, "every answer must be 200");
                    // The first round warms both up.
                    if round > 0 {
                        costs.push((cpu_ns(pid)? - before) as f64 / seen.good as f64 / 1000.0);
                    }
                }
            }
            let [pass, protected] = costs.map(median);
            println!("{name:>6}  {pass:>11.1} µs  {protected:>11.1} µs  {:>6.2}", protected / pass);
        }

        let request = format!("GET /customers/4 HTTP/1.1\r\nhost: localhost\r\n{}\r\n", credentials("teller"));
        let seen = load::load(gateway.address, &request, CONNECTIONS, soak).await?;
        println!("resident after {} more requests: {} KiB", seen.good, rss_kib(gateway.pid())?);
        rights(origin, (rounds, requests)).await
    })
}

/// What rights add to a request.
async fn rights(
    origin: SocketAddr,
    (rounds, requests): (usize, u64),
) -> Result<(), Box<dyn std::error::Error>> {
    let start = move |on: bool| tokio::task::spawn_blocking(move || bare_or_full(origin, on));
    let (off, on) = (start(false).await?, start(true).await?);
    let remembered = tokio::task::spawn_blocking(move || {
        let ticket = remember(&on);
        (on, ticket)
    });
    let (on, ticket) = remembered.await?;
    for gateway in [&off, &on] {
        pin(gateway.pid(), SERVER_CORE);
    }
    println!("{:>6}  {:>14}  {:>14}  {:>6}", "body", "without rights", "with all", "ratio");
    for (name, path) in [("4 KB", "/customers/4"), ("64 KB", "/customers/64")] {
        let plain = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{}\r\n", credentials("teller"));
        let full = format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nYingbi-Ticket: {ticket}\r\n{}\r\n",
            credentials("teller")
        );
        let mut costs = [Vec::new(), Vec::new()];
        for round in 0..=rounds {
            for ((gateway, request), costs) in [(&off, &plain), (&on, &full)].into_iter().zip(&mut costs) {
                let before = cpu_ns(gateway.pid())?;
                let seen = load::load(gateway.address, request, CONNECTIONS, requests).await?;
                assert_eq!(seen.other, 0, "every answer must be 200");
                if round > 0 {
                    costs.push((cpu_ns(gateway.pid())? - before) as f64 / seen.good as f64 / 1000.0);
                }
            }
        }
        let [without, with] = costs.map(median);
        println!("{name:>6}  {without:>11.1} µs  {with:>11.1} µs  {:>6.3}", with / without);
    }
    Ok(())
}

/// The same rules for the same records: without anything to remember, or with all of it.
fn bare_or_full(origin: SocketAddr, on: bool) -> Gateway {
    let purpose =
        if on { "{basis: consent, consent: {kind: separate, recipient: self}}" } else { "{basis: contract}" };
    let mut policy = RIGHTS.replace("PURPOSE", purpose);
    if on {
        policy.push_str(LIMITS);
    }
    let setup = Gateway::before(origin).config("threads: 1").policy(&policy);
    if !on {
        return setup.start();
    }
    setup
        .officer("dora", &["data-operator"], &["teller"])
        .officer("otto", &["approver"], &["lead"])
        .officer("sara", &["security-admin"], &[])
        .identity("  directory: {file: staff.yaml}\n  accounts: {places: 4}\n  behaviour: {volume_least: 1000000, sequence: 1000000}\n")
        .file("staff.yaml", "- {id: teller, state: active, kind: person, department: counter}\n")
        .start()
}

/// A consent of every investor, a grant, restrictions and a switch that concern others; the ticket.
fn remember(gateway: &Gateway) -> String {
    let told = |officer: &str, path: &str, body: &Value| {
        let (status, answer) = gateway.office(officer, "POST", path, body);
        assert!((200..300).contains(&status), "{path}: {answer}");
        answer
    };
    let list: Value = serde_json::from_slice(&payload::customers(64 << 10)).unwrap_or_default();
    let clients = list.get("data").and_then(Value::as_array).into_iter().flatten();
    for client in clients.filter_map(|row| row.get("client_id").and_then(Value::as_str)) {
        let evidence = format!("sm3:{}", "ab".repeat(32));
        told(
            "dora",
            "/api/v1/consents",
            &json!({
                "subject": client, "purpose": "service", "kind": "separate", "notice": "v1", "channel": "app", "evidence": evidence,
            }),
        );
    }
    told(
        "dora",
        "/api/v1/restrictions",
        &json!({"subject": "another", "state": "restricted", "reason": "bench"}),
    );
    told("sara", "/api/v1/switches", &json!({"stops": "role", "name": "lead", "reason": "bench"}));
    let asked = json!({"template": "ticket", "ticket": "TS-1", "subject": "another", "holder": "teller", "reason": "bench"});
    let grant = told("dora", "/api/v1/grants", &asked);
    let id = grant.get("id").and_then(Value::as_str).unwrap_or_default();
    told("otto", &format!("/api/v1/grants/{id}/approve"), &Value::Null);
    "TS-1".to_owned()
}

const RIGHTS: &str = r#"apiVersion: yingbi/v1
kind: Role
metadata: {id: teller}
spec: {any: [{api_token: {id: teller}}]}
---
apiVersion: yingbi/v1
kind: Role
metadata: {id: lead}
spec: {any: [{api_token: {id: lead}}]}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: service}
spec: PURPOSE
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: list}
spec:
  route: {host: localhost, method: GET, path: "/customers/{size}"}
  purpose: {default: service}
  records: $.data[*]
  subject: $.client_id
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: teller-sees-masked, clause: ["T/TSAC001:7.5.a"]}
spec:
  match: {roles: [teller], purposes: [service], routes: ["GET localhost/customers/*"]}
  allow: {level: "<=3"}
  treat: mask
---
apiVersion: yingbi/v1
kind: GrantTemplate
metadata: {id: ticket}
spec: {asked_by: [teller], approved_by: [lead], not: self, lasts: 2h}
"#;

const LIMITS: &str = r#"---
apiVersion: yingbi/v1
kind: Limit
metadata: {id: hourly}
spec: {match: {roles: [teller]}, distinct: investors, per: hour, at: 1000000}
---
apiVersion: yingbi/v1
kind: Limit
metadata: {id: yearly}
spec: {match: {purposes: [service]}, distinct: sensitive-investors, by: recipient, per: year, at: 1000000}
"#;

fn median(mut costs: Vec<f64>) -> f64 {
    costs.sort_by(f64::total_cmp);
    costs.get(costs.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Ties all threads of a process to a core; on a machine with one core nothing changes.
fn pin(pid: u32, core: &str) {
    let arguments = ["-apc", core, &pid.to_string()];
    let _ = Command::new("taskset").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
}

struct PassThrough {
    address: SocketAddr,
    child: Child,
}

impl PassThrough {
    fn start(origin: SocketAddr) -> std::io::Result<PassThrough> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let arguments = [address.to_string(), origin.to_string(), "1".to_owned()];
        let child = Command::new(env!("CARGO_BIN_EXE_pass-through")).args(arguments).spawn()?;
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect(address).is_err() {
            if std::time::Instant::now() > deadline {
                return Err(std::io::Error::other("the pass-through did not start"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(PassThrough { address, child })
    }
}

impl Drop for PassThrough {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
