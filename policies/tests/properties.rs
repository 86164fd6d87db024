//! What holds of any policies and any facts, on random ones over the whole language: no level 4 in clear, and nothing of
//! level 2 for the unauthenticated; a denial more never shows more; an exception passes no floor; the order of files and
//! documents means nothing; a rule that only watches changes nothing, and one with a share is the one or the other.
//!
//! `YINGBI_POLICY_CASES=1000000 cargo test -p yingbi-policies --test properties` tries a million; the seed of what
//! fails is in the message, and `YINGBI_POLICY_SEED` starts there.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "properties/chance.rs"]
mod chance;
#[path = "properties/facts.rs"]
mod facts;
#[path = "properties/firm.rs"]
mod firm;

use chance::Chance;
use facts::Asked;
use firm::Firm;
use std::cmp::Ordering;
use yingbi_policies::{Decision, Permit, PolicySet, Source, Treatment, View};
use yingbi_taxonomy::{Kind, Level};

/// Facts that each set of policies is tried with.
const FACTS: u64 = 300;

#[test]
fn what_holds_of_any_policies_and_any_facts() {
    let number = |name: &str, usual: u64| {
        std::env::var(name).ok().map_or(usual, |text| text.parse().expect("a number"))
    };
    let (cases, first) = (number("YINGBI_POLICY_CASES", 6_000), number("YINGBI_POLICY_SEED", 1));
    let threads = std::thread::available_parallelism().map_or(2, usize::from) as u64;
    let share = cases.div_ceil(threads);
    let tried: Vec<Tried> = std::thread::scope(|scope| {
        // What does not compile has tried nothing: each goes on until its share is done.
        let part = |nth: u64| {
            scope.spawn(move || {
                let mut tried = Tried::default();
                for seed in (first..).filter(|seed| seed % threads == nth) {
                    if tried.permits + tried.refusals >= share {
                        break;
                    }
                    tried.seeds += 1;
                    tried.set(seed);
                }
                tried
            })
        };
        let running: Vec<_> = (0..threads).map(part).collect();
        running.into_iter().map(|thread| thread.join().expect("a property holds")).collect()
    });
    let sum = |of: fn(&Tried) -> u64| tried.iter().map(of).sum::<u64>();
    let (seeds, sets) = (sum(|all| all.seeds), sum(|all| all.sets));
    let (permits, refusals, clear) = (sum(|all| all.permits), sum(|all| all.refusals), sum(|all| all.clear));
    println!("{sets} of {seeds} sets, {permits} permits, {refusals} refusals, {clear} kinds in clear");
    // What is tried is worth trying: many sets compile, both outcomes happen, and something is in clear.
    assert!(permits + refusals >= cases && sets * 10 > seeds * 3, "only {sets} of {seeds} sets compiled");
    assert!(
        permits > cases / 20 && refusals > cases / 20 && clear > cases / 20,
        "{permits} {refusals} {clear}"
    );
}

/// What came of it.
#[derive(Default)]
struct Tried {
    seeds: u64,
    sets: u64,
    permits: u64,
    refusals: u64,
    clear: u64,
}

impl Tried {
    /// One firm and its variants, each with many facts.
    fn set(&mut self, seed: u64) {
        let mut chance = Chance::new(seed);
        let firm = Firm::new(&mut chance);
        let Some(base) = compiled(&[firm.text()]) else { return };
        self.sets += 1;
        let with = |more: &str| compiled(&[format!("{}---\n{more}", firm.text())]);
        let denied = with(&firm.denial(&mut chance)).expect("a denial fits any set");
        let exception = firm.exception(&mut chance).and_then(|exception| with(&exception));
        let watched = with(&firm.watched(&mut chance));
        let (left, right) = firm.shuffled(&mut chance);
        let shuffled =
            compiled(&[left, right]).unwrap_or_else(|| panic!("seed {seed}: refused in another order"));
        let halved = firm.with_share(&mut chance).map(|share| {
            [share.text(firm::Part::Shared), share.text(firm::Part::Ruling), share.text(firm::Part::Watching)]
                .map(|text| compiled(&[text]))
        });
        for nth in 0..FACTS {
            let asked = Asked::new(&mut chance);
            let place = || format!("seed {seed}, facts {nth}: {asked:?}\n{}", firm.text());
            let own = asked.of(&base);
            self.count(&own);
            let own = Seen::new(&own);
            floors(&own, &asked, &firm).unwrap_or_else(|why| panic!("{why}; {}", place()));
            let other = asked.of(&shuffled);
            same(&own, &Seen::new(&other)).unwrap_or_else(|why| panic!("order: {why}; {}", place()));
            let more = asked.of(&denied);
            let more = Seen::new(&more);
            floors(&more, &asked, &firm).unwrap_or_else(|why| panic!("{why}; {}", place()));
            not_wider(&own, &more).unwrap_or_else(|why| panic!("a denial more: {why}; {}", place()));
            if let Some(exception) = &exception {
                let excepted = asked.of(exception);
                floors(&Seen::new(&excepted), &asked, &firm)
                    .unwrap_or_else(|why| panic!("with an exception: {why}; {}", place()));
            }
            if let Some(watched) = &watched {
                let watched = asked.of(watched);
                let watched = Seen::new(&watched);
                floors(&watched, &asked, &firm).unwrap_or_else(|why| panic!("{why}; {}", place()));
                same(&own, &watched).unwrap_or_else(|why| panic!("a rule that watches: {why}; {}", place()));
            }
            if let Some([Some(shared), Some(ruling), Some(watching)]) = &halved {
                let one = if asked.caller.lot < firm::SHARE { ruling } else { watching };
                let (shared, one) = (asked.of(shared), asked.of(one));
                same(&Seen::new(&shared), &Seen::new(&one))
                    .unwrap_or_else(|why| panic!("a share: {why}; {}", place()));
            }
        }
    }

    fn count(&mut self, decision: &Decision) {
        match decision {
            Decision::Refuse(_) => self.refusals += 1,
            Decision::Permit(permit) => {
                self.permits += 1;
                let view = permit.view(Some(facts::OWN));
                self.clear +=
                    Kind::all().filter(|kind| *view.treatment(*kind) == Treatment::Clear).count() as u64;
            }
        }
    }
}

fn compiled(texts: &[String]) -> Option<PolicySet> {
    let sources: Vec<Source> = texts
        .iter()
        .enumerate()
        .map(|(nth, text)| Source::new(format!("{nth}.yaml"), text.clone()))
        .collect();
    PolicySet::compile(&sources, "v".into()).ok().map(|(set, _)| set)
}

/// A decision, and every view that a record may get of it: of any subject, of several.
struct Seen<'p> {
    decision: &'p Decision,
    views: Vec<&'p View>,
}

impl<'p> Seen<'p> {
    fn new(decision: &'p Decision) -> Seen<'p> {
        let of = |permit: &'p Permit| -> Vec<&'p View> {
            let one = facts::SUBJECTS.iter().map(|subject| permit.view(Some(subject)));
            one.chain([permit.view(None), permit.view_of_several(facts::SUBJECTS)]).collect()
        };
        let views = match decision {
            Decision::Permit(permit) => of(permit),
            Decision::Refuse(_) => Vec::new(),
        };
        Seen { decision, views }
    }
}

/// What is done with a kind in a view, whatever the record holds besides.
fn treatments(view: &View, kind: Kind) -> impl Iterator<Item = &Treatment> {
    let enforced = view.raises().iter().filter(|raise| raise.is_enforced());
    std::iter::once(view.treatment(kind)).chain(enforced.map(move |raise| raise.treatment(kind)))
}

/// What no policy may do.
fn floors(seen: &Seen<'_>, asked: &Asked, firm: &Firm) -> Result<(), String> {
    for view in &seen.views {
        for kind in Kind::all() {
            for treatment in treatments(view, kind) {
                let shows = match treatment {
                    Treatment::Clear => true,
                    Treatment::Mask(mask) => mask.shows_anything(),
                    _ => false,
                };
                if kind.level() == Level::L4 && shows {
                    return Err(format!("level 4 shown: {kind} {treatment:?}"));
                }
                let hidden = matches!(treatment, Treatment::Drop | Treatment::Block);
                if !asked.caller.authenticated && kind.level() >= Level::L2 && !hidden {
                    return Err(format!("for the unauthenticated: {kind} {treatment:?}"));
                }
                if firm.always_dropped(kind) && !hidden {
                    return Err(format!("below the firm's floor: {kind} {treatment:?}"));
                }
            }
        }
    }
    Ok(())
}

/// Whether the second shows nothing that the first does not.
fn not_wider(before: &Seen<'_>, after: &Seen<'_>) -> Result<(), String> {
    match (before.decision, after.decision) {
        (_, Decision::Refuse(_)) => return Ok(()),
        (Decision::Refuse(refusal), Decision::Permit(_)) => {
            return Err(format!("permitted after {}", refusal.code));
        }
        (Decision::Permit(_), Decision::Permit(_)) => {}
    }
    for (old, new) in before.views.iter().zip(&after.views) {
        for kind in Kind::all() {
            let (old, new) = (old.treatment(kind), new.treatment(kind));
            if new.compare(old) == Ordering::Less {
                return Err(format!("{kind}: {old:?} became {new:?}"));
            }
        }
    }
    Ok(())
}

/// Whether all that comes of a request is the same.
fn same(one: &Seen<'_>, other: &Seen<'_>) -> Result<(), String> {
    match (one.decision, other.decision) {
        (Decision::Permit(one), Decision::Permit(other)) => {
            if (one.purpose(), one.basis()) != (other.purpose(), other.basis()) {
                return Err("another purpose".to_owned());
            }
        }
        (Decision::Refuse(one), Decision::Refuse(other)) if one.code == other.code => return Ok(()),
        (one, other) => return Err(format!("{one:?} or {other:?}")),
    }
    for (one, other) in one.views.iter().zip(&other.views) {
        for kind in Kind::all() {
            if !treatments(one, kind).eq(treatments(other, kind)) {
                return Err(format!("{kind}: {:?} or {:?}", one.treatment(kind), other.treatment(kind)));
            }
        }
    }
    Ok(())
}
