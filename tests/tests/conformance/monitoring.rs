//! M2 and M4: what is unusual of a caller, and how each interface does, through the running gateway.

use crate::rights::{ANNA, FIRM, code, get, hidden, list, metric, offices, record};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use yingbi_tests::{Stage, Who, canary};

/// Everybody's own history, judged from the second day on.
const BEHAVIOUR: &str = "  behaviour: {learn_days: 1, volume_times: 3, volume_least: 4, sequence: 4";

fn stage(block: &str) -> Stage {
    let stage =
        Stage::with(FIRM, |setup| offices(setup).identity(&format!("{BEHAVIOUR}, block: [{block}]}}\n")));
    stage.answers_json(&list(&[ANNA]));
    stage
}

fn unusual(stage: &Stage, sign: &str) -> f64 {
    metric(stage, &format!("yingbi_unusual_total{{sign=\"{sign}\"}}"))
}

/// One investor's record, as somebody asks for it who may.
fn one(stage: &Stage, client: &str) -> yingbi_tests::stage::Asked {
    stage.answers_json(&record(client));
    let purpose = "Yingbi-Purpose: reporting\r\n";
    stage.ask(Who::Token("officer"), "GET", &format!("/customers/{client}"), purpose)
}

#[test]
fn m2_investors_asked_for_one_after_another_are_told_of_and_refused_where_the_firm_says_so() {
    for (block, status) in [("", 200), ("sequence", 403)] {
        let stage = stage(block);
        for client in ["70000001", "70000002", "70000003"] {
            let asked = one(&stage, client);
            assert_eq!(asked.response.status, 200, "{:?}", asked.response);
            assert!(stage.record(&asked).intent.marks.is_empty());
        }
        let asked = one(&stage, "70000004");
        assert_eq!(asked.response.status, status);
        assert_eq!(stage.record(&asked).intent.marks, ["unusual-sequence"]);
        if status == 403 {
            assert_eq!(code(&asked).1, "YB2113");
            canary::assert_hidden("a refusal", &asked.received);
        }
        assert_eq!(one(&stage, "70009999").response.status, 200, "another's");
        assert_eq!(unusual(&stage, "sequence"), 1.0);
        let told = stage.gateway.events("access-unusual");
        assert_eq!((told.len(), &told[0]["sign"]), (1, &json!("sequence")), "{told:?}");
        assert!(!told[0].to_string().contains("7000000"), "{told:?}");
        hidden(&stage);
    }
}

/// The history of a caller is set back by days here, as if they had worked so before.
fn worked_before(stage: &mut Stage, change: impl Fn(&mut Value)) {
    stage.gateway.kill();
    let file = find(stage.gateway.directory(), "behaviour.json").expect("it is written");
    let mut learned: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let callers = learned["callers"].as_object_mut().unwrap();
    assert_eq!(callers.len(), 1, "{callers:?}");
    callers.values_mut().for_each(|caller| {
        caller["days"] = json!(9);
        caller["last_day"] = json!(caller["last_day"].as_i64().unwrap() - 1);
        change(caller);
    });
    std::fs::write(&file, learned.to_string()).unwrap();
    stage.gateway.start_again();
}

fn find(directory: &std::path::Path, name: &str) -> Option<std::path::PathBuf> {
    let entries: Vec<_> =
        std::fs::read_dir(directory).ok()?.filter_map(Result::ok).map(|entry| entry.path()).collect();
    let own = entries.iter().find(|path| path.file_name().is_some_and(|own| own == name)).cloned();
    own.or_else(|| entries.iter().filter(|path| path.is_dir()).find_map(|path| find(path, name)))
}

fn written(stage: &Stage) {
    let begun = Instant::now();
    while find(stage.gateway.directory(), "behaviour.json").is_none() {
        assert!(begun.elapsed() < Duration::from_secs(30), "never written");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn m2_volume_hour_and_category_are_judged_by_the_callers_own_history() {
    let mut stage = stage("volume");
    // On the first day nothing is unusual: it is learned.
    assert_eq!(get(&stage, "/customers", "").response.status, 200);
    stage.answers_json(&list(&["1", "2", "3", "4", "5", "6", "7", "8"]));
    assert_eq!(get(&stage, "/customers", "").response.status, 200);
    written(&stage);
    // The next day: two investors an hour are usual, at another time of the day, and names alone.
    let hour = |now: i64| usize::try_from(now / 3_600_000 % 24).unwrap();
    worked_before(&mut stage, |caller| {
        let far = (hour(crate::rights::now_ms()) + 12) % 24;
        let hours: Vec<u32> = (0..24).map(|hour| if hour == far { 9 } else { 0 }).collect();
        caller["hours"] = json!(hours);
        caller["usual"] = json!(2.0);
        caller["categories"] = json!(["basic"]);
    });
    stage.answers_json(&list(&["1", "2", "3"]));
    let asked = get(&stage, "/customers", "");
    assert_eq!(asked.response.status, 200);
    let marks = stage.record(&asked).intent.marks;
    assert_eq!(marks, ["unusual-hour", "unusual-category"]);
    stage.answers_json(&list(&["4", "5", "6", "7"]));
    let asked = get(&stage, "/customers", "");
    assert_eq!(code(&asked), (403, "YB2113".to_owned()), "seven in an hour, where two are usual");
    assert!(stage.record(&asked).intent.marks.contains(&"unusual-volume".to_owned()));
    assert_eq!(
        [unusual(&stage, "volume"), unusual(&stage, "hour"), unusual(&stage, "category")],
        [1.0, 2.0, 2.0]
    );
    stage.answers_json(&list(&["1", "2"]));
    assert_eq!(get(&stage, "/customers", "").response.status, 200, "as ever");
    hidden(&stage);
}

/// Calls, mean time and error rate of each interface (RPA §6.1.2), from the metrics alone.
#[test]
fn m4_calls_mean_time_and_error_rate_are_known_of_each_interface() {
    let stage = Stage::with(FIRM, offices);
    let one = "/customers/{id}";
    stage.answers_json(&list(&[ANNA]));
    for _ in 0..3 {
        assert_eq!(get(&stage, "/customers", "").response.status, 200);
    }
    stage.answers_json(&record(ANNA));
    for _ in 0..2 {
        assert_eq!(get(&stage, &format!("/customers/{ANNA}"), "").response.status, 403);
    }
    let (_, text) = stage.gateway.admin_get("/metrics").unwrap();
    let sum = |name: &str, labels: &[String]| -> f64 {
        let lines = text.lines().filter(|line| line.starts_with(name));
        let own = lines.filter(|line| labels.iter().all(|label| line.contains(label.as_str())));
        own.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
    };
    let route = |route: &str| format!("route=\"{route}\"");
    let routes: Vec<&str> = text.lines().filter(|line| line.starts_with("yingbi_requests_total")).collect();
    let calls = |of: &str, more: &str| sum("yingbi_requests_total", &[route(of), more.to_owned()]);
    assert_eq!(calls("/customers", ""), 3.0, "{routes:#?}");
    assert_eq!(calls(one, ""), 2.0, "{routes:#?}");
    let errors = |of: &str| calls(of, "status_class=\"4xx\"") + calls(of, "status_class=\"5xx\"");
    assert_eq!((errors("/customers"), errors(one)), (0.0, 2.0), "{routes:#?}");
    for (of, count) in [("/customers", 3.0), (one, 2.0)] {
        assert_eq!(sum("yingbi_request_duration_seconds_count", &[route(of)]), count);
        let mean = sum("yingbi_request_duration_seconds_sum", &[route(of)]) / count;
        assert!(mean > 0.0 && mean < 30.0, "{of}: {mean}");
    }
    // Interfaces are templates: no investor is named.
    assert!(!text.contains(ANNA));
}
