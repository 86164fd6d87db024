//! A5: limits in distinct investors.

use super::{FIRM, code, get, granted, hidden, list, metric, offices};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use yingbi_tests::{Client, Stage, Who, canary};

/// A limit on the firm's lists.
const LIMIT: &str = r#"apiVersion: yingbi/v1
kind: Limit
metadata: {id: handler-investors-per-hour, title: 每小时可查人数, clause: ["T/TSAC001:7.5.h"]}
spec: {match: {roles: [complaint-handler]}, distinct: investors, per: hour, at: 3, then: refuse, lift: {template: bulk-read}}
"#;

#[test]
fn a5_a_limit_counts_distinct_investors_and_an_approval_lifts_it_once() {
    let mut stage = Stage::with(FIRM, |setup| offices(setup).more_policy("limit.yaml", LIMIT));
    let ask = |stage: &Stage, clients: &[&str], ticket: &str| {
        stage.answers_json(&list(clients));
        let asked = get(stage, "/customers", ticket);
        (asked.response.status, asked)
    };
    // The same investor counts once, however often.
    for _ in 0..5 {
        assert_eq!(ask(&stage, &["1", "1", "2"], "").0, 200);
    }
    let (status, refused) = ask(&stage, &["2", "3", "4"], "");
    assert_eq!((status, code(&refused).1.as_str()), (429, "YB2111"));
    canary::assert_hidden("a refusal", &refused.received);
    // What was refused was not seen.
    assert_eq!(ask(&stage, &["3"], "").0, 200);
    assert_eq!(ask(&stage, &["4"], "").0, 429);
    assert_eq!(ask(&stage, &["3", "2", "1"], "").0, 200);
    // Another caller has a count of their own.
    assert_eq!(stage.ask(Who::Token("supervisor"), "GET", "/customers", "").response.status, 200);
    // A second person lifts it, for one export.
    let bulk = granted(&stage, json!({"template": "bulk-read", "holder": "teller", "reason": "年度核对"}));
    let many: Vec<String> = (0..50).map(|nth| format!("9{nth}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(ask(&stage, &many, &bulk).0, 200);
    assert_eq!(ask(&stage, &many, &bulk).0, 429, "once");
    let (_, used) = stage.gateway.office("alan", "GET", "/api/v1/grants", &Value::Null);
    assert_eq!(used["grants"][0]["state"], "expired", "{used}");
    // Counts are remembered by the next run.
    stage.gateway.stop();
    stage.gateway.start_again();
    assert_eq!(ask(&stage, &["5"], "").0, 429);
    assert_eq!(ask(&stage, &["1"], "").0, 200);
}

#[test]
fn a5_a_long_answer_ends_where_a_limit_is_reached() {
    let stage = Stage::with(FIRM, |setup| {
        offices(setup)
            .more_policy("limit.yaml", LIMIT)
            .limit("segment_bytes", 64 << 10)
            .limit("response_body_bytes", 100 << 10)
    });
    // Four investors, one after the other, and the fourth is one too many.
    let clients: Vec<String> = (0..2000).map(|nth| (nth / 500).to_string()).collect();
    stage.answers_json(&list(&clients.iter().map(String::as_str).collect::<Vec<_>>()));
    let mut client = Client::connect(stage.gateway.address);
    client.send(&stage.gateway.request("GET", "/customers", "", b""));
    assert!(client.try_response(false, Duration::from_secs(20)).is_err(), "a torso");
    let shown = client.shown().matches("client_name").count();
    assert!((1000..=1500).contains(&shown), "{shown}");
    canary::assert_hidden("a torso", client.received());
    let deadline = Instant::now() + Duration::from_secs(10);
    let ended = loop {
        let outcome = stage.gateway.entries().last().and_then(|entry| entry.outcome.clone());
        if outcome.is_some() || Instant::now() > deadline {
            break outcome;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(ended.map(|outcome| outcome.result).as_deref(), Some("partial"));
    let entry = stage.gateway.entries().pop().expect("recorded");
    assert_eq!(entry.intent.limits.keys().collect::<Vec<_>>(), ["handler-investors-per-hour"]);
    // Each of the three investors stands in several segments and is one.
    assert_eq!(metric(&stage, "yingbi_subjects_total"), 3.0);
    // Lifted once, all of it flows, though its first segment uses the approval up.
    let bulk = granted(&stage, json!({"template": "bulk-read", "holder": "teller", "reason": "年度核对"}));
    let whole = get(&stage, "/customers", &bulk);
    assert_eq!(whole.response.status, 200);
    assert_eq!(whole.response.json()["data"].as_array().map(Vec::len), Some(2000));
    let mut again = Client::connect(stage.gateway.address);
    again.send(&stage.gateway.request("GET", "/customers", &format!("Yingbi-Ticket: {bulk}\r\n"), b""));
    assert!(again.try_response(false, Duration::from_secs(20)).is_err(), "once");
}

/// The count is a promise about people: a kill between an answer and the second's write forgets nobody.
#[test]
fn a5_p2_a_kill_forgets_nobody_whom_a_limit_counted() {
    let mut stage = Stage::with(FIRM, |setup| offices(setup).more_policy("limit.yaml", LIMIT));
    for round in 0..3 {
        // Counts are written once a second: all three rounds die before.
        stage.answers_json(&list(&[&format!("7{round}")]));
        assert_eq!(get(&stage, "/customers", "").response.status, 200, "{round}");
        stage.gateway.kill();
        stage.gateway.start_again();
    }
    for client in ["70", "71", "72"] {
        stage.answers_json(&list(&[client]));
        assert_eq!(get(&stage, "/customers", "").response.status, 200, "{client} was seen before");
    }
    stage.answers_json(&list(&["73"]));
    assert_eq!(code(&get(&stage, "/customers", "")), (429, "YB2111".to_owned()));
    hidden(&stage);
}

/// What one limit refuses, another does not count.
#[test]
fn a5_an_answer_that_is_refused_counts_under_no_limit() {
    let roomy =
        LIMIT.replace("handler-investors-per-hour", "roomy").replace("per: hour, at: 3", "per: day, at: 5");
    let more = format!("{roomy}---\n{LIMIT}");
    let stage = Stage::with(FIRM, |setup| offices(setup).more_policy("limit.yaml", &more));
    let ask = |clients: &[&str]| {
        stage.answers_json(&list(clients));
        get(&stage, "/customers", "").response.status
    };
    assert_eq!(ask(&["1", "2", "3"]), 200);
    for other in ["4", "5", "6", "7"] {
        assert_eq!(ask(&[other]), 429);
    }
    assert_eq!(ask(&["1", "2", "3"]), 200);
    let entry = stage.gateway.entries().pop().expect("recorded");
    assert_eq!(entry.intent.limits.len(), 2, "{entry:?}");
}
