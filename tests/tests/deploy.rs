//! What is shipped to start the gateway with: it parses, it is closed down as it says, and the scripts are sound.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use yingbi_tests::Scratch;

#[test]
fn the_sidecar_leaves_no_way_around_the_gateway() {
    let documents = yaml("deploy/kubernetes/sidecar.yaml");
    let of_kind = |kind: &str| documents.iter().find(|document| document["kind"] == kind).unwrap();
    let pod = &of_kind("StatefulSet")["spec"]["template"]["spec"];
    let containers = pod["containers"].as_array().unwrap();
    assert_eq!(containers.len(), 2);

    // The API listens on loopback, at the address the gateway asks.
    let config: Value =
        serde_saphyr::from_str(of_kind("ConfigMap")["data"]["yingbi.yaml"].as_str().unwrap()).unwrap();
    let upstream = config["upstream"]["address"].as_str().unwrap();
    assert!(upstream.starts_with("127.0.0.1:"));
    let api = containers.iter().find(|container| container["name"] == "api").unwrap();
    assert!(api["args"].as_array().unwrap().iter().any(|argument| argument == upstream));
    assert!(api.get("ports").is_none());

    // The network policy opens the gateway's ports and no other.
    let api_port: u64 = upstream.rsplit(':').next().unwrap().parse().unwrap();
    let ingress = of_kind("NetworkPolicy")["spec"]["ingress"].as_array().unwrap().clone();
    let open: Vec<u64> = ingress
        .iter()
        .flat_map(|rule| rule["ports"].as_array().unwrap())
        .filter_map(|port| port["port"].as_u64())
        .collect();
    assert!(!open.contains(&api_port) && open.len() == 2, "{open:?}");
    let admin = ingress.iter().find(|rule| rule["ports"][0]["port"] == 9180).unwrap();
    assert!(admin.get("from").is_some(), "the admin port is open to everybody");

    // Selectors meet the pods they are meant for.
    let labels = &of_kind("StatefulSet")["spec"]["template"]["metadata"]["labels"];
    assert_eq!(&of_kind("NetworkPolicy")["spec"]["podSelector"]["matchLabels"], labels);
    assert_eq!(&of_kind("Service")["spec"]["selector"], labels);

    // Every container is closed down.
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["automountServiceAccountToken"], false);
    for container in containers.iter().chain(pod["initContainers"].as_array().unwrap()) {
        let context = &container["securityContext"];
        assert_eq!(context["readOnlyRootFilesystem"], true, "{}", container["name"]);
        assert_eq!(context["allowPrivilegeEscalation"], false, "{}", container["name"]);
        assert_eq!(context["capabilities"]["drop"][0], "ALL", "{}", container["name"]);
    }

    // What is mounted exists.
    let mut volumes: Vec<&str> =
        pod["volumes"].as_array().unwrap().iter().filter_map(|volume| volume["name"].as_str()).collect();
    volumes.push(
        of_kind("StatefulSet")["spec"]["volumeClaimTemplates"][0]["metadata"]["name"].as_str().unwrap(),
    );
    for container in containers.iter().chain(pod["initContainers"].as_array().unwrap()) {
        for mount in container["volumeMounts"].as_array().into_iter().flatten() {
            assert!(volumes.contains(&mount["name"].as_str().unwrap()), "{mount}");
        }
    }
}

#[test]
fn the_example_configuration_starts() {
    let scratch = Scratch::new();
    std::fs::copy(root().join("deploy/yingbi.yaml"), scratch.path().join("yingbi.yaml")).unwrap();
    copy_policies(&scratch.path().join("policies"));
    let config = scratch.path().join("yingbi.yaml");

    assert_eq!(yingbi(&["run", "--check", "--config"], &config), (78, false), "without a key");
    assert_eq!(yingbi(&["keys", "init", "--config"], &config).0, 0);
    assert_eq!(yingbi(&["run", "--check", "--config"], &config), (0, true));

    std::fs::write(scratch.path().join("policies/broken.yaml"), "apiVersion: yingbi/v1\nkind: Polisy\n")
        .unwrap();
    assert_eq!(yingbi(&["run", "--check", "--config"], &config).0, 78, "with a broken policy");
}

#[test]
fn the_sidecars_configuration_starts() {
    let documents = yaml("deploy/kubernetes/sidecar.yaml");
    let scratch = Scratch::new();
    let directory = scratch.path();
    std::fs::create_dir(directory.join("policies")).unwrap();
    for (name, text) in documents.iter().filter_map(|document| document["data"].as_object()).flatten() {
        // The paths of the pod, here.
        let text = text.as_str().unwrap();
        let text = text.replace("/etc/yingbi/policies", "policies").replace("/var/lib/yingbi/data", "data");
        let text = text.replace("/var/run/yingbi/pseudonym.key", "pseudonym.key");
        let place =
            if name == "yingbi.yaml" { directory.join(name) } else { directory.join("policies").join(name) };
        std::fs::write(place, text).unwrap();
    }
    let config = directory.join("yingbi.yaml");
    assert_eq!(yingbi(&["keys", "init", "--config"], &config).0, 0);
    assert_eq!(yingbi(&["run", "--check", "--config"], &config), (0, true));
    assert_eq!(yingbi(&["policy", "check"], &directory.join("policies")).0, 0);
    assert_eq!(yingbi(&["policy", "test"], &directory.join("policies")).0, 0);
}

#[test]
fn the_demo_firms_policies_pass_their_own_tests() {
    let policies = root().join("deploy/policies");
    assert_eq!(yingbi(&["policy", "check"], &policies).0, 0);
    assert_eq!(yingbi(&["policy", "test"], &policies).0, 0);
}

/// Exit code, and whether anything was said on standard output.
#[expect(clippy::unwrap_used, reason = "without the program there is nothing to test")]
fn yingbi(arguments: &[&str], path: &Path) -> (i32, bool) {
    let output = Command::new(yingbi_tests::binary()).args(arguments).arg(path).output().unwrap();
    (output.status.code().unwrap(), !output.stdout.is_empty())
}

#[expect(clippy::unwrap_used, reason = "without policies there is nothing to test")]
fn copy_policies(to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(root().join("deploy/policies")).unwrap().flatten() {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn the_container_runs_as_nobody() {
    let text = read("deploy/Containerfile");
    let user = text.lines().rfind(|line| line.starts_with("USER ")).unwrap();
    assert_ne!(user.trim_start_matches("USER ").split(':').next(), Some("0"));
    assert!(text.contains("cargo build --release --locked"));
}

#[test]
fn systemd_accepts_the_unit() {
    let unit = read("deploy/yingbi.service");
    assert!(unit.contains("\nType=exec\n") && unit.contains("\nUser=yingbi\n"));
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        println!("systemd-analyze is not installed: the unit's syntax is not checked");
        return;
    }
    // The binary is not installed where the unit will find it; everything else is checked as it stands.
    let directory = std::env::temp_dir().join(format!("yingbi-unit-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("yingbi.service");
    std::fs::write(&file, unit.replace("/usr/bin/yingbi", "/bin/true")).unwrap();
    let output = Command::new("systemd-analyze").arg("verify").arg(&file).output().unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
}

#[test]
fn the_scripts_parse() {
    for script in ["deploy/demo", "tests/run", ".ci/run"] {
        let output = Command::new("bash").arg("-n").arg(root().join(script)).output().unwrap();
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_demo_refuses_what_it_does_not_know() {
    let output = Command::new(root().join("deploy/demo")).arg("--twice").output().unwrap();
    assert_eq!(output.status.code(), Some(64));
}

#[test]
fn every_route_of_the_demo_firm_has_a_rule_and_every_rule_a_test() {
    let rules = yaml("deploy/policies/rules.yaml");
    let tests = yaml("deploy/policies/tests.yaml");
    for rule in &rules {
        let id = rule["metadata"]["id"].as_str().unwrap();
        assert!(
            rule["metadata"]["clause"].as_array().is_some_and(|clauses| !clauses.is_empty()),
            "{id} names no clause"
        );
        assert!(tests.iter().any(|test| test["metadata"]["policy"] == id), "{id} has no test");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[expect(clippy::unwrap_used, reason = "a test of a file that is not there fails")]
fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

#[expect(clippy::unwrap_used, reason = "a file that does not parse fails its test")]
fn yaml(name: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&read(name)).unwrap()
}
