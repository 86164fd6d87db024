//! E5, E6, F5: evidence that leaves the host: time stamps of an RFC 3161 authority (OpenSSL's), packages for an evidence chain
//! in the form of T/SAC 004, certificates that a third party verifies offline; and what happens when the remote side is gone.

use crate::FIRM;
use crate::witness::{accesses, json_of, public_keys};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use yingbi_tests::Stage;

/// What a remote side does with a request: status and body; `None` keeps it waiting for ever.
type Behaviour = Box<dyn FnMut(&str, &[u8]) -> Option<(u16, Vec<u8>)> + Send>;

/// A remote side on loopback, whose behaviour a test changes.
struct Remote {
    address: SocketAddr,
    behaviour: Arc<Mutex<Behaviour>>,
    /// Connections that wait for ever, until the test has had enough of it.
    held: Arc<Mutex<Vec<TcpStream>>>,
}

impl Remote {
    fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let behaviour = Arc::new(Mutex::new(behaviour));
        let held = Arc::new(Mutex::new(Vec::new()));
        let (behaves, holds) = (Arc::clone(&behaviour), Arc::clone(&held));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let (behaves, holds) = (Arc::clone(&behaves), Arc::clone(&holds));
                std::thread::spawn(move || {
                    while let Some((head, body)) = request(&mut stream) {
                        let Some((status, answer)) = behaves.lock().unwrap()(&head, &body) else {
                            holds.lock().unwrap().push(stream);
                            return;
                        };
                        let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n", answer.len());
                        if stream.write_all(&[head.as_bytes(), &answer].concat()).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Remote { address, behaviour, held }
    }

    fn behaves(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
        self.held.lock().unwrap().clear();
    }
}

/// Head and body of a request with a length.
fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.to_lowercase().split_once("content-length: ").unwrap().1.to_owned();
    let mut body = vec![0; length.split("\r\n").next().unwrap().parse().unwrap()];
    stream.read_exact(&mut body).ok()?;
    Some((head, body))
}

/// A directory with OpenSSL's authority, `ca.pem` in it.
struct Authority(PathBuf);

impl Authority {
    fn new(dir: &Path) -> Self {
        fs::create_dir_all(dir).unwrap();
        fs::write(dir.join("serial"), "01\n").unwrap();
        fs::write(
            dir.join("tsa.cnf"),
            "[tsa]\nextendedKeyUsage = critical,timeStamping\n[one]\nserial = serial\nsigner_cert = tsa.pem\n\
             certs = ca.pem\nsigner_key = tsa.key\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\ndigests = sha256\n",
        )
        .unwrap();
        let authority = Authority(dir.to_owned());
        for line in [
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ca.key",
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out tsa.key",
            "req -x509 -new -key ca.key -subj /CN=Root -days 30 -out ca.pem",
            "req -new -key tsa.key -subj /CN=TSA -out tsa.csr",
            "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -set_serial 7 -days 20 -extfile tsa.cnf -extensions tsa \
             -out tsa.pem",
        ] {
            authority.run(&line.split_whitespace().collect::<Vec<_>>());
        }
        authority
    }

    fn run(&self, arguments: &[&str]) {
        let output = Command::new("openssl").args(arguments).current_dir(&self.0).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn behaviour(&self) -> Behaviour {
        let authority = Authority(self.0.clone());
        Box::new(move |head, body| {
            assert!(head.to_lowercase().contains("content-type: application/timestamp-query"), "{head}");
            fs::write(authority.0.join("query"), body).unwrap();
            authority.run(&[
                "ts",
                "-reply",
                "-config",
                "tsa.cnf",
                "-section",
                "one",
                "-queryfile",
                "query",
                "-out",
                "reply",
            ]);
            Some((200, fs::read(authority.0.join("reply")).unwrap()))
        })
    }
}

/// Keeps what it is sent, as a chain's gateway does.
fn chain(taken: &Arc<Mutex<Vec<Value>>>) -> Behaviour {
    let taken = Arc::clone(taken);
    Box::new(move |_, body| {
        let package: Value = serde_json::from_slice(body).unwrap();
        let mut taken = taken.lock().unwrap();
        taken.push(package);
        Some((200, format!("{{\"txId\":\"tx-{}\"}}", taken.len()).into_bytes()))
    })
}

fn hangs() -> Behaviour {
    Box::new(|_, _| None)
}

fn stage(stamps: SocketAddr, chain: SocketAddr) -> Stage {
    Stage::with(FIRM, |setup| {
        setup.file("checkpoint.key", &"a7".repeat(32)).file("chain.token", "secret-of-the-chain").config(&format!(
            "audit:\n  checkpoint_interval_ms: 20\n  time_stamps: {{url: \"http://{stamps}/tsa\", interval_ms: 50}}\n  \
             chain:\n    url: http://{chain}/packages?key=not-to-be-kept\n    token: chain.token\n    interval_ms: 50\n    \
             subject: {{subject_company_name: 示例证券股份有限公司, subject_main_administrative_region: \"1\"}}\n    \
             node: {{node_name: gateway-1, node_ip: 127.0.0.1}}\n"
        ))
    })
}

fn wait(what: &str, mut is: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn beside(stage: &Stage, name: &str) -> String {
    let dir = yingbi_audit::evidence_dir(&stage.gateway.audit_dir());
    fs::read_to_string(dir.join(name)).unwrap_or_default()
}

/// Records that the last delivery of both kinds covers.
fn reached(stage: &Stage) -> (u64, u64) {
    let last = |name: &str| {
        let text = beside(stage, name);
        text.lines().last().and_then(|line| serde_json::from_str::<Value>(line).ok())
    };
    let stamped = last("stamps").and_then(|stamp| stamp["records"].as_u64()).unwrap_or(0);
    let delivery = last("deliveries").and_then(|delivery| serde_json::from_value(delivery).ok());
    let delivered = delivery.and_then(|delivery: yingbi_audit::package::Delivery| delivery.reach());
    (stamped, delivered.map_or(0, |(_, records)| records))
}

fn verify(stage: &Stage, more: &[&str]) -> (i32, Value) {
    let arguments =
        [&["audit", "verify"][..], more, &["--public-key", "public.keys", "--format", "json"]].concat();
    let output = stage.gateway.run(&arguments);
    (output.status.code().unwrap(), json_of(&output))
}

/// A log that is stamped and handed over, its gateway stopped.
struct Delivered {
    stage: Stage,
    authority: Authority,
    /// Packages that the chain has.
    packages: Vec<Value>,
    trace: String,
    /// Records that stamps and packages cover.
    needed: u64,
}

fn delivered() -> Delivered {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let tsa = Remote::start(hangs());
    let chain_gateway = Remote::start(chain(&taken));
    let mut stage = stage(tsa.address, chain_gateway.address);
    let directory = stage.gateway.directory().to_owned();
    let authority = Authority::new(&directory.join("tsa"));
    tsa.behaves(authority.behaviour());
    public_keys(&stage);
    let trace = accesses(&stage, 3);
    let needed = stage.gateway.entries().iter().map(|entry| entry.sequence).max().unwrap() + 1;
    wait("stamps and deliveries come", || {
        let (stamped, delivered) = reached(&stage);
        stamped >= needed && delivered >= needed
    });
    assert!(stage.gateway.stop().success());
    let packages = taken.lock().unwrap().clone();
    Delivered { stage, authority, packages, trace, needed }
}

/// Runs the second reader, written in another language from the description alone, and says whether both agree.
fn reader(stage: &Stage, arguments: &[&str]) -> (i32, Value) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/readers/evidence_reader.py");
    let mut command = Command::new("python3");
    command.arg(script).args(arguments).args(["--public-key", "public.keys"]);
    let output = command.current_dir(stage.gateway.directory()).output().unwrap();
    (output.status.code().unwrap(), json_of(&output))
}

#[test]
fn e5_checkpoints_are_stamped_by_the_auditors_authority_and_by_no_other() {
    let Delivered { stage, authority, needed, .. } = delivered();
    let directory = stage.gateway.directory().to_owned();
    // Trusted time, by the auditor's authority and by no other; another tool says the same.
    let (code, report) = verify(&stage, &["--dir", "data/audit", "--tsa-ca", "tsa/ca.pem"]);
    assert_eq!(code, 0, "{report}");
    assert!(report["time_stamps"]["good"].as_u64() >= Some(1), "{report}");
    assert!(report["time_stamps"]["records"].as_u64() >= Some(needed));
    Authority::new(&directory.join("other"));
    let (code, report) = verify(&stage, &["--dir", "data/audit", "--tsa-ca", "other/ca.pem"]);
    assert_eq!((code, &report["failures"][0]["what"]), (1, &json!("time-stamp")), "{report}");
    let (code, other) = reader(&stage, &["log", "data/audit", "--tsa-ca", "tsa/ca.pem"]);
    assert_eq!(code, 0, "{other}");
    let (_, report) = verify(&stage, &["--dir", "data/audit", "--tsa-ca", "tsa/ca.pem"]);
    assert_eq!(
        (&report["time_stamps"]["good"], &report["time_stamps"]["records"], &report["records"]),
        (&other["stamps"], &other["stamped"], &other["records"])
    );
    assert_eq!(reader(&stage, &["log", "data/audit", "--tsa-ca", "other/ca.pem"]).0, 1);
    // Both find every change of what is signed, or of the signature; other certificates in a token say nothing.
    let path = yingbi_audit::evidence_dir(&stage.gateway.audit_dir()).join("stamps");
    let good = fs::read(&path).unwrap();
    let line = good.iter().position(|byte| *byte == b'\n').unwrap();
    let token = good.windows(8).position(|window| window == b"\"token\":").unwrap() + 9;
    for at in [20, 60, token + 150, token + 200, token + 250, line - 40, line - 30] {
        let mut changed = good.clone();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        fs::write(&path, &changed).unwrap();
        let (own, report) = verify(&stage, &["--dir", "data/audit", "--tsa-ca", "tsa/ca.pem"]);
        let (code, other) = reader(&stage, &["log", "data/audit", "--tsa-ca", "tsa/ca.pem"]);
        // Where more checkpoints are stamped, the others still stand: the changed one is a failure all the same.
        assert_eq!((own, code), (1, 1), "byte {at}: {report}\n{other}");
    }
    fs::write(&path, &good).unwrap();
    let stamps = beside(&stage, "stamps");
    let stamp: Value = serde_json::from_str(stamps.lines().last().unwrap()).unwrap();
    let notes = beside(&stage, "checkpoints");
    let note = notes
        .split("yingbi-audit/")
        .skip(1)
        .map(|note| format!("yingbi-audit/{note}"))
        .find(|note| {
            json!(yingbi_crypto::hex::encode(&yingbi_crypto::sm3(&[note.as_bytes()]))) == stamp["checkpoint"]
        })
        .expect("a stamp is over a checkpoint as the file has it");
    fs::write(authority.0.join("note"), note).unwrap();
    fs::write(authority.0.join("token.b64"), stamp["token"].as_str().unwrap()).unwrap();
    authority.run(&["base64", "-d", "-A", "-in", "token.b64", "-out", "token"]);
    authority.run(&["ts", "-verify", "-data", "note", "-in", "token", "-token_in", "-CAfile", "ca.pem"]);
}

#[test]
fn e6_x5_what_the_chain_has_and_a_certificate_convince_a_third_party() {
    let Delivered { stage, packages, trace, .. } = delivered();
    let directory = stage.gateway.directory().to_owned();
    Authority::new(&directory.join("other"));
    // What the chain took has the standard's form and nothing of anybody in it.
    let data =
        &packages.last().unwrap()["transaction_info_array"][0]["transaction_info"]["transaction_detail_info"];
    let data = &data["biz_data"];
    assert!(
        data["businessData"].as_array().unwrap().len() >= 4
            && data["necessaryData"]["PackageHash"].is_string()
    );
    let kept = beside(&stage, "deliveries");
    assert!(
        kept.contains("tx-1") && !kept.contains("not-to-be-kept") && !kept.contains("secret-of-the-chain")
    );

    // A certificate with all that 6.4.6 lists, verified elsewhere.
    let arguments = [
        "audit",
        "export",
        "--config",
        "yingbi.yaml",
        "--trace",
        &trace,
        "--evidence",
        "--output",
        "certificate.json",
    ];
    let output = stage.gateway.run(&arguments);
    assert!(output.status.success(), "{output:?}");
    let text = fs::read_to_string(directory.join("certificate.json")).unwrap();
    let certificate: Value = serde_json::from_str(&text).unwrap();
    for member in ["on_chain", "algorithms", "parties", "time_stamps", "nodes", "conclusion", "evidence"] {
        let value = &certificate[member];
        assert!(
            value.as_array().is_none_or(|list| !list.is_empty()) && !value.is_null(),
            "{member} is empty"
        );
    }
    assert_eq!(certificate["conclusion"]["good"], json!(true));
    fs::rename(directory.join("data"), directory.join("away")).unwrap();
    let (code, shown) = verify(&stage, &["certificate.json", "--tsa-ca", "tsa/ca.pem"]);
    assert_eq!((code, &shown["good"]), (0, &json!(true)), "{shown}");
    assert_eq!(shown["records"][0]["record"]["trace"], json!(trace));
    assert_eq!(
        shown["records"].as_array().unwrap().len(),
        2,
        "the access and how it ended, and no other: {shown}"
    );
    assert!(!shown["stamped_at"].as_array().unwrap().is_empty() && shown["packages"].as_u64() >= Some(1));
    assert_eq!(verify(&stage, &["certificate.json", "--tsa-ca", "other/ca.pem"]).0, 1);
    let (code, other) = reader(&stage, &["certificate", "certificate.json", "--tsa-ca", "tsa/ca.pem"]);
    assert_eq!(code, 0, "{other}");
    assert_eq!((&other["records"], &other["packages"]), (&shown["records"], &shown["packages"]));
    assert_eq!(other["stamps"].as_u64(), shown["stamped_at"].as_array().map(|all| all.len() as u64));
    assert_eq!(reader(&stage, &["certificate", "certificate.json", "--tsa-ca", "other/ca.pem"]).0, 1);
    // Changed anywhere that says something, it proves nothing.
    for (member, pointer, value) in [
        ("name", "/parties/subjects/0/subject_company_name", json!("另一证券")),
        ("node", "/nodes/0/node_ip", json!("10.0.0.1")),
        ("subject", "/on_chain/0/subject/subject_company_name", json!("另一证券")),
        (
            "stage",
            "/on_chain/0/package/transaction_info_array/0/transaction_info/transaction_detail_info/biz_data/businessData/2/StageHash",
            json!("00".repeat(32)),
        ),
        ("previous", "/evidence/records/0/previous", json!("00".repeat(32))),
        ("checkpoint", "/time_stamps/0/checkpoint", certificate["evidence"]["checkpoint"].clone()),
    ] {
        let mut changed = certificate.clone();
        let place = changed.pointer_mut(pointer).unwrap_or_else(|| panic!("{member}"));
        if *place == value {
            continue;
        }
        *place = value;
        fs::write(directory.join("changed.json"), changed.to_string()).unwrap();
        assert_eq!(verify(&stage, &["changed.json", "--tsa-ca", "tsa/ca.pem"]).0, 1, "{member}");
        let (code, other) = reader(&stage, &["certificate", "changed.json", "--tsa-ca", "tsa/ca.pem"]);
        assert_eq!(code, 1, "{member}: {other}");
    }
    fs::rename(directory.join("away"), directory.join("data")).unwrap();

    // Against what the chain has, a cut tail is found though everything beside the log went with it.
    fs::write(directory.join("package.json"), packages.last().unwrap().to_string()).unwrap();
    let alone = ["audit", "verify", "--dir", "data/audit", "--format", "json"];
    let packaged = [&alone[..], &["--package", "package.json"]].concat();
    assert!(stage.gateway.run(&packaged).status.success());
    let (code, other) = reader(&stage, &["log", "data/audit", "--package", "package.json"]);
    assert_eq!(code, 0, "{other}");
    assert!(other["packages"].as_u64() >= Some(2), "deliveries beside the log, and the chain's own: {other}");
    fs::remove_dir_all(directory.join("data/audit.evidence")).unwrap();
    assert!(stage.gateway.run(&packaged).status.success(), "segments alone");
    let segment = stage.gateway.audit_dir().join(yingbi_audit::format::name(0));
    let bytes = fs::read(&segment).unwrap();
    let mut borders = vec![yingbi_audit::format::HEADER_BYTES];
    while let Some(head) = yingbi_audit::format::Head::decode(&bytes[*borders.last().unwrap()..]) {
        borders.push(borders.last().unwrap() + head.frame_bytes());
    }
    fs::write(&segment, &bytes[..borders[borders.len() / 2]]).unwrap();
    assert!(stage.gateway.run(&alone).status.success(), "the chain of records alone can't see it");
    let output = stage.gateway.run(&packaged);
    let report = json_of(&output);
    let (code, other) = reader(&stage, &["log", "data/audit", "--package", "package.json"]);
    assert!(code == 1 && other.to_string().contains("the tail was cut"), "{other}");
    assert_eq!(output.status.code(), Some(1), "{report}");
    assert!(
        report["failures"].as_array().unwrap().iter().any(|failure| failure["what"] == "cut"),
        "{report}"
    );
}

#[test]
fn f5_black_holes_hold_up_nobody_and_get_everything_when_they_answer() {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let (tsa, chain_gateway) = (Remote::start(hangs()), Remote::start(hangs()));
    let mut stage = stage(tsa.address, chain_gateway.address);
    let authority = Authority::new(&stage.gateway.directory().join("tsa"));
    let began = Instant::now();
    accesses(&stage, 20);
    assert!(began.elapsed() < Duration::from_secs(8), "answers wait for nobody: {:?}", began.elapsed());
    let lag =
        |anchor: &str| stage.gateway.metrics().sum("yingbi_audit_anchor_lag_seconds", &[("anchor", anchor)]);
    wait("the lag shows", || lag("chain") >= 2.0 && lag("time-stamp") >= 2.0);
    assert_eq!(lag("directory"), 0.0);
    assert_eq!(reached(&stage), (0, 0));
    // Refusals, nonsense and other authorities' tokens are no delivery either.
    tsa.behaves(Box::new(|_, _| Some((200, b"0\x03\x02\x01\x02".to_vec()))));
    chain_gateway.behaves(Box::new(|_, _| Some((500, b"out of order".to_vec()))));
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(reached(&stage), (0, 0));
    tsa.behaves(authority.behaviour());
    chain_gateway.behaves(chain(&taken));
    let needed = stage.gateway.entries().iter().map(|entry| entry.sequence).max().unwrap() + 1;
    wait("all is delivered", || reached(&stage).0 >= needed && reached(&stage).1 >= needed);
    wait("the lag is gone", || lag("chain") == 0.0 && lag("time-stamp") == 0.0);
    assert!(stage.gateway.stop().success());
    // Once more after a restart: it goes on where it was, and tells nothing twice.
    let before = taken.lock().unwrap().len();
    stage.gateway.start_again();
    accesses(&stage, 1);
    wait("the rest is delivered", || taken.lock().unwrap().len() > before);
    assert!(stage.gateway.stop().success());
    let report = yingbi_audit::verify::verify(&stage.gateway.audit_dir(), None).unwrap();
    assert!(report.is_good(), "{:?}", report.failures);
}
