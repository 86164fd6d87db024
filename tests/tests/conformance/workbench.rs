//! A2, F14, F15: the workbench of whoever writes policies, through the binary: coverage, diff, replay of past accesses,
//! the reviewed matrix, and signed versions, which alone rule where signers are named.

use crate::FIRM;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};
use yingbi_tests::evidence::run;
use yingbi_tests::{Scratch, Stage, Who, canary};

const SCENE: &str = include_str!("../../../policies/scenes/investor-app/policies.yaml");
const ANNA: &str = "80001234";

fn exit(output: &Output) -> i32 {
    output.status.code().expect("it ended by itself")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn as_json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(output)))
}

fn policy(directory: &Path, arguments: &[&str]) -> Output {
    run(directory, &[&["policy"], arguments].concat())
}

/// A folder with two versions of the app's policies.
fn versions(from: &str, to: &str) -> Scratch {
    let scratch = Scratch::new();
    let after = SCENE.replacen(from, to, 1);
    assert!(from == to || after != SCENE, "{from} is not in the scene");
    scratch.write("before/app.yaml", SCENE);
    scratch.write("after/app.yaml", &after);
    scratch
}

#[test]
fn a2_a_diff_names_who_sees_what_otherwise() {
    let same = versions("", "");
    let output = policy(same.path(), &["diff", "before", "after", "--format", "json"]);
    assert_eq!((exit(&output), &as_json(&output)["same"]), (0, &json!(true)));

    let freer = versions(
        "  allow: {level: \"<=3\"}\n  treat: mask",
        "  allow: {level: \"<=3\"}\n  treat: {categories: {basic.gender: clear, wealth.position: drop}}",
    );
    let output = policy(freer.path(), &["diff", "before", "after", "--format", "json"]);
    let diff = as_json(&output);
    assert_eq!((exit(&output), &diff["same"]), (1, &json!(false)));
    let changes = diff["changes"].as_array().unwrap();
    assert!(
        changes.iter().all(|change| change["role"] == "teller" && change["path"] == "/customers/{id}"),
        "{diff}"
    );
    let of = |direction: &str| -> Vec<String> {
        let own = changes.iter().filter(|change| change["direction"] == direction);
        let kinds = own.flat_map(|change| change["kinds"].as_array().unwrap().clone());
        let mut ids: Vec<String> = kinds.map(|kind| kind["kind"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids.dedup();
        ids
    };
    // Others' level 3 has no ground for clear: the floor masks it, so only their own would be freer.
    assert_eq!(of("freer"), ["basic.gender"], "{diff}");
    assert_eq!(of("stricter"), ["wealth.position"]);
    let spoken = text(&policy(freer.path(), &["diff", "before", "after", "--lang", "zh"]));
    for word in ["GET app.internal/customers/{id}", "收紧", "wealth.position", "teller", "account-service"]
    {
        assert!(spoken.contains(word), "`{word}` is not in:\n{spoken}");
    }
    // A version that may not rule is compared with nothing.
    freer.write("after/app.yaml", "kind: [");
    assert_eq!(exit(&policy(freer.path(), &["diff", "before", "after"])), 78);
}

#[test]
fn a2_coverage_fails_where_a_rule_or_condition_is_not_exercised() {
    let scratch = versions("", "");
    let output = policy(scratch.path(), &["coverage", "before", "--format", "json"]);
    let coverage = as_json(&output);
    assert_eq!((exit(&output), &coverage["good"]), (0, &json!(true)), "{coverage}");
    assert_eq!(coverage["rules"].as_array().unwrap().len(), 3);

    // Without the case in which the caller stepped up, the condition is exercised by none.
    let (head, tail) = SCENE.split_once("    - name: 再次鉴别后看全").unwrap();
    let (_, tail) = tail.split_once("    - name: 他人信息一律不可").unwrap();
    scratch.write("before/app.yaml", &format!("{head}    - name: 他人信息一律不可{tail}"));
    let output = policy(scratch.path(), &["coverage", "before", "--format", "json"]);
    assert_eq!(exit(&output), 1);
    let checked = policy(scratch.path(), &["check", "before"]);
    assert!(exit(&checked) == 78 && text(&checked).contains("YB2310"), "{}", text(&checked));
    assert_eq!(exit(&policy(scratch.path(), &["test", "before"])), 0);
}

#[test]
fn a2_check_refuses_what_can_do_no_good() {
    const HEAD: &str = "apiVersion: yingbi/v1\nkind: Policy\nmetadata: {id: p, clause: [x]}\nspec: ";
    const TEST: &str = "---\napiVersion: yingbi/v1\nkind: PolicyTest\nmetadata: {id: t, policy: p}\nspec: {cases: [{name: n, request: {caller: {stepped_up: true}, route: GET h/a}, expect: {status: 200}}]}\n";
    let more = |id: &str, spec: &str| {
        format!(
            "---\napiVersion: yingbi/v1\nkind: Policy\nmetadata: {{id: {id}, clause: [x]}}\nspec: {spec}\n"
        )
    };
    let limit = |id: &str, at: u32| {
        format!(
            "---\napiVersion: yingbi/v1\nkind: Limit\nmetadata: {{id: {id}}}\nspec: {{distinct: investors, per: hour, at: {at}}}\n"
        )
    };
    let rule = "{match: {routes: [\"GET h/a\"]}, allow: {categories: [basic]}}";
    let cases = [
        ("YB0601", "untested", format!("{HEAD}{rule}\n")),
        (
            "YB0602",
            "never fires",
            format!(
                "{HEAD}{{match: {{routes: [\"GET h/a\"]}}, when: 'caller.zone == \"a\" && caller.zone == \"b\"', allow: {{categories: [basic]}}}}\n{TEST}"
            ),
        ),
        (
            "YB0603",
            "shadowed",
            format!(
                "{HEAD}{rule}\n{}{TEST}",
                more("q", "{match: {routes: [\"GET h/**\"]}, allow: {categories: [basic, contract]}}")
            ),
        ),
        (
            "YB2310",
            "a condition untested",
            format!(
                "{HEAD}{{match: {{routes: [\"GET h/a\"]}}, allow: {{categories: [basic]}}, treat: {{when: {{'caller.zone == \"x\"': drop}}}}}}\n{TEST}"
            ),
        ),
        (
            "YB2311",
            "conflicting",
            format!("{HEAD}{rule}\n{}{TEST}", more("q", "{deny: {categories: [basic, contract]}}")),
        ),
        (
            "YB0606",
            "expired",
            format!(
                "{HEAD}{rule}\n---\napiVersion: yingbi/v1\nkind: Exception\nmetadata: {{id: e}}\nspec: {{owner: o, reason: r, expires: 2026-01-02, policy: p, instead: {{treat: drop}}}}\n{TEST}"
            ),
        ),
        (
            "YB2312",
            "of no use",
            format!(
                "{HEAD}{rule}\n---\napiVersion: yingbi/v1\nkind: GrantTemplate\nmetadata: {{id: g}}\nspec: {{asked_by: [r], approved_by: [r], not: self, lasts: 1h}}\n---\napiVersion: yingbi/v1\nkind: Role\nmetadata: {{id: r}}\nspec: {{any: [{{api_token: {{id: r}}}}]}}\n{TEST}"
            ),
        ),
        (
            "YB2313",
            "a limit behind another",
            format!("{HEAD}{rule}\n{}{}{TEST}", limit("first", 5), limit("second", 9)),
        ),
        ("", "limits side by side", format!("{HEAD}{rule}\n{}{TEST}", limit("first", 5))),
        ("", "good", format!("{HEAD}{rule}\n{TEST}")),
    ];
    for (code, what, yaml) in cases {
        let scratch = Scratch::new();
        scratch.write("p/p.yaml", &yaml);
        let output = policy(scratch.path(), &["check", "p"]);
        assert_eq!(exit(&output), if code.is_empty() { 0 } else { 78 }, "{what}: {}", text(&output));
        assert!(text(&output).contains(code), "{what}: {}", text(&output));
    }
}

#[test]
fn a2_the_matrix_is_reviewed_as_a_diff() {
    let scratch = versions("  treat: mask", "  treat: drop");
    let ask = |set: &str, more: &[&str]| {
        policy(scratch.path(), &[&["matrix", set, "--golden", "golden.txt"], more].concat())
    };
    assert_eq!(exit(&ask("before", &[])), 64, "nothing was reviewed");
    assert_eq!(exit(&ask("before", &["--write"])), 0);
    assert_eq!((exit(&ask("before", &[])), text(&ask("before", &[]))), (0, String::new()));
    let golden = fs::read_to_string(scratch.path().join("golden.txt")).unwrap();
    for word in [
        "GET app.internal/customers/80001234",
        "teller for account-service",
        "unauthenticated",
        "investor, stepped up",
    ] {
        assert!(golden.contains(word), "`{word}` is not in:\n{golden}");
    }
    let output = ask("after", &[]);
    let lines = text(&output);
    assert_eq!(exit(&output), 1);
    assert!(lines.contains("\n-") && lines.contains("\n+") && lines.contains("dropped"), "{lines}");
    assert!(!lines.contains("app.internal/quotes"), "what is the same is not told: {lines}");
}

#[test]
fn a2_past_accesses_are_judged_by_a_version_before_it_rules() {
    let stage = Stage::with(FIRM, |setup| setup.caller("stranger"));
    stage.answers_json(
        &json!({"data": [{"client_id": ANNA, "client_name": canary::NAME, "mobile_tel": canary::MOBILE}]}),
    );
    for _ in 0..3 {
        assert_eq!(stage.get(Who::Token("teller"), "/customers").response.status, 200);
    }
    let refused = stage.get(Who::Token("stranger"), "/customers");
    assert_eq!(refused.response.status, 403);
    stage.record(&refused);
    let scratch = Scratch::new();
    let data = stage.gateway.data_dir().display().to_string();
    let replay = |policies: &str| {
        scratch.write("next/firm.yaml", policies);
        let output = policy(scratch.path(), &["replay", "next", "--data-dir", &data, "--format", "json"]);
        (exit(&output), as_json(&output))
    };
    let (status, found) = replay(FIRM);
    assert_eq!((status, &found["same"], &found["changed"]), (0, &json!(4), &json!(0)), "{found}");

    // Masks become gaps: three accesses would have been treated otherwise, and the refusal stays one.
    let dropping = FIRM.replacen(
        "  allow: {level: \"<=3\"}\n  treat: mask",
        "  allow: {level: \"<=3\"}\n  treat: drop",
        1,
    );
    let (status, found) = replay(&dropping);
    assert_eq!((status, &found["same"], &found["changed"]), (1, &json!(1), &json!(3)), "{found}");
    let changed =
        found["accesses"].as_array().unwrap().iter().find(|one| one["outcome"] == "changed").unwrap();
    assert_eq!((&changed["accesses"], &changed["roles"]), (&json!(3), &json!(["teller"])));
    assert!(changed["differences"].to_string().contains("basic: masked → dropped"), "{changed}");

    // Open to whoever has logged in: the refused one would have been let in.
    let (status, found) = replay(&FIRM.replacen(
        "roles: [teller], purposes: [account-service], ",
        "purposes: [account-service], ",
        1,
    ));
    assert_eq!((status, &found["changed"]), (1, &json!(1)), "{found}");
    let line = found["accesses"].to_string();
    assert!(line.contains("YB2001 → permit"), "{line}");

    // A version without the route, a log that is none, a time in which nothing was asked.
    let (status, found) =
        replay(&SCENE.replace("app.internal", "elsewhere.internal").replace("/customers", "/clients"));
    assert_eq!((status, &found["unknown_route"]), (1, &json!(4)), "{found}");
    assert_eq!(exit(&policy(scratch.path(), &["replay", "next", "--data-dir", "nowhere"])), 64);
    let later =
        policy(scratch.path(), &["replay", "next", "--data-dir", &data, "--from", "2099-01-01T00:00:00Z"]);
    assert_eq!(exit(&later), 0, "{}", text(&later));
    // Nothing of it names anybody.
    canary::assert_hidden("replay", found.to_string().as_bytes());
}

/// Makes a signer's key; the lines of `policy_signers` that name it.
fn signer(directory: &Path, key: &str) -> Vec<String> {
    let output = policy(directory, &["signer", key]);
    assert_eq!(exit(&output), 0, "{}", text(&output));
    text(&output).lines().map(str::to_owned).collect()
}

#[test]
fn p11_unsigned_policies_never_rule_where_signers_are_named() {
    let scratch = Scratch::new();
    let ours = signer(scratch.path(), "ours.key");
    let theirs = signer(scratch.path(), "theirs.key");
    assert_eq!((ours.len(), &ours), (2, &signer(scratch.path(), "ours.key")), "SM2 and Ed25519, made once");
    scratch.write("p/app.yaml", SCENE);
    let verify = |keys: &[String]| {
        let flags: Vec<&str> = keys.iter().flat_map(|key| ["--signer", key]).collect();
        let output =
            policy(scratch.path(), &[&["verify", "p", "--format", "json"], flags.as_slice()].concat());
        (exit(&output), as_json(&output)["diagnostics"][0]["code"].as_str().unwrap_or_default().to_owned())
    };
    let sign = |key: &str| exit(&policy(scratch.path(), &["sign", "p", "--key", key]));
    assert_eq!(verify(&ours), (78, "YB2301".to_owned()));
    assert_eq!(sign("theirs.key"), 0);
    assert_eq!(verify(&ours), (78, "YB2304".to_owned()));
    assert_eq!(verify(&theirs), (0, String::new()));
    assert_eq!(sign("ours.key"), 0);
    assert_eq!(verify(&ours), (0, String::new()));
    assert_eq!(verify(&ours[..1]), (0, String::new()));

    // One byte, one file more, one less, another name.
    scratch.write("p/app.yaml", &SCENE.replacen("level: 1", "level: 2", 1));
    assert_eq!(verify(&ours), (78, "YB2303".to_owned()), "a byte");
    scratch.write("p/app.yaml", SCENE);
    assert_eq!(verify(&ours).0, 0, "put back");
    scratch.write(
        "p/more.yaml",
        "apiVersion: yingbi/v1\nkind: Role\nmetadata: {id: x}\nspec: {any: [{authenticated: true}]}\n",
    );
    assert_eq!(verify(&ours), (78, "YB2303".to_owned()), "a file");
    fs::remove_file(scratch.path().join("p/more.yaml")).unwrap();
    fs::rename(scratch.path().join("p/app.yaml"), scratch.path().join("p/b.yaml")).unwrap();
    assert_eq!(verify(&ours), (78, "YB2303".to_owned()), "a name");

    // What check refuses is not signed; a key that others can read, or is none, signs nothing.
    scratch.write(
        "q/app.yaml",
        "apiVersion: yingbi/v1\nkind: Policy\nmetadata: {id: p, clause: [x]}\nspec: {allow: {level: 3}}\n",
    );
    assert_eq!(exit(&policy(scratch.path(), &["sign", "q", "--key", "ours.key"])), 78);
    scratch.write("none.key", "nonsense");
    let refused = policy(scratch.path(), &["sign", "p", "--key", "none.key"]);
    assert!(exit(&refused) == 64 && text(&refused).contains("YB1554"), "{}", text(&refused));
}

#[test]
fn p11_a_gateway_takes_up_signed_versions_only() {
    let scratch = Scratch::new();
    let keys = signer(scratch.path(), "ours.key");
    let config = format!("policy_signers: [\"{}\"]\n", keys.join("\", \""));
    scratch.write("p/test.yaml", FIRM);
    let signed = |policies: &str| -> String {
        scratch.write("p/test.yaml", policies);
        // The firm has no tests of its own: whoever signs in haste does it with the library, as here.
        let version = version_of(policies);
        let secret = fs::read_to_string(scratch.path().join("ours.key")).unwrap();
        let secret: [u8; 32] = yingbi_crypto::hex::decode(secret.trim()).unwrap();
        yingbi::policy_store::sign(&version, &yingbi_crypto::SigningKeys::from_secret(&secret).unwrap())
    };
    // Unsigned at the start: it does not start.
    let origin = yingbi_tests::Origin::start(|_| yingbi_tests::Answer::json(r#"{"data":[]}"#));
    let setup = || yingbi_tests::Gateway::of(&origin).policy(FIRM).caller("officer").config(&config);
    let jwks =
        "  jwt:\n    - {issuer: \"https://sso.test.internal\", audience: yingbi, jwks: {file: jwks.json}}\n";
    let provider = yingbi_sample_api::IdentityProvider::generate().unwrap();
    let setup = || setup().identity(jwks).file("jwks.json", &provider.jwks().to_string());
    let problem = setup().try_start().err().expect("refused");
    assert!(problem.contains("exit status: 78") && problem.contains("YB2301"), "{problem}");
    let wrong =
        setup().more_policy("policies.sig", &signed("kind: Role\n")).try_start().err().expect("refused");
    assert!(wrong.contains("exit status: 78") && wrong.contains("YB2303"), "{wrong}");

    let gateway = setup().more_policy("policies.sig", &signed(FIRM)).start();
    let ask = || {
        let mut client = yingbi_tests::Client::connect(gateway.address);
        client.send(&gateway.get("/customers"));
        client.response().status
    };
    assert_eq!(ask(), 200);
    // A version that nobody signed changes nothing, however long it lies there, and is told.
    let closed = FIRM.replacen(
        "roles: [teller], purposes: [account-service]",
        "roles: [officer], purposes: [account-service]",
        1,
    );
    gateway.write_policy("test.yaml", &closed);
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(ask(), 200);
    assert!(gateway.logs().contains("YB2303"), "{}", gateway.logs());
    // Its signature comes after it: it rules.
    gateway.write_policy("policies.sig", &signed(&closed));
    let begun = Instant::now();
    while ask() == 200 {
        assert!(begun.elapsed() < Duration::from_secs(20), "a signed version does not rule");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(ask(), 403);
}

/// The version of one file `test.yaml`.
fn version_of(text: &str) -> String {
    yingbi::policy_store::version(&[yingbi_policies::Source::new("test.yaml", text)])
}

#[test]
fn a2_every_example_of_the_how_to_runs() {
    for page in [include_str!("../../../policies/HOWTO.md"), include_str!("../../../policies/HOWTO.zh-CN.md")]
    {
        let blocks = |language: &str| -> Vec<&str> {
            let opening = format!("```{language}\n");
            page.split(opening.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
        };
        let stage = Stage::with(FIRM, |setup| setup);
        let scratch = Scratch::new();
        scratch.write("policies/branch.yaml", &blocks("yaml").join("---\n"));
        let data = stage.gateway.data_dir().display().to_string();
        let commands: Vec<&str> = blocks("sh").into_iter().flat_map(str::lines).collect();
        assert!(commands.len() > 8, "{commands:?}");
        for command in commands {
            let words = command.strip_prefix("yingbi ").unwrap_or_else(|| panic!("{command}"));
            let (words, name) = words.split_once('"').unwrap_or((words, ""));
            let mut arguments: Vec<&str> = words
                .split_whitespace()
                .map(|word| if word == "data" { data.as_str() } else { word })
                .collect();
            arguments.extend(Some(name.trim_end_matches('"')).filter(|name| !name.is_empty()));
            let output = run(scratch.path(), &arguments);
            assert_eq!(exit(&output), 0, "{command}: {}", text(&output));
        }
    }
}
