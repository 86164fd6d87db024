use super::*;
use std::collections::{BTreeMap, BTreeSet};

fn basic() -> Category {
    Category::from_id("basic").unwrap()
}

/// `name → type` as rendered.
fn rendered(text: &str) -> BTreeMap<String, String> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types
        .filter_map(|line| line.split_once(' '))
        .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
        .collect()
}

/// Label names and values of every sample.
fn labels(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let samples = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let one = |line: &str| {
        let name = line.split(['{', ' ']).next().unwrap().to_owned();
        let inside =
            line.split_once('{').and_then(|(_, rest)| rest.rsplit_once('}')).map_or("", |(inside, _)| inside);
        let pairs = inside.split("\",").filter(|pair| !pair.is_empty()).map(|pair| {
            let (label, value) = pair.split_once("=\"").unwrap();
            (label.trim_matches(',').to_owned(), value.trim_end_matches('"').to_owned())
        });
        (name, pairs.collect())
    };
    samples.map(one).collect()
}

#[test]
fn m1_the_rendered_metrics_are_the_declared_ones() {
    let metrics = Metrics::new().unwrap();
    let text = metrics.render();
    let kind = |kind: Kind| match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    };
    let declared: BTreeMap<_, _> =
        METRICS.iter().map(|metric| (metric.name.to_owned(), kind(metric.kind).to_owned())).collect();
    assert_eq!(declared.len(), METRICS.len(), "a name is declared twice");
    assert_eq!(rendered(&text), declared);
    for metric in METRICS {
        assert!(text.contains(&format!("# HELP {} {}", metric.name, metric.help)), "{}", metric.name);
    }
}

#[test]
fn m1_names_tell_kind_and_unit() {
    for Metric { name, kind, help, unit, labels } in METRICS {
        assert!(name.starts_with("yingbi_"), "{name}");
        assert_eq!(*kind == Kind::Counter, name.ends_with("_total"), "{name}");
        assert!(unit.is_empty() || name.ends_with(unit), "{name} is in {unit}");
        assert!(["", "seconds", "bytes"].contains(unit), "{name}");
        assert!(help.ends_with('.') || help.contains(';'), "{name}");
        for label in *labels {
            assert!(
                [
                    "method",
                    "receiver",
                    "decision",
                    "status_class",
                    "route",
                    "code",
                    "category",
                    "level",
                    "treatment",
                    "reason",
                    "type",
                    "result",
                    "version",
                    "combination",
                    "sign",
                    "state",
                    "stops",
                    "rule",
                    "action",
                    "node",
                    "outcome",
                    "anchor",
                    "place",
                    "limit",
                    "what",
                ]
                .contains(label),
                "{name} has label {label}"
            );
        }
    }
}

#[test]
fn m1_what_is_found_is_counted_by_category_level_and_treatment() {
    let metrics = Metrics::new().unwrap();
    let account = Category::from_id("credential.account").unwrap();
    let summary = Summary {
        clear: [(basic(), 3)].into(),
        masked: [(basic(), 2)].into(),
        dropped: [(account, 1)].into(),
        monitored: [(basic(), 4)].into(),
        ..Summary::default()
    };
    metrics.protected(&summary);
    metrics.protected(&summary);
    metrics.subjects(7);
    let text = metrics.render();
    for sample in [
        r#"yingbi_values_total{category="basic",level="3",treatment="clear"} 6"#,
        r#"yingbi_values_total{category="basic",level="3",treatment="mask"} 4"#,
        r#"yingbi_values_total{category="credential.account",level="4",treatment="drop"} 2"#,
        r#"yingbi_values_total{category="credential.account",level="4",treatment="block"} 0"#,
        r#"yingbi_level_released_clear_total{level="3"} 6"#,
        r#"yingbi_level_released_clear_total{level="4"} 0"#,
        r#"yingbi_monitored_values_total{category="basic"} 8"#,
        "yingbi_subjects_total 7",
    ] {
        assert!(text.lines().any(|line| line == sample), "{sample} not in\n{text}");
    }
}

#[test]
fn e2_no_label_comes_from_an_open_set() {
    let metrics = Metrics::new().unwrap();
    // What a hostile client or a careless policy could try to put into labels.
    for n in 0..5000 {
        let method = format!("GET13800138{n:03}");
        let route = format!("/customers/{n}");
        let status = u16::try_from(n % 1000).unwrap();
        let decided = Decided::Permit;
        let duration = Duration::from_millis(n);
        metrics.exchange(&Exchange { method: &method, decided, status, route: Some(&route), duration });
        metrics.policy_loaded(&format!("{n:064x}"));
    }
    metrics.refused("YB2001");
    metrics.refused("张三丰 13800138000");
    let text = metrics.render();
    let samples = labels(&text);
    let values = |name: &str, label: &str| -> BTreeSet<String> {
        let of = samples.iter().filter(|(sample, _)| sample == name).flat_map(|(_, pairs)| pairs);
        of.filter(|(key, _)| key == label).map(|(_, value)| value.clone()).collect()
    };
    assert_eq!(values("yingbi_requests_total", "method"), ["GET", "other"].map(str::to_owned).into());
    assert_eq!(values("yingbi_requests_total", "status_class").len(), 6);
    assert_eq!(values("yingbi_requests_total", "route").len(), RouteLabels::MOST + 2);
    assert!(values("yingbi_requests_total", "route").contains(RouteLabels::OTHER));
    assert_eq!(values("yingbi_policy_info", "version").len(), 1);
    assert_eq!(values("yingbi_refusals_total", "code"), ["YB2001", "none"].map(str::to_owned).into());
    assert!(!text.contains("13800138000"));
}

#[test]
fn what_lasts_is_counted_while_it_lasts() {
    let metrics = Metrics::new().unwrap();
    let one = metrics.in_flight();
    let two = metrics.in_flight();
    let connection = metrics.connection();
    assert_eq!((metrics.in_flight_now(), metrics.connections_now()), (2, 1));
    drop((one, connection));
    assert_eq!((metrics.in_flight_now(), metrics.connections_now()), (1, 0));
    drop(two);
    assert_eq!(metrics.in_flight_now(), 0);
}

#[test]
fn the_process_speaks_of_itself() {
    let metrics = Metrics::new().unwrap();
    metrics.jwks_age(None);
    let text = metrics.render();
    assert!(text.lines().any(|line| line == "yingbi_jwks_age_seconds NaN"));
    let resident = text.lines().find_map(|line| line.strip_prefix("yingbi_process_resident_memory_bytes "));
    assert!(resident.unwrap().parse::<u64>().unwrap() > 1 << 20);
    metrics.jwks_age(Some(Duration::from_secs(5)));
    assert!(metrics.render().lines().any(|line| line == "yingbi_jwks_age_seconds 5"));
}
