use super::watch::Seen;
use super::*;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use yingbi_policies::{CODES, Caller, Decision, Request, Source};

/// A directory of its own for one test, removed at its end.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Directory {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("yingbi-policy-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn policy(id: &str) -> String {
    format!(
        "apiVersion: yingbi/v1\nkind: Policy\nmetadata: {{id: {id}}}\nspec:\n  match: {{routes: [\"h/{id}\"]}}\n  allow: {{level: \"<=3\"}}\n"
    )
}

fn permits(store: &PolicyStore, path: &str) -> bool {
    let caller = Caller { id: "u".into(), authenticated: true, ..Caller::default() };
    let request =
        Request { method: "GET", host: "h", path, purpose: None, today: yingbi_policies::Day::default() };
    matches!(store.current().decide_caller(&caller, &request), Decision::Permit(_))
}

fn refused(result: Result<PolicyStore, Problems>, code: &str) {
    let problems = result.unwrap_err();
    assert!(problems.iter().any(|(problem, _)| problem.code == code), "{problems:?}");
    assert!(CODES.iter().any(|row| row.code == code));
}

#[test]
fn a_directory_without_good_policies_never_opens() {
    refused(PolicyStore::open(std::path::Path::new("/nonexistent/policies")), "YB0109");
    let empty = Directory::new();
    refused(PolicyStore::open(&empty.0), "YB0109");
    empty.write("a.yaml", "kind: [");
    refused(PolicyStore::open(&empty.0), "YB0101");
    empty.write("a.yaml", &policy("a"));
    fs::write(empty.0.join("b.yaml"), b"\xff\xfe").unwrap();
    refused(PolicyStore::open(&empty.0), "YB0109");
}

#[test]
fn links_are_followed_inside_only() {
    let (inside, outside) = (Directory::new(), Directory::new());
    inside.write("..data/a.yaml", &policy("a"));
    std::os::unix::fs::symlink("..data/a.yaml", inside.0.join("a.yaml")).unwrap();
    assert!(permits(&PolicyStore::open(&inside.0).unwrap(), "/a"));
    outside.write("b.yaml", &policy("b"));
    std::os::unix::fs::symlink(outside.0.join("b.yaml"), inside.0.join("b.yaml")).unwrap();
    refused(PolicyStore::open(&inside.0), "YB0109");
}

#[test]
fn a_version_names_names_and_contents() {
    let sources = |pairs: &[(&str, &str)]| -> Vec<Source> {
        pairs.iter().map(|(name, text)| Source::new(*name, *text)).collect()
    };
    let version_of = |pairs: &[(&str, &str)]| version(&sources(pairs));
    let base = version_of(&[("a", "1"), ("b", "2")]);
    assert_eq!(base.len(), 64);
    assert_eq!(base, version_of(&[("b", "2"), ("a", "1")]));
    for other in [&[("a", "1"), ("b", "3")], &[("a", "1"), ("c", "2")], &[("a", "1b"), ("", "2")]] {
        assert_ne!(base, version_of(other));
    }
}

#[test]
fn a_reload_is_whole_or_not_at_all() {
    let directory = Directory::new();
    directory.write("a.yaml", &policy("a"));
    let store = PolicyStore::open(&directory.0).unwrap();
    let before = store.current();
    directory.write("a.yaml", &policy("b"));
    directory.write("bad.yaml", "apiVersion: yingbi/v1\nkind: Limit\nmetadata: {id: x}\nspec: {}\n");
    assert!(store.reload().is_err());
    assert!(permits(&store, "/a") && !permits(&store, "/b"));
    fs::remove_file(directory.0.join("bad.yaml")).unwrap();
    let reloaded = store.reload().unwrap();
    assert_eq!(reloaded.previous, before.version());
    assert_ne!(reloaded.version, reloaded.previous);
    assert!(permits(&store, "/b") && !permits(&store, "/a"));
    // Who took the old set before keeps it to the end.
    assert_eq!(before.version(), reloaded.previous);
}

#[test]
fn watching_takes_what_stands_still() {
    let directory = Directory::new();
    directory.write("a.yaml", &policy("a"));
    let store = PolicyStore::open(&directory.0).unwrap();
    let mut seen = Seen::default();
    assert!(store.poll(&mut seen).is_none());
    // A file being written: every look sees something else.
    for text in ["apiVersion: yingbi/v1\n", "apiVersion: yingbi/v1\nkind: Policy\n", &policy("half")] {
        directory.write("b.yaml", text);
        assert!(store.poll(&mut seen).is_none(), "{text}");
    }
    assert!(!permits(&store, "/half"));
    directory.write("b.yaml", &policy("b"));
    assert!(store.poll(&mut seen).is_none());
    assert!(matches!(store.poll(&mut seen), Some(ReloadEvent::Applied(_))));
    assert!(permits(&store, "/b"));
    directory.write("b.yaml", "broken: [");
    assert!(store.poll(&mut seen).is_none());
    assert!(matches!(store.poll(&mut seen), Some(ReloadEvent::Rejected(_))));
    assert!(store.poll(&mut seen).is_none(), "told once");
    assert!(permits(&store, "/b"));
    fs::remove_file(directory.0.join("b.yaml")).unwrap();
    assert!(store.poll(&mut seen).is_none());
    assert!(matches!(store.poll(&mut seen), Some(ReloadEvent::Applied(_))));
    fs::remove_file(directory.0.join("a.yaml")).unwrap();
    assert!(store.poll(&mut seen).is_none());
    assert!(
        matches!(store.poll(&mut seen), Some(ReloadEvent::Rejected(_))),
        "an emptied directory does not rule"
    );
    assert!(permits(&store, "/a"));
}

#[test]
fn the_watching_thread_applies_and_ends() {
    let directory = Directory::new();
    directory.write("a.yaml", &policy("a"));
    let store = Arc::new(PolicyStore::open(&directory.0).unwrap());
    let (send, receive) = std::sync::mpsc::channel();
    store.watch(std::time::Duration::from_millis(5), move |event| drop(send.send(event))).unwrap();
    directory.write("a.yaml", &policy("b"));
    let event = receive.recv_timeout(std::time::Duration::from_secs(10)).unwrap();
    assert!(matches!(event, ReloadEvent::Applied(_)), "{event:?}");
    drop(store);
    // The sender lives in the thread: the channel closes when the thread has ended.
    assert!(receive.recv_timeout(std::time::Duration::from_secs(10)).is_err());
}
