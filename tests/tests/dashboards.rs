//! The dashboard and the alerts speak of metrics that exist, and every alert is tried both ways.

use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use yingbi::metrics::{Kind, METRICS};
use yingbi_sample_api::Fetch;

#[test]
fn m1_the_dashboard_asks_for_metrics_that_exist() {
    let queries = dashboard_queries();
    assert!(queries.len() >= 30, "{} queries", queries.len());
    for (panel, query) in &queries {
        assert!(!query.is_empty(), "{panel} asks nothing");
        let problems = unknown_names(query);
        assert!(problems.is_empty(), "panel `{panel}`: {problems:?} in `{query}`");
    }
}

#[test]
fn m1_every_metric_is_on_the_dashboard() {
    let queries: String = dashboard_queries().into_iter().map(|(_, query)| query + "\n").collect();
    for metric in METRICS {
        assert!(queries.contains(metric.name), "no panel shows {}", metric.name);
    }
}

#[test]
fn m3_alerts_speak_of_metrics_that_exist_and_have_runbooks() {
    let runbooks = read("dashboards/alerts/runbooks.md");
    for rule in &rules() {
        let name = rule["alert"].as_str().unwrap();
        let expr = rule["expr"].as_str().unwrap();
        let problems = unknown_names(expr);
        assert!(problems.is_empty(), "{name}: {problems:?}");
        assert!(metric_names(expr).next().is_some(), "{name} watches no metric");
        assert!(["page", "ticket", "info"].contains(&rule["labels"]["severity"].as_str().unwrap()), "{name}");
        for annotation in ["summary", "description", "clause"] {
            assert!(
                rule["annotations"][annotation].as_str().is_some_and(|text| !text.is_empty()),
                "{name}: {annotation}"
            );
        }
        let anchor = rule["annotations"]["runbook"].as_str().unwrap().split('#').nth(1).unwrap().to_owned();
        let heading = runbooks
            .lines()
            .find(|line| line.strip_prefix("## ").is_some_and(|h| h.to_lowercase() == anchor));
        assert!(heading.is_some(), "{name} has no runbook");
    }
}

#[test]
fn m3_every_alert_has_a_case_that_fires_and_one_that_stays_quiet() {
    let tests: Value = serde_saphyr::from_str(&read("dashboards/alerts/yingbi.test.yml")).unwrap();
    for rule in &rules() {
        let name = rule["alert"].as_str().unwrap();
        let expected = |fires: bool| {
            tests["tests"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|test| test["alert_rule_test"].as_array().unwrap())
                .any(|test| {
                    test["alertname"] == name
                        && test["exp_alerts"].as_array().is_some_and(|alerts| alerts.is_empty() != fires)
                })
        };
        assert!(expected(true), "no case in which {name} fires");
        assert!(expected(false), "no case in which {name} stays quiet");
    }
}

#[test]
fn m3_promtool_agrees() {
    let Ok(output) = Command::new("promtool").arg("--version").output() else {
        println!("promtool is not installed: the alerts are not tried");
        return;
    };
    assert!(output.status.success());
    let alerts = root().join("dashboards/alerts");
    for arguments in [["check", "rules", "yingbi.rules.yml"], ["test", "rules", "yingbi.test.yml"]] {
        let output = Command::new("promtool").args(arguments).current_dir(&alerts).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said));
    }
}

/// Debian's Prometheus scrapes the demo's gateway and answers every query of the dashboard.
#[test]
fn m1_a_running_gateway_fills_the_dashboard() {
    if Command::new("prometheus").arg("--version").output().is_err() {
        println!("prometheus is not installed: the dashboard's queries are not asked");
        return;
    }
    let demo = Demo::start();
    let prometheus = Prometheus::start(&demo.directory, &demo.admin);
    let caller = ("authorization".to_owned(), format!("Bearer {}", demo.credential("teller")));
    let deadline = Instant::now() + Duration::from_secs(90);
    // Annotations mark what seldom happens: they need only be understood.
    let (annotations, mut unanswered): (Vec<_>, Vec<_>) =
        dashboard_queries().into_iter().partition(|(panel, _)| panel == "annotation");
    // Rates need a few scrapes with traffic between them.
    while !unanswered.is_empty() && Instant::now() < deadline {
        for path in ["/investors?size=5", "/quotes", "/nowhere"] {
            let answer =
                Fetch::get(&format!("http://{}{path}", demo.gateway), std::slice::from_ref(&caller), None);
            assert!(answer.is_ok(), "{path}: no answer");
        }
        std::thread::sleep(Duration::from_millis(300));
        unanswered.retain(|(_, query)| !prometheus.answers(query));
    }
    assert!(unanswered.is_empty(), "without an answer: {unanswered:#?}");
    for (_, query) in annotations {
        assert!(prometheus.asked(&query).is_some(), "not understood: {query}");
    }
    assert_eq!(prometheus.rules().len(), rules().len());
    assert_eq!(prometheus.firing(), Vec::<String>::new(), "alerts fire at a healthy gateway");
}

#[test]
fn names_and_labels_that_do_not_exist_are_noticed() {
    for (query, problems) in [
        ("sum(rate(yingbi_requests_total{decision=\"permit\"}[5m]))", 0),
        ("sum by (route) (yingbi_request_duration_seconds_count)", 0),
        ("yingbi_request_duration_seconds", 1),
        ("yingbi_requests_total_bucket", 1),
        ("yingbi_leaks_total", 1),
        ("yingbi_requests_total{customer=\"1\"}", 1),
        ("sum by (customer) (rate(yingbi_requests_total[5m]))", 1),
    ] {
        assert_eq!(unknown_names(query).len(), problems, "{query}: {:?}", unknown_names(query));
    }
}

/// What a query names that the table of metrics does not: metrics, and labels in `{…}` and `by (…)`.
fn unknown_names(query: &str) -> Vec<String> {
    let mut problems: Vec<String> = metric_names(query)
        .filter(|name| !is_series(name))
        .map(|name| format!("there is no metric `{name}`"))
        .collect();
    let labels: BTreeSet<&str> = metric_names(query)
        .filter_map(metric_of)
        .flat_map(|metric| metric.labels.iter().copied())
        .chain(["instance", "job", "le"])
        .collect();
    for label in label_names(query).filter(|label| !labels.contains(label)) {
        problems.push(format!("no metric here has a label `{label}`"));
    }
    problems
}

fn metric_names(query: &str) -> impl Iterator<Item = &str> {
    query.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| word.starts_with("yingbi_"))
}

/// Histograms are asked for by their series, others by their own name.
fn is_series(name: &str) -> bool {
    METRICS.iter().any(|metric| match metric.kind {
        Kind::Histogram => SERIES.iter().any(|suffix| name.strip_suffix(suffix) == Some(metric.name)),
        Kind::Counter | Kind::Gauge => name == metric.name,
    })
}

fn metric_of(name: &str) -> Option<&'static yingbi::metrics::Metric> {
    METRICS.iter().find(|metric| {
        name.strip_prefix(metric.name).is_some_and(|rest| rest.is_empty() || SERIES.contains(&rest))
    })
}

const SERIES: [&str; 3] = ["_bucket", "_sum", "_count"];

fn label_names(query: &str) -> impl Iterator<Item = &str> {
    let matchers = query.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let matched =
        matchers.flat_map(|inside| inside.split(',')).filter_map(|one| one.split(['=', '!']).next());
    let groups = query.split("by (").skip(1).filter_map(|rest| rest.split(')').next());
    matched
        .chain(groups.flat_map(|inside| inside.split(',')))
        .map(str::trim)
        .filter(|label| !label.is_empty())
}

/// Title of the panel and query, of every panel, variable and annotation.
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a dashboard of another shape fails its test"
)]
fn dashboard_queries() -> Vec<(String, String)> {
    let dashboard: Value = serde_json::from_str(&read("dashboards/grafana/yingbi.json")).unwrap();
    let mut queries = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        for target in panel["targets"].as_array().into_iter().flatten() {
            queries.push((title.to_owned(), target["expr"].as_str().unwrap().to_owned()));
        }
    }
    for annotation in dashboard["annotations"]["list"].as_array().unwrap() {
        queries.push(("annotation".to_owned(), annotation["expr"].as_str().unwrap().to_owned()));
    }
    queries
}

#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "rules of another shape fail their test")]
fn rules() -> Vec<Value> {
    let rules: Value = serde_saphyr::from_str(&read("dashboards/alerts/yingbi.rules.yml")).unwrap();
    rules["groups"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap().clone())
        .collect()
}

/// `deploy/demo`, running in a directory of its own.
struct Demo {
    process: Child,
    directory: PathBuf,
    gateway: String,
    admin: String,
}

impl Demo {
    #[expect(clippy::unwrap_used, reason = "without the demo there is nothing to ask")]
    fn start() -> Demo {
        let directory = std::env::temp_dir().join(format!("yingbi-dashboard-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let mut process = Command::new(root().join("deploy/demo"))
            .env("YINGBI_BIN_DIR", binaries(&directory))
            .env("YINGBI_DEMO_DIR", directory.join("demo"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut demo = Demo { process, directory, gateway: String::new(), admin: String::new() };
        for line in lines.map_while(Result::ok) {
            // `» API http://… · gateway http://… · metrics http://…/metrics`
            let address = |name: &str| line.split(name).nth(1)?.split(['/', ' ']).next().map(str::to_owned);
            demo.gateway.extend(address("gateway http://"));
            demo.admin.extend(address("metrics http://"));
            if line.contains("It stays up") {
                return demo;
            }
        }
        let ended = demo.process.wait();
        unreachable!("the demo did not come up: {ended:?}");
    }

    #[expect(clippy::unwrap_used, reason = "the demo writes them before it says that it is up")]
    fn credential(&self, name: &str) -> String {
        let file = self.directory.join("demo/credentials").join(name);
        std::fs::read_to_string(file).unwrap().trim().to_owned()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // By its own signal, so that it stops its children; a kill would leave them.
        let _ = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// A Prometheus that scrapes one gateway every second.
struct Prometheus {
    process: Child,
    address: String,
}

impl Prometheus {
    #[expect(clippy::unwrap_used, reason = "without Prometheus there is nothing to ask")]
    fn start(directory: &Path, target: &str) -> Prometheus {
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let rules = root().join("dashboards/alerts/yingbi.rules.yml").canonicalize().unwrap();
        let config = serde_json::json!({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [rules],
            "scrape_configs": [{"job_name": "yingbi", "static_configs": [{"targets": [target]}]}],
        });
        let file = directory.join("prometheus.yml");
        std::fs::write(&file, config.to_string()).unwrap();
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", directory.join("tsdb").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=error")
            .spawn()
            .unwrap();
        let prometheus = Prometheus { process, address };
        let deadline = Instant::now() + Duration::from_secs(30);
        while prometheus.ask("/-/ready").is_none() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(100));
        }
        prometheus
    }

    /// Whether the query has a result.
    fn answers(&self, query: &str) -> bool {
        self.asked(query).is_some_and(|results| !results.is_empty())
    }

    /// The results of a query as Grafana would ask it; `None` when it is not understood.
    fn asked(&self, query: &str) -> Option<Vec<Value>> {
        let query =
            query.replace("$instance", ".*").replace("$__rate_interval", "10s").replace("$__range", "30s");
        let encoded: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let answer: Value =
            serde_json::from_str(&self.ask(&format!("/api/v1/query?query={encoded}"))?).ok()?;
        let success = answer.get("status")? == "success";
        answer.pointer("/data/result")?.as_array().filter(|_| success).cloned()
    }

    /// Names of alerts that fire and of rules that can't be evaluated, once all have been.
    fn firing(&self) -> Vec<String> {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let rules = self.rules();
            let of = |rule: &Value, member: &str| {
                rule.get(member).and_then(Value::as_str).unwrap_or("?").to_owned()
            };
            let evaluated = !rules.is_empty() && rules.iter().all(|rule| of(rule, "health") != "unknown");
            if evaluated || Instant::now() > deadline {
                let bad = |rule: &&Value| of(rule, "state") == "firing" || of(rule, "health") != "ok";
                return rules.iter().filter(bad).map(|rule| of(rule, "name")).collect();
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    fn rules(&self) -> Vec<Value> {
        let text = self.ask("/api/v1/rules").unwrap_or_default();
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        let groups = answer.pointer("/data/groups").and_then(Value::as_array).cloned().unwrap_or_default();
        groups.iter().filter_map(|group| group.get("rules")?.as_array().cloned()).flatten().collect()
    }

    fn ask(&self, path: &str) -> Option<String> {
        let answer = Fetch::get(&format!("http://{}{path}", self.address), &[], None).ok()?;
        (answer.status == 200).then(|| answer.text())
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A directory of the programs; `YINGBI_BIN_DIR` names another.
#[expect(clippy::unwrap_used, reason = "without the programs there is nothing to test")]
fn binaries(below: &Path) -> PathBuf {
    if let Some(directory) = std::env::var_os("YINGBI_BIN_DIR") {
        return directory.into();
    }
    // This test is in `<target>/debug/deps`.
    let sample_api = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("yingbi-sample-api");
    let modified = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    let sources = std::fs::read_dir(root().join("deploy/sample-api/src")).unwrap().flatten();
    let newest = sources.filter_map(|entry| modified(&entry.path())).max();
    if modified(&sample_api) < newest {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let arguments = ["build", "--workspace", "--bins", "--locked", "--offline", "--quiet"];
        assert!(Command::new(cargo).args(arguments).current_dir(root()).status().unwrap().success());
    }
    let directory = below.join("bin");
    std::fs::create_dir(&directory).unwrap();
    std::os::unix::fs::symlink(yingbi_tests::binary(), directory.join("yingbi")).unwrap();
    std::os::unix::fs::symlink(sample_api, directory.join("yingbi-sample-api")).unwrap();
    directory
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[expect(clippy::unwrap_used, reason = "a test of a file that is not there fails")]
fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}
