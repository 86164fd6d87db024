//! What deciding costs: 200 policies on 50 routes, grants and consents in memory. Time and allocations of a decision that
//! was taken before and of one that is new, by how many policies can't match (20, 200, 2000); and a list of a thousand
//! investors, of each of whom consent is asked.
//!
//! `cargo bench -p yingbi-tests --bench decision`; `-- --test` does one round, to see that it runs; needs `cc`. It fails
//! where a decision allocates, and prints how it grows with policies that can't match.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench stops at what is wrong, and prints"
)]

mod payloads;

use payloads::counter::{CHILD, Counter};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use yingbi::state::rights::{Consent, Rights};
use yingbi_crypto::PseudonymKey;
use yingbi_policies::{
    Asked, Caller, Day, Decision, PolicySet, Possible, Reach, Request, Source, Standing, Subjects,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, name, count] = arguments.as_slice()
        && word == CHILD
    {
        return decide(name, count.parse().expect("a number"));
    }
    let is_test = arguments.iter().any(|argument| argument == "--test");
    let (rounds, decisions) = if is_test { (1, 200) } else { (51, 20_000) };
    let sets = SIZES.map(|size| (size, set(size)));
    let mut medians = Vec::new();
    println!("{:<10} {:<12} {:>10} {:>12}", "policies", "caller", "ns", "allocations");
    let counter = Counter::build();
    for who in CALLERS {
        let mut times: Vec<Vec<f64>> = vec![Vec::new(); sets.len()];
        for _ in 0..rounds {
            for ((_, set), times) in sets.iter().zip(&mut times) {
                times.push(time(set, who, decisions));
            }
        }
        for ((size, _), times) in sets.iter().zip(times) {
            let median = median(times);
            let name = format!("{size}:{who}");
            let [once, twice] = [COUNTED, 2 * COUNTED].map(|count| counter.count(&name, count));
            let calls = once
                .first()
                .zip(twice.first())
                .map_or(f64::INFINITY, |(once, twice)| (twice - once) / COUNTED as f64);
            println!("{size:<10} {who:<12} {median:>10.0} {calls:>12.3}");
            assert!(calls < 0.01, "a decision allocates");
            medians.push((*size, median));
        }
    }
    let list = investors(if is_test { 20 } else { 1000 }, rounds);
    println!(
        "consent of {} investors: {:.0} µs, {:.0} ns each",
        list.0,
        list.1 / 1e3,
        list.1 / list.0 as f64
    );
    let slowest =
        |size: usize| medians.iter().filter(|(own, _)| *own == size).map(|(_, ns)| *ns).fold(0.0, f64::max);
    println!("2000 policies beside 20: {:.2} times", slowest(2000) / slowest(20));
}

/// Decides so many times, as the counted process.
fn decide(name: &str, count: usize) {
    let (size, who) = name.split_once(':').expect("a case");
    let set = set(size.parse().expect("a size"));
    let (caller, subjects) = (caller(who), remembered());
    for _ in 0..WARM + count {
        black_box(permitted(&set, &caller, &subjects));
    }
}

fn time(set: &PolicySet, who: &str, decisions: u32) -> f64 {
    let (caller, subjects) = (caller(who), remembered());
    black_box(permitted(set, &caller, &subjects));
    let begun = Instant::now();
    for _ in 0..decisions {
        black_box(permitted(black_box(set), &caller, &subjects));
    }
    begun.elapsed().as_nanos() as f64 / f64::from(decisions)
}

fn permitted(set: &PolicySet, caller: &Caller, subjects: &Arc<dyn Subjects>) -> Decision {
    let today = Day::default();
    let request = Request {
        method: "GET",
        host: "crm.internal",
        path: "/api/v1/r0/80001234",
        purpose: Some("p0"),
        today,
    };
    let decision = set.decide_caller_about(caller, &request, Some(subjects));
    match &decision {
        Decision::Permit(_) => decision,
        Decision::Refuse(refusal) => panic!("{}", refusal.code),
    }
}

fn caller(who: &str) -> Caller {
    let subjects = if who == "investor" { vec!["80001234".to_owned()] } else { Vec::new() };
    let roles = ["role-0", "role-7"].map(Arc::from).to_vec();
    Caller { id: "https://sso#e1001".into(), roles, subjects, authenticated: true, ..Caller::default() }
}

/// Grants and consents of a thousand investors, in memory.
#[derive(Debug)]
struct Remembered(HashMap<String, Standing>);

impl Subjects for Remembered {
    fn possible(&self) -> Possible {
        Possible { grants: true, consents: true, restrictions: true }
    }

    fn standing(&self, subject: &str, _: &Asked<'_>) -> Standing {
        self.0.get(subject).copied().unwrap_or_default()
    }
}

fn remembered() -> Arc<dyn Subjects> {
    let one = |nth: u32| {
        let standing = Standing { granted: Reach::All, consented: Reach::All, ..Standing::default() };
        (format!("8{nth:07}"), standing)
    };
    Arc::new(Remembered((1000..2000).map(one).collect()))
}

/// 50 routes, 20 roles, 10 purposes; four policies match the request, and the others can't: they are for other routes, or
/// for other roles and purposes on the same.
fn set(policies: usize) -> PolicySet {
    let mut text = String::new();
    let mut add = |kind: &str, id: &str, spec: &str| {
        let _ = write!(
            text,
            "---\napiVersion: yingbi/v1\nkind: {kind}\nmetadata: {{id: {id}, clause: [\"T/TSAC001:7.5.k\"]}}\nspec: {spec}\n"
        );
    };
    for nth in 0..20 {
        add("Role", &format!("role-{nth}"), &format!("{{any: [{{api_token: {{id: t{nth}}}}}]}}"));
    }
    for nth in 0..10 {
        let basis = if nth % 2 == 0 { "{basis: consent}" } else { "{basis: contract}" };
        add("Purpose", &format!("p{nth}"), basis);
    }
    for nth in 0..50 {
        let route = format!("{{host: crm.internal, method: GET, path: \"/api/v1/r{nth}/{{id}}\"}}");
        add("Binding", &format!("b{nth}"), &format!("{{route: {route}, subject: {{parameter: id}}}}"));
    }
    add("Limit", "l0", "{match: {roles: [role-0]}, distinct: investors, per: day, at: 900}");
    add("Limit", "l1", "{match: {purposes: [p3]}, distinct: investors, per: hour, at: 100}");
    for (nth, when) in [
        "grant.active(subject)",
        "consent.covers(purpose)",
        "subject == caller.subject",
        "caller.zone != \"remote\"",
    ]
    .into_iter()
    .enumerate()
    {
        let treat = "{default: mask, when: {caller.stepped_up: clear}}";
        let matching = "{roles: [role-0], purposes: [p0], routes: [\"GET crm.internal/api/v1/r0/*\"]}";
        add(
            "Policy",
            &format!("hit-{nth}"),
            &format!("{{match: {matching}, when: '{when}', allow: {{level: \"<=3\"}}, treat: {treat}}}"),
        );
    }
    for nth in 0..policies.saturating_sub(4) {
        let (route, role, purpose) = match nth % 5 {
            0 => (0, 1 + nth % 6, 1 + nth % 9),
            _ => (1 + nth % 49, nth % 20, nth % 10),
        };
        let matching = format!(
            "{{roles: [role-{role}], purposes: [p{purpose}], routes: [\"GET,POST crm.internal/api/v1/r{route}/**\"]}}"
        );
        add(
            "Policy",
            &format!("miss-{nth}"),
            &format!("{{match: {matching}, when: grant.active(subject), allow: {{level: \"<=3\"}}}}"),
        );
    }
    // A file holds a thousand documents at most.
    let documents: Vec<&str> = text.split("---\n").filter(|document| !document.is_empty()).collect();
    let sources: Vec<Source> = documents
        .chunks(500)
        .enumerate()
        .map(|(nth, documents)| Source::new(format!("{nth}.yaml"), documents.join("---\n")))
        .collect();
    PolicySet::compile(&sources, "bench".into()).unwrap_or_else(|errors| panic!("{errors:?}")).0
}

/// How many investors, and nanoseconds for all of them: the gateway's own memory of consents, asked as while an answer is
/// treated. One look at what is in memory for a request; no store is asked, however long the list is.
fn investors(count: u32, rounds: usize) -> (u32, f64) {
    let dir = std::env::temp_dir().join(format!("yingbi-bench-decision-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a directory");
    let rights = Rights::open(&dir, PseudonymKey::new([7; 32])).expect("a store");
    let names: Vec<String> = (0..count).map(|nth| format!("8{nth:07}")).collect();
    let now = rights.now();
    let consent = |subject: String| Consent {
        id: format!("consent-of-{subject}"),
        subject,
        purpose: "p0".into(),
        categories: Vec::new(),
        recipient: "self".into(),
        notice: "v1".into(),
        channel: "app".into(),
        evidence: format!("sm3:{}", "ab".repeat(32)),
        separate: true,
        guardian: None,
        from: now,
        until: None,
        recorded: now,
        recorded_by: "dora".into(),
        withdrawn: None,
    };
    for name in &names {
        let subject = rights.subject(name);
        rights.consent(subject, &consent(subject.to_string())).expect("recorded");
    }
    let facts = rights.facts(None, None, None);
    let subjects = facts.subjects().expect("something is remembered").clone();
    let needed =
        yingbi_policies::ConsentNeeded { separate: true, recipient: "self".into(), notices: Vec::new() };
    let asked = Asked { purpose: Some("p0"), consent: Some(&needed) };
    let mut times = Vec::new();
    for _ in 0..rounds {
        let begun = Instant::now();
        let consented =
            names.iter().filter(|name| subjects.standing(name, &asked).consented.is_something()).count();
        times.push(begun.elapsed().as_nanos() as f64);
        assert_eq!(consented, names.len(), "all have consented");
    }
    let _ = std::fs::remove_dir_all(&dir);
    (count, median(times))
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(Duration::MAX.as_nanos() as f64)
}

const SIZES: [usize; 3] = [20, 200, 2000];
const CALLERS: [&str; 2] = ["staff", "investor"];
/// Decisions before counting begins: views are computed once.
const WARM: usize = 8;
const COUNTED: usize = 64;
