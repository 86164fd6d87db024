//! The shared store: what one gateway changes rules on the others within a second; and when it is lost, nothing that it
//! opened stays open for long (F12).

use crate::rights::{ANNA, BO, FIRM, clear, code, consent, granted, hidden, list, metric, offices, record};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use yingbi_tests::postgres::Postgres;
use yingbi_tests::{Setup, Stage, Who, canary};

const LIMIT: &str = r#"apiVersion: yingbi/v1
kind: Limit
metadata: {id: handler-investors-per-hour, title: 每小时可查人数, clause: ["T/TSAC001:7.5.h"]}
spec: {match: {roles: [complaint-handler]}, distinct: investors, per: hour, at: 3, lift: {template: bulk-read}}
"#;

fn stage(database: &str, staff: Option<&Path>, more: &str) -> Stage {
    let change = |setup: Setup| {
        let setup = offices(setup)
            .config(&format!("stores:\n  postgres: {{url: store.url{more}}}\n"))
            .file("store.url", database)
            .more_policy("limit.yaml", LIMIT);
        match staff {
            Some(file) => setup.identity(&format!("  directory: {{file: {}}}\n", file.display())),
            None => setup,
        }
    };
    let stage = Stage::with(FIRM, change);
    stage.answers_json(&list(&[ANNA, BO]));
    stage
}

/// Waits until something holds; how long it took.
fn until(what: &str, holds: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}: never");
        std::thread::sleep(Duration::from_millis(20));
    }
    begun.elapsed()
}

/// So long another gateway may take, with room for a machine that does other things too.
const SOON: Duration = Duration::from_millis(1000);

fn handler(stage: &Stage, path: &str, ticket: &str) -> u16 {
    let header = if ticket.is_empty() { String::new() } else { format!("Yingbi-Ticket: {ticket}\r\n") };
    stage.ask(Who::Token("teller"), "GET", path, &header).response.status
}

fn second(database: &str) -> Stage {
    stage(database, None, "")
}

#[test]
fn p4_a3_a11_a12_two_gateways_on_one_store_agree_within_a_second() {
    let postgres = Postgres::start();
    let database = postgres.database();
    let staff = std::env::temp_dir().join(format!("yingbi-staff-{}.yaml", std::process::id()));
    let listed =
        |teller: &str| format!("- {{id: teller, state: {teller}}}\n- {{id: officer, state: active}}\n");
    std::fs::write(&staff, listed("active")).unwrap();
    let (one, two) = (stage(&database, Some(&staff), ""), stage(&database, Some(&staff), ""));
    let mut times = Vec::new();

    // A consent, given at one and withdrawn at the other.
    assert_eq!(one.gateway.office("dora", "POST", "/api/v1/consents", &consent(ANNA, json!({}))).0, 201);
    times.push(("consent", until("consent", || clear(&two) == [true, false])));
    let withdrawn = json!({"subject": ANNA, "purpose": "marketing"});
    assert_eq!(two.gateway.office("dora", "POST", "/api/v1/consents/withdraw", &withdrawn).0, 200);
    times.push(("withdrawal", until("withdrawal", || clear(&one) == [false, false])));

    // A restriction, and its end.
    let restricted = json!({"subject": BO, "state": "restricted", "reason": "本人申请"});
    let (status, answer) = one.gateway.office("dora", "POST", "/api/v1/restrictions", &restricted);
    assert_eq!(status, 201);
    let is_withheld = |stage: &Stage| {
        let asked = stage.ask(Who::Token("officer"), "GET", "/customers", "Yingbi-Purpose: marketing\r\n");
        asked.response.json()["data"][1] == json!({})
    };
    times.push(("restriction", until("restriction", || is_withheld(&two))));
    let path = format!("/api/v1/restrictions/{}", answer["id"].as_str().unwrap());
    assert_eq!(two.gateway.office("dora", "DELETE", &path, &Value::Null).0, 200);
    times.push(("release", until("release", || !is_withheld(&one))));

    // A grant, approved at one, revoked at the other.
    let anna = format!("/customers/{ANNA}");
    [&one, &two].iter().for_each(|stage| {
        stage.answers_json(&record(ANNA));
    });
    let grant = json!({"template": "complaint", "ticket": "TS-7", "subject": ANNA, "holder": "teller", "reason": "核实"});
    let id = granted(&one, grant);
    times.push(("grant", until("grant", || handler(&two, &anna, "TS-7") == 200)));
    let revoke = format!("/api/v1/grants/{id}/revoke");
    assert_eq!(two.gateway.office("sara", "POST", &revoke, &Value::Null).0, 200);
    times.push(("revocation", until("revocation", || handler(&one, &anna, "TS-7") == 403)));

    // A switch, thrown at one, reset at the other.
    [&one, &two].iter().for_each(|stage| {
        stage.answers_json(&list(&[ANNA, BO]));
    });
    let thrown = json!({"stops": "role", "name": "complaint-handler", "reason": "演练"});
    let (_, switch) = one.gateway.office("petra", "POST", "/api/v1/switches", &thrown);
    times.push(("switch", until("switch", || handler(&two, "/customers", "") == 403)));
    let path = format!("/api/v1/switches/{}", switch["id"].as_str().unwrap());
    assert_eq!(two.gateway.office("sara", "DELETE", &path, &Value::Null).0, 200);
    times.push(("reset", until("reset", || handler(&one, "/customers", "") == 200)));

    // A leaver.
    std::fs::write(&staff, listed("left")).unwrap();
    let is_out = |stage: &Stage| handler(stage, "/customers", "") == 403;
    times.push(("leaver", until("leaver", || is_out(&one) && is_out(&two))));
    std::fs::remove_file(&staff).unwrap();
    for (what, time) in &times {
        assert!(*time <= SOON, "{what} took {time:?}: {times:?}");
    }
    [&one, &two].iter().for_each(|stage| hidden(stage));
    let database = database.rsplit('=').next().unwrap();
    let all = postgres.sql(database, "SELECT string_agg(document, ' ') FROM consents");
    assert!(!all.contains(ANNA) && all.contains("marketing"), "investors are pseudonyms there too: {all}");
}

#[test]
fn a5_two_gateways_on_one_store_count_together_and_one_use_is_one() {
    let postgres = Postgres::start();
    let database = postgres.database();
    let (one, two) = (stage(&database, None, ""), stage(&database, None, ""));
    let ask = |stage: &Stage, clients: &[&str], ticket: &str| {
        stage.answers_json(&list(clients));
        handler(stage, "/customers", ticket)
    };
    assert_eq!((ask(&one, &["1", "2"], ""), ask(&two, &["3"], "")), (200, 200));
    // Counts are written, and those of others read, each second; asking would count as well.
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!((ask(&one, &["4"], ""), ask(&two, &["5"], "")), (429, 429), "one too many of both together");
    assert_eq!((ask(&one, &["3"], ""), ask(&two, &["1"], "")), (200, 200), "the same investors");
    // An approval for one export is used at one of them.
    let bulk = granted(&one, json!({"template": "bulk-read", "holder": "teller", "reason": "年度核对"}));
    until("approval", || {
        two.gateway.office("alan", "GET", "/api/v1/grants", &Value::Null).1.to_string().contains(&bulk)
    });
    let used: Vec<u16> = std::thread::scope(|scope| {
        let each = [&one, &two].map(|stage| scope.spawn(|| ask(stage, &["6", "7", "8", "9"], &bulk)));
        each.map(|one| one.join().unwrap()).to_vec()
    });
    assert_eq!(used.iter().filter(|status| **status == 200).count(), 1, "{used:?}");
    // The third gateway knows what was counted and used.
    let three = stage(&database, None, "");
    assert_eq!((ask(&three, &["4"], ""), ask(&three, &["2"], "")), (429, 200));
    assert_eq!(ask(&three, &["6", "7", "8", "9"], &bulk), 429);
}

#[test]
fn p3_a_store_that_is_lost_opens_nothing_after_its_time() {
    let mut postgres = Postgres::start();
    let database = postgres.database();
    let stage = stage(&database, None, ", max_stale_s: 3");
    assert_eq!(stage.gateway.office("dora", "POST", "/api/v1/consents", &consent(ANNA, json!({}))).0, 201);
    let restricted = json!({"subject": BO, "state": "restricted", "reason": "本人申请"});
    assert_eq!(stage.gateway.office("dora", "POST", "/api/v1/restrictions", &restricted).0, 201);
    let grant = json!({"template": "complaint", "ticket": "TS-7", "subject": ANNA, "holder": "teller", "reason": "核实"});
    granted(&stage, grant);
    let row = |at: usize| {
        let asked = stage.ask(Who::Token("officer"), "GET", "/customers", "Yingbi-Purpose: marketing\r\n");
        asked.response.json()["data"][at].clone()
    };
    assert_eq!((row(0)["mobile_tel"].as_str(), row(1)), (Some(canary::MOBILE), json!({})));
    postgres.stop();
    // For a moment what was read is good; then it is as if nobody had consented and nothing had been granted.
    let took = until("masked", || row(0)["mobile_tel"] != canary::MOBILE);
    assert!(took <= Duration::from_secs(8), "{took:?}");
    let asked =
        stage.ask(Who::Token("teller"), "GET", &format!("/customers/{ANNA}"), "Yingbi-Ticket: TS-7\r\n");
    assert_eq!(code(&asked), (403, "YB2007".to_owned()));
    assert_eq!(row(1), json!({}), "what is restricted stays so");
    assert!(metric(&stage, "yingbi_consent_errors_total") >= 1.0);
    // Nothing new is opened, and what closes rules all the same.
    assert_eq!(stage.gateway.office("dora", "POST", "/api/v1/consents", &consent(BO, json!({}))).0, 503);
    let thrown = json!({"stops": "role", "name": "marketer", "reason": "演练"});
    assert_eq!(stage.gateway.office("petra", "POST", "/api/v1/switches", &thrown).0, 503);
    let asked = stage.ask(Who::Token("officer"), "GET", "/customers", "Yingbi-Purpose: marketing\r\n");
    assert_eq!(code(&asked), (403, "YB2110".to_owned()));
    let withdrawn = json!({"subject": BO});
    assert_eq!(stage.gateway.office("dora", "POST", "/api/v1/consents/withdraw", &withdrawn).0, 503);
    // It comes back, and with it what it holds. What was closed meanwhile is owed to it, and rules on.
    postgres.start_again();
    let other = second(&database);
    until("owed", || {
        let asked = other.ask(Who::Token("officer"), "GET", "/customers", "Yingbi-Purpose: marketing\r\n");
        code(&asked) == (403, "YB2110".to_owned())
    });
    let (_, all) = stage.gateway.office("sara", "GET", "/api/v1/switches", &Value::Null);
    let path = format!("/api/v1/switches/{}", all["switches"][0]["id"].as_str().unwrap());
    until("reset", || stage.gateway.office("sara", "DELETE", &path, &Value::Null).0 == 200);
    until("back", || {
        let asked = stage.ask(Who::Token("officer"), "GET", "/customers", "Yingbi-Purpose: marketing\r\n");
        asked.response.status == 200 && asked.response.json()["data"][0]["mobile_tel"] == canary::MOBILE
    });
    assert_eq!(stage.gateway.office("dora", "POST", "/api/v1/consents", &consent(BO, json!({}))).0, 201);
    hidden(&stage);
}

#[test]
fn p3_a_store_that_is_not_there_or_not_here_lets_nothing_start() {
    let origin = yingbi_tests::Origin::start(|_| yingbi_tests::Answer::json("{}"));
    for (url, more, expect) in [
        ("host=/nowhere user=yingbi dbname=x", "", "exit status: 74"),
        ("host=db.example.com user=yingbi dbname=x", "", "YB1568"),
        ("host=127.0.0.1,10.0.0.1 user=yingbi", "", "YB1568"),
        ("nonsense", "", "YB1568"),
        ("host=/nowhere user=yingbi dbname=x", ", max_stale_s: 61", "YB1567"),
    ] {
        let problem = yingbi_tests::Gateway::of(&origin)
            .config(&format!("stores:\n  postgres: {{url: store.url{more}}}\n"))
            .file("store.url", url)
            .try_start()
            .err()
            .unwrap_or_else(|| panic!("{url}"));
        assert!(problem.contains(expect), "{url}: {problem}");
    }
}
