//! E7, E8, E10: what auditors ask of the log, by command and by API, and that their asking is recorded.

use crate::FIRM;
use crate::rights;
use crate::witness::json_of;
use serde_json::{Value, json};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use yingbi_audit::search::Entry;
use yingbi_tests::{Stage, Who, canary, token};

const ANNA: &str = "80001234";
const BEN: &str = "80005678";
const TELLER: Who<'_> = Who::Token("teller");

/// A firm with an auditor, and one who runs the platform.
fn stage() -> Stage {
    Stage::with(FIRM, |setup| {
        setup
            .file("checkpoint.key", &"a7".repeat(32))
            .config("audit:\n  checkpoint_interval_ms: 20\n")
            .officer("auditor", &["auditor"], &[])
            .officer("operator", &["platform", "security-admin"], &[])
    })
}

/// Anna is seen twice by the teller, Ben once in a list with her, once by himself; one access is refused.
fn accesses(stage: &Stage) -> Vec<String> {
    let investor =
        |id: &str| json!({"client_id": id, "client_name": canary::NAME, "mobile_tel": canary::MOBILE});
    let list = json!({"data": [investor(ANNA), investor(BEN)]});
    let mut traces = vec![stage.answers_json(&list).get(TELLER, "/customers").trace];
    for id in [ANNA, BEN] {
        traces.push(stage.answers_json(&investor(id)).get(TELLER, &format!("/customers/{id}")).trace);
    }
    traces.push(stage.get(TELLER, "/customers/80001234/secret").trace);
    traces.push(stage.answers_json(&list).get(Who::Investor(ANNA), "/customers").trace);
    traces.iter().for_each(|trace| drop(stage.gateway.entries_of(trace)));
    traces
}

fn ask(stage: &Stage, arguments: &[&str]) -> Value {
    let all = [&["audit"][..], arguments, &["--config", "yingbi.yaml", "--format", "json"]].concat();
    let output = stage.gateway.run(&all);
    assert!(output.status.success(), "{output:?}");
    json_of(&output)
}

/// A request to the administration port, as a holder of an API token or nobody.
fn request(stage: &Stage, who: Option<&str>, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(stage.gateway.admin).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let who = who.map(|who| format!("Authorization: Bearer {}\r\n", token(who))).unwrap_or_default();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: a\r\n{who}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), body.to_owned())
}

fn post(stage: &Stage, path: &str, body: &Value) -> Value {
    let (status, text) = request(stage, Some("auditor"), "POST", path, &body.to_string());
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn e8_each_question_of_an_incident_is_one_command_and_one_call() {
    let stage = stage();
    accesses(&stage);
    // An outcome is recorded a moment after its answer.
    let deadline = Instant::now() + Duration::from_secs(10);
    let is_open = |entry: &Entry| entry.outcome.is_none() && entry.intent.decision == "permit";
    while stage.gateway.entries().iter().any(is_open) {
        assert!(Instant::now() < deadline, "outcomes follow");
        std::thread::sleep(Duration::from_millis(20));
    }
    let callers = |answer: &Value| answer["callers"].as_array().unwrap().len();
    let subjects = |answer: &Value| answer["subjects"].as_array().unwrap().len();

    let answer = ask(&stage, &["who-saw", "--subject", ANNA]);
    assert_eq!((answer["accesses"].as_u64(), callers(&answer)), (Some(3), 2), "{answer}");
    let answer_by_call = post(&stage, "/api/v1/audit/who-saw", &json!({"subject": ANNA}));
    assert_eq!(answer_by_call["callers"], answer["callers"]);

    let answer = ask(&stage, &["seen-by", "--caller", "teller"]);
    assert_eq!((answer["accesses"].as_u64(), answer["refused"].as_u64()), (Some(3), Some(1)), "{answer}");
    assert_eq!(subjects(&answer), 2);
    assert!(answer["masked"]["basic"].as_u64().unwrap() >= 4, "counts by category: {answer}");
    let by_call = post(&stage, "/api/v1/audit/seen-by", &json!({"caller": "teller"}));
    assert_eq!(by_call["subjects"], answer["subjects"]);
    let nobody = ask(&stage, &["seen-by", "--caller", "teller", "--to", "2020-01-01"]);
    assert_eq!((nobody["accesses"].as_u64(), subjects(&nobody)), (Some(0), 0));

    let answer = ask(&stage, &["touched", "--category", "basic"]);
    assert!(callers(&answer) == 2 && subjects(&answer) == 2, "{answer}");
    let answer = ask(&stage, &["blast-radius", "--caller", "teller"]);
    assert_eq!((callers(&answer), subjects(&answer)), (1, 2));
    let routes: Vec<_> =
        answer["routes"].as_array().unwrap().iter().map(|route| route["route"].clone()).collect();
    assert!(routes.contains(&json!("GET /customers")), "{routes:?}");
    // For people, too; and never a person in clear.
    let output = stage.gateway.run(&["audit", "who-saw", "--subject", ANNA, "--config", "yingbi.yaml"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("CALLER") && !text.contains(ANNA), "{text}");
}

#[test]
fn e7_searches_page_export_and_prove_through_the_api() {
    let stage = stage();
    let traces = accesses(&stage);
    let first = post(&stage, "/api/v1/audit/records", &json!({"caller": "teller", "limit": 3}));
    assert_eq!(first["records"].as_array().unwrap().len(), 3);
    let next = post(
        &stage,
        "/api/v1/audit/records",
        &json!({"caller": "teller", "limit": 3, "cursor": first["cursor"]}),
    );
    let ids = |page: &Value| -> Vec<String> {
        let records = page["records"].as_array().unwrap();
        records.iter().map(|record| record["intent"]["trace"].as_str().unwrap().to_owned()).collect()
    };
    let all = [ids(&first), ids(&next)].concat();
    let expect: Vec<String> = traces[..4].iter().rev().cloned().collect();
    assert_eq!((all, &next["cursor"]), (expect, &Value::Null));

    let path = format!("/api/v1/audit/records?trace={}&format=ndjson", traces[1]);
    let (status, text) = request(&stage, Some("auditor"), "GET", &path, "");
    assert_eq!((status, text.lines().count()), (200, 1), "{text}");
    let record: Value = serde_json::from_str(text.trim()).unwrap();
    let (status, csv) =
        request(&stage, Some("auditor"), "GET", "/api/v1/audit/records?decision=refuse&format=csv", "");
    assert_eq!((status, csv.lines().count()), (200, 2), "{csv}");

    // Evidence of a record, as soon as a checkpoint covers it.
    let path = format!("/api/v1/audit/proof?record={}", record["sequence"]);
    let deadline = Instant::now() + Duration::from_secs(10);
    let bundle = loop {
        let (status, text) = request(&stage, Some("auditor"), "GET", &path, "");
        if status == 200 {
            break text;
        }
        assert!(Instant::now() < deadline, "{text}");
        std::thread::sleep(Duration::from_millis(50));
    };
    let secret = yingbi_crypto::hex::decode::<32>(&"a7".repeat(32)).unwrap();
    let keys = yingbi_crypto::SigningKeys::from_secret(&secret).unwrap();
    let proved = yingbi_audit::bundle::Bundle::parse(&bundle).unwrap().verify(keys.public()).unwrap();
    assert!(proved.records[0].1.contains(&traces[1]));

    // An export is exactly the search, with count and digest.
    for format in ["ndjson", "csv"] {
        let file = format!("export.{format}");
        let output = stage.gateway.run(&[
            "audit",
            "export",
            "--config",
            "yingbi.yaml",
            "--caller",
            "teller",
            "--format",
            format,
            "--output",
            &file,
        ]);
        let manifest = json_of(&output);
        let bytes = fs::read(stage.gateway.directory().join(&file)).unwrap();
        let lines = String::from_utf8(bytes.clone()).unwrap().lines().count();
        assert_eq!(
            (manifest["count"].as_u64(), lines),
            (Some(4), 4 + usize::from(format == "csv")),
            "{manifest}"
        );
        assert_eq!(manifest["sm3"], json!(yingbi_crypto::hex::encode(&yingbi_crypto::sm3(&[&bytes]))));
    }
}

#[test]
fn e10_only_readers_read_and_every_reading_is_recorded() {
    let stage = stage();
    accesses(&stage);
    let path = "/api/v1/audit/records";
    // A caller of the data port is nobody here, whatever its policies' roles; other officers have other work.
    for (who, expect) in [
        (None, 401),
        (Some("teller"), 401),
        (Some("officer"), 401),
        (Some("stranger"), 401),
        (Some("operator"), 403),
        (Some("auditor"), 200),
    ] {
        assert_eq!(request(&stage, who, "GET", path, "").0, expect, "{who:?}");
    }
    // People in clear have no place in addresses, and a question half understood is none.
    for query in
        ["subject=80001234", "caller=teller", "lvel=3", "level=9", "level=3&level=4", "from=yesterday"]
    {
        assert_eq!(request(&stage, Some("auditor"), "GET", &format!("{path}?{query}"), "").0, 400, "{query}");
    }
    assert_eq!(request(&stage, Some("auditor"), "POST", path, "{\"subjekt\": \"x\"}").0, 400);
    assert_eq!(request(&stage, Some("auditor"), "GET", "/api/v1/audit/who-saw", "").0, 400);
    assert_eq!(request(&stage, Some("auditor"), "GET", "/api/v1/audit/nothing", "").0, 404);
    assert_eq!(request(&stage, None, "GET", "/api/v1/audit/nothing", "").0, 401);

    post(&stage, "/api/v1/audit/who-saw", &json!({"subject": ANNA}));
    ask(&stage, &["who-saw", "--subject", BEN]);
    let log = || {
        String::from_utf8_lossy(&fs::read(stage.gateway.audit_dir().join("0000000000000000.ybl")).unwrap())
            .into_owned()
    };
    // The call's reading stood before its answer; the command's follows within moments.
    assert!(log().contains("\"audit-read\""));
    let deadline = Instant::now() + Duration::from_secs(10);
    while !log().contains("uid:") {
        assert!(Instant::now() < deadline, "the command's reading is not recorded");
        std::thread::sleep(Duration::from_millis(50));
    }
    let log = log();
    assert!(log.contains("\"officer-refused\""), "who tried is recorded");
    let readings: Vec<&str> =
        log.split("{\"type\":").filter(|record| record.contains("\"audit-read\"")).collect();
    assert!(
        readings.iter().any(|reading| {
            let says = |text| reading.contains(text);
            says("who-saw") && says("subject=") && says("\"by\":\"auditor\"")
        }),
        "{readings:?}"
    );
    assert!(!log.contains(ANNA) && !log.contains(BEN), "never in clear");
    assert!(stage.gateway.verify().is_good());
}

#[test]
fn e7_follow_prints_accesses_as_they_come() {
    let stage = stage();
    let mut follower = std::process::Command::new(yingbi_tests::binary())
        .args(["audit", "search", "--config", "yingbi.yaml", "--follow", "--format", "json"])
        .current_dir(stage.gateway.directory())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let (to, from) = std::sync::mpsc::channel();
    let out = std::io::BufReader::new(follower.stdout.take().unwrap());
    std::thread::spawn(move || {
        use std::io::BufRead as _;
        for line in out.lines().map_while(Result::ok) {
            let record: Value = serde_json::from_str(&line).unwrap();
            let _ = to.send(record["intent"]["trace"].as_str().unwrap().to_owned());
        }
    });
    let traces = accesses(&stage);
    let mut seen = Vec::new();
    while seen.len() < traces.len() {
        seen.push(from.recv_timeout(Duration::from_secs(10)).expect("an access is not printed"));
    }
    follower.kill().unwrap();
    follower.wait().unwrap();
    assert_eq!(seen, traces);
}

#[test]
fn e10_the_key_that_named_readers_is_refused_with_what_took_its_place() {
    let stage = Stage::start(FIRM);
    let path = stage.gateway.directory().join("yingbi.yaml");
    let written = fs::read_to_string(&path).unwrap();
    fs::write(stage.gateway.directory().join("old.yaml"), written + "audit:\n  readers: [officer]\n")
        .unwrap();
    let output = stage.gateway.run(&["run", "--check", "--config", "old.yaml"]);
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert!(said.contains("YB1630") && said.contains("roles: [auditor]"), "{said}");
}

#[test]
fn e7_accesses_are_found_by_ticket_and_by_grant() {
    let stage = Stage::with(rights::FIRM, rights::offices);
    let asked = json!({"template": "complaint", "ticket": "TS-7", "subject": rights::ANNA, "holder": "teller", "reason": "核实"});
    let grant = rights::granted(&stage, asked);
    stage.answers_json(&rights::record(rights::ANNA));
    let path = format!("/customers/{}", rights::ANNA);
    let opened = stage.ask(Who::Token("teller"), "GET", &path, "Yingbi-Ticket: TS-7\r\n");
    assert_eq!(opened.response.status, 200);
    let refused = stage.get(Who::Token("teller"), &path);
    assert_eq!(refused.response.status, 403);
    stage.record(&refused);
    let found = |condition: &[&str]| -> Vec<String> {
        let all = [&["audit", "search", "--dir", "data/audit", "--format", "json"], condition].concat();
        let output = stage.gateway.run(&all);
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let trace = |line: &str| {
            serde_json::from_str::<Value>(line).unwrap()["intent"]["trace"].as_str().unwrap().to_owned()
        };
        text.lines().map(trace).collect()
    };
    assert_eq!(found(&["--ticket", "TS-7"]), std::slice::from_ref(&opened.trace));
    assert_eq!(found(&["--grant", &grant]), std::slice::from_ref(&opened.trace));
    assert_eq!(found(&["--ticket", "TS-8"]), Vec::<String>::new(), "a ticket that opened nothing");
    assert_eq!(found(&["--grant", "no-such"]), Vec::<String>::new());
    assert!(found(&[]).len() >= 2);
    for condition in [json!({"ticket": "TS-7"}), json!({"grant": grant})] {
        let (status, answer) = stage.gateway.office("alan", "POST", "/api/v1/audit/records", &condition);
        assert_eq!(status, 200, "{answer}");
        let records = answer["records"].as_array().unwrap();
        assert_eq!(records.len(), 1, "{condition}: {answer}");
        assert_eq!(records[0]["intent"]["trace"], json!(opened.trace));
    }
    let both = json!({"ticket": "TS-7", "grant": grant});
    assert_eq!(stage.gateway.office("alan", "POST", "/api/v1/audit/records", &both).0, 400);
}
