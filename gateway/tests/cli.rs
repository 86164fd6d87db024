//! The binary as its users meet it: exit codes, what is printed where, what is never overwritten.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use serde_json::Value;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A directory of its own for one test; removed when dropped.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let dir = std::env::temp_dir().join(format!("yingbi-cli-{name}-{}", std::process::id()));
        fs::create_dir_all(dir.join("policies")).unwrap();
        let place = Place(dir);
        place.write(
            "yingbi.yaml",
            "listen: [{address: '127.0.0.1:8443'}]\nupstream: {address: '127.0.0.1:8080'}\n\
             policy_dir: policies\ndata_dir: data\nkeys: {pseudonym: pseudonym.key}\n",
        );
        place
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    fn yingbi(&self, args: &[&str]) -> Output {
        self.fed(args, "")
    }

    fn fed(&self, args: &[&str], input: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yingbi"));
        command.args(args).current_dir(&self.0).env("LC_ALL", "C");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that refuses its arguments ends without reading.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn usage_is_64_and_help_is_good() {
    let place = Place::new("usage");
    for args in
        [&[][..], &["fly"], &["run"], &["run", "--config"], &["scan", "--nonsense"], &["token", "new"]]
    {
        assert_eq!(code(&place.yingbi(args)), 64, "{args:?}");
    }
    for args in [&["--help"][..], &["run", "--help"], &["--version"], &["version"]] {
        let output = place.yingbi(args);
        assert_eq!((code(&output), output.stdout.is_empty()), (0, false), "{args:?}");
    }
    let version: Value =
        serde_json::from_str(&stdout(&place.yingbi(&["version", "--format", "json"]))).unwrap();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_bad_configuration_is_78_with_its_place() {
    let place = Place::new("bad");
    place.write(
        "bad.yaml",
        "listen: []\nupstream: {address: x}\npolicy_dir: p\ndata_dir: d\nkeys: {pseudonym: k}\n",
    );
    let output = place.yingbi(&["run", "--config", "bad.yaml", "--check"]);
    assert_eq!(code(&output), 78);
    let said = stderr(&output);
    assert!(
        said.contains("bad.yaml:1:9: error[YB0004]") && said.contains("bad.yaml:2:21: error[YB0010]"),
        "{said}"
    );
    let output = place.yingbi(&["run", "--config", "bad.yaml", "--check", "--format", "json"]);
    let first: Value = serde_json::from_str(stdout(&output).lines().next().unwrap()).unwrap();
    assert_eq!((first["code"].as_str(), first["line"].as_u64()), (Some("YB0004"), Some(1)));
    assert_eq!(code(&place.yingbi(&["run", "--config", "absent.yaml"])), 78);
}

#[test]
fn bad_policies_are_78_and_nothing_runs_by_them() {
    let place = Place::new("policy");
    assert_eq!(code(&place.yingbi(&["keys", "init", "--config", "yingbi.yaml"])), 0);
    place.write("policies/firm.yaml", "apiVersion: yingbi/v1\nkind: Rolle\nmetadata: {id: x}\nspec: {}\n");
    for args in [&["policy", "check", "policies"][..], &["run", "--config", "yingbi.yaml", "--check"]] {
        let output = place.yingbi(args);
        assert_eq!(code(&output), 78, "{args:?}");
        let said = stdout(&output) + &stderr(&output);
        assert!(said.contains("firm.yaml") && said.contains("YB0107"), "{args:?}: {said}");
    }
    assert_eq!(code(&place.yingbi(&["policy", "fly"])), 64);
    let output = place.yingbi(&["run", "--config", "yingbi.yaml"]);
    assert_eq!(code(&output), 78, "and nothing listens");
}

#[test]
fn editors_get_the_schema_of_policies() {
    let output = Place::new("schema").yingbi(&["policy", "schema"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let schema: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let kinds = schema["properties"]["kind"]["enum"].as_array().unwrap();
    assert!(kinds.len() >= 8 && schema["allOf"].as_array().unwrap().len() == kinds.len());
}

#[test]
fn the_pseudonym_key_is_made_once() {
    let place = Place::new("keys");
    let init = ["keys", "init", "--config", "yingbi.yaml"];
    assert_eq!(code(&place.yingbi(&["run", "--config", "yingbi.yaml", "--check"])), 78, "no key yet");
    let output = place.yingbi(&init);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let file = place.0.join("pseudonym.key");
    let key = fs::read_to_string(&file).unwrap();
    assert_eq!(key.trim().len(), 64);
    assert!(key.trim().bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!stdout(&output).contains(key.trim()) && !stderr(&output).contains(key.trim()));

    assert_eq!(code(&place.yingbi(&init)), 0, "there and good");
    assert_eq!(fs::read_to_string(&file).unwrap(), key, "never overwritten");

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(code(&place.yingbi(&init)), 78, "readable by the world");
    assert_eq!(fs::read_to_string(&file).unwrap(), key);
}

#[test]
fn a_token_is_shown_once_and_its_line_is_configuration() {
    let place = Place::new("token");
    assert_eq!(code(&place.yingbi(&["keys", "init", "--config", "yingbi.yaml"])), 0);
    let output = place.yingbi(&["token", "new", "--id", "robot: \"1\"", "--subject", "80001234"]);
    let text = stdout(&output);
    let (token, line) = text.trim_end().split_once('\n').unwrap();
    assert!(token.starts_with("yb_") && token.len() == 46, "{token}");
    assert!(!line.contains(token));
    let hash = place.fed(&["token", "hash"], &format!("{token}\n"));
    assert!(line.contains(stdout(&hash).trim()), "{line}");
    assert_ne!(text, stdout(&place.yingbi(&["token", "new", "--id", "robot: \"1\""])));

    let config = fs::read_to_string(place.0.join("yingbi.yaml")).unwrap();
    place.write("yingbi.yaml", &format!("{config}identity:\n  api_tokens:\n    {line}\n"));
    let output = place.yingbi(&["keys", "init", "--config", "yingbi.yaml"]);
    assert_eq!(code(&output), 0, "the line parses: {}", stderr(&output));

    let machine: Value =
        serde_json::from_str(&stdout(&place.yingbi(&["token", "new", "--id", "a", "--format", "json"])))
            .unwrap();
    assert!(machine["token"].as_str().unwrap().starts_with("yb_"));
    assert!(machine["hash"].as_str().unwrap().starts_with("sm3:"));
    assert_eq!(code(&place.fed(&["token", "hash"], "")), 64);
}

#[test]
fn t1_redaction_masks_from_the_level_up() {
    let place = Place::new("redact");
    let body = r#"{"client_name":"张三丰","mobile_tel":"13800138000","trans_pwd":"135790", "count": 100.10}"#;
    let redact = |level: &str| {
        let args = ["scan", "--content-type", "application/json", "--redact-level", level];
        let output = place.fed(&args, body);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        stdout(&output)
    };
    for level in ["1", "2", "3"] {
        let redacted = redact(level);
        for hidden in ["三丰", "13800138000", "135790"] {
            assert!(!redacted.contains(hidden), "level {level}: {redacted}");
        }
        assert!(redacted.contains("138****8000") && redacted.contains(r#""count": 100.10}"#), "{redacted}");
    }
    let redacted = redact("4");
    assert!(redacted.contains("张三丰") && redacted.contains("13800138000"), "{redacted}");
    assert!(!redacted.contains("135790"), "{redacted}");
    for level in ["0", "5", "x"] {
        assert_eq!(code(&place.fed(&["scan", "--redact-level", level], body)), 64);
    }

    let findings = place.fed(&["scan", "--content-type", "application/json"], body);
    let first: Value = serde_json::from_str(stdout(&findings).lines().next().unwrap()).unwrap();
    assert_eq!((first["path"].as_str(), first["category"].as_str()), (Some("/client_name"), Some("basic")));
    assert_eq!((first["level"].as_u64(), first["sensitive"].as_bool()), (Some(3), Some(false)));
    assert!(!stdout(&findings).contains("13800138000"), "findings hold no value");
}

#[test]
fn scan_reads_xml_csv_and_forms_by_their_structure() {
    let place = Place::new("scan-formats");
    let cases = [
        ("application/xml", "<c><mobileTel>13800138000</mobileTel></c>", "/c/mobileTel", [14, 25]),
        ("application/soap+xml; charset=utf-8", "<c tradePwd='abc'/>", "/c/@tradePwd", [13, 16]),
        ("text/csv", "x,交易密码\n1,abc\n", "/0/交易密码", [17, 20]),
        ("text/tab-separated-values", "x\ttrade_pwd\n1\tabc\n", "/0/trade_pwd", [14, 17]),
        ("application/x-www-form-urlencoded", "trade_pwd=abc&x=1", "/trade_pwd", [10, 13]),
    ];
    for (content_type, body, path, span) in cases {
        let findings = place.fed(&["scan", "--content-type", content_type], body);
        assert_eq!(code(&findings), 0, "{}", stderr(&findings));
        let found = stdout(&findings);
        let first: Value = serde_json::from_str(found.lines().next().expect(content_type)).unwrap();
        assert_eq!(
            (first["path"].as_str(), &first["span"]),
            (Some(path), &serde_json::json!(span)),
            "{found}"
        );
        let redacted =
            stdout(&place.fed(&["scan", "--redact-level", "3", "--content-type", content_type], body));
        assert!(!redacted.contains("abc") && !redacted.contains("13800138000"), "{redacted}");
    }
    for body in ["<!DOCTYPE c [<!ENTITY m '1'>]><c>&m;</c>", "<?xml version='1.0' encoding='GBK'?><c/>"] {
        let refused = place.fed(&["scan", "--content-type", "text/xml"], body);
        assert_eq!((code(&refused), stdout(&refused).as_str()), (1, ""), "{body}");
    }
}

#[test]
fn scan_reads_files_input_and_batches() {
    let place = Place::new("scan");
    place.write("plain.json", r#"{"count":1}"#);
    let output = place.yingbi(&["scan", "plain.json", "--content-type", "application/json"]);
    assert_eq!((code(&output), stdout(&output).as_str()), (0, ""), "{}", stderr(&output));
    let output = place.fed(&["scan", "-"], "nothing personal");
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert_eq!(code(&place.yingbi(&["scan", "absent.json"])), 64);
    assert_eq!(code(&place.fed(&["scan", "--content-type", "image/png"], "x")), 64);
    assert_eq!(code(&place.fed(&["scan", "--content-type", "text/plain; charset=gb18030"], "x")), 64);

    let jobs = "{\"id\":1,\"content_type\":\"application/json\",\"body_b64\":\"e30=\"}\n\n\
                {\"id\":\"b\",\"content_type\":\"image/png\",\"body_b64\":\"e30=\"}\n\
                {\"id\":\"c\",\"content_type\":\"text/plain\",\"body_b64\":\"***\"}\nnonsense\n";
    let output = place.fed(&["scan", "--batch"], jobs);
    assert_eq!(code(&output), 1, "some could not be inspected");
    let done: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(done.len(), 4);
    assert_eq!((done[0]["id"].as_u64(), done[0]["body_b64"].as_str()), (Some(1), Some("e30=")));
    assert_eq!(done[0]["findings"], serde_json::json!([]));
    for (line, id) in done[1..].iter().zip([Value::from("b"), Value::from("c"), Value::Null]) {
        assert!(line["error"].is_string() && line["id"] == id, "{line}");
    }
}

/// A firm with a classifier of its own, an investor who sees their own data, and tellers who see masks.
const TREATING: &str = r#"
apiVersion: yingbi/v1
kind: Classifier
metadata: {id: house-account, title: 自有账号}
spec: {category: account.opening.fund-account, patterns: ['QX\d{8}'], tests: [{value: 账号QX12345678}]}
---
apiVersion: yingbi/v1
kind: Role
metadata: {id: teller, title: 柜员}
spec: {any: [{jwt: {issuer: "https://sso.internal", claim: groups, contains: teller}}]}
---
apiVersion: yingbi/v1
kind: Purpose
metadata: {id: service, title: 服务, clause: ["T/TSAC001:8.1.a"]}
spec: {basis: contract}
---
apiVersion: yingbi/v1
kind: Binding
metadata: {id: customers}
spec:
  route: {host: crm.internal, method: GET, path: "/customers/{id}"}
  purpose: {header: true, default: service}
  records: $.data[*]
  subject: $.client_id
  fields: [{path: $.tier, category: derived}]
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: tellers, title: 柜员只见脱敏信息, clause: ["T/TSAC001:8.4.4.a"]}
spec: {match: {roles: [teller], routes: ["crm.internal/customers/*"]}, allow: {level: "<=3"}, treat: mask}
---
apiVersion: yingbi/v1
kind: Policy
metadata: {id: own-data, title: 本人经再次鉴别可看全, clause: ["T/TSAC001:8.4.4.c"]}
spec:
  match: {routes: ["crm.internal/customers/*"]}
  when: subject == caller.subject
  allow: {level: "<=3"}
  treat: {default: mask, when: {caller.stepped_up: clear}}
"#;

const ANSWER: &str = r#"{"data":[{"client_id":"80001234","mobile_tel":"13800138000","tier":"甲","x":"QX12345678","trans_pwd":"135790"}]}"#;

fn treat(place: &Place, more: &[&str], input: &str) -> Output {
    let args = ["scan", "--content-type", "application/json", "--treat", "policies"];
    let route = ["--route", "GET crm.internal/customers/1"];
    place.fed(&[&args[..], &route, more].concat(), input)
}

#[test]
fn c8_a_body_is_treated_as_policies_let_a_caller_see_it() {
    let place = Place::new("treat");
    place.write("policies/firm.yaml", TREATING);
    let masked = r#"{"data":[{"client_id":"****1234","mobile_tel":"138****8000","tier":"********","x":"******5678","trans_pwd":"********"}]}"#;
    let own = r#"{"data":[{"client_id":"80001234","mobile_tel":"13800138000","tier":"甲","x":"QX12345678","trans_pwd":"********"}]}"#;
    let claims = r#"{"claims":{"iss":"https://sso.internal","sub":"u7","groups":["teller"]}}"#;
    for (caller, expect) in [
        (&["--caller", "role=teller"][..], masked),
        (&["--caller", r#"{"roles":["teller"],"id":"u1"}"#], masked),
        (&["--caller", claims], masked),
        (&["--caller", "role=teller", "--purpose", "service"], masked),
        (&["--caller", "subject=80001234,stepped-up"], own),
        (&["--caller", "subject=80001234", "--caller", "stepped-up"], own),
    ] {
        let output = treat(&place, caller, ANSWER);
        assert_eq!((code(&output), stdout(&output).as_str()), (0, expect), "{caller:?} {}", stderr(&output));
    }
    // Another investor's rule does not hold for this record: masked, though they stepped up.
    let other = treat(&place, &["--caller", "subject=80009999,role=teller,stepped-up"], ANSWER);
    assert_eq!(stdout(&other), masked);

    let told = treat(&place, &["--caller", "role=teller", "--format", "json"], ANSWER);
    let told: Value = serde_json::from_str(&stdout(&told)).unwrap();
    assert_eq!((&told["status"], &told["route"]), (&200.into(), &"/customers/{id}".into()));
    assert_eq!(told["rules"], serde_json::json!(["tellers"]));
    let summary = &told["summary"];
    assert_eq!((&summary["subjects"], &summary["masked"]["credential.account"]), (&1.into(), &1.into()));
    assert!(summary["shown"].as_object().unwrap().is_empty(), "{summary}");
}

#[test]
fn a1_what_policies_refuse_is_not_printed() {
    let place = Place::new("treat-refused");
    place.write("policies/firm.yaml", TREATING);
    for (caller, expect) in [
        (&[][..], "YB2005"),
        (&["--caller", "unauthenticated"], "YB2005"),
        (&["--caller", "role=nobody"], "YB2001"),
        (&["--caller", "role=teller", "--purpose", "fun"], "YB2002"),
    ] {
        let output = treat(&place, caller, ANSWER);
        assert_eq!((code(&output), stdout(&output).as_str()), (2, ""), "{caller:?}");
        let said = stderr(&output);
        assert!(said.contains(expect) && said.contains("help: "), "{caller:?}: {said}");
        let output = treat(&place, &[caller, &["--format", "json"]].concat(), ANSWER);
        let told: Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!(told["code"], expect);
        assert!(told["help"]["zh"].is_string() && !stdout(&output).contains("13800138000"));
    }
    for wrong in [
        &["--caller", "13800138000"][..],
        &["--route", "GET crm.internal/a/../b"],
        &["--redact-level", "3"],
        &["--policy", "policies"],
        &["--date", "2026-02-30"],
    ] {
        let output = treat(&place, wrong, ANSWER);
        assert_eq!(code(&output), 64, "{wrong:?}: {}", stdout(&output));
    }
    assert_eq!(code(&place.fed(&["scan", "--treat", "policies"], "")), 64, "a route is needed");
    assert_eq!(code(&place.fed(&["scan", "--caller", "role=teller"], "")), 64, "and policies");

    place.write("policies/firm.yaml", "kind: [");
    let output = treat(&place, &["--caller", "role=teller"], ANSWER);
    assert_eq!((code(&output), stdout(&output).as_str()), (78, ""));
    assert!(stderr(&output).contains("firm.yaml:1:"), "{}", stderr(&output));
}

#[test]
fn what_cant_be_read_is_told_by_code_and_place() {
    let place = Place::new("treat-unreadable");
    place.write("policies/firm.yaml", TREATING);
    let output = treat(&place, &["--caller", "role=teller"], "{\n\"mobile_tel\":13800138000;}");
    assert_eq!((code(&output), stdout(&output).as_str()), (1, ""));
    let said = stderr(&output);
    assert!(said.starts_with("-:2:25: error[YB4104]: ") && said.contains("help: "), "{said}");
    let output = place.fed(&["scan", "--content-type", "application/json", "--format", "json"], "{\"a\":1,}");
    let told: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((&told["code"], &told["column"]), (&"YB4104".into(), &8.into()), "{told}");

    // As the gateway does, in the charset of old systems; what it would not read is not treated.
    let gbk: Vec<u8> = [&b"{\"x\":\"QX12345678\",\"y\":\""[..], &[0xd5, 0xc5], b"\"}"].concat();
    fs::write(place.0.join("gbk.json"), gbk).unwrap();
    let access =
        ["--treat", "policies", "--route", "GET crm.internal/customers/1", "--caller", "role=teller"];
    let of_type = |content_type: &str| {
        place.yingbi(&[&["scan", "gbk.json", "--content-type", content_type], &access[..]].concat())
    };
    let output = of_type("application/json; charset=GBK");
    assert_eq!((code(&output), output.stdout.ends_with(b"\xd5\xc5\"}")), (0, true), "{}", stderr(&output));
    assert!(!output.stdout.windows(8).any(|part| part == b"12345678"));
    assert_eq!(code(&of_type("application/json")), 1);
    assert_eq!(code(&of_type("text/rtf")), 64);
}

#[test]
fn c1_batches_find_and_treat_by_a_firms_own_classifiers() {
    let place = Place::new("treat-batch");
    place.write("policies/firm.yaml", TREATING);
    let job = |id: &str, content_type: &str, body: &str| {
        let body_b64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, body);
        serde_json::json!({"id": id, "content_type": content_type, "body_b64": body_b64}).to_string() + "\n"
    };
    let jobs = [
        job("a", "application/json", ANSWER),
        job("b", "text/plain", "转入QX12345678"),
        job("c", "application/json", "{"),
    ];
    let access = ["--route", "GET crm.internal/customers/1", "--caller", "role=teller"];
    let run = |more: &[&str]| {
        let output = place.fed(&[&["scan", "--batch"], more].concat(), &jobs.concat());
        assert_eq!(code(&output), 1, "one of them is broken");
        stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    let body = |done: &Value| {
        let decoded = base64::Engine::decode(
            &base64::engine::general_purpose::STANDARD,
            done["body_b64"].as_str().unwrap(),
        );
        String::from_utf8(decoded.unwrap()).unwrap()
    };
    let kinds = |done: &Value| -> Vec<String> {
        let findings = done["findings"].as_array().unwrap().iter();
        findings.map(|finding| finding["kind"].as_str().unwrap().to_owned()).collect()
    };
    let house = "account.opening.fund-account".to_owned();
    let done = run(&[&["--treat", "policies"], &access[..]].concat());
    assert!(body(&done[0]).contains("138****8000") && body(&done[0]).contains("\"tier\":\"********\""));
    assert_eq!(body(&done[1]), "转入******5678");
    assert_eq!(done[1]["summary"]["masked"]["account.opening"], 1);
    assert_eq!((&done[2]["code"], &done[2]["at"]), (&"YB4104".into(), &1.into()), "{}", done[2]);
    assert!(done[2].get("body_b64").is_none());

    let done = run(&["--policy", "policies"]);
    assert!(kinds(&done[0]).contains(&house) && kinds(&done[1]) == [house.clone()], "{done:?}");
    assert_eq!(body(&done[0]), ANSWER, "nothing was asked to be treated");
    let done = run(&["--policy", "policies", "--redact-level", "3"]);
    assert_eq!(body(&done[1]), "转入******5678");
    assert_eq!(kinds(&run(&[])[1]), Vec::<String>::new(), "the shipped classifiers don't know it");
    assert_eq!(code(&place.fed(&["scan", "--policy", "absent"], "")), 78);
}
