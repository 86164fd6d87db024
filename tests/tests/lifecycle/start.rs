//! Nothing listens before configuration, policies and keys are good.

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use yingbi_tests::{Scratch, binary};

const POLICY: &str = "apiVersion: yingbi/v1\nkind: Role\nmetadata: {id: teller}\nspec: {any: [{api_token: {id: teller}}]}\n---\napiVersion: yingbi/v1\nkind: Policy\nmetadata: {id: masked, title: 脱敏, clause: [\"T/TSAC001:7.5.a\"]}\nspec:\n  match: {roles: [teller], routes: [\"*/**\"]}\n  allow: {level: \"<=3\"}\n  treat: mask\n";

struct Attempt {
    code: Option<i32>,
    said: String,
    listened: bool,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn config(data: u16, admin: u16) -> String {
    format!(
        "listen:\n  - address: 127.0.0.1:{data}\nupstream:\n  address: 127.0.0.1:9\nadmin:\n  listen: 127.0.0.1:{admin}\npolicy_dir: policies\ndata_dir: data\nkeys:\n  pseudonym: pseudonym.key\n"
    )
}

fn good(scratch: &Scratch, data: u16, admin: u16) {
    scratch.write("yingbi.yaml", &config(data, admin));
    scratch.write("policies/test.yaml", POLICY);
    scratch.write_secret("pseudonym.key", &"5a".repeat(32));
}

/// Runs the binary until it ends, or for so long; whether its port ever listened.
fn attempt(scratch: &Scratch, port: u16) -> Attempt {
    let mut child = Command::new(binary())
        .args(["run", "--config", "yingbi.yaml"])
        .current_dir(scratch.path())
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut listened = false;
    while child.try_wait().unwrap().is_none() && Instant::now() < deadline && !listened {
        listened = TcpStream::connect(("127.0.0.1", port)).is_ok();
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let output = child.wait_with_output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    Attempt { code: output.status.code(), said, listened }
}

#[test]
fn f15_the_control_starts() {
    let (scratch, data, admin) = (Scratch::new(), free_port(), free_port());
    good(&scratch, data, admin);
    let attempt = attempt(&scratch, data);
    assert!(attempt.listened, "{}", attempt.said);
}

#[test]
fn f15_what_is_wrong_ends_with_78_its_place_and_help_and_nothing_listens() {
    type Spoil = Box<dyn Fn(&Scratch, u16, u16)>;
    let config_with = |from: &'static str, to: &'static str| -> Spoil {
        Box::new(move |scratch, data, admin| {
            let text = config(data, admin);
            assert!(text.contains(from));
            scratch.write("yingbi.yaml", &text.replace(from, to));
        })
    };
    let policy_with = |from: &'static str, to: &'static str| -> Spoil {
        Box::new(move |scratch, _, _| {
            assert!(POLICY.contains(from));
            scratch.write("policies/test.yaml", &POLICY.replace(from, to));
        })
    };
    // What is said must name this place (a file with line and column, where it has some) and this code.
    let cases: Vec<(&str, &str, &str, Spoil)> = vec![
        ("unknown key", "yingbi.yaml:6:", "YB0003", config_with("listen: 127", "lissten: 127")),
        ("missing key", "yingbi.yaml:", "YB0004", config_with("policy_dir: policies\n", "")),
        (
            "a key twice",
            "yingbi.yaml:",
            "YB0006",
            config_with("data_dir: data\n", "data_dir: data\ndata_dir: other\n"),
        ),
        ("no YAML", "yingbi.yaml:", "YB00", config_with("upstream:\n", "upstream: [\n")),
        (
            "an address that is none",
            "yingbi.yaml:2:",
            "YB00",
            config_with("address: 127.0.0.1:", "address: nowhere:"),
        ),
        (
            "administration open to the world",
            "yingbi.yaml:6:",
            "YB00",
            config_with("listen: 127.0.0.1:", "listen: 0.0.0.0:"),
        ),
        (
            "a limit with its unit",
            "yingbi.yaml:11:",
            "YB0005",
            config_with("pseudonym.key\n", "pseudonym.key\nlimits: {head_bytes: 32k}\n"),
        ),
        (
            "no policy directory",
            "yingbi.yaml",
            "YB00",
            config_with("policy_dir: policies", "policy_dir: nowhere"),
        ),
        (
            "no key file",
            "yingbi.yaml",
            "YB00",
            config_with("pseudonym: pseudonym.key", "pseudonym: nowhere.key"),
        ),
        ("policy: unknown key", "test.yaml:12:", "YB0102", policy_with("treat: mask", "treet: mask")),
        (
            "policy: unknown role",
            "test.yaml:10:",
            "YB0205",
            policy_with("roles: [teller]", "roles: [tailor]"),
        ),
        ("policy: no YAML", "test.yaml:", "YB0101", policy_with("spec:\n", "spec: [\n")),
        (
            "policy: level 4 in clear",
            "test.yaml:",
            "YB0501",
            policy_with("\"<=3\"}\n  treat: mask", "\"<=4\"}\n  treat: clear"),
        ),
        (
            "policy: another version",
            "test.yaml:",
            "YB0106",
            policy_with("apiVersion: yingbi/v1\nkind: Policy", "apiVersion: yingbi/v9\nkind: Policy"),
        ),
        (
            "empty policy directory",
            "policies",
            "YB01",
            Box::new(|scratch, _, _| {
                std::fs::remove_file(scratch.path().join("policies/test.yaml")).unwrap()
            }),
        ),
        (
            "a key of the wrong length",
            "yingbi.yaml:10:14:",
            "YB0013",
            Box::new(|scratch, _, _| drop(scratch.write_secret("pseudonym.key", "5a5a"))),
        ),
        (
            "a key that is no hex",
            "yingbi.yaml:10:14:",
            "YB0013",
            Box::new(|scratch, _, _| drop(scratch.write_secret("pseudonym.key", &"zz".repeat(32)))),
        ),
        (
            "a key others may read",
            "yingbi.yaml:10:14:",
            "YB0012",
            Box::new(|scratch, _, _| {
                std::fs::set_permissions(
                    scratch.path().join("pseudonym.key"),
                    std::fs::Permissions::from_mode(0o644),
                )
                .unwrap();
            }),
        ),
    ];
    let mut wrong = Vec::new();
    for (name, place, code, spoil) in cases {
        let (scratch, data, admin) = (Scratch::new(), free_port(), free_port());
        good(&scratch, data, admin);
        spoil(&scratch, data, admin);
        let Attempt { code: exit, said, listened } = attempt(&scratch, data);
        let helps = said.contains("help:");
        if exit != Some(78) || listened || !said.contains(place) || !said.contains(code) || !helps {
            wrong.push(format!(
                "{name}: exit {exit:?}, listened {listened}, expected `{place}` and `{code}`:\n{said}"
            ));
        }
        if said.contains(&"5a".repeat(8)) || said.contains("panicked") {
            wrong.push(format!("{name}: says too much:\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let scratch = Scratch::new();
    assert_eq!(attempt(&scratch, free_port()).code, Some(78), "no configuration at all");
}

#[test]
fn f15_a_port_in_use_ends_the_process() {
    for taken_is_data in [true, false] {
        let (scratch, data, admin) = (Scratch::new(), free_port(), free_port());
        good(&scratch, data, admin);
        let taken = TcpListener::bind(("127.0.0.1", if taken_is_data { data } else { admin })).unwrap();
        let probe = if taken_is_data { admin } else { data };
        let Attempt { code, said, listened } = attempt(&scratch, probe);
        assert!(code.is_some_and(|code| code != 0) && !listened, "{code:?} {listened} {said}");
        assert!(said.to_lowercase().contains("in use"), "{said}");
        drop(taken);
    }
}

#[test]
fn f15_a_log_in_use_by_another_is_not_shared() {
    let (scratch, data, admin) = (Scratch::new(), free_port(), free_port());
    good(&scratch, data, admin);
    let mut first = Command::new(binary())
        .args(["run", "--config", "yingbi.yaml"])
        .current_dir(scratch.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(("127.0.0.1", data)).is_err() {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
    let (other, other_admin) = (free_port(), free_port());
    scratch.write("yingbi.yaml", &config(other, other_admin));
    let Attempt { code, listened, said } = attempt(&scratch, other);
    let _ = first.kill();
    let _ = first.wait();
    assert!(code.is_some_and(|code| code != 0) && !listened, "{code:?} {said}");
}
