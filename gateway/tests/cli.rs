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
