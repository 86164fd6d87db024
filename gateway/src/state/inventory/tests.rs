use super::report::{Drift, DriftEntry, Filter, Report, drift_csv, drift_json};
use super::*;
use std::sync::atomic::{AtomicU32, Ordering};
use yingbi_classifiers::{Classifier, How};
use yingbi_crypto::{Pseudonym, PseudonymKey};
use yingbi_protect::{Direction, Limits};
use yingbi_taxonomy::{Kind, Level};

/// A directory of its own for one test; removed when dropped.
pub(crate) struct Place(pub(crate) PathBuf);

impl Place {
    pub(crate) fn new() -> Place {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Place(std::env::temp_dir().join(format!("yingbi-inventory-{}-{count}", std::process::id())))
    }

    /// The inventory in it.
    pub(crate) fn inventory(&self) -> Inventory {
        let metrics = Arc::new(Metrics::new().unwrap());
        self.inventory_with(metrics, |_| {})
    }

    fn inventory_with(
        &self,
        metrics: Arc<Metrics>,
        accepted: impl Fn(&Acceptance) + Send + Sync + 'static,
    ) -> Inventory {
        let key = PseudonymKey::new([7; 32]);
        let protector = Arc::new(Protector::new(Classifier::shipped(), key, Limits::default()));
        Inventory::open(&self.0, protector, metrics, accepted).unwrap()
    }

    fn store(&self) -> Store {
        Store::create(&self.0).unwrap().0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn field(route: &str, path: &str, kind: Kind) -> Field {
    let (direction, how) = (Direction::Returned, How::Key);
    Field { route: route.into(), direction, path: path.to_owned(), kind, level: kind.level(), how }
}

fn masked(count: u64) -> Outcomes {
    Outcomes { masked: count, ..Outcomes::default() }
}

fn caller(route: &str, who: u8, roles: &[&str]) -> Caller {
    let roles = roles.iter().map(|role| Arc::from(*role)).collect::<Vec<_>>().into();
    let caller = Some(Pseudonym([who; 16]));
    Caller { route: route.into(), method: "GET", caller, identified_by: "api-token", roles }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn write(store: &mut Store, second: i64, fields: &[Field]) -> Vec<(Drift, u64)> {
    let fields = fields.iter().map(|field| (Arc::new(field.clone()), masked(1))).collect();
    store.write(at(second), &Batch { fields, callers: vec![] }).unwrap().drift.into_iter().collect()
}

fn all(store: &Store) -> Report {
    store.report(at(1000), &Filter::default()).unwrap()
}

/// `drift route path` of all differences.
fn drift(store: &Store) -> Vec<String> {
    let shown = |entry: &DriftEntry| {
        format!("{} {} {}", entry.drift.name(), entry.route, entry.path.as_deref().unwrap_or("-"))
    };
    store.drift(&Filter::default()).unwrap().1.iter().map(shown).collect()
}

#[test]
fn c7_what_is_seen_adds_up_and_keeps_its_first_and_last_time() {
    let place = Place::new();
    let mut store = place.store();
    let mobile = field("/a", "/data/*/mobile", Kind::Mobile);
    let counts = Outcomes { clear: 1, masked: 2, dropped: 3, blocked: 4 };
    let batch = |count| Batch {
        fields: vec![(Arc::new(mobile.clone()), counts)],
        callers: vec![(caller("/a", 1, &["teller", "auditor"]), count), (caller("/b", 2, &[]), 1)],
    };
    store.write(at(1), &batch(5)).unwrap();
    store.write(at(9), &batch(2)).unwrap();
    drop(store);
    let report = all(&Store::read(&place.0).unwrap());
    assert_eq!(report.routes.iter().map(|row| row.route.as_str()).collect::<Vec<_>>(), ["/a", "/b"]);
    let a = &report.routes[0];
    assert_eq!((a.answers, a.first_seen, a.last_seen, a.is_accepted), (7, at(1), at(9), false));
    let found = &a.returns[0];
    assert_eq!(
        (found.path.as_str(), found.kind.as_str(), found.category.as_str()),
        ("/data/*/mobile", "basic.mobile", "basic")
    );
    assert_eq!((found.level, found.how.as_str(), found.accepted_level), (3, "key", None));
    assert_eq!(found.counts, Outcomes { clear: 2, masked: 4, dropped: 6, blocked: 8 });
    assert_eq!((found.first_seen, found.last_seen), (at(1), at(9)));
    assert_eq!(a.audience(), (vec!["auditor", "teller"], 1));
    assert_eq!((a.callers[0].answers, a.callers[0].method.as_str()), (7, "GET"));
    assert!(report.routes[1].returns.is_empty(), "a route that returns nothing personal is known too");
}

#[test]
fn c7_what_a_path_takes_is_listed() {
    let place = Place::new();
    let mut store = place.store();
    let callers = vec![(caller("/customers/{client_id}/orders/{page}", 1, &[]), 3)];
    store.write(at(1), &Batch { fields: vec![], callers }).unwrap();
    let report = all(&store);
    let accepts: Vec<_> =
        report.routes[0].accepts.iter().map(|field| (&*field.path, field.counts.clear)).collect();
    assert_eq!(accepts, [("!path/client_id", 3)]);
}

#[test]
fn c7_drift_is_what_differs_from_what_was_accepted() {
    let place = Place::new();
    let mut store = place.store();
    let mobile = field("/a", "/mobile", Kind::Mobile);
    assert_eq!(
        write(&mut store, 1, std::slice::from_ref(&mobile)),
        [],
        "nothing was accepted that it could differ from"
    );
    assert_eq!(drift(&store), ["new-route /a -", "new-category /a /mobile"]);
    assert_eq!(store.accept(at(2), "sec-1", None, None).unwrap(), 2);
    assert_eq!(drift(&store), Vec::<String>::new());
    assert_eq!(write(&mut store, 3, std::slice::from_ref(&mobile)), [], "more of the same is no drift");

    // Another field of the category, a new category, a new route.
    let found = [
        field("/a", "/name", Kind::Name),
        field("/a", "/pwd", Kind::Password),
        field("/b", "/x", Kind::Name),
    ];
    let counted = write(&mut store, 4, &found);
    assert_eq!(counted, [(Drift::NewRoute, 1), (Drift::NewCategory, 2), (Drift::NewField, 1)]);
    let expected = ["new-field /a /name", "new-category /a /pwd", "new-route /b -", "new-category /b /x"];
    assert_eq!(drift(&store), expected);
    assert_eq!(write(&mut store, 5, &found), [], "counted once");
    assert_eq!(drift(&store), expected, "and listed until accepted");

    // One route alone.
    assert_eq!(store.accept(at(6), "sec-1", Some("/b"), None).unwrap(), 2);
    assert_eq!(drift(&store), ["new-field /a /name", "new-category /a /pwd"]);
    // What came after the report that was read stays new.
    let late = field("/a", "/late", Kind::Email);
    write(&mut store, 8, &[late]);
    assert_eq!(store.accept(at(9), "sec-1", None, Some(at(7))).unwrap(), 2);
    assert_eq!(drift(&store), ["new-field /a /late"]);
    store.accept(at(10), "sec-2", None, None).unwrap();

    // The same field at another level.
    let raised = Field { level: Level::L4, ..mobile.clone() };
    assert_eq!(write(&mut store, 11, &[raised]), [(Drift::ChangedLevel, 1)]);
    let (baseline, entries) = store.drift(&Filter::default()).unwrap();
    assert_eq!(
        (entries[0].drift, entries[0].accepted_level, entries[0].level),
        (Drift::ChangedLevel, Some(3), Some(4))
    );
    assert_eq!((entries[0].changed, baseline.unwrap().by.as_str()), (at(11), "sec-2"));
    write(&mut store, 12, &[mobile]);
    assert_eq!(drift(&store), Vec::<String>::new(), "back at the accepted level");
}

#[test]
fn what_is_asked_for_is_told_and_no_more() {
    let place = Place::new();
    let mut store = place.store();
    write(&mut store, 1, &[field("/old", "/mobile", Kind::Mobile), field("/both", "/name", Kind::Name)]);
    write(&mut store, 100, &[field("/both", "/mobile", Kind::Mobile)]);
    let routes = |filter: Filter| {
        let report = store.report(at(1000), &filter).unwrap();
        report.routes.iter().map(|row| (row.route.clone(), row.returns.len())).collect::<Vec<_>>()
    };
    assert_eq!(routes(Filter { route: Some("bot".into()), since: None }), [("/both".to_owned(), 2)]);
    assert_eq!(routes(Filter { route: None, since: Some(at(50)) }), [("/both".to_owned(), 1)]);
    let since = Filter { route: None, since: Some(at(50)) };
    assert_eq!(store.drift(&since).unwrap().1.len(), 1);
}

#[test]
fn exports_say_the_same_and_are_no_formulas() {
    let place = Place::new();
    let mut store = place.store();
    let fields = vec![(Arc::new(field("=cmd|'/c calc'!A1", "/mobile", Kind::Mobile)), masked(2))];
    let callers = vec![(caller("=cmd|'/c calc'!A1", 1, &["+role", "b"]), 2)];
    store.write(at(1), &Batch { fields, callers }).unwrap();
    let report = all(&store);
    let json = report.json();
    assert_eq!(json["routes"][0]["returns"][0]["masked"], 2);
    assert_eq!(json["routes"][0]["returns"][0]["title"]["zh"], "移动电话");
    assert_eq!(json["routes"][0]["callers"][0]["caller"], "01".repeat(16));
    assert_eq!(json["baseline"], serde_json::Value::Null);
    let csv = report.csv();
    let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 2, "{csv}");
    assert!(lines[1].starts_with("'=cmd|'/c calc'!A1,returns,/mobile,basic.mobile,basic,"), "{csv}");
    assert!(lines[1].ends_with(",2,'+role;b,1"), "{csv}");
    let (baseline, entries) = store.drift(&Filter::default()).unwrap();
    assert_eq!(drift_json(at(2), baseline.as_ref(), &entries)["drift"][1]["path"], "/mobile");
    assert!(drift_csv(&entries).lines().skip(1).all(|line| line.contains(",'=cmd")), "no route is a formula");
}

#[test]
fn made_up_fields_and_callers_are_bounded() {
    let place = Place::new();
    let mut store = place.store();
    let made_up = |from: usize| {
        let fields = (from..from + 10_000)
            .map(|n| (Arc::new(field("/a", &format!("/f{n}"), Kind::Mobile)), masked(1)));
        let callers = (from..from + 2_000).map(|n| {
            let mut caller = caller("/a", 0, &["teller"]);
            let number = u128::try_from(n + 1).unwrap();
            caller.caller = Some(Pseudonym(number.to_be_bytes()));
            (caller, 1)
        });
        Batch { fields: fields.collect(), callers: callers.collect() }
    };
    for round in 0..3 {
        store.write(at(round), &made_up(usize::try_from(round).unwrap() * 10_000)).unwrap();
    }
    let report = all(&store);
    let route = &report.routes[0];
    assert_eq!(route.returns.len(), store::MOST_FIELDS + 1);
    assert_eq!(route.returns.iter().map(|field| field.counts.masked).sum::<u64>(), 30_000, "none is lost");
    assert!(route.returns.iter().any(|field| field.path == "!more"));
    assert!(route.callers.len() <= 257, "{}", route.callers.len());
    assert_eq!(route.callers.iter().map(|caller| caller.answers).sum::<u64>(), 6_000);
    assert!(route.callers.iter().any(|caller| caller.identified_by == "more" && caller.roles == ["teller"]));
    // Another route, another category are not crowded out.
    write(&mut store, 9, &[field("/b", "/mobile", Kind::Mobile), field("/a", "/pwd", Kind::Password)]);
    let report = all(&store);
    assert!(report.routes[0].returns.iter().any(|field| field.kind == Kind::Password.id()));
    assert_eq!(report.routes[1].returns[0].path, "/mobile");
}

#[test]
fn callers_are_counted_from_many_threads_and_bounded_between_writes() {
    let callers = Callers::default();
    std::thread::scope(|scope| {
        for thread in 0..4u8 {
            let callers = &callers;
            scope.spawn(move || {
                (0..1000).for_each(|n| callers.count(caller("/a", (n % 50) as u8 ^ thread, &["r"])))
            });
        }
    });
    let taken = callers.take();
    assert_eq!(taken.iter().map(|(_, count)| count).sum::<u64>(), 4000);
    assert!(taken.len() <= 64 && callers.take().is_empty());
    for n in 0..100_000u128 {
        let mut caller = caller("/a", 0, &["r"]);
        caller.caller = Some(Pseudonym((n << 32).to_be_bytes()));
        callers.count(caller);
    }
    let taken = callers.take();
    assert!(taken.len() < 5000, "{}", taken.len());
    assert_eq!(taken.iter().map(|(_, count)| count).sum::<u64>(), 100_000);
}

#[test]
fn the_file_is_its_owners_and_survives_what_a_disk_does() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let mut store = place.store();
    write(&mut store, 1, &[field("/a", "/mobile", Kind::Mobile)]);
    for file in std::fs::read_dir(&place.0).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
    // A reader and an accepting person while the gateway has it open.
    assert_eq!(all(&Store::read(&place.0).unwrap()).routes.len(), 1);
    Store::accepting(&place.0).unwrap().accept(at(2), "sec-1", None, None).unwrap();
    assert_eq!(write(&mut store, 3, &[field("/b", "/mobile", Kind::Mobile)]).len(), 2, "seen by the writer");
    // A kill closes nothing.
    std::mem::forget(store);
    assert_eq!(all(&place.store()).routes.len(), 2);

    // Damage is set aside and told of.
    let file = place.0.join("inventory.db");
    for name in ["inventory.db-wal", "inventory.db-shm"] {
        let _ = std::fs::remove_file(place.0.join(name));
    }
    std::fs::write(&file, vec![0x5a; 8192]).unwrap();
    assert!(matches!(Store::read(&place.0), Err(StoreError::Damaged)));
    let (store, aside) = Store::create(&place.0).unwrap();
    assert!(aside.unwrap().is_file());
    assert!(all(&store).routes.is_empty());
    drop(store);

    // A later version is left alone, and nothing is no inventory.
    rusqlite::Connection::open(&file).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    assert!(matches!(Store::create(&place.0), Err(StoreError::Later)));
    let nowhere = Place::new();
    assert!(matches!(Store::read(&nowhere.0), Err(StoreError::Missing(_))));
    assert!(!nowhere.0.exists(), "reading makes nothing");
}

#[test]
fn what_can_not_be_written_is_kept() {
    let place = Place::new();
    let metrics = Arc::new(Metrics::new().unwrap());
    let inventory = place.inventory_with(metrics, |_| {});
    inventory.answered(caller("/a", 1, &["teller"]));
    // Another process holds the lock for longer than the writer waits.
    let file = place.0.join("inventory.db");
    let mut other = rusqlite::Connection::open(&file).unwrap();
    let held = other.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    inventory.write();
    inventory.answered(caller("/a", 1, &["teller"]));
    drop(held);
    inventory.write();
    assert_eq!(all(&Store::read(&place.0).unwrap()).routes[0].answers, 2);
}

#[test]
fn e10_each_acceptance_is_told_of_once() {
    let place = Place::new();
    let told = Arc::new(Mutex::new(vec![]));
    let tell = {
        let told = Arc::clone(&told);
        move |acceptance: &Acceptance| told.lock().unwrap().push((acceptance.by.clone(), acceptance.entries))
    };
    let metrics = Arc::new(Metrics::new().unwrap());
    let inventory = place.inventory_with(metrics.clone(), tell.clone());
    inventory.answered(caller("/a", 1, &["teller"]));
    inventory.write();
    Store::accepting(&place.0).unwrap().accept(Timestamp::now(), "sec-1", None, None).unwrap();
    inventory.write();
    inventory.write();
    drop(inventory);
    place.inventory_with(metrics, tell).write();
    assert_eq!(*told.lock().unwrap(), [("sec-1".to_owned(), 1)]);
}

#[test]
fn m1_known_fields_and_drift_are_counted() {
    let place = Place::new();
    let mut store = place.store();
    write(&mut store, 1, &[field("/a", "/mobile", Kind::Mobile)]);
    store.accept(at(2), "sec-1", None, None).unwrap();
    drop(store);
    let metrics = Arc::new(Metrics::new().unwrap());
    let inventory = place.inventory_with(metrics.clone(), |_| {});
    assert!(metrics.render().contains("yingbi_inventory_fields 1\n"));
    inventory.answered(caller("/b", 1, &["teller"]));
    inventory.write();
    inventory.write();
    let text = metrics.render();
    assert!(text.contains("yingbi_inventory_drift_total{type=\"new-route\"} 1\n"), "{text}");
    assert!(text.contains("yingbi_inventory_drift_total{type=\"changed-level\"} 0\n"));
}
